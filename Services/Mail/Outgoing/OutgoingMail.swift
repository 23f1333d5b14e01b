import ServiceRuntime

/// States of an outgoing mail and of each recipient.
enum DeliveryState: String, Sendable {
    case queued, sending, sent, deferred, failed, held, uncertain, proved
}

enum RecipientKind: String, Sendable {
    case to, cc, bcc, audit
}

/// A mail as it is queued: the bytes never change afterwards.
struct OutgoingMail: Sendable {
    struct Recipient: Sendable, Hashable {
        var address: String
        var kind: RecipientKind
        var state = DeliveryState.queued
        /// Why it is not sent at all.
        var reply: String?
    }

    var messageID: String
    var created: Timestamp
    var expires: Timestamp
    /// The envelope's sender.
    var sender: String
    var fromText: String
    var subject: String
    /// `model.class/id`.
    var record: String?
    var notification: String?
    var account: String
    var causeRoot: String
    var causeVia: String
    var causeDepth = 0
    /// The idempotency key of a caller within the platform.
    var origin: String?
    var raw: [UInt8]
    var sha256: String
    var recipients: [Recipient]
    /// Nobody reads its bytes, and they go once it is sent.
    var isConfidential = false
}

/// What a worker needs to send.
struct Delivery: Sendable {
    struct Recipient: Sendable {
        var id: Int64
        var address: String
        var attempts: Int
    }

    var mail: Int64
    var messageID: String
    var sender: String
    var expires: Timestamp
    var raw: [UInt8]
    /// Those that are still to be sent to.
    var recipients: [Recipient]
}

/// What became of a recipient in one attempt.
struct RecipientOutcome: Sendable {
    var recipient: Int64
    var verdict: SMTPDialogue.Verdict
}
