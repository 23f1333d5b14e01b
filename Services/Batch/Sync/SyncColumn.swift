import Contracts
import Database
import Glibc
import JSON
import ServiceRuntime

/// A column of the class and its counterpart in the other database, with how values of the one
/// become values of the other. What would lose something is refused; only a binary floating number
/// is rounded to the decimals that the column has.
struct SyncColumn: Sendable, Hashable {
    /// How Records stores it.
    enum Form: Sendable, Hashable {
        case integer, boolean, text, choice, date, datetime, guid, json
        case decimal(scale: Int)

        var name: String {
            if case .decimal(let scale) = self { return "decimal(\(scale))" }
            return "\(self)"
        }
    }

    var ours: String
    var theirs: String
    var form: Form
    /// Of a reference: the unique column of its class by which both sides name the record.
    var by: String?

    /// Nil where columns of the type cannot be synchronized.
    static func form(_ column: ClassDescription.Column) -> Form? {
        guard !column.many else { return nil }
        switch column.type {
        case "integer": return .integer
        case "decimal": return .decimal(scale: column.scale ?? 0)
        case "boolean": return .boolean
        case "text", "sequence": return .text
        case "choice", "account", "unit": return .choice
        case "date": return .date
        case "datetime": return .datetime
        case "guid": return .guid
        case "json": return .json
        default: return nil
        }
    }

    /// Whether an empty text of theirs is none of ours: of all but texts.
    private var isEmptyNull: Bool { form != .text && form != .json }

    /// A value of theirs as Records would store it.
    func stored(_ value: SQLValue) throws(RowRefused) -> SyncValue {
        switch value {
        case .null: return .null
        case .blob: throw refusal("is binary")
        case .integer(let integer): return try stored(integer)
        case .real(let real): return try stored(real)
        case .text(let text): return try stored(text)
        }
    }

    private func stored(_ integer: Int64) throws(RowRefused) -> SyncValue {
        switch form {
        case .integer: return .integer(integer)
        case .boolean:
            guard integer == 0 || integer == 1 else { throw refusal("is \(integer), not 0 or 1") }
            return .integer(integer)
        case .decimal(let scale):
            guard let unscaled = JSONNumber(integer).unscaled(scale: scale) else {
                throw refusal("is too large")
            }
            return .integer(unscaled)
        case .text, .choice, .json: return .text(String(integer))
        case .date, .datetime, .guid: throw refusal("is a number")
        }
    }

    private func stored(_ real: Double) throws(RowRefused) -> SyncValue {
        switch form {
        case .decimal(let scale):
            let scaled = (real * pow(10, Double(scale))).rounded(.toNearestOrEven)
            // A double holds whole numbers up to 2^53; the digits beyond are nobody's.
            guard scaled.magnitude <= 9_007_199_254_740_992 else { throw refusal("is too large") }
            return .integer(Int64(scaled))
        case .integer, .boolean:
            guard let integer = Int64(exactly: real) else { throw refusal("is no whole number") }
            return try stored(integer)
        case .text, .choice, .json:
            guard real.isFinite else { throw refusal("is no number") }
            return .text("\(real)")
        case .date, .datetime, .guid: throw refusal("is a number")
        }
    }

    private func stored(_ text: String) throws(RowRefused) -> SyncValue {
        if text.isEmpty, isEmptyNull { return .null }
        switch form {
        case .text, .choice:
            guard !text.utf8.contains(0) else { throw refusal("contains U+0000") }
            return .text(text)
        case .integer:
            guard let integer = Int64(text) else { throw refusal("is “\(shown(text))”") }
            return .integer(integer)
        case .boolean:
            switch text.lowercased() {
            case "1", "t", "true": return .integer(1)
            case "0", "f", "false": return .integer(0)
            default: throw refusal("is “\(shown(text))”")
            }
        case .decimal(let scale):
            guard let unscaled = JSONNumber(text: text)?.unscaled(scale: scale) else {
                throw refusal("is “\(shown(text))”, no number of \(scale) decimals")
            }
            return .integer(unscaled)
        case .date: return .text(try date(text))
        case .datetime:
            guard let time = SyncColumn.time(text) else {
                throw refusal("is “\(shown(text))”, no time")
            }
            return .text(time.text)
        case .guid: return .text(text.lowercased())
        case .json:
            guard let json = try? JSONValue(parsing: Array(text.utf8)) else {
                throw refusal("is no JSON")
            }
            return json.isNull ? .null : .text(json.text)
        }
    }

    private func date(_ text: String) throws(RowRefused) -> String {
        if let date = CalendarDate(text) { return date.text }
        // What has a time of day is a date only at midnight.
        if let time = SyncColumn.time(text), time.milliseconds % 86_400_000 == 0 {
            return String(time.text.prefix(10))
        }
        throw refusal("is “\(shown(text))”, no date")
    }

    /// RFC 3339, or `2026-11-29 10:15:00` without an offset, which is UTC.
    static func time(_ text: String) -> Timestamp? {
        if let time = Timestamp(text) ?? Timestamp(text + "Z") { return time }
        guard text.utf8.count == 10 else { return nil }
        return Timestamp(text + "T00:00:00Z")
    }

    /// A value of ours as the other database is given it.
    func sql(_ value: SyncValue, _ dialect: ForeignDialect) -> SQLValue {
        switch value {
        case .null: return .null
        case .text(let text): return .text(form == .datetime ? dialect.moment(text) : text)
        case .integer(let integer):
            // As text: the column's own type makes a number of it, without a detour by floating
            // numbers.
            guard case .decimal(let scale) = form, scale > 0 else { return .integer(integer) }
            return .text(JSONNumber(unscaled: integer, scale: scale).text)
        }
    }

    /// A value as Records takes it.
    func json(_ value: SyncValue) -> JSONValue {
        switch (value, form) {
        case (.null, _): .null
        case (.integer(let integer), .boolean): .boolean(integer != 0)
        case (.integer(let integer), .decimal(let scale)):
            .number(JSONNumber(unscaled: integer, scale: scale))
        case (.integer(let integer), _): .number(JSONNumber(integer))
        case (.text(let text), .json): (try? JSONValue(parsing: Array(text.utf8))) ?? .null
        case (.text(let text), _): .string(text)
        }
    }

    private func refusal(_ what: String) -> RowRefused {
        RowRefused("\(ours): The value of \(theirs) \(what).")
    }

    private func shown(_ text: String) -> String {
        text.utf8.count > 40 ? String(text.prefix(40)) + "…" : text
    }
}
