import JSON

/// The methods and functions that an expression may call.
struct FormulaFunctions {
    let compiler: FormulaCompiler
    private var words: FormulaSQL { compiler.words }

    static let methodNames = [
        "trim", "toLowerCase", "toUpperCase", "includes", "startsWith", "endsWith", "slice",
        "padStart", "toFixed",
    ]
    static let functionNames = [
        "Math.abs", "Math.round", "Math.floor", "Math.ceil", "Math.min", "Math.max", "String",
        "days",
    ]

    func method(
        _ value: FormulaValue, _ name: String, _ arguments: [Formula], _ place: Int
    ) throws(Formula.Fault) -> FormulaValue {
        guard FormulaFunctions.methodNames.contains(name) else {
            throw Formula.Fault(
                detail: "calls .\(name)(); it can call "
                    + FormulaFunctions.methodNames.joined(separator: ", "), offset: place)
        }
        if name == "toFixed" { return try toFixed(value, arguments, place) }
        guard value.isText else {
            throw Formula.Fault(detail: "calls .\(name)() on what is no text", offset: place)
        }
        let text = value.sql
        switch name {
        case "trim":
            try count(arguments, 0...0, name, place)
            return plain(words.trimmed(text))
        case "toLowerCase", "toUpperCase":
            try count(arguments, 0...0, name, place)
            return plain(words.lower(text, isUpper: name == "toUpperCase"))
        case "slice": return try slice(text, arguments, place)
        case "padStart": return try padStart(text, arguments, place)
        default: return try test(text, name, arguments, place)
        }
    }

    /// Whether a text is within another; within an empty one is nothing.
    private func test(
        _ text: String, _ name: String, _ arguments: [Formula], _ place: Int
    ) throws(Formula.Fault) -> FormulaValue {
        try count(arguments, 1...1, name, place)
        let part = try compiler.compile(arguments[0])
        guard part.isText else {
            throw Formula.Fault(detail: "needs a text in .\(name)()", offset: place)
        }
        let sql: String
        let text = words.varying(text)
        switch name {
        case "includes": sql = words.includes(text, part.sql)
        case "startsWith": sql = "substr(\(text), 1, length(\(part.sql))) = \(part.sql)"
        default:
            sql =
                "substr(\(text), length(\(text)) - length(\(part.sql)) + 1) = \(part.sql) "
                + "AND length(\(text)) >= length(\(part.sql))"
        }
        return FormulaValue(sql: "coalesce(\(words.value(sql)), 0)", form: .boolean)
    }

    private func slice(
        _ text: String, _ arguments: [Formula], _ place: Int
    ) throws(Formula.Fault) -> FormulaValue {
        try count(arguments, 1...2, "slice", place)
        let first = try whole(arguments[0], place)
        guard arguments.count == 2 else { return plain("substr(\(text), \(first + 1))") }
        let end = try whole(arguments[1], place)
        return plain("substr(\(text), \(first + 1), \(max(0, end - first)))")
    }

    private func padStart(
        _ text: String, _ arguments: [Formula], _ place: Int
    ) throws(Formula.Fault) -> FormulaValue {
        try count(arguments, 2...2, "padStart", place)
        let width = try whole(arguments[0], place)
        guard width <= 100, case .text(let fill) = arguments[1], fill.unicodeScalars.count == 1
        else {
            throw Formula.Fault(
                detail: "needs a width of at most 100 and one character in .padStart()",
                offset: place)
        }
        let blanks = literal(String(repeating: fill, count: width))
        return plain(
            "CASE WHEN length(\(text)) >= \(width) THEN \(text) "
                + "ELSE \(words.end("\(blanks) || \(text)", width)) END")
    }

