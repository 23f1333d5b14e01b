import ServiceRuntime

/// A filter as it was written: no names looked up, no types known.
indirect enum FilterExpression: Sendable, Hashable {
    case and([FilterExpression])
    case or([FilterExpression])
    case not(FilterExpression)
    case compare(FilterOperand, Comparison, FilterOperand)
    case within(FilterPath, [FilterLiteral])
    case text(TextFunction, FilterPath, FilterLiteral)
    /// A boolean column by itself.
    case flag(FilterPath)

    enum Comparison: String, Sendable, CaseIterable {
        case eq, ne, gt, ge, lt, le

        /// The same with its sides exchanged.
        var mirrored: Comparison {
            switch self {
            case .eq, .ne: self
            case .gt: .lt
            case .ge: .le
            case .lt: .gt
            case .le: .ge
            }
        }

        var sql: String {
            switch self {
            case .eq: "="
            case .ne: "<>"
            case .gt: ">"
            case .ge: ">="
            case .lt: "<"
            case .le: "<="
            }
        }
    }

    enum TextFunction: String, Sendable, CaseIterable {
        case contains, startswith, endswith
    }
}

/// `status` or `customer/name`, and where it stands in the text (bytes from 0).
struct FilterPath: Sendable, Hashable {
    var segments: [String]
    var offset: Int
    var text: String { segments.joined(separator: "/") }
}

enum FilterOperand: Sendable, Hashable {
    case path(FilterPath)
    case literal(FilterLiteral)
}

struct FilterLiteral: Sendable, Hashable {
    enum Value: Sendable, Hashable {
        case text(String)
        case number(String)
        case boolean(Bool)
        case null
        case date(CalendarDate)
        case datetime(Timestamp)
        case me, now, today
    }
    var value: Value
    var offset: Int
}

/// Why a filter (or an order) cannot be used, and where.
struct FilterFault: Error, Hashable {
    let detail: String
    /// Bytes from 0.
    let offset: Int
}

/// The bounds of a filter.
enum FilterLimit {
    static let length = 8 << 10
    static let depth = 40
    static let terms = 200
    static let listed = 500
    static let orderKeys = 5
}
