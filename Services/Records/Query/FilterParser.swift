/// Reads the OData 4.01 text syntax, as far as the contract has it.
///
///     or     = and { "or" and }
///     and    = not { "and" not }
///     not    = "not" not | term
///     term   = "(" or ")" | function | operand [comparison operand | "in" list]
struct FilterParser {
    private var lexer: FilterLexer
    private var token = FilterLexer.Token.end
    private var offset = 0
    private var terms = 0

    static func parse(_ text: String) throws(FilterFault) -> FilterExpression {
        guard text.utf8.count <= FilterLimit.length else {
            throw FilterFault(
                detail: "is longer than \(FilterLimit.length) bytes", offset: FilterLimit.length)
        }
        var parser = FilterParser(text)
        try parser.advance()
        let expression = try parser.disjunction(depth: 0)
        guard parser.token == .end else {
            throw parser.fault("has something after its end")
        }
        return expression
    }

    private init(_ text: String) { lexer = FilterLexer(text) }

    private mutating func advance() throws(FilterFault) {
        token = try lexer.next()
        offset = lexer.start
    }

    private func fault(_ detail: String) -> FilterFault {
        FilterFault(detail: detail, offset: offset)
    }

    /// Operators are read in any case; the codes of columns are lower case anyway.
    private func isWord(_ word: String) -> Bool {
        if case .word(let text) = token { text.lowercased() == word } else { false }
    }

    private mutating func disjunction(depth: Int) throws(FilterFault) -> FilterExpression {
        guard depth <= FilterLimit.depth else {
            throw fault("is nested deeper than \(FilterLimit.depth) levels")
        }
        var parts = [try conjunction(depth: depth)]
        while isWord("or") {
            try advance()
            parts.append(try conjunction(depth: depth))
        }
        return parts.count == 1 ? parts[0] : .or(parts)
    }

    private mutating func conjunction(depth: Int) throws(FilterFault) -> FilterExpression {
        var parts = [try negation(depth: depth)]
        while isWord("and") {
            try advance()
            parts.append(try negation(depth: depth))
        }
        return parts.count == 1 ? parts[0] : .and(parts)
    }

    private mutating func negation(depth: Int) throws(FilterFault) -> FilterExpression {
        var isNegated = false
        while isWord("not") {
            try advance()
            isNegated.toggle()
        }
        let inner = try term(depth: depth)
        return isNegated ? .not(inner) : inner
    }

    private mutating func term(depth: Int) throws(FilterFault) -> FilterExpression {
        terms += 1
        guard terms <= FilterLimit.terms else {
            throw fault("has more than \(FilterLimit.terms) terms")
        }
        if token == .open {
            try advance()
            let inner = try disjunction(depth: depth + 1)
            try expect(.close, "lacks a closing parenthesis")
            return inner
        }
        let left = try operandOrFunction()
        guard case .operand(let operand) = left else { return left.expression }
        if case .word(let word) = token {
            if let comparison = FilterExpression.Comparison(rawValue: word.lowercased()) {
                try advance()
                guard case .operand(let right) = try operandOrFunction() else {
                    throw fault("compares a function, which is a condition by itself")
                }
                return .compare(operand, comparison, right)
            }
            if word.lowercased() == "in" {
                guard case .path(let path) = operand else {
                    throw fault("needs a column before in")
                }
                try advance()
                return .within(path, try list())
            }
        }
        guard case .path(let path) = operand else {
            throw fault("needs a comparison after the value")
        }
        return .flag(path)
    }

    private enum Head {
        case operand(FilterOperand)
        case function(FilterExpression)

        var expression: FilterExpression {
            switch self {
            case .function(let expression): expression
            case .operand(.path(let path)): .flag(path)
            case .operand(.literal): .or([])
            }
        }
    }

    private mutating func operandOrFunction() throws(FilterFault) -> Head {
        let start = offset
        guard case .word(let word) = token else {
            return .operand(.literal(try literal()))
        }
        if FilterParser.wordLiterals.contains(word) {
            return .operand(.literal(try literal()))
        }
        try advance()
        if token == .open {
            guard let name = FilterExpression.TextFunction(rawValue: word.lowercased()) else {
                throw FilterFault(
                    detail: "calls \(word); it can call contains, startswith and endswith",
                    offset: start)
            }
            return .function(try function(name))
        }
        return .operand(.path(try path(from: word, at: start)))
    }

    private mutating func function(
        _ name: FilterExpression.TextFunction
    ) throws(FilterFault) -> FilterExpression {
        try advance()
        let start = offset
        guard case .word(let word) = token else { throw fault("needs a column here") }
        try advance()
        let path = try path(from: word, at: start)
        try expect(.comma, "lacks a comma")
        let value = try literal()
        try expect(.close, "lacks a closing parenthesis")
        return .text(name, path, value)
    }

    private mutating func path(
        from first: String, at start: Int
    ) throws(FilterFault) -> FilterPath {
        var segments = [first]
        while token == .slash {
            try advance()
            guard case .word(let word) = token else { throw fault("needs a column after /") }
            segments.append(word)
            try advance()
        }
        return FilterPath(segments: segments, offset: start)
    }

    private mutating func list() throws(FilterFault) -> [FilterLiteral] {
        try expect(.open, "needs a list in parentheses after in")
        var items: [FilterLiteral] = []
        repeat {
            if !items.isEmpty { try advance() }
            items.append(try literal())
            guard items.count <= FilterLimit.listed else {
                throw fault("lists more than \(FilterLimit.listed) values")
            }
        } while token == .comma
        try expect(.close, "lacks a closing parenthesis")
        return items
    }

    private static let wordLiterals: Set<String> = ["null", "true", "false", "me", "now", "today"]

    private mutating func literal() throws(FilterFault) -> FilterLiteral {
        let start = offset
        let value: FilterLiteral.Value
        switch token {
        case .text(let text): value = .text(text)
        case .number(let number): value = .number(number)
        case .date(let date): value = .date(date)
        case .datetime(let time): value = .datetime(time)
        case .word("null"): value = .null
        case .word("true"): value = .boolean(true)
        case .word("false"): value = .boolean(false)
        case .word("me"): value = .me
        case .word("now"): value = .now
        case .word("today"): value = .today
        case .end: throw fault("ends where a value is needed")
        default: throw fault("needs a value here")
        }
        try advance()
        return FilterLiteral(value: value, offset: start)
    }

    private mutating func expect(
        _ wanted: FilterLexer.Token, _ detail: String
    ) throws(FilterFault) {
        guard token == wanted else { throw fault(detail) }
        try advance()
    }
}
