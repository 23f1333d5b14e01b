import JSON
import RPC

/// A class as another instance copies it, for who may read and export every record and each of the
/// columns. Keys and values are those of `StoredRows`.
public struct ReadReplica: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "records/replica"
    public static let isSafe = true
    /// Ranges of one answer, and records of each.
    public static let rangeLimit = 64
    public static let rowLimit = 8192

    public enum Part: String, Sendable, Codable, CaseIterable {
        /// The class, as `DescribeClass` answers it.
        case columns
        /// `{"items": [{"through", "count", "sum"}]}`: checksums of consecutive ranges of `rows`
        /// records from `after` on, `count` of them; the last has no `through` where the class
        /// ends with it.
        case ranges
        /// `{"items": [[id, version, key…, value…]], "more"}`: behind `after`, up to `through`.
        case rows
        /// `{"items", "position", "more", "unknown"}`: records whose changes were committed after
        /// `position`; without one only the position that stands.
        case changes
    }

    public var type: FullCode
    public var part: Part
    public var key: [String]
    public var columns: [WriteRows.Column]
    public var after: JSONValue?
    public var through: JSONValue?
    public var count: Int?
    public var rows: Int?
    public var position: Int64?

    public init(_ type: FullCode, part: Part, key: [String], columns: [WriteRows.Column]) {
        self.type = type
        self.part = part
        self.key = key
        self.columns = columns
    }
}
