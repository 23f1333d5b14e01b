import Database
import ServiceRuntime

/// Makes SQL of a filter. Conditions are true or false for every row, never unknown: an empty value
/// equals only `null`, and is neither above nor below anything. `not` is moved inwards to the
/// comparisons, so that the SQL has none and its own unknown counts as false.
struct FilterCompiler {
    let scope: QueryScope

    static let always = SQLText("1 = 1")
    static let never = SQLText("1 = 0")

    func compile(
        _ expression: FilterExpression, negated: Bool = false
    ) throws(FilterFault) -> SQLText {
        switch expression {
        case .not(let inner): return try compile(inner, negated: !negated)
        case .and(let parts), .or(let parts):
            var isAnd = false
            if case .and = expression { isAnd = true }
            var compiled: [SQLText] = []
            for part in parts { compiled.append(try compile(part, negated: negated)) }
            return .joined(compiled, by: isAnd != negated ? "AND" : "OR")
        case .flag(let path):
            let column = try scope.resolve(path)
            guard column.form == .boolean else {
                throw FilterFault(
                    detail: "needs a comparison after \(path.text)", offset: path.offset)
            }
            return test(column, .eq, .value(SQLText(.integer(1))), negated: negated)
        case .within(let path, let items):
            return try list(path, items, negated: negated)
        case .text(let function, let path, let literal):
            return try text(function, path, literal, negated: negated)
        case .compare(.path(let left), let comparison, .path(let right)):
            return try columns(left, comparison, right, negated: negated)
        case .compare(.path(let path), let comparison, .literal(let literal)):
            return try compare(path, comparison, literal, negated: negated)
        case .compare(.literal(let literal), let comparison, .path(let path)):
            return try compare(path, comparison.mirrored, literal, negated: negated)
        case .compare(.literal(let literal), _, .literal):
            throw FilterFault(
                detail: "compares two values; one must be a column", offset: literal.offset)
        }
    }

    /// What a column is compared with.
    private enum Bound {
        case value(SQLText)
        /// Something between this stored value and the next.
        case gap(SQLText)
        case below, above
    }

    private func compare(
        _ path: FilterPath, _ comparison: FilterExpression.Comparison, _ literal: FilterLiteral,
        negated: Bool
    ) throws(FilterFault) -> SQLText {
        let column = try scope.resolve(path)
        if column.many != nil {
            switch (comparison, literal.value) {
            case (.eq, .null), (.ne, .null):
                let isEmpty = (comparison == .eq) != negated
                return any(column, column.sql + " IS NOT NULL", negated: isEmpty)
            case (_, .null): return negated ? FilterCompiler.always : FilterCompiler.never
            case (.ne, _): return try compare(path, .eq, literal, negated: !negated)
            case (.eq, _), (.gt, _), (.ge, _), (.lt, _), (.le, _): break
            }
        }
        if literal.value == .null {
            switch comparison {
            case .eq, .ne:
                let isNull = (comparison == .eq) != negated
                return column.sql + (isNull ? " IS NULL" : " IS NOT NULL")
            case .gt, .ge, .lt, .le:
                return negated ? FilterCompiler.always : FilterCompiler.never
            }
        }
        if column.form == .boolean, comparison != .eq, comparison != .ne {
            throw FilterFault(
                detail: "asks whether a boolean is above or below", offset: path.offset)
        }
        let bound = try bound(literal, for: column, path)
        if column.many != nil {
            return any(column, test(column, comparison, bound, negated: false), negated: negated)
        }
        return test(column, comparison, bound, negated: negated)
    }

    /// Whether any value of a column of many is as `test` has it; negated, whether none is.
    private func any(
        _ column: QueryScope.Column, _ test: SQLText, negated: Bool
    ) -> SQLText {
        guard let many = column.many else { return test }
        return (negated ? "NOT EXISTS (SELECT 1 FROM " : "EXISTS (SELECT 1 FROM ") + many
            + " WHERE " + test + ")"
    }

