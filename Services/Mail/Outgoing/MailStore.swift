import Database
import ServiceRuntime

/// The outgoing mails, their recipients and attempts. Every function runs in its caller's
/// transaction.
struct MailStore: Sendable {
    /// Accounts that have a queue of their own, so that a slow server keeps no other one waiting.
    private let queues: [String: DurableQueue]
    private let pieces = MailPieces()
    /// Of the default account, and of those that are configured no more.
    let queue = MailMigrations.outgoing
    /// Told of what failed or is uncertain, and of its end.
    var incidents: MailIncidents?

    /// `accounts`: the codes of those beside the default.
    init(accounts: [String] = []) {
        queues = Dictionary(
            uniqueKeysWithValues: accounts.map { ($0, MailMigrations.outgoing(of: $0)) })
    }

    func queue(of account: String) -> DurableQueue { queues[account] ?? queue }

    static func queueKey(_ mail: Int64) -> String { "mail:\(mail)" }

    /// Keeps a mail and its work; answers its id.
    func insert(_ connection: Connection, _ mail: OutgoingMail, now: Timestamp) throws -> Int64 {
        let state = MailStore.state(of: mail.recipients.filter { $0.kind != .audit }.map(\.state))
        let id = try connection.insert(
            """
            insert into mail (message_id, created, expires, sender, from_text, subject, record,
                notification, account, cause_root, cause_via, origin, sha256, size, state,
                confidential, cause_depth, mail_class, mail_account, utf8)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(mail.messageID), .text(mail.created.text), .text(mail.expires.text),
                .text(mail.sender), .text(mail.fromText), .text(mail.subject),
                SQLValue(mail.record), SQLValue(mail.notification), .text(mail.account),
                .text(mail.causeRoot), .text(mail.causeVia), SQLValue(mail.origin),
                .text(mail.content.sha256), .integer(Int64(mail.content.size)),
                .text(state.rawValue), SQLValue(mail.isConfidential),
                .integer(Int64(mail.causeDepth)), SQLValue(mail.mailClass),
                .text(mail.mailAccount), SQLValue(mail.content.needsUTF8),
            ])
        try mail.content.eachPiece { try pieces.insert(connection, id, $0, $1) }
        for recipient in mail.recipients {
            try connection.run(
                """
                insert into recipient (mail, address, kind, state, reply, redirected)
                values (?, ?, ?, ?, ?, ?)
                """,
                [
                    .integer(id), .text(recipient.address), .text(recipient.kind.rawValue),
                    .text(recipient.state.rawValue), SQLValue(recipient.reply),
                    SQLValue(mail.redirect),
                ])
        }
        if mail.recipients.contains(where: { $0.state == .queued }) {
            try enqueue(connection, id, account: mail.mailAccount, now: now)
        }
        if state == .failed { try incidents?.review(.mail(id), connection) }
        return id
    }

    /// Puts a mail into its account's queue where a recipient waits for it.
    func enqueueIfPending(_ connection: Connection, _ id: Int64, now: Timestamp) throws {
        let account = try connection.first(
            """
            select mail_account from mail where id = ? and exists (select 1 from recipient
                where mail = mail.id and state in ('queued', 'deferred'))
            """, [.integer(id)]
        ) { $0.text(0) }
        if let account { try enqueue(connection, id, account: account, now: now) }
    }

    private func enqueue(_ connection: Connection, _ id: Int64, account: String, now: Timestamp)
        throws
    {
        try queue(of: account).enqueue(
            connection, key: MailStore.queueKey(id), payload: Array("\(id)".utf8), due: now,
            now: now)
    }

    /// Takes a mail out of its queue, wherever it is.
    func dequeue(_ connection: Connection, _ id: Int64) throws {
        let key = MailStore.queueKey(id)
        if try queue.cancel(connection, key: key) { return }
        for queue in queues.values where try queue.cancel(connection, key: key) { return }
    }

    private static let order: [DeliveryState] = [
        .sending, .uncertain, .held, .queued, .deferred, .failed, .sent,
    ]

    /// A mail's state from its recipients': the one that most needs to be seen.
    static func state(of recipients: [DeliveryState]) -> DeliveryState {
        order.first { recipients.contains($0) } ?? .sent
    }

    /// Writes the mail's state. The audit's copy has its own.
    func summarize(_ connection: Connection, _ id: Int64) throws {
        let states = try connection.query(
            "select distinct state from recipient where mail = ? and kind <> 'audit'",
            [.integer(id)]
        ) { DeliveryState(rawValue: $0.text(0)) ?? .queued }
        let state = MailStore.state(of: states)
        try connection.run(
            "update mail set state = ? where id = ?", [.text(state.rawValue), .integer(id)])
        try incidents?.review(.mail(id), connection)
        guard state == .sent || state == .failed else { return }
        // What held a secret is of no more use, and shall be found by nobody.
        try connection.run(
            """
            delete from mail_piece
            where mail = ? and exists (select 1 from mail where id = ? and confidential = 1)
            """, [.integer(id), .integer(id)])
    }

    /// What is to be sent; nil where nothing is left. `redirect` is where everything goes by
    /// setting now; what was redirected when it was written stays so.
    func delivery(
        _ connection: Connection, _ id: Int64, redirect: String?, from database: Database
    ) throws -> Delivery? {
        var redirect = redirect
        let recipients = try connection.query(
            """
            select id, address, attempts, redirected from recipient
            where mail = ? and state in ('queued', 'deferred') order by id
            """, [.integer(id)]
        ) { row in
            if redirect == nil { redirect = row.optionalText(3) }
            return Delivery.Recipient(
                id: row.integer(0), address: row.text(1), attempts: Int(row.integer(2)))
        }
        guard !recipients.isEmpty else { return nil }
        let delivery = try connection.first(
            "select message_id, sender, expires, utf8, size from mail where id = ?",
            [.integer(id)]
        ) { row in
            Delivery(
                mail: id, messageID: row.text(0), sender: row.text(1),
                expires: Timestamp(row.text(2)) ?? Timestamp(milliseconds: 0),
                content: MailContent(
                    size: Int(row.integer(4)), first: [], pieces: 0, read: { _ in [] }),
                hasEightBit: row.boolean(3), needsUTF8: row.boolean(3), recipients: recipients,
                redirect: redirect)
        }
        guard var delivery else { return nil }
        guard
            let content = try pieces.content(
                connection, id, size: delivery.content.size, from: database)
        else { return nil }
        delivery.content = content
        return delivery
    }

    /// The final dot goes out after this is committed: from here on a crash leaves `uncertain`.
    /// Throws where a person held the mail meanwhile. Answers the attempt.
    func beginFinalDot(
        _ connection: Connection, mail: Int64, recipients: [Int64], server: String, now: Timestamp
    ) throws -> Int64 {
        for recipient in recipients {
            let changed = try connection.run(
                """
                update recipient set state = 'sending'
                where id = ? and state in ('queued', 'deferred')
                """, [.integer(recipient)])
            guard changed == 1 else { throw HeldMeanwhile() }
        }
        // `sending` comes before every other state. An audit's copy alone is not the mail.
        try connection.run(
            """
            update mail set state = 'sending' where id = ? and exists
                (select 1 from recipient where mail = ? and state = 'sending' and kind <> 'audit')
            """, [.integer(mail), .integer(mail)])
        return try addAttempt(
            connection, mail: mail, server: server, outcome: "data-started",
            reply: "the content is sent, the server has not answered yet", now: now)
    }

    /// Keeps an attempt; answers its number.
    @discardableResult
    func addAttempt(
        _ connection: Connection, mail: Int64, server: String, outcome: String, reply: String,
        now: Timestamp
    ) throws -> Int64 {
        return try connection.insert(
            "insert into attempt (mail, time, server, outcome, reply) values (?, ?, ?, ?, ?)",
            [.integer(mail), .text(now.text), .text(server), .text(outcome), .text(reply)])
    }

    func endAttempt(_ connection: Connection, _ attempt: Int64, outcome: String, reply: String)
        throws
    {
        try connection.run(
            "update attempt set outcome = ?, reply = ? where id = ?",
            [.text(outcome), .text(reply), .integer(attempt)])
    }

    /// One recipient's state after an attempt. Where a person held it meanwhile that stands, unless
    /// the server has the mail, or nobody knows.
    func settle(
        _ connection: Connection, recipient: Int64, state: DeliveryState, code: Int, reply: String,
        redirected: String? = nil
    ) throws {
        let isAnswered = state == .sent || state == .uncertain
        try connection.run(
            """
            update recipient set state = ?, code = ?, reply = ?, attempts = attempts + 1,
                redirected = coalesce(?, redirected)
            where id = ? and (state <> 'held' or ? = 1)
            """,
            [
                .text(state.rawValue), code == 0 ? .null : .integer(Int64(code)), .text(reply),
                SQLValue(redirected), .integer(recipient), SQLValue(isAnswered),
            ])
    }
}

/// A person held the mail between its lease and its final dot.
struct HeldMeanwhile: Error {}
