import Contracts
import Database
import HTTP
import JSON
import RPC

/// What a person's answer does to the record that it is about: `set` on the record, and the event
/// for what waits there. Both carry the mail's number as key, so that they are done once. It acts
/// as the mailbox; whose address the mail bears gives nobody a right.
struct ReplyTaker: Sendable {
    let peers: Peers
    let database: Database
    let store: IntakeStore

    /// Of the text that the event carries, in bytes; the whole is in the ledger.
    static let textLimit = 64 << 10

    /// False where the record is gone: then the mail is one like any other.
    func take(
        _ message: Message, _ entry: IntakeEntry, _ mailbox: MailboxDefinition,
        _ reply: ReplyDefinition, record: String, _ bindings: JSONValue, _ context: CallContext
    ) async throws -> Bool {
        guard let (type, id) = ReplyTaker.parts(record) else { return false }
        let values: JSONValue
        do {
            values = try await JSONValue(
                parsing: peers["records"].call(GetRecord(type, id: id), as: context).bytes)
        } catch let problem as Problem where [404, 410].contains(problem.status) {
            return false
        }
        let key = "mailbox:\(entry.mailbox)/\(entry.number)"
        if !reply.set.isEmpty, !entry.isReply {
            let evaluated = try await peers["workflow"].call(
                Evaluate(
                    model: mailbox.code.model, bindings: ["mail": bindings, "record": values],
                    expressions: .object(reply.set)), as: context)
            let set = try await IntakeFiles(message.attachments).staged(
                in: evaluated.values, by: peers, context)
            try await change(type, id, set, context, key: key + "/set")
            try await database.write { [store] in try store.keepReply($0, entry.id) }
        }
        if let event = reply.event {
            var keyed = context
            keyed.idempotencyKey = key + "/event"
            _ = try await peers["workflow"].call(
                RaiseEvent(
                    event: event, scope: .all, key: .number(JSONNumber(id)),
                    payload: ReplyTaker.payload(message, entry), record: record), as: keyed)
        }
        return true
    }

    private func change(
        _ type: FullCode, _ id: Int64, _ set: JSONValue, _ context: CallContext, key: String
    ) async throws {
        var keyed = context
        keyed.idempotencyKey = key
        do {
            _ = try await peers["records"].call(
                ChangeRecord(type, id: id, version: nil, body: JSONBytes(set.bytes)), as: keyed)
        } catch let problem as Problem where problem.code == "idempotency-key-reused" {
            // It was done, and the record has changed since.
        }
    }

    static func parts(_ record: String) -> (type: FullCode, id: Int64)? {
        let halves = record.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, let type = FullCode(String(halves[0])), let id = Int64(halves[1])
        else { return nil }
        return (type, id)
    }

    private static func payload(_ message: Message, _ entry: IntakeEntry) -> JSONValue {
        let text = message.text ?? message.html.map(PlainText.from(html:)) ?? ""
        let isCut = text.utf8.count > textLimit
        let shown = isCut ? String(decoding: text.utf8.prefix(textLimit), as: UTF8.self) : text
        let from = message.from.first
        return [
            "messageId": message.messageID.map { .string($0) } ?? .null,
            "from": from.map { ["name": .string($0.name), "address": .string($0.address)] }
                ?? .null,
            "subject": .string(message.subject ?? ""), "text": .string(shown),
            "truncated": .boolean(isCut), "mailbox": .string("\(entry.mailbox)"),
            "number": .number(JSONNumber(entry.number)),
        ]
    }
}