    /// `column comparison bound`; `ne` holds for an empty column too, and so does what is negated.
    private func test(
        _ column: QueryScope.Column, _ comparison: FilterExpression.Comparison, _ bound: Bound,
        negated: Bool
    ) -> SQLText {
        let takesNull = (comparison == .ne) != negated
        let comparison = negated ? comparison.complement : comparison
        var constant: Bool?
        var core = SQLText()
        switch (bound, comparison) {
        case (.value(let value), _): core = column.sql + " \(comparison.sql) " + value
        case (.gap, .eq), (.below, .eq), (.above, .eq): constant = false
        case (.gap, .ne), (.below, .ne), (.above, .ne): constant = true
        case (.gap(let floor), .gt), (.gap(let floor), .ge): core = column.sql + " > " + floor
        case (.gap(let floor), .lt), (.gap(let floor), .le): core = column.sql + " <= " + floor
        case (.above, .lt), (.above, .le), (.below, .gt), (.below, .ge): constant = true
        case (.above, .gt), (.above, .ge), (.below, .lt), (.below, .le): constant = false
        }
        switch (constant, takesNull) {
        case (true?, true): return FilterCompiler.always
        case (true?, false): return column.sql + " IS NOT NULL"
        case (false?, true): return column.sql + " IS NULL"
        case (false?, false): return FilterCompiler.never
        case (nil, true) where column.isNullable:
            return "(" + core + " OR " + column.sql + " IS NULL)"
        case (nil, _): return core
        }
    }

    private func columns(
        _ left: FilterPath, _ comparison: FilterExpression.Comparison, _ right: FilterPath,
        negated: Bool
    ) throws(FilterFault) -> SQLText {
        let a = try scope.resolve(left)
        let b = try scope.resolve(right)
        guard a.many == nil, b.many == nil else {
            throw FilterFault(
                detail: "compares \(left.text) with \(right.text); a column of many values "
                    + "compares with values only", offset: left.offset)
        }
        guard a.isLike(b) else {
            throw FilterFault(
                detail: "compares \(left.text) with \(right.text), which is of another type",
                offset: right.offset)
        }
        let isEqual = comparison == .eq || comparison == .ne
        if a.form == .boolean, !isEqual {
            throw FilterFault(
                detail: "asks whether a boolean is above or below", offset: left.offset)
        }
        let wanted = negated ? comparison.complement : comparison
        let core = a.sql + " \(wanted.sql) " + b.sql
        switch wanted {
        case .eq where isEqual:
            return "(" + core + " OR (" + a.sql + " IS NULL AND " + b.sql + " IS NULL))"
        case .ne where isEqual:
            return "(" + core + " OR (" + a.sql + " IS NULL AND " + b.sql + " IS NOT NULL) OR ("
                + a.sql + " IS NOT NULL AND " + b.sql + " IS NULL))"
        default:
            guard negated else { return core }
            return "(" + core + " OR " + a.sql + " IS NULL OR " + b.sql + " IS NULL)"
        }
    }

    private func list(
        _ path: FilterPath, _ items: [FilterLiteral], negated: Bool
    ) throws(FilterFault) -> SQLText {
        let column = try scope.resolve(path)
        if column.many != nil, negated {
            return "NOT (" + (try list(path, items, negated: false)) + ")"
        }
        var values: [SQLText] = []
        var hasNull = false
        for item in items {
            if item.value == .null {
                hasNull = true
            } else if case .value(let value) = try bound(item, for: column, path) {
                values.append(value)
            }
        }
        var parts: [SQLText] = []
        if !values.isEmpty {
            var test = column.sql + (negated ? " NOT IN (" : " IN (")
            for (index, value) in values.enumerated() {
                if index > 0 { test.append(", ") }
                test.append(value)
            }
            test.append(")")
            parts.append(any(column, test, negated: false))
        }
        if column.many != nil {
            if hasNull { parts.append(any(column, column.sql + " IS NOT NULL", negated: true)) }
            return parts.isEmpty ? FilterCompiler.never : .joined(parts, by: "OR")
        }
        switch (negated, hasNull) {
        case (false, true): parts.append(column.sql + " IS NULL")
        case (true, true):
            // With null listed, an empty column is in the list.
            return .joined(parts + [column.sql + " IS NOT NULL"], by: "AND")
        case (true, false):
            if parts.isEmpty { return FilterCompiler.always }
            if column.isNullable { parts.append(column.sql + " IS NULL") }
        case (false, false):
            if parts.isEmpty { return FilterCompiler.never }
        }
        return .joined(parts, by: "OR")
    }
}

extension FilterExpression.Comparison {
    /// What holds, of two values, exactly where this does not.
    var complement: FilterExpression.Comparison {
        switch self {
        case .eq: .ne
        case .ne: .eq
        case .gt: .le
        case .ge: .lt
        case .lt: .ge
        case .le: .gt
        }
    }
}

extension QueryScope.Column {
    /// Whether stored values of both compare with each other.
    fileprivate func isLike(_ other: QueryScope.Column) -> Bool {
        let isNumber = [form, other.form].allSatisfy { $0 == .integer || $0 == .decimal }
        return scale == other.scale && (form == other.form || isNumber) && form != .json
    }
}

