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
    /// Who sends it.
    var account: String
    var causeRoot: String
    var causeVia: String
    var causeDepth = 0
    /// The idempotency key of a caller within the platform.
    var origin: String?
    var content: WrittenMail
    var recipients: [Recipient]
    /// Nobody reads its bytes, and they go once it is sent.
    var isConfidential = false
    var mailClass: String?
    /// The code of the account of a mail server that it leaves by.
    var mailAccount = MailConfiguration.Account.defaultCode
    /// Who gets it instead of its recipients.
    var redirect: String?
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
    var content: MailContent
    var hasEightBit: Bool
    /// The sender or a header field is outside ASCII.
    var needsUTF8: Bool
    /// Those that are still to be sent to.
    var recipients: [Recipient]
    /// Who gets the mail instead of them.
    var redirect: String?

    /// The addresses of the envelope, each once.
    var targets: [String] {
        if let redirect { return [redirect] }
        return recipients.map(\.address)
    }

    /// The positions of the recipients that a target stands for.
    func recipients(ofTarget position: Int) -> [Int] {
        redirect == nil ? [position] : Array(recipients.indices)
    }
}
