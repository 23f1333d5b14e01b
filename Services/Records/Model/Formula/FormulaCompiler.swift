import Database
import JSON

/// A value of an expression as SQL.
struct FormulaValue: Sendable, Hashable {
    var sql: String
    /// Nil of a `null` that is of no type yet.
    var form: ValueForm?
    /// Decimals of a number.
    var scale = 0
    /// Whether it is a whole number of 64 bits or empty, and nothing else.
    var isSettled = true

    var isNumber: Bool { form == .integer || form == .decimal }
    /// Texts, dates and times are all stored as text.
    var isText: Bool { form == .text || form == .date || form == .datetime }
}

/// Makes SQL of an expression. Numbers are exact: whole numbers of their last decimal, all through.
/// A number that does not fit is made empty where it is looked at, and at the end.
struct FormulaCompiler {
    /// Decimals of a quotient, unless its operands have more.
    static let divisionScale = 6
    /// Decimals within an expression; a product of more is rounded.
    static let scaleLimit = 12
    static let sqlLimit = 40_000
    /// Of one that has the expressions of other columns in it.
    static let nestedLimit = 200_000

    let engine: Dialect.Engine
    /// The value of a column by its code; nil where there is none to be used.
    let column: (String) -> FormulaValue?
    /// Codes of columns that are there and cannot be used, with the reason.
    let refused: (String) -> String?

    var words: FormulaSQL { FormulaSQL(engine: engine) }

    func compile(_ formula: Formula) throws(Formula.Fault) -> FormulaValue {
        let value: FormulaValue
        switch formula {
        case .number(let number): value = try constant(number)
        case .text(let text): value = FormulaValue(sql: literal(text), form: .text)
        case .boolean(let flag): value = FormulaValue(sql: flag ? "1" : "0", form: .boolean)
        case .null: value = FormulaValue(sql: "NULL", form: nil)
        case .column(let code, let place): value = try use(code, place)
        case .unary(let word, let inner, let place): value = try unary(word, inner, place)
        case .binary(let word, let left, let right, let place):
            value = try binary(word, left, right, place)
        case .choice(let condition, let yes, let no, let place):
            let test = try truth(condition, place)
            let (a, b) = try alike(compile(yes), compile(no), place)
            value = FormulaValue(
                sql: "CASE WHEN \(test) THEN \(a.sql) ELSE \(b.sql) END", form: a.form ?? b.form,
                scale: a.scale, isSettled: a.isSettled && b.isSettled)
        case .member(let inner, let name, let place): value = try member(inner, name, place)
        case .method(let inner, let name, let arguments, let place):
            value = try FormulaFunctions(compiler: self)
                .method(compile(inner), name, arguments, place)
        case .function(let name, let arguments, let place):
            value = try FormulaFunctions(compiler: self).function(name, arguments, place)
        }
        let limit = engine == .sqlite ? FormulaCompiler.sqlLimit : FormulaCompiler.nestedLimit
        guard value.sql.utf8.count <= limit else {
            throw Formula.Fault(detail: "is too long once it is SQL", offset: 0)
        }
        return value
    }

    private func constant(_ number: JSONNumber) throws(Formula.Fault) -> FormulaValue {
        let decimals = number.text.split(separator: ".").dropFirst().first?.utf8.count ?? 0
        guard decimals <= FormulaCompiler.scaleLimit, let stored = number.unscaled(scale: decimals)
        else { throw Formula.Fault(detail: "has a number of too many digits", offset: 0) }
        return FormulaValue(
            sql: String(stored), form: decimals > 0 ? .decimal : .integer, scale: decimals)
    }

    private func use(_ code: String, _ place: Int) throws(Formula.Fault) -> FormulaValue {
        if let value = column(code) { return value }
        let reason = refused(code) ?? "which is no column of the class"
        throw Formula.Fault(detail: "names \(code), \(reason)", offset: place)
    }

    // MARK: Operators

    private func unary(
        _ word: Formula.Operator, _ inner: Formula, _ place: Int
    ) throws(Formula.Fault) -> FormulaValue {
        if word == .not {
            let sql = words.value("(NOT \(try truth(inner, place)))")
            return FormulaValue(sql: sql, form: .boolean)
        }
        var value = try number(inner, place)
        value.sql = words.negative(value.sql)
        value.isSettled = false
        return value
    }

