import JSON
import RPC

/// `POST /api/mail/messages`, and the mail step of a workflow. With the context's idempotency key,
/// once.
public struct SendMail: Call, Codable {
    public typealias Response = MailQueued
    public static let path = "mail/send"

    public struct Attachment: Sendable, Codable {
        public var name: String
        public var type: String
        /// Base64; with `file` or `run` none.
        public var content: String
        /// A file of a record instead, `model.class/id/column/name`, read with the caller's rights.
        public var file: String?
        /// What an export made instead, by its run, read with the caller's rights.
        public var run: Int64?
        /// The HTML text shows it as `cid:<contentId>`, and it is no attachment.
        public var contentId: String?
        public init(
            name: String, type: String, content: String, contentId: String? = nil,
            file: String? = nil, run: Int64? = nil
        ) {
            self.name = name
            self.type = type
            self.content = content
            self.contentId = contentId
            self.file = file
            self.run = run
        }
    }

    /// Addresses, and who has some: `account:anna`, `role:agent`, `unit:company/sales`,
    /// `group:model.group`; so in `cc` and `bcc`.
    public var to: [String]
    public var cc: [String]?
    public var bcc: [String]?
    public var subject: String?
    public var text: String?
    public var html: String?
    public var attachments: [Attachment]?
    /// `model.class/id`.
    public var record: String?
    /// `model.notification` (or a bare code with `model`); then subject and bodies come from it.
    public var notification: String?
    /// What a notification's expressions see besides `record`.
    public var values: JSONValue?
    /// A class of mail, for which an account may be named.
    public var `class`: String?
    /// The sender, where it is not the account's own; an account must be there that sends as it.
    public var from: String?
    /// The record's values for the notification; without it Mail reads `record` with the caller's
    /// rights.
    public var recordValues: JSONValue?
    /// For `link()` in a notification: the workflow instance. Inside the platform only.
    public var instance: Int64?
    /// It holds a secret (a link to set a password): no copy goes to the audit's mailbox, nobody
    /// reads its bytes, and they are removed once it is sent. Inside the platform only.
    public var confidential: Bool?

    public init(
        to: [String], cc: [String]? = nil, bcc: [String]? = nil, subject: String? = nil,
        text: String? = nil, html: String? = nil, attachments: [Attachment]? = nil,
        record: String? = nil, notification: String? = nil, values: JSONValue? = nil,
        class mailClass: String? = nil, recordValues: JSONValue? = nil, instance: Int64? = nil,
        confidential: Bool? = nil, from: String? = nil
    ) {
        self.to = to
        self.cc = cc
        self.bcc = bcc
        self.subject = subject
        self.text = text
        self.html = html
        self.attachments = attachments
        self.record = record
        self.notification = notification
        self.values = values
        self.class = mailClass
        self.recordValues = recordValues
        self.instance = instance
        self.confidential = confidential
        self.from = from
    }
}

/// What a notification would be for a record: nothing is sent, and its links raise nothing.
public struct PreviewNotification: Call, Codable {
    public typealias Response = NotificationPreview
    public static let path = "mail/preview-notification"
    public static let isSafe = true
    /// `model.notification`.
    public var notification: String
    /// `model.class/id`.
    public var record: String?
    /// What expressions see besides `record`.
    public var values: JSONValue?
    /// The caller's, unless said.
    public var language: String?
    /// The notification as it may become, in the place of what stands; needs `models:write`.
    public var definition: JSONValue?

    public init(
        notification: String, record: String?, values: JSONValue?, language: String?,
        definition: JSONValue? = nil
    ) {
        self.notification = notification
        self.record = record
        self.values = values
        self.language = language
        self.definition = definition
    }
}

public struct NotificationPreview: Sendable, Codable, JSONReadable, JSONWritable {
    public var subject: String
    public var text: String?
    public var html: String?
    public init(subject: String, text: String?, html: String?) {
        self.subject = subject
        self.text = text
        self.html = html
    }
}

