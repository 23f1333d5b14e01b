import Contracts
import Database

/// The types that a column may have.
enum ColumnType: String, Sendable, CaseIterable {
    case text, integer, decimal, boolean, date, datetime, choice, reference
}

/// A column of a class as its model defines it.
struct ColumnDefinition: Sendable, Hashable {
    /// Characters of a text without `max`.
    static let textLimit: Int64 = 1_000_000
    /// Decimals of a decimal column.
    static let scaleLimit: Int64 = 12
    static let choiceLimit = 500
    static let choiceLengthLimit = 100

    var code: String
    var name: [String: String]
    var type: ColumnType
    var required = false
    var unique = false
    /// The least value; of a text its least length in characters, of a decimal unscaled.
    var min: Int64?
    /// The greatest value, as `min`.
    var max: Int64?
    /// Decimals after the point; 0 but for decimals.
    var scale = 0
    var multiline = false
    var choices: [String] = []
    /// The class of a reference.
    var target: FullCode?
    /// As it is stored.
    var defaultValue: SQLValue = .null

    /// The range that a number must lie in. `Int64.min` has no absolute value in SQL and is left
    /// out.
    var range: ClosedRange<Int64> {
        let least = min ?? -Int64.max
        return least...Swift.max(least, max ?? .max)
    }

    /// The lengths that a text may have.
    var lengths: ClosedRange<Int64> {
        let least = min ?? 0
        return least...Swift.max(least, max ?? ColumnDefinition.textLimit)
    }

    /// Whether every value of `old` stands as it is in this column: then nothing is lost by the
    /// change.
    func keepsValues(of old: ColumnDefinition) -> Bool {
        if old.type == .choice && type == .text { return true }
        return old.type == type && old.scale == scale && old.target == target
    }

    /// Lists filter and sort by these types all the time, so that each gets an index by itself.
    var isIndexed: Bool {
        switch type {
        case .choice, .reference, .date, .datetime: true
        case .text, .integer, .decimal, .boolean: false
        }
    }

    /// Codes that are no columns: what every record has, and the words of filters.
    static let reservedCodes: Set<String> = [
        "id", "version", "created", "creator", "modified", "modifier", "deleted", "describe",
        "me", "now", "today", "null", "true", "false", "and", "or", "not", "rowid", "oid",
    ]
}

/// What every record has besides its class's columns.
enum SystemColumn: String, Sendable, CaseIterable {
    case id, version, created, creator, modified, modifier

    var type: ColumnType {
        switch self {
        case .id, .version: .integer
        case .created, .modified: .datetime
        case .creator, .modifier: .text
        }
    }
}