    private func binary(
        _ word: Formula.Operator, _ left: Formula, _ right: Formula, _ place: Int
    ) throws(Formula.Fault) -> FormulaValue {
        switch word {
        case .and, .or:
            let sql =
                "(\(try truth(left, place)) \(word == .and ? "AND" : "OR") "
                + "\(try truth(right, place)))"
            return FormulaValue(sql: words.value(sql), form: .boolean)
        case .otherwise:
            let (a, b) = try alike(compile(left), compile(right), place)
            return FormulaValue(
                sql: "coalesce(\(words.settled(a).sql), \(b.sql))", form: a.form ?? b.form,
                scale: a.scale, isSettled: b.isSettled)
        case .equal, .differ:
            let (a, b) = try settled(alike(compile(left), compile(right), place))
            let sql = words.same(
                a.sql, b.sql, isNegated: word == .differ, isText: a.isText || b.isText)
            return FormulaValue(sql: sql, form: .boolean)
        case .below, .atMost, .above, .atLeast:
            let (a, b) = try settled(alike(compile(left), compile(right), place))
            guard a.form != .boolean else {
                throw Formula.Fault(
                    detail: "asks whether a boolean is above or below", offset: place)
            }
            return FormulaValue(
                sql: words.compared(a.sql, word.rawValue, b.sql, isText: a.isText || b.isText),
                form: .boolean)
        case .add:
            let (a, b) = (try compile(left), try compile(right))
            if a.isText || b.isText {
                let sql = "(\(try joined(a, place)) || \(try joined(b, place)))"
                return FormulaValue(sql: sql, form: .text)
            }
            return try sum(a, "+", b, place)
        case .subtract: return try sum(compile(left), "-", compile(right), place)
        case .multiply: return try product(compile(left), compile(right), place)
        case .divide: return try quotient(compile(left), compile(right), place)
        case .remainder:
            let (a, b) = try numbers(compile(left), compile(right), place)
            return FormulaValue(
                sql: words.remainder(a.sql, b.sql), form: a.scale > 0 ? .decimal : .integer,
                scale: a.scale, isSettled: false)
        case .not: return try unary(.not, right, place)
        }
    }

    private func sum(
        _ a: FormulaValue, _ sign: String, _ b: FormulaValue, _ place: Int
    ) throws(Formula.Fault) -> FormulaValue {
        let (a, b) = try numbers(a, b, place)
        return FormulaValue(
            sql: words.sum(a.sql, sign, b.sql), form: a.scale > 0 ? .decimal : .integer,
            scale: a.scale, isSettled: false)
    }

    private func product(
        _ a: FormulaValue, _ b: FormulaValue, _ place: Int
    ) throws(Formula.Fault) -> FormulaValue {
        let (a, b) = (try checked(a, place), try checked(b, place))
        let scale = a.scale + b.scale
        let product = FormulaValue(
            sql: words.sum(a.sql, "*", b.sql), form: scale > 0 ? .decimal : .integer,
            scale: scale, isSettled: false)
        return scale > FormulaCompiler.scaleLimit
            ? scaled(product, to: FormulaCompiler.scaleLimit) : product
    }

    /// Rounded half away from zero; by zero there is none.
    private func quotient(
        _ a: FormulaValue, _ b: FormulaValue, _ place: Int
    ) throws(Formula.Fault) -> FormulaValue {
        let (a, b) = (try checked(a, place), try checked(b, place))
        let scale = max(FormulaCompiler.divisionScale, a.scale, b.scale)
        let top = times(a.sql, scale - a.scale + b.scale)
        return FormulaValue(
            sql: words.quotient(top, b.sql), form: .decimal, scale: scale, isSettled: false)
    }

    // MARK: Numbers

