import JSON
import ServiceRuntime
import TestSupport

@testable import Records

/// A filter evaluated the slow way, on records as a caller got them: what the SQL is held against.
struct FilterOracle {
    let account: String
    let now: Timestamp
    /// The record that a reference names, if the caller may read it.
    let follow: (String, JSONValue) -> JSONValue?

    func matches(_ expression: FilterExpression, _ record: JSONValue) -> Bool {
        switch expression {
        case .and(let parts): return parts.allSatisfy { matches($0, record) }
        case .or(let parts): return parts.contains { matches($0, record) }
        case .not(let inner): return !matches(inner, record)
        case .flag(let path): return value(path, record) == .boolean(true)
        case .within(let path, let items):
            return items.contains { compare(value(path, record), .eq, literal($0, path)) }
        case .text(let function, let path, let literal):
            guard let text = value(path, record).string,
                let part = self.literal(literal, path).string
            else { return false }
            let (bytes, wanted) = (Array(text.utf8), Array(part.utf8))
            switch function {
            case .contains:
                return wanted.isEmpty
                    || bytes.indices.contains { bytes[$0...].starts(with: wanted) }
            case .startswith: return bytes.starts(with: wanted)
            case .endswith: return bytes.reversed().starts(with: wanted.reversed())
            }
        case .compare(.path(let a), let comparison, .path(let b)):
            return compare(value(a, record), comparison, value(b, record))
        case .compare(.path(let path), let comparison, .literal(let right)):
            return compare(value(path, record), comparison, literal(right, path))
        case .compare(.literal(let left), let comparison, .path(let path)):
            return compare(value(path, record), comparison.mirrored, literal(left, path))
        case .compare(.literal, _, .literal): return false
        }
    }

    func value(_ path: FilterPath, _ record: JSONValue) -> JSONValue {
        let value = record[path.segments[0]] ?? .null
        guard path.segments.count > 1 else { return value }
        return follow(path.segments[0], value)?[path.segments[1]] ?? .null
    }

    private func literal(_ literal: FilterLiteral, _ path: FilterPath) -> JSONValue {
        let isTime = ["due", "created", "modified"].contains(path.segments.last)
        switch literal.value {
        case .text(let text): return .string(text)
        case .number(let text): return JSONNumber(text: text).map { .number($0) } ?? .null
        case .boolean(let flag): return .boolean(flag)
        case .null: return .null
        case .date(let date):
            return .string(isTime ? date.text + "T00:00:00.000Z" : date.text)
        case .datetime(let time): return .string(time.text)
        case .me: return .string(account)
        case .now: return .string(now.text)
        case .today:
            let day = CalendarDate(now).text
            return .string(isTime ? day + "T00:00:00.000Z" : day)
        }
    }

    private func compare(
        _ a: JSONValue, _ comparison: FilterExpression.Comparison, _ b: JSONValue
    ) -> Bool {
        switch comparison {
        case .eq: return a == b
        case .ne: return a != b
        case .gt, .ge, .lt, .le:
            guard let order = FilterOracle.order(a, b) else { return false }
            switch comparison {
            case .gt: return order > 0
            case .ge: return order >= 0
            case .lt: return order < 0
            default: return order <= 0
            }
        }
    }

    /// Below, at or above zero; nil where there is no order. Numbers in tests are small enough for
    /// a double.
    static func order(_ a: JSONValue, _ b: JSONValue) -> Int? {
        switch (a, b) {
        case (.number(let x), .number(let y)):
            return x.double == y.double ? 0 : x.double < y.double ? -1 : 1
        case (.string(let x), .string(let y)):
            if x == y { return 0 }
            return x.utf8.lexicographicallyPrecedes(y.utf8) ? -1 : 1
        default: return nil
        }
    }
}
