import ServiceRuntime

/// Where mail is read from. A source is opened for one reading: list what is new, get the bytes,
/// and, once a mail is settled, mark or move it.
protocol MailSource: Sendable {
    /// `folder` or `imap`, for the ledger.
    var kind: String { get }
    /// Whether a mail that was listed and is not given is told as a gap.
    var tellsGaps: Bool { get }
    func open() async throws -> any MailSession
}

/// One reading of a source. Calls come one after the other.
protocol MailSession: Sendable {
    /// The next mails after `position` (nil: from the beginning), at most `limit`.
    func changes(since position: String?, limit: Int) async throws -> SourceChanges
    /// The bytes of those that are still there.
    func mime(_ items: [SourceItem]) async throws -> [SourceMail]
    /// Shows that mails were read. A mail that is gone is no error.
    func mark(_ keys: [String]) async throws
    /// Moves mails to a folder beside their own. A mail that is gone is no error.
    func move(_ keys: [String], to folder: String) async throws
    func close() async
}

/// A mail as a source lists it.
struct SourceItem: Sendable, Hashable {
    /// Unique in the source for ever.
    var key: String
    var bytes: Int?
    /// Where to go on once this mail is kept, in the same transaction; nil where the source needs
    /// none.
    var position: String?
}

/// A part of what is new.
struct SourceChanges: Sendable {
    var items: [SourceItem] = []
    /// More waits beyond `limit`.
    var hasMore = false
}

/// A mail as a source gives it.
struct SourceMail: Sendable {
    var item: SourceItem
    /// Nil where it is larger than the limit and was not fetched.
    var raw: [UInt8]?
    /// When the source got it.
    var received: Timestamp?
}

/// A source cannot be read: shown at the mailbox.
struct SourceError: Error, Sendable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