    /// The same number with another count of decimals, rounded half away from zero.
    func scaled(_ value: FormulaValue, to scale: Int) -> FormulaValue {
        guard value.scale != scale else { return value }
        let sql =
            scale > value.scale
            ? times(value.sql, scale - value.scale)
            : words.quotient(value.sql, FormulaCompiler.power(value.scale - scale))
        return FormulaValue(
            sql: sql, form: scale > 0 ? .decimal : .integer, scale: scale, isSettled: false)
    }

    static func power(_ zeros: Int) -> String { "1" + String(repeating: "0", count: zeros) }

    private func times(_ sql: String, _ zeros: Int) -> String {
        zeros == 0 ? sql : words.sum(sql, "*", FormulaCompiler.power(zeros))
    }

    /// A `null` is any number.
    func checked(_ value: FormulaValue, _ place: Int) throws(Formula.Fault) -> FormulaValue {
        if value.isNumber { return value }
        if value.form == nil { return FormulaValue(sql: words.null(.integer), form: .integer) }
        throw Formula.Fault(detail: "needs a number here", offset: place)
    }

    func number(_ formula: Formula, _ place: Int) throws(Formula.Fault) -> FormulaValue {
        try checked(compile(formula), place)
    }

    private func numbers(
        _ a: FormulaValue, _ b: FormulaValue, _ place: Int
    ) throws(Formula.Fault) -> (FormulaValue, FormulaValue) {
        let (a, b) = (try checked(a, place), try checked(b, place))
        let scale = max(a.scale, b.scale)
        return (scaled(a, to: scale), scaled(b, to: scale))
    }

    // MARK: Types

    /// Both as values of one type.
    func alike(
        _ a: FormulaValue, _ b: FormulaValue, _ place: Int
    ) throws(Formula.Fault) -> (FormulaValue, FormulaValue) {
        guard let left = a.form, let right = b.form else {
            var (a, b) = (a, b)
            if let form = a.form ?? b.form {
                if a.form == nil { a.sql = words.null(form) }
                if b.form == nil { b.sql = words.null(form) }
            }
            let scale = max(a.scale, b.scale)
            (a.scale, b.scale) = (scale, scale)
            return (a, b)
        }
        if a.isNumber, b.isNumber { return try numbers(a, b, place) }
        if a.isText, b.isText {
            var (a, b) = (a, b)
            if left != right { (a.form, b.form) = (.text, .text) }
            return (a, b)
        }
        guard left == right else {
            throw Formula.Fault(detail: "has values of two types here", offset: place)
        }
        return (a, b)
    }

    private func settled(_ pair: (FormulaValue, FormulaValue)) -> (FormulaValue, FormulaValue) {
        (words.settled(pair.0), words.settled(pair.1))
    }

    /// A condition that is true or false; an empty boolean is false.
    func truth(_ formula: Formula, _ place: Int) throws(Formula.Fault) -> String {
        let value = try compile(formula)
        guard value.form == .boolean || value.form == nil else {
            throw Formula.Fault(
                detail: "needs a boolean here; compare the value with something", offset: place)
        }
        return words.condition(value.form == nil ? words.null(.boolean) : value.sql)
    }

    /// A value as a part of a text; an empty one is an empty text.
    func joined(_ value: FormulaValue, _ place: Int) throws(Formula.Fault) -> String {
        switch value.form {
        case nil: return "''"
        case .text, .date, .datetime: return "coalesce(\(value.sql), '')"
        case .integer, .decimal: return "coalesce(\(words.text(value)), '')"
        case .boolean:
            return "CASE \(value.sql) WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE '' END"
        case .json:
            throw Formula.Fault(detail: "needs a plain value here", offset: place)
        }
    }

    private func member(
        _ inner: Formula, _ name: String, _ place: Int
    ) throws(Formula.Fault) -> FormulaValue {
        let value = try compile(inner)
        guard name == "length" else {
            throw Formula.Fault(
                detail: "names .\(name); of a value only .length and methods can be asked, "
                    + "and references cannot be followed", offset: place)
        }
        if value.form == .json {
            return FormulaValue(sql: words.count(value.sql), form: .integer)
        }
        guard value.isText else {
            throw Formula.Fault(detail: "asks the length of what is no text", offset: place)
        }
        return FormulaValue(sql: "length(\(value.sql))", form: .integer)
    }
}
