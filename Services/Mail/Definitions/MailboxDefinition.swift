import Contracts
import JSON
import ServiceRuntime

/// A mailbox of a model document, checked.
struct MailboxDefinition: Sendable, Hashable {
    enum Source: Sendable, Hashable {
        /// A folder below `$GEARTRAIN_DATA/mail`.
        case folder(path: String)
        case imap(IMAP)
        case ews(EWS)

        /// `folder`, `imap`, `ews`.
        var kind: String {
            switch self {
            case .folder: "folder"
            case .imap: "imap"
            case .ews: "ews"
            }
        }
    }

    struct IMAP: Sendable, Hashable {
        /// Without user and password.
        var url: String
        /// `host:port`, for people.
        var server: String
        var user: String
        /// A password or a token, or `secret:name`.
        var password: String
        /// The password is a token (XOAUTH2, OAUTHBEARER).
        var hasToken = false
        var folder: String
        /// `never`, `try`, `required` or `auto`.
        var tls: String
        /// `AUTH=PLAIN`.
        var loginOptions: String?
    }

    struct EWS: Sendable, Hashable {
        enum Login: String, Sendable { case ntlm, basic, bearer }

        /// `https://host/EWS/Exchange.asmx`.
        var url: String
        /// `host:port`.
        var server: String
        /// `DOMAIN\\name` or an address.
        var user: String
        /// A password or a token, or `secret:name`.
        var password: String
        var login: Login
        /// A well-known name such as `inbox`, and names of folders below it.
        var folder: String
        /// The address of the mailbox, where it is not the user's own.
        var mailbox: String?
    }

    /// What is done at the source once a mail is settled.
    struct After: Sendable, Hashable {
        /// Where it is moved; nil leaves it (an IMAP mail is marked as seen).
        var move: String?
        /// Where a quarantined mail is moved; nil leaves it as it is.
        var failed: String?
    }

    enum Automatic: String, Sendable { case store, skip }

    var code: FullCode
    var source: Source
    var every: Duration
    /// Mails fetched at a time.
    var batch: Int
    var type: FullCode
    var map: JSONObject
    var script: String?
    var after: After
    var automatic: Automatic
    var onReply: ReplyDefinition?
    /// The class and those of the model that inherit from it: an answer about one of these is
    /// `onReply`'s.
    var family: Set<FullCode> = []

    func isAbout(_ record: String) -> Bool {
        ReplyTaker.parts(record).map { family.contains($0.type) } ?? false
    }

    static let shortestEvery = Duration.seconds(1)
    static let defaultEvery = Duration.seconds(60)
    static let batchRange: ClosedRange<Int64> = 1...1000
}

extension MailboxDefinition {
    /// Nil after a fault; the faults are among the reader's problems.
    init?(_ reader: ObjectReader, model: String, names: DocumentNames) {
        let faultsBefore = reader.problems.items.count
        let code = reader.code()
        let source = MailboxDefinition.source(reader)
        let every = MailboxDefinition.every(reader)
        let batch = reader.integer("batch", in: MailboxDefinition.batchRange) ?? 50
        let type = MailboxDefinition.type(reader, model: model, names: names)
        let map = MailboxDefinition.map(reader, type: type, names: names)
        let script = reader.string("script")
        if let script, !names.scripts.contains(script) {
            reader.fault("script", "not-found", "The model has no script “\(script)”.")
        }
        let after = MailboxDefinition.after(reader)
        let automatic = reader.word("automatic", of: ["store", "skip"], default: "store")
        let onReply = ReplyDefinition(
            reader, model: model, columns: type.flatMap(names.columns(of:)), names: names)
        if let proof = reader.value("proof"), !proof.isNull, proof != false {
            reader.fault(
                "proof", "unsupported", "“proof” comes with a later version; leave it out.")
        }
        reader.ignore("name")
        reader.finish()
        guard reader.problems.items.count == faultsBefore, let source, let type,
            let automatic = automatic.flatMap(Automatic.init(rawValue:))
        else { return nil }
        self.init(
            code: FullCode(model: model, code: code), source: source, every: every,
            batch: Int(batch), type: type, map: map, script: script, after: after,
            automatic: automatic, onReply: onReply, family: names.family(of: type, in: model))
    }

    private static func every(_ reader: ObjectReader) -> Duration {
        guard let every = reader.duration("every") else { return defaultEvery }
        if every < shortestEvery || every > .seconds(86_400) {
            reader.fault("every", "out-of-range", "Write a time from 1s to 1d.")
            return defaultEvery
        }
        return every
    }

    private static func type(_ reader: ObjectReader, model: String, names: DocumentNames)
        -> FullCode?
    {
        guard let text = reader.string("class", required: true) else { return nil }
        guard let type = text.contains(".") ? FullCode(text) : FullCode("\(model).\(text)") else {
            reader.fault("class", "invalid-code", "“\(text)” is no code of a class.")
            return nil
        }
        // A class of another model is that model's; whether it is there shows when a mail comes.
        if type.model == model, names.classes[type.code] == nil {
            reader.fault("class", "not-found", "The model has no class “\(type.code)”.")
            return nil
        }
        return type
    }

    private static func map(_ reader: ObjectReader, type: FullCode?, names: DocumentNames)
        -> JSONObject
    {
        guard let map = reader.nested("map") else { return JSONObject() }
        if let type, let columns = names.columns(of: type) {
            for key in map.object.keys where !columns.contains(key) {
                map.fault(key, "not-found", "The class \(type) has no column “\(key)”.")
            }
        }
        return map.object
    }

    private static func after(_ reader: ObjectReader) -> After {
        guard let nested = reader.nested("after") else { return After() }
        defer { nested.finish() }
        let after = After(move: nested.string("move"), failed: nested.string("failed"))
        for (key, folder) in [("move", after.move), ("failed", after.failed)] {
            guard let folder else { continue }
            if let fault = folderFault(folder) { nested.fault(key, "invalid-path", fault) }
        }
        return after
    }

    /// Folders are named below the data folder: nothing may lead out of it.
    static func folderFault(_ path: String) -> String? {
        let names = path.split(separator: "/", omittingEmptySubsequences: false)
        if path.isEmpty || path.utf8.count > 200 { return "Write a name of 1 to 200 bytes." }
        if names.contains(where: { $0.isEmpty || $0.hasPrefix(".") }) {
            return "Write a path of names, without a slash at either end and without leading dots."
        }
        if path.unicodeScalars.contains(where: AddressSyntax.isControl) {
            return "A path holds no control characters."
        }
        return nil
    }
}
