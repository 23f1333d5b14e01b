import Contracts
import Curl
import JSON
import ServiceRuntime

/// Where the file of an export goes besides `GET /api/runs/{run}/file`.
enum ExportTarget: Sendable {
    case download
    case file(FileTarget)
    case remote(RemoteTarget)
    case mail(MailTarget)

    /// `target` and, of a `file:`, `done`; every fault goes to the reader's problems.
    static func read(_ reader: ObjectReader) -> ExportTarget {
        let value = reader.value("target")
        if let value, value.object != nil {
            if reader.value("done") != nil {
                reader.fault("done", "contradiction", "Say `done` within the target.")
            }
            return object(reader)
        }
        let done = reader.string("done")
        guard let text = reader.string("target"), text.hasPrefix("file:") else {
            if let value, !value.isNull, value.string != "download" {
                reader.fault(
                    "target", "not-allowed",
                    "Write `download`, `file:folder/name.csv`, or an object with a kind: "
                        + words.joined(separator: " ") + ".")
            }
            if done != nil {
                reader.fault("done", "contradiction", "Only a target of files has a done-file.")
            }
            return .download
        }
        if let target = FileTarget(path: String(text.dropFirst(5)), done: done) {
            return .file(target)
        }
        reader.fault(
            "target", "invalid",
            "Write `file:folder/name.csv`, with {date}, {time} or {run} in the name, and for `done`"
                + " an ending as `.done`.")
        return .download
    }

    private static let words = RemotePlace.words + ["mail"]

    private static func object(_ reader: ObjectReader) -> ExportTarget {
        guard let item = reader.nested("target") else { return .download }
        defer { item.finish() }
        guard let kind = item.word("kind", of: words, default: nil) else { return .download }
        let isMail = kind == "mail"
        let name = item.string("file", required: !isMail)
        if let name, !FileTarget.isName(name) {
            item.fault(
                "file", "invalid", "Write a name without “/”, with {date}, {time} or {run} in it.")
        }
        if isMail { return MailTarget.read(item, name).map(ExportTarget.mail) ?? .download }
        let done = item.string("done")
        if let done, done.isEmpty || !FileTarget.isName("x" + done) {
            item.fault("done", "invalid", "Write an ending as `.done`.")
        }
        guard let place = RemotePlace.read(item, kind), let name else { return .download }
        return .remote(RemoteTarget(place: place, name: name, done: done))
    }
}

/// A folder of another machine.
struct RemoteTarget: Sendable {
    /// The password may be `secret:name`.
    var place: RemotePlace
    /// With `{date}`, `{time}` and `{run}` in it.
    var name: String
    /// Ending of an empty file that is made when the file is there.
    var done: String?

    /// Throws `CurlError`. Done again it is the same file; two runs of one name do not meet before
    /// theirs is whole.
    func deliver(_ path: String, as name: String, run: Int64, to machine: RemoteFiles)
        async throws
    {
        let writer = "\(run)."
        try await machine.put(path, as: name, writer: writer)
        if let done { try await machine.put("/dev/null", as: name + done, writer: writer) }
    }
}

/// A mail that takes the file along, by the queue of Mail.
struct MailTarget: Sendable {
    var to: [String]
    var cc: [String]
    var bcc: [String]
    /// Else the file's name.
    var subject: String?
    var text: String?
    /// `model.notification`; its `values` have `run`, with what never changes of it.
    var notification: String?
    /// Of the attachment, with `{date}`, `{time}` and `{run}` in it.
    var name: String?

    static func read(_ item: ObjectReader, _ name: String?) -> MailTarget? {
        let lists = ["to", "cc", "bcc"].map { item.strings($0) }
        let subject = item.string("subject")
        let text = item.string("text")
        let notification = item.string("notification")
        if lists[0].isEmpty {
            item.fault("to", "required", "Name who gets it: addresses, `account:…`, `role:…`.")
        }
        if let notification, FullCode(notification) == nil {
            item.fault("notification", "invalid-code", "Write `model.notification`.")
        }
        guard !lists[0].isEmpty else { return nil }
        return MailTarget(
            to: lists[0], cc: lists[1], bcc: lists[2], subject: subject, text: text,
            notification: notification, name: name)
    }

    /// The mail of a run.
    func mail(_ run: Run, file: String) -> SendMail {
        SendMail(
            to: to, cc: cc.isEmpty ? nil : cc, bcc: bcc.isEmpty ? nil : bcc,
            subject: subject ?? (notification == nil ? file : nil), text: text,
            attachments: [.init(name: file, type: "", content: "", run: run.id)],
            notification: notification, values: ["run": run.constant])
    }
}