extension FilterCompiler {
    /// A literal as a value of the column's type.
    private func bound(
        _ literal: FilterLiteral, for column: QueryScope.Column, _ path: FilterPath
    ) throws(FilterFault) -> Bound {
        switch (column.form, literal.value) {
        case (.text, .text(let text)): return .value(SQLText(.text(text)))
        case (.text, .me): return .value(SQLText(.me))
        case (.integer, .number(let number)), (.decimal, .number(let number)):
            switch ScaledNumber(number, scale: column.scale) {
            case .exact(let value): return .value(SQLText(.integer(value)))
            case .between(let floor): return .gap(SQLText(.integer(floor)))
            case .below: return .below
            case .above: return .above
            }
        case (.boolean, .boolean(let flag)): return .value(SQLText(.integer(flag ? 1 : 0)))
        case (.date, .date(let date)): return .value(SQLText(.text(date.text)))
        case (.date, .today): return .value(SQLText(.today))
        case (.datetime, .datetime(let time)): return .value(SQLText(.text(time.text)))
        case (.datetime, .date(let date)):
            return .value(SQLText(.text(date.text + "T00:00:00.000Z")))
        case (.datetime, .now): return .value(SQLText(.now))
        case (.datetime, .today): return .value(SQLText(.todayStart))
        // Many clients put dates in quotes.
        case (.date, .text(let text)):
            if let date = CalendarDate(text) { return .value(SQLText(.text(date.text))) }
        case (.datetime, .text(let text)):
            if let time = Timestamp(text) { return .value(SQLText(.text(time.text))) }
        default: break
        }
        throw FilterFault(
            detail: "compares \(path.text), which is of type \(column.type.rawValue), with "
                + "something else", offset: literal.offset)
    }

    private func text(
        _ function: FilterExpression.TextFunction, _ path: FilterPath, _ literal: FilterLiteral,
        negated: Bool
    ) throws(FilterFault) -> SQLText {
        let column = try scope.resolve(path)
        if column.many != nil, negated {
            return "NOT (" + (try text(function, path, literal, negated: false)) + ")"
        }
        guard column.form == .text else {
            throw FilterFault(
                detail: "calls \(function.rawValue) on \(path.text), which is no text",
                offset: path.offset)
        }
        guard case .value(let value) = try bound(literal, for: column, path) else {
            return FilterCompiler.never
        }
        var core: SQLText
        switch function {
        case .contains:
            core = "instr(" + column.sql + ", " + value + ")" + (negated ? " = 0" : " > 0")
        case .startswith:
            core = FilterCompiler.prefix(column.sql, literal, value, negated: negated)
        case .endswith:
            // The last zero characters would be the whole text.
            if literal.value == .text("") {
                core = negated ? FilterCompiler.never : column.sql + " IS NOT NULL"
            } else {
                core = FilterCompiler.suffix(column.sql, value, negated: negated)
            }
        }
        guard negated else { return any(column, core, negated: false) }
        return "(" + core + " OR " + column.sql + " IS NULL)"
    }

    /// A prefix as a range, which an index can serve, where its last character has a next one.
    private static func prefix(
        _ column: SQLText, _ literal: FilterLiteral, _ value: SQLText, negated: Bool
    ) -> SQLText {
        if case .text(let text) = literal.value, let next = successor(of: text) {
            let end = SQLText(.text(next))
            return negated
                ? "(" + column + " < " + value + " OR " + column + " >= " + end + ")"
                : "(" + column + " >= " + value + " AND " + column + " < " + end + ")"
        }
        return "substr(" + column + ", 1, length(" + value + "))" + (negated ? " <> " : " = ")
            + value
    }

    /// A shorter text has no such end, which is asked first: of a negative place engines think
    /// differently.
    private static func suffix(_ column: SQLText, _ value: SQLText, negated: Bool) -> SQLText {
        let start = "length(" + column + ") - length(" + value + ")"
        return "CASE WHEN " + start + " >= 0 THEN substr(" + column + ", " + start
            + " + 1) ELSE '' END" + (negated ? " <> " : " = ") + value
    }

    /// The first text after all that begin with `text`; nil where it has no simple one.
    static func successor(of text: String) -> String? {
        var scalars = Array(text.unicodeScalars)
        guard let last = scalars.last, let next = Unicode.Scalar(last.value + 1) else { return nil }
        scalars[scalars.count - 1] = next
        var result = String.UnicodeScalarView()
        result.append(contentsOf: scalars)
        return String(result)
    }
}
