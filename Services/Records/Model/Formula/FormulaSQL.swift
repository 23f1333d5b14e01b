import Database

/// How an expression's operations are spelled. Both engines come to the same values: numbers are
/// whole numbers of 64 bits, booleans are 0 and 1, texts are compared by their bytes. A number that
/// does not fit becomes a float on SQLite, and NaN on PostgreSQL, which computes in NUMERIC and
/// holds each step against the limits (`PostgresFunctions+Values.swift`); `settled` makes it empty.
struct FormulaSQL: Sendable {
    let engine: Dialect.Engine

    private var isSQLite: Bool { engine == .sqlite }

    // MARK: Numbers

    func sum(_ a: String, _ sign: String, _ b: String) -> String {
        isSQLite ? "(\(a) \(sign) \(b))" : "gt_fit(CAST(\(a) AS NUMERIC) \(sign) \(b))"
    }

    func negative(_ a: String) -> String {
        isSQLite ? "(- \(a))" : "gt_fit(- CAST(\(a) AS NUMERIC))"
    }

    func remainder(_ a: String, _ b: String) -> String {
        isSQLite ? "(\(a) % \(b))" : "(CAST(\(a) AS NUMERIC) % nullif(\(b), 0))"
    }

    /// Rounded half away from zero; by zero there is none.
    func quotient(_ a: String, _ b: String) -> String {
        // The engine cuts what is behind the point; twice the rest, divided again, is what rounds.
        isSQLite
            ? "(\(a) / \(b) + (\(a) % \(b)) * 2 / \(b))" : "gt_quotient(\(a), \(b))"
    }

    /// The whole number below `a / unit`, if it is not one.
    func floor(_ a: String, _ unit: String) -> String {
        // The engine cuts towards zero: below it that is one too high.
        isSQLite ? "(\(a) / \(unit) - (\(a) % \(unit) < 0))" : "gt_floor(\(a), \(unit))"
    }

    func absolute(_ a: String) -> String {
        // SQLite's own function fails for the least number that there is.
        isSQLite ? "max(\(a), - \(a))" : "gt_fit(abs(CAST(\(a) AS NUMERIC)))"
    }

    /// Empty where one of them is.
    func extreme(_ list: [String], isLeast: Bool) -> String {
        let values = list.joined(separator: ", ")
        if isSQLite { return "\(isLeast ? "min" : "max")(\(values))" }
        return "gt_\(isLeast ? "least" : "greatest")(\(values))"
    }

    /// Empty where it does not fit.
    func settled(_ value: FormulaValue) -> FormulaValue {
        guard value.isNumber, !value.isSettled else { return value }
        var value = value
        value.sql =
            isSQLite
            ? "CASE WHEN typeof(\(value.sql)) = 'integer' THEN \(value.sql) END"
            : "nullif(CAST(\(value.sql) AS NUMERIC), 'NaN')"
        value.isSettled = true
        return value
    }

    /// A number with its decimals; empty where it does not fit.
    func text(_ value: FormulaValue) -> String {
        guard isSQLite else {
            let sql = settled(value).sql
            return value.scale == 0
                ? "CAST(\(sql) AS TEXT)" : "gt_decimal(\(sql), \(value.scale))"
        }
        let text =
            value.scale == 0
            ? "CAST(\(value.sql) AS TEXT)" : RecordJSON.decimalText(value.sql, value.scale)
        return value.isSettled
            ? text : "CASE WHEN typeof(\(value.sql)) = 'integer' THEN \(text) END"
    }

    /// As the column has it, of a number that is settled.
    func stored(_ a: String) -> String {
        isSQLite ? a : "CAST(\(a) AS BIGINT)"
    }

    // MARK: Conditions

    /// A condition as a value, which is empty where the condition is.
    func value(_ condition: String) -> String {
        isSQLite ? condition : "CAST((\(condition)) AS INT4)"
    }

    /// A value as a condition; an empty one does not hold.
    func condition(_ value: String) -> String {
        isSQLite ? "coalesce(\(value), 0)" : "(coalesce(\(value), 0) = 1)"
    }

    func same(_ a: String, _ b: String, isNegated: Bool, isText: Bool) -> String {
        // SQLite has the standard's words since 3.39; other programs that read bring their own.
        guard !isSQLite else { return "(\(a) \(isNegated ? "IS NOT" : "IS") \(b))" }
        let word = isNegated ? "IS DISTINCT FROM" : "IS NOT DISTINCT FROM"
        return value("\(isText ? varying(a) : a) \(word) \(b)")
    }

    /// Nothing that is empty is before or after anything.
    func compared(_ a: String, _ word: String, _ b: String, isText: Bool) -> String {
        let order = isText && !isSQLite ? " COLLATE \"C\"" : ""
        let a = isText ? varying(a) : a
        return "coalesce(\(value("\(a)\(order) \(word) \(b)")), 0)"
    }

    /// PostgreSQL computes what is made of constants alone when it makes a generated column, before
    /// it knows how texts are ordered, and fails for what needs to know; so that what may come down
    /// to a constant is made of a column too, which changes nothing.
    func varying(_ text: String) -> String {
        let isColumn =
            text.hasPrefix("\"") && text.dropFirst().firstIndex(of: "\"") == text.indices.last
        return isSQLite || isColumn
            ? text : "substr(\(text), CASE WHEN \"id\" IS NULL THEN 1 ELSE 1 END)"
    }

    // MARK: Texts

    /// Only a to z have another case.
    func lower(_ text: String, isUpper: Bool) -> String {
        let name = isUpper ? "upper" : "lower"
        return isSQLite ? "\(name)(\(text))" : "\(name)(\(varying(text)) COLLATE \"C\")"
    }

    func trimmed(_ text: String) -> String {
        isSQLite
            ? "trim(\(text), ' ' || char(9) || char(10) || char(13))"
            : "btrim(\(text), E' \\t\\n\\r')"
    }

    func includes(_ text: String, _ part: String) -> String {
        "\(isSQLite ? "instr" : "strpos")(\(text), \(part)) > 0"
    }

    /// The last characters of it.
    func end(_ text: String, _ count: Int) -> String {
        isSQLite ? "substr(\(text), -\(count))" : "right(\(text), \(count))"
    }

    // MARK: Others

    /// Values of a list.
    func count(_ list: String) -> String {
        isSQLite
            ? "coalesce(json_array_length(\(list)), 0)" : "gt_count(\(list))"
    }

    /// Days from one date or time to another.
    func days(_ from: String, _ to: String) -> String {
        guard isSQLite else { return "gt_days(\(from), \(to))" }
        let (first, last) = (
            "julianday(substr(\(from), 1, 10))", "julianday(substr(\(to), 1, 10))"
        )
        return "CAST(\(last) - \(first) AS INTEGER)"
    }

    /// Nothing, where a value of a form is needed.
    func null(_ form: ValueForm) -> String {
        if isSQLite { return "NULL" }
        switch form {
        case .text, .date, .datetime, .json: return "CAST(NULL AS TEXT)"
        case .integer, .decimal: return "CAST(NULL AS NUMERIC)"
        case .boolean: return "CAST(NULL AS INT4)"
        }
    }
}