    /// A number as a text with so many decimals.
    private func toFixed(
        _ value: FormulaValue, _ arguments: [Formula], _ place: Int
    ) throws(Formula.Fault) -> FormulaValue {
        try count(arguments, 1...1, "toFixed", place)
        let scale = try whole(arguments[0], place)
        guard scale <= FormulaCompiler.scaleLimit else {
            throw Formula.Fault(
                detail: "asks for more than \(FormulaCompiler.scaleLimit) decimals", offset: place)
        }
        let number = compiler.scaled(try compiler.checked(value, place), to: scale)
        return plain(words.text(number))
    }

    func function(
        _ name: String, _ arguments: [Formula], _ place: Int
    ) throws(Formula.Fault) -> FormulaValue {
        switch name {
        case "Math.abs":
            try count(arguments, 1...1, name, place)
            var value = try compiler.number(arguments[0], place)
            value.sql = words.absolute(value.sql)
            value.isSettled = false
            return value
        case "Math.round", "Math.floor", "Math.ceil":
            try count(arguments, 1...1, name, place)
            return round(try compiler.number(arguments[0], place), name)
        case "Math.min", "Math.max":
            try count(arguments, 2...20, name, place)
            return try extreme(name, arguments, place)
        case "String":
            try count(arguments, 1...1, name, place)
            return plain(try compiler.joined(compiler.compile(arguments[0]), place))
        case "days":
            try count(arguments, 2...2, name, place)
            return try days(arguments, place)
        default:
            throw Formula.Fault(
                detail: "calls \(name)(); it can call "
                    + FormulaFunctions.functionNames.joined(separator: ", "), offset: place)
        }
    }

    /// To whole numbers: to the nearest, a half upwards as JavaScript has it; down; or up.
    private func round(_ value: FormulaValue, _ name: String) -> FormulaValue {
        guard value.scale > 0 else { return value }
        let unit = FormulaCompiler.power(value.scale)
        let number =
            name == "Math.round"
            ? words.sum(value.sql, "+", "5" + unit.dropFirst(2))
            : name == "Math.ceil"
                ? words.sum(value.sql, "+", String(repeating: "9", count: value.scale)) : value.sql
        return FormulaValue(sql: words.floor(number, unit), form: .integer, isSettled: false)
    }

    private func extreme(
        _ name: String, _ arguments: [Formula], _ place: Int
    ) throws(Formula.Fault) -> FormulaValue {
        var values: [FormulaValue] = []
        for argument in arguments { values.append(try compiler.number(argument, place)) }
        let scale = values.map(\.scale).max() ?? 0
        let list = values.map { words.settled(compiler.scaled($0, to: scale)).sql }
        return FormulaValue(
            sql: words.extreme(list, isLeast: name == "Math.min"),
            form: scale > 0 ? .decimal : .integer, scale: scale)
    }

    private func days(
        _ arguments: [Formula], _ place: Int
    ) throws(Formula.Fault) -> FormulaValue {
        var sides: [String] = []
        for argument in arguments {
            let value = try compiler.compile(argument)
            guard value.form == .date || value.form == .datetime else {
                throw Formula.Fault(detail: "needs dates in days()", offset: place)
            }
            sides.append(value.sql)
        }
        return FormulaValue(sql: words.days(sides[0], sides[1]), form: .integer)
    }

    private func plain(_ sql: String) -> FormulaValue { FormulaValue(sql: sql, form: .text) }

    private func whole(_ formula: Formula, _ place: Int) throws(Formula.Fault) -> Int {
        guard case .number(let number) = formula, let value = number.integer,
            (0...1_000_000).contains(value)
        else { throw Formula.Fault(detail: "needs a whole number from 0 here", offset: place) }
        return Int(value)
    }

    private func count(
        _ arguments: [Formula], _ range: ClosedRange<Int>, _ name: String, _ place: Int
    ) throws(Formula.Fault) {
        guard !range.contains(arguments.count) else { return }
        let words =
            range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
        throw Formula.Fault(detail: "gives \(name) not \(words) values", offset: place)
    }
}
