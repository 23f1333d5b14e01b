import Database
import ServiceRuntime

/// A piece of SQL with its values in the order of its question marks. Pieces join without
/// renumbering, and what differs from call to call (who, when) stays open, so that a piece can be
/// kept.
struct SQLText: Sendable, Hashable, ExpressibleByStringLiteral {
    enum Parameter: Sendable, Hashable {
        case value(SQLValue)
        /// The account that calls.
        case me
        /// This moment, and this day as a date or as its first moment.
        case now, today, todayStart
    }

    private(set) var text: String
    private(set) var parameters: [Parameter] = []

    init(_ text: String = "") { self.text = text }

    init(stringLiteral text: String) { self.text = text }

    /// A piece that is one value.
    init(_ parameter: Parameter) {
        text = "?"
        parameters = [parameter]
    }

    init(_ value: SQLValue) { self.init(.value(value)) }

    mutating func append(_ text: String) { self.text += text }

    mutating func append(_ other: SQLText) {
        text += other.text
        parameters += other.parameters
    }

    static func + (a: SQLText, b: SQLText) -> SQLText {
        var sum = a
        sum.append(b)
        return sum
    }

    static func + (a: SQLText, b: String) -> SQLText {
        var sum = a
        sum.append(b)
        return sum
    }

    static func + (a: String, b: SQLText) -> SQLText { SQLText(a) + b }

    /// `(a and b and c)`; nothing where there is none.
    static func joined(_ parts: [SQLText], by word: String) -> SQLText {
        guard let first = parts.first else { return SQLText() }
        if parts.count == 1 { return first }
        var sum = "(" + first
        for part in parts.dropFirst() {
            sum.append(" \(word) ")
            sum.append(part)
        }
        sum.append(")")
        return sum
    }

    func values(for moment: QueryMoment) -> [SQLValue] {
        parameters.map { moment.value(of: $0) }
    }
}

/// Who asks and when: what a kept piece of SQL leaves open.
struct QueryMoment: Sendable {
    var account: String
    var now: Timestamp

    func value(of parameter: SQLText.Parameter) -> SQLValue {
        switch parameter {
        case .value(let value): value
        case .me: .text(account)
        case .now: .text(now.text)
        case .today: .text(CalendarDate(now).text)
        case .todayStart: .text(CalendarDate(now).text + "T00:00:00.000Z")
        }
    }
}

/// An identifier of ours in quotes. Codes and table names hold nothing that would need an escape.
func quoted(_ identifier: String) -> String { "\"\(identifier)\"" }

/// A text as an SQL literal, for DDL, where there are no parameters.
func literal(_ text: String) -> String { Dialect.literal(text) }
