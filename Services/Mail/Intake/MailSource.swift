import ServiceRuntime

/// Where mail is read from: a folder, or a mailbox at a server (IMAP, EWS). A source is opened for
/// a reading: list what is new, get the bytes, and, once a mail is settled, mark or move it. A
/// source needs no more than these; the rest has answers that fit most.
protocol MailSource: Sendable {
    /// `folder`, `imap`, `ews`: for the ledger.
    var kind: String { get }
    /// Whether a mail that was listed and is not given is told as a gap.
    var tellsGaps: Bool { get }
    func open() async throws -> any MailSession
}

/// A source that was opened. Calls come one after the other.
protocol MailSession: Sendable {
    /// The next mails after `position` (nil: from the beginning), about `limit` of them.
    func changes(since position: String?, limit: Int) async throws -> SourceChanges
    /// The bytes of those that are still there, in any order.
    func mime(_ items: [SourceItem]) async throws -> [SourceMail]
    /// Shows that mails were read. A mail that is gone is no error.
    func mark(_ keys: [String]) async throws
    /// Moves mails to a folder beside their own. A mail that is gone is no error.
    func move(_ keys: [String], to folder: String) async throws
    func close() async

    /// Makes a session that rested as new as one just opened.
    func refresh() async throws
    /// Within one numbering what a mail is called does not change.
    func numbering() async -> String
    /// What the source says that it has; nil where it says nothing of the kind.
    func tally() async throws -> SourceTally?
    /// A part of all that the source lists, by number, whatever was read of it: for the gap audit.
    func listing(from number: Int64) async throws -> SourceListing
    /// Whether the session may be kept to be told of new mail.
    func canWait() async -> Bool
    /// Waits for new mail; answers whether there is some. Cancelling it ends the session.
    func wait(atMost limit: Duration) async throws -> Bool
}

extension MailSession {
    func refresh() async throws {}
    func numbering() async -> String { "" }
    func tally() async throws -> SourceTally? { nil }
    func listing(from number: Int64) async throws -> SourceListing { SourceListing() }
    func canWait() async -> Bool { false }
    func wait(atMost limit: Duration) async throws -> Bool { false }
}

/// A mail as a source lists it.
struct SourceItem: Sendable, Hashable {
    /// Unique in the source for ever.
    var key: String
    /// As the source says; it need not be true.
    var bytes: Int?
    /// Its number in a source that numbers mails, and the position behind it.
    var number: Int64?
    var position: String?
    /// What the source says of a mail and never changes: another says that another mail has got
    /// the name.
    var fingerprint: String?
}

/// Numbers, both ends included.
struct SourceRange: Sendable, Hashable {
    var low: Int64
    var high: Int64
}

/// A part of what is new.
struct SourceChanges: Sendable {
    var items: [SourceItem] = []
    /// Numbers on the way that the source did not list.
    var absent: [SourceRange] = []
    /// Where to go on once all this is kept, in the transaction that keeps the last of it; nil
    /// where the source needs none. Until then the positions of the items hold.
    var position: String?
    /// More waits.
    var hasMore = false
}

/// A part of all that a source lists, ascending.
struct SourceListing: Sendable {
    var items: [SourceItem] = []
    /// Where the next part begins; nil after the last.
    var next: Int64?
}

/// What a source that numbers its mails says of itself.
struct SourceTally: Sendable, Hashable {
    /// Which numbering this is.
    var numbering: String
    /// The number that the next mail gets.
    var next: Int64?
    /// How many mails there are.
    var count: Int
}

/// A mail as a source gives it.
struct SourceMail: Sendable {
    var item: SourceItem
    /// Nil where it is larger than the limit and was not kept.
    var raw: [UInt8]?
    /// When the source got it.
    var received: Timestamp?
    /// Why the source has it and cannot give it, now or later.
    var failure: String?
}

/// A mail that a source listed and did not give.
struct SourceGap: Sendable, Hashable {
    var key: String
    var reason: String
}

/// A source cannot be read: shown at the mailbox.
struct SourceError: Error, Sendable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
