import JSON
import RPC

/// Verifies the chain of the history; needs the permission `operations:read`. A long chain takes
/// several calls: each goes on `from` the `next` of the one before.
public struct VerifyHistory: Call, Codable {
    public typealias Response = HistoryVerification
    public static let path = "records/verify-history"
    public static let isSafe = true
    /// A head that the caller has kept: it must be in the chain.
    public var head: String?
    /// The number of the seal after which to begin; nothing is the beginning.
    public var from: Int64?

    public init(head: String? = nil, from: Int64? = nil) {
        self.head = head
        self.from = from
    }
}

public struct HistoryVerification: Sendable, Hashable, Codable, JSONReadable, JSONWritable {
    /// The first place that is not as it was sealed.
    public struct Fault: Sendable, Hashable, Codable {
        /// `entry-changed entry-missing entry-inserted seal-changed seal-missing tail-missing
        /// other-chain no-key unknown-key head-unreadable`.
        public var code: String
        public var seal: Int64
        /// Of the change log.
        public var entry: Int64?
        /// The id of the record that a changed entry is about.
        public var record: Int64?
        public var detail: String

        public init(
            code: String, seal: Int64, entry: Int64? = nil, record: Int64? = nil, detail: String
        ) {
            self.code = code
            self.seal = seal
            self.entry = entry
            self.record = record
            self.detail = detail
        }
    }

    /// How much was good.
    public var seals: Int64 = 0
    public var entries: Int64 = 0
    /// The last seal that was good; worth keeping by whoever wants to be sure later.
    public var head: String?
    /// There is more than one call verifies: where the next one goes on.
    public var next: Int64?
    /// Entries after the last seal; they are sealed within a moment.
    public var unsealed: Int64?
    public var fault: Fault?

    public init() {}
}

/// Puts an earlier version of a record back, or a deleted record. Answers the record.
public struct RestoreRecord: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "records/restore"
    public var type: FullCode
    public var id: Int64
    /// The version that the caller saw; nil (inside the platform only) is whatever stands.
    public var version: Int64?
    /// The version whose values come back; nil undeletes the record as it was.
    public var to: Int64?

    public init(_ type: FullCode, id: Int64, version: Int64?, to: Int64?) {
        self.type = type
        self.id = id
        self.version = version
        self.to = to
    }
}
