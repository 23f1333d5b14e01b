import Contracts
import Database
import JSON

/// What is added up over all records that a list finds: `sum(spent),avg(score),max(due)`. A column
/// that the caller may read in some rows only is empty in the others, as in filters.
struct ListTotals: Sendable {
    static let limit = 40
    /// Decimals of an average, unless the column has more.
    static let averageScale = 6

    enum Function: String, CaseIterable, Sendable { case sum, avg, min, max, count }

    fileprivate struct Item: Sendable {
        let column: String
        let function: Function
        let form: ValueForm
        let scale: Int
        /// Where its values begin in the row.
        let place: Int
    }

    private var items: [Item] = []
    /// What the statement selects.
    private(set) var columns = SQLText()
    private(set) var width = 0

    /// A sum is taken in two parts, so that none is too large.
    private static let part: Int64 = 1_000_000_000

    init(_ text: String, scope: QueryScope) throws(FilterFault) {
        guard text.utf8.count <= FilterLimit.length else {
            throw FilterFault(
                detail: "is longer than \(FilterLimit.length) bytes", offset: FilterLimit.length)
        }
        var lexer = FilterLexer(text)
        var token = try lexer.next()
        while true {
            let start = lexer.start
            guard case .word(let word) = token, let function = Function(rawValue: word) else {
                let names = Function.allCases.map(\.rawValue).joined(separator: ", ")
                throw FilterFault(detail: "needs one of \(names) here", offset: start)
            }
            token = try lexer.next()
            guard token == .open else {
                throw FilterFault(detail: "needs ( here", offset: lexer.start)
            }
            try add(function, of: try ListTotals.path(&lexer), scope, start)
            token = try lexer.next()
            if token == .end { return }
            guard token == .comma else {
                throw FilterFault(detail: "needs a comma here", offset: lexer.start)
            }
            token = try lexer.next()
        }
    }

    /// `customer/rank)`.
    private static func path(_ lexer: inout FilterLexer) throws(FilterFault) -> FilterPath {
        var path = FilterPath(segments: [], offset: 0)
        while true {
            let token = try lexer.next()
            guard case .word(let word) = token else {
                throw FilterFault(detail: "needs a column here", offset: lexer.start)
            }
            if path.segments.isEmpty { path.offset = lexer.start }
            path.segments.append(word)
            switch try lexer.next() {
            case .slash: continue
            case .close: return path
            default: throw FilterFault(detail: "needs ) here", offset: lexer.start)
            }
        }
    }

    private mutating func add(
        _ function: Function, of path: FilterPath, _ scope: QueryScope, _ start: Int
    ) throws(FilterFault) {
        guard items.count < ListTotals.limit else {
            throw FilterFault(detail: "has more than \(ListTotals.limit) totals", offset: start)
        }
        if items.contains(where: { $0.column == path.text && $0.function == function }) {
            throw FilterFault(
                detail: "names \(function.rawValue)(\(path.text)) twice", offset: start)
        }
        let column = try scope.resolve(path)
        guard function.takes(column) else {
            throw FilterFault(
                detail: "names \(path.text), of which there is no \(function.rawValue)",
                offset: path.offset)
        }
        items.append(
            Item(
                column: path.text, function: function, form: column.form, scale: column.scale,
                place: width))
        switch function {
        case .count: select("count(", column.sql)
        case .min, .max: select(function.rawValue + "(", column.sql)
        case .sum, .avg:
            select("CAST(sum(", column.sql + " / \(ListTotals.part)", ") AS BIGINT)")
            select("CAST(sum(", column.sql + " % \(ListTotals.part)", ") AS BIGINT)")
            if function == .avg { select("count(", column.sql) }
        }
    }

    private mutating func select(
        _ function: String, _ argument: SQLText, _ end: String = ")"
    ) {
        if width > 0 { columns.append(", ") }
        columns.append(function + argument + end)
        width += 1
    }

    /// `{"spent": {"sum": 12.50, "avg": 3.125}}`, columns in the order in which they were asked.
    func write(_ values: [SQLValue], into writer: inout JSONWriter) {
        writer.beginObject()
        var written: Set<String> = []
        for first in items where written.insert(first.column).inserted {
            writer.key(first.column)
            writer.beginObject()
            for item in items where item.column == first.column {
                writer.key(item.function.rawValue)
                writer.value(item.total(values, of: ListTotals.part))
            }
            writer.endObject()
        }
        writer.endObject()
    }
}

extension ListTotals.Function {
    fileprivate func takes(_ column: QueryScope.Column) -> Bool {
        let isNumber =
            column.type != .reference && (column.form == .integer || column.form == .decimal)
        guard column.many == nil, column.form != .json else { return false }
        switch self {
        case .count: return true
        case .sum, .avg: return isNumber
        case .min, .max: return isNumber || column.form == .date || column.form == .datetime
        }
    }
}

extension ListTotals.Item {
    /// The total of a row's values. A sum of nothing is zero, anything else of nothing is null.
    fileprivate func total(_ values: [SQLValue], of part: Int64) -> JSONValue {
        switch function {
        case .count: return .number(JSONNumber(integer(values[place])))
        case .min, .max:
            switch values[place] {
            case .text(let text): return .string(text)
            case .integer(let value): return number(Int128(value), scale)
            case .null, .real, .blob: return .null
            }
        case .sum: return number(sum(values, part), scale)
        case .avg:
            let count = Int128(integer(values[place + 2]))
            guard count > 0 else { return .null }
            var digits = max(scale, ListTotals.averageScale)
            var value = sum(values, part)
            for _ in scale..<digits { value *= 10 }
            let (whole, rest) = value.quotientAndRemainder(dividingBy: count)
            value = whole + (rest.magnitude * 2 >= count.magnitude ? rest.signum() : 0)
            while digits > 0, value % 10 == 0 {
                value /= 10
                digits -= 1
            }
            return number(value, digits)
        }
    }

    private func sum(_ values: [SQLValue], _ part: Int64) -> Int128 {
        Int128(integer(values[place])) * Int128(part) + Int128(integer(values[place + 1]))
    }

    private func integer(_ value: SQLValue) -> Int64 {
        if case .integer(let value) = value { return value }
        return 0
    }

    /// `value / 10^scale` with that many decimals, however large.
    private func number(_ value: Int128, _ scale: Int) -> JSONValue {
        var digits = String(value.magnitude)
        if scale > 0 {
            digits = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
            digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -scale))
        }
        return JSONNumber(text: (value < 0 ? "-" : "") + digits).map { .number($0) } ?? .null
    }
}
