import JSON
import RPC

/// Starts a synchronization; answers `{"run": n}`.
public struct StartSync: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "batch/start-sync"
    public var definition: FullCode
    public init(definition: FullCode) { self.definition = definition }
}

/// The checksums of ranges of a class's key space, for who may read every record of it and these
/// columns of each. Records whose key is empty belong to no range.
public struct SumRecords: Call, Codable {
    public typealias Response = RowSums
    public static let path = "records/sums"
    public static let isSafe = true
    /// Ranges of one call.
    public static let rangeLimit = 256

    public var type: FullCode
    /// Columns of one text or whole number in each record, or `id`. A key of several columns is an
    /// array of their values wherever one stands.
    public var key: [String]
    /// What is summed after the key, in this order; of a reference with `by`, that column of the
    /// record that it means.
    public var columns: [WriteRows.Column]
    /// The first range begins behind it; nil is the beginning.
    public var after: JSONValue?
    /// Where each range ends, that key included; the last may be null, which is the end.
    public var bounds: [JSONValue]
    /// What is read leaves the platform: only what the caller may both read and export.
    public var export: Bool?

    public init(
        _ type: FullCode, key: [String], columns: [WriteRows.Column], after: JSONValue?,
        bounds: [JSONValue],
        export: Bool
    ) {
        self.export = export ? true : nil
        self.type = type
        self.key = key
        self.columns = columns
        self.after = after
        self.bounds = bounds
    }
}

public struct RowSums: Sendable, Codable, JSONReadable, JSONWritable {
    public struct Item: Sendable, Codable {
        public var count: Int64
        /// 64 bits as a whole number with a sign.
        public var sum: Int64

        public init(_ sum: RowSum) {
            count = Int64(sum.count)
            self.sum = Int64(bitPattern: sum.sum)
        }

        public var rowSum: RowSum {
            RowSum(count: Int(count), sum: UInt64(bitPattern: sum))
        }
    }

    /// One for each range.
    public var items: [Item]
    public init(items: [Item]) { self.items = items }
}

/// Records of a range or of some keys as they are stored, in the order of their keys:
/// `{"items": [[id, version, key, value…]], "more"}`. Decimals are whole numbers of their last
/// decimal, booleans 0 or 1.
public struct StoredRows: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "records/stored-rows"
    public static let isSafe = true
    /// Records of one answer; it ends earlier at 8 MiB.
    public static let limit = 5000
    /// Keys that one call may name.
    public static let keyLimit = 1000

    public var type: FullCode
    /// As of `SumRecords`.
    public var key: [String]
    public var columns: [WriteRows.Column]
    /// The range, as of `SumRecords`.
    public var after: JSONValue?
    public var through: JSONValue?
    /// These instead of a range.
    public var keys: [JSONValue]?
    public var export: Bool?

    public init(_ type: FullCode, key: [String], columns: [WriteRows.Column], export: Bool) {
        self.type = type
        self.key = key
        self.columns = columns
        self.export = export ? true : nil
    }
}

/// Which keys records of a class had, before or after, whose changes were committed after a
/// position: the order of commits, so that none is missed. For who may read every record.
public struct ChangedKeys: Call, Codable {
    public typealias Response = ChangedKeyList
    public static let path = "records/changed-keys"
    public static let isSafe = true
    /// Changes that one call looks at.
    public static let limit = 1000

    public var type: FullCode
    /// As of `SumRecords`.
    public var key: [String]
    /// Nil asks for nothing but the position that stands.
    public var after: Int64?

    public init(_ type: FullCode, key: [String], after: Int64?) {
        self.type = type
        self.key = key
        self.after = after
    }
}

public struct ChangedKeyList: Sendable, Codable, JSONReadable, JSONWritable {
    /// Each once; empty keys are left out.
    public var keys: [JSONValue]
    /// After what was looked at.
    public var position: Int64
    /// There may be more after `position`.
    public var more: Bool
    /// The class keeps no history: what changed is not known.
    public var unknown: Bool

    public init(keys: [JSONValue], position: Int64, more: Bool, unknown: Bool) {
        self.keys = keys
        self.position = position
        self.more = more
        self.unknown = unknown
    }
}
