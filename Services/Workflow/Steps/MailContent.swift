import Contracts
import HTTP
import JSON

/// The evaluated members of a mail step or action: `{"to", "cc"?, "bcc"?, "values"?}`.
struct MailContent {
    private let content: JSONValue

    init(_ content: JSONValue) { self.content = content }

    func call(
        _ notification: FullCode, record: String?, recordValues: JSONValue?, values: JSONObject,
        instance: Int64?
    ) throws -> SendMail {
        let to = try addresses("to")
        guard !to.isEmpty else { throw Problem.stepFailed("to: there is nobody to send it to") }
        let (cc, bcc) = (try addresses("cc"), try addresses("bcc"))
        return SendMail(
            to: to, cc: cc.isEmpty ? nil : cc, bcc: bcc.isEmpty ? nil : bcc, record: record,
            notification: notification.description, values: .object(values),
            recordValues: recordValues.flatMap { $0.isNull ? nil : $0 }, instance: instance)
    }

    /// A text or an array of texts; empty ones and null are left out.
    private func addresses(_ member: String) throws -> [String] {
        let value = content[member] ?? .null
        let items = value.array ?? [value]
        return try items.compactMap { item in
            if item.isNull { return nil }
            guard let text = item.string else {
                throw Problem.stepFailed("\(member): \(item.text) is no address")
            }
            return text.isEmpty ? nil : text
        }
    }
}

/// What a script changed of a record.
enum RecordChanges {
    /// Kept by Records; nobody else writes them.
    static let systemMembers: Set<String> = [
        "id", "version", "describe", "created", "creator", "modified", "modifier", "deleted",
    ]

    /// The members that differ; those that the script removed become null.
    static func between(_ before: JSONValue, _ after: JSONValue) -> JSONObject {
        guard let before = before.object, let after = after.object else { return JSONObject() }
        var changes = JSONObject()
        for (key, value) in after.members
        where !systemMembers.contains(key) && before[key] != value {
            changes[key] = value
        }
        for key in before.keys where after[key] == nil && !systemMembers.contains(key) {
            changes[key] = .null
        }
        return changes
    }
}