public struct MailQueued: Sendable, Codable, JSONReadable, JSONWritable {
    public var id: Int64
    public var messageId: String
    public var state: String
    public init(id: Int64, messageId: String, state: String) {
        self.id = id
        self.messageId = messageId
        self.state = state
    }
}

/// The audit: newest first, of the mails that fit everything that is asked for.
public struct ListMails: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "mail/messages"
    public static let isSafe = true
    public var state: String?
    public var address: String?
    public var record: String?
    /// Words of subject and text, each as a beginning.
    public var text: String?
    /// The root of its cause, or what it came by.
    public var cause: String?
    /// Who sent it.
    public var account: String?
    /// From this day or time on.
    public var since: String?
    /// Before this day or time.
    public var until: String?
    public var limit: Int?
    public var cursor: String?
    public init(
        state: String? = nil, address: String? = nil, record: String? = nil, text: String? = nil,
        cause: String? = nil, account: String? = nil, since: String? = nil, until: String? = nil,
        limit: Int? = nil, cursor: String? = nil
    ) {
        self.state = state
        self.address = address
        self.record = record
        self.text = text
        self.cause = cause
        self.account = account
        self.since = since
        self.until = until
        self.limit = limit
        self.cursor = cursor
    }
}

public struct GetMail: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "mail/message"
    public static let isSafe = true
    public var id: Int64
    public init(id: Int64) { self.id = id }
}

/// The exact bytes (`message/rfc822`) as a stream.
public struct GetMailRaw: StreamCall, Codable {
    public static let path = "mail/message-raw"
    public var id: Int64
    public init(id: Int64) { self.id = id }
}

/// `POST /api/mail/messages/{id}/resend|hold|release`; answers the mail.
public struct ActOnMail: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "mail/act"
    public enum Action: String, Sendable, Codable { case resend, hold, release }
    public var id: Int64
    public var action: Action
    public init(id: Int64, action: Action) {
        self.id = id
        self.action = action
    }
}

/// State and gaps of a mailbox (`model.mailbox`, or a bare code where it is unique).
public struct GetMailbox: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "mail/mailbox"
    public static let isSafe = true
    public var mailbox: String
    public init(mailbox: String) { self.mailbox = mailbox }
}

/// Reads now; answers the state after it.
public struct ReadMailbox: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "mail/read-mailbox"
    public static let isSafe = true
    public var mailbox: String
    public init(mailbox: String) { self.mailbox = mailbox }
}

/// The intake ledger.
public struct ListIntake: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "mail/intake"
    public static let isSafe = true
    public var mailbox: String
    public var state: String?
    public var limit: Int?
    public var cursor: String?
    public init(mailbox: String, state: String? = nil, limit: Int? = nil, cursor: String? = nil) {
        self.mailbox = mailbox
        self.state = state
        self.limit = limit
        self.cursor = cursor
    }
}

/// Runs one stored mail through the mapping again; answers its entry.
public struct ReplayIntake: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "mail/replay-intake"
    public static let isSafe = true
    public var mailbox: String
    public var number: Int64
    public init(mailbox: String, number: Int64) {
        self.mailbox = mailbox
        self.number = number
    }
}

/// The exact bytes of a received mail.
public struct GetIntakeRaw: StreamCall, Codable {
    public static let path = "mail/intake-raw"
    public var mailbox: String
    public var number: Int64
    public init(mailbox: String, number: Int64) {
        self.mailbox = mailbox
        self.number = number
    }
}

/// A mail as a person reads it: `{from, to, cc, subject, date, text, html, attachments: [{name,
/// type, bytes}], cut}`. `cut` says that there is more than is shown. Of a sent mail, or of a
/// received one where `mailbox` is named.
public struct ShowMail: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "mail/show"
    public static let isSafe = true
    /// The number of the sent mail, or of the mailbox's entry.
    public var number: Int64
    public var mailbox: String?
    public init(number: Int64, mailbox: String? = nil) {
        self.number = number
        self.mailbox = mailbox
    }
}

/// Every mailbox that the caller may see, by code, each as `GetMailbox` answers it, as `{items}`.
public struct ListMailboxes: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "mail/mailboxes"
    public static let isSafe = true
    public init() {}
}
