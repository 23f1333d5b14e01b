import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Where a received mail comes from: the record that it is about, and what caused it, told by our
/// own books. Nothing that the mail says of itself is believed but the Message-IDs that it names.
struct MailOrigin: Sendable {
    /// `model.class/id`: of the mail that it answers.
    var record: String?
    /// A mail of ours that came back as it was.
    var isOurs = false
    /// The mail of ours that caused it; nil where a person wrote it.
    var joined: Cause?

    /// Whoever answers sooner than this is taken for a machine: people read first. A machine's
    /// answer is part of the chain that it answers, a person's begins a new one.
    static let machineWindow = Duration.seconds(120)
    /// Of the answers that it names, the last ones are looked up.
    static let referenceLimit = 50
    /// The same mailbox takes so many mails one from the other; the next is a loop.
    static let chainLimit: Int64 = 5

    /// A mail of the audit.
    private struct Sent {
        var record: String?
        var cause: Cause
        var last: Timestamp
    }

    init(_ message: Message, _ entry: IntakeEntry, _ connection: Connection) throws {
        var sent: Sent?
        if let own = message.messageID { sent = try MailOrigin.sent(own, connection) }
        isOurs = sent != nil
        let ids =
            message.inReplyTo + message.references.suffix(MailOrigin.referenceLimit).reversed()
        for id in ids {
            let answered = try MailOrigin.sent(id, connection)
            if record == nil {
                record =
                    try answered?.record
                    ?? MailOrigin.received(id, by: entry.mailbox, connection)
            }
            if sent == nil { sent = answered }
            if record != nil, sent != nil { break }
        }
        guard let sent else { return }
        let isQuick = entry.received < sent.last.advanced(by: MailOrigin.machineWindow)
        guard isOurs || message.automatic != nil || isQuick else { return }
        joined = sent.cause.next("mail:\(entry.mailbox)/\(entry.number)")
    }

    private static func sent(_ id: String, _ connection: Connection) throws -> Sent? {
        try connection.first(
            """
            select record, cause_root, cause_via, cause_depth, created,
                (select max(time) from attempt where attempt.mail = mail.id)
            from mail where message_id = ?
            """, [.text(id)]
        ) { row in
            let created = Timestamp(row.text(4)) ?? Timestamp(milliseconds: 0)
            // Without the account at its root: who writes a mail acts with nobody's rights.
            return Sent(
                record: row.optionalText(0),
                cause: Cause(
                    root: row.text(1), via: row.text(2), depth: Int(row.integer(3))),
                last: row.optionalText(5).flatMap { Timestamp($0) } ?? created)
        }
    }

    /// The record of a mail that was received before; the same mailbox's first.
    private static func received(
        _ id: String, by mailbox: FullCode, _ connection: Connection
    ) throws -> String? {
        let found = try connection.query(
            """
            select model, mailbox, record from intake
            where message_id = ? and record is not null and state = 'done' order by id limit 100
            """, [.text(id)]
        ) { (mailbox: FullCode(model: $0.text(0), code: $0.text(1)), record: $0.text(2)) }
        return (found.first { $0.mailbox == mailbox } ?? found.first)?.record
    }

    // MARK: Loops

    /// The cause of what the mail does.
    func cause(of entry: IntakeEntry) -> Cause {
        joined
            ?? Cause(
                root: "mail:\(entry.mailbox)/\(entry.number)", via: "mailbox:\(entry.mailbox)")
    }

    /// Keeps the cause of a mail that is part of a chain, and tells where the chain has become a
    /// loop: the mails of this mailbox that led to it.
    func join(_ entry: IntakeEntry, _ connection: Connection) throws -> Problem? {
        guard let joined else { return nil }
        try connection.run(
            "update intake set cause_root = ?, cause_depth = ? where id = ?",
            [.text(joined.root), .integer(Int64(joined.depth)), .integer(entry.id)])
        let mails = try connection.query(
            """
            select number, record, cause_depth from intake
            where cause_root = ? and model = ? and mailbox = ? and cause_depth < ?
            order by cause_depth desc, id limit 1000
            """,
            [
                .text(joined.root), .text(entry.mailbox.model), .text(entry.mailbox.code),
                .integer(Int64(joined.depth)),
            ]
        ) { (number: $0.integer(0), record: $0.optionalText(1), depth: $0.integer(2)) }
        let isLoop = Set(mails.map(\.depth)).count >= MailOrigin.chainLimit
        guard isLoop || joined.depth >= Cause.depthLimit else { return nil }
        let cycle = mails.reversed().map { mail -> JSONValue in
            [
                "mail": .string("\(entry.mailbox)/\(mail.number)"),
                "record": mail.record.map { .string($0) } ?? .null,
                "depth": .number(JSONNumber(mail.depth)),
            ]
        }
        return IntakeProblem.loop(joined, cycle: .array(cycle))
    }
}
