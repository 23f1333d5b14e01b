import Contracts
import Database

/// The types that a column may have.
enum ColumnType: String, Sendable, CaseIterable {
    case text, integer, decimal, boolean, date, datetime, choice, reference
    /// The code of an account, and of a unit of an organization structure.
    case account, unit
    /// Files beside the record; the column lists them.
    case file
    case json, guid
    /// A number, or a text with one, that the platform gives each new record.
    case sequence
    /// What an expression over other columns makes.
    case computed

    /// Whether a record may have several values of it.
    var canBeMany: Bool {
        switch self {
        case .text, .integer, .decimal, .date, .datetime, .choice, .reference, .account, .unit,
            .file, .guid:
            true
        case .boolean, .json, .sequence, .computed: false
        }
    }
}

/// How a value is stored, compared and written: what all types come down to.
enum ValueForm: Sendable, Hashable {
    /// TEXT as it is.
    case text
    /// BIGINT.
    case integer
    /// BIGINT, a whole number of the last decimal.
    case decimal
    /// SMALLINT, 0 or 1.
    case boolean
    /// TEXT, `2026-11-22`.
    case date
    /// TEXT, `2026-11-22T10:15:30.000Z`.
    case datetime
    /// TEXT with JSON in it: a JSON value, files, or many values as an array of stored ones.
    case json
}

/// A column of a class as its model defines it.
struct ColumnDefinition: Sendable, Hashable {
    /// Characters of a text without `max`.
    static let textLimit: Int64 = 1_000_000
    /// Decimals of a decimal column.
    static let scaleLimit: Int64 = 12
    static let choiceLimit = 500
    static let choiceLengthLimit = 100
    /// Values of a column of many.
    static let manyLimit = 1000

    var code: String
    var name: [String: String]
    var type: ColumnType
    /// A record may have several values, in their order.
    var many = false
    var required = false
    var unique = false
    /// Given when a record is created, and the same ever after.
    var readOnly = false
    /// The least value; of a text its least length in characters, of a decimal unscaled.
    var min: Int64?
    /// The greatest value, as `min`.
    var max: Int64?
    /// The first and the last date or time, as stored.
    var earliest: String?
    var latest: String?
    /// Decimals after the point; 0 but for decimals.
    var scale = 0
    var multiline = false
    var choices: [String] = []
    /// What choices are called, by choice and language, where they have names.
    var choiceNames: [String: [String: String]] = [:]
    /// The class of a reference.
    var target: FullCode?
    /// What becomes of the record when the one that it refers to is deleted; nil leaves the
    /// reference as it is where that is logical, and refuses where it is physical.
    var onDelete: ReferenceAction?
    /// What a text must look like.
    var pattern: Pattern?
    /// The organization structure of a unit.
    var structure: String?
    var files: FileLimits?
    var sequence: SequenceFormat?
    var computed: ComputedValue?
    /// As it is stored.
    var defaultValue: SQLValue = .null

    /// Of one value.
    var valueForm: ValueForm {
        switch type {
        case .text, .choice, .account, .unit, .guid: .text
        case .integer, .reference: .integer
        case .decimal: .decimal
        case .boolean: .boolean
        case .date: .date
        case .datetime: .datetime
        case .file, .json: .json
        case .sequence: sequence?.isText ?? false ? .text : .integer
        case .computed: computed?.form ?? .text
        }
    }

    /// Of the column.
    var form: ValueForm { many ? .json : valueForm }

    /// Shown as an array whatever is in it.
    var isList: Bool { many || type == .file }

    /// Whether a condition is about its values one by one.
    var isElementwise: Bool { many && type != .file }

    /// Whether callers may ever give it a value.
    var isGiven: Bool { type != .sequence && type != .computed }

    /// Whether the platform gives it a value where the caller gives none.
    var isMade: Bool { !isGiven || type == .guid && !many }

    /// The range that a number must lie in. `Int64.min` has no absolute value in SQL and is left
    /// out.
    var range: ClosedRange<Int64> {
        let least = min ?? -Int64.max
        return least...Swift.max(least, max ?? .max)
    }

    /// The lengths that a text may have.
    var lengths: ClosedRange<Int64> {
        let least = min ?? 0
        let limit = pattern == nil ? ColumnDefinition.textLimit : Pattern.textLimit
        return least...Swift.max(least, max ?? limit)
    }

    /// Whether two classes of a family may both have it: the same but for its label.
    func isAlike(_ other: ColumnDefinition) -> Bool {
        var other = other
        other.name = name
        return self == other
    }

    /// Lists filter and sort by these types all the time, so that each gets an index by itself.
    var isIndexed: Bool {
        switch type {
        case .choice, .reference, .date, .datetime, .account, .unit, .guid: !many
        case .text, .integer, .decimal, .boolean, .file, .json, .sequence, .computed: false
        }
    }

    /// Codes that are no columns: what every record has, and the words of filters.
    static let reservedCodes: Set<String> = [
        "id", "version", "created", "creator", "modified", "modifier", "deleted", "describe",
        "class",
        "me", "now", "today", "null", "true", "false", "and", "or", "not", "rowid", "oid",
    ]
}

/// What the files of a column may be.
struct FileLimits: Sendable, Hashable {
    /// Of a file, where nothing is said.
    static let defaultBytes: Int64 = 25 << 20
    /// Of a file at all: 1 TiB.
    static let bytesLimit: Int64 = 1 << 40
    static let filesLimit: Int64 = 1000
    static let extensionLimit = 100

    /// What becomes of a file that its record no longer lists.
    enum Deletion: String, Sendable, CaseIterable {
        /// Its bytes stay: history can show them.
        case logical
        /// Its bytes go some time later, so that a mistake can be mended; its name and hash stay in
        /// history.
        case content
        /// Its bytes go at once; its name and hash stay in history.
        case physical
    }

    /// Of one file.
    var maxBytes = FileLimits.defaultBytes
    /// 1 unless the column is of many.
    var maxFiles: Int64
    /// Lower case, without a point; empty is any.
    var extensions: [String] = []
    var deletion = Deletion.logical
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

    var form: ValueForm {
        switch self {
        case .id, .version: .integer
        case .created, .modified: .datetime
        case .creator, .modifier: .text
        }
    }
}
