import Database
import ServiceRuntime

/// The outgoing mails, their recipients and attempts. Every function runs in its caller's
/// transaction.
struct MailStore: Sendable {
    let queue = MailMigrations.outgoing

    static func queueKey(_ mail: Int64) -> String { "mail:\(mail)" }

    /// Keeps a mail and its work; answers its id.
    func insert(_ connection: Connection, _ mail: OutgoingMail, now: Timestamp) throws -> Int64 {
        try connection.run(
            """
            insert into mail (message_id, created, expires, sender, from_text, subject, record,
                notification, account, cause_root, cause_via, origin, sha256, size, state,
                confidential, cause_depth)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(mail.messageID), .text(mail.created.text), .text(mail.expires.text),
                .text(mail.sender), .text(mail.fromText), .text(mail.subject),
                SQLValue(mail.record), SQLValue(mail.notification), .text(mail.account),
                .text(mail.causeRoot), .text(mail.causeVia), SQLValue(mail.origin),
                .text(mail.sha256), .integer(Int64(mail.raw.count)), "queued",
                SQLValue(mail.isConfidential), .integer(Int64(mail.causeDepth)),
            ])
        let id = connection.lastInsertID
        try connection.run(
            "insert into mail_raw (mail, raw) values (?, ?)", [.integer(id), .blob(mail.raw)])
        for recipient in mail.recipients {
            try connection.run(
                "insert into recipient (mail, address, kind, state, reply) values (?, ?, ?, ?, ?)",
                [
                    .integer(id), .text(recipient.address), .text(recipient.kind.rawValue),
                    .text(recipient.state.rawValue), SQLValue(recipient.reply),
                ])
        }
        try enqueueIfPending(connection, id, now: now)
        try summarize(connection, id)
        return id
    }

    /// Puts a mail into the queue where a recipient waits for it.
    func enqueueIfPending(_ connection: Connection, _ id: Int64, now: Timestamp) throws {
        let pending = try connection.count(
            "select count(*) from recipient where mail = ? and state in ('queued', 'deferred')",
            [.integer(id)])
        guard pending > 0 else { return }
        try queue.enqueue(
            connection, key: MailStore.queueKey(id), payload: Array("\(id)".utf8), due: now,
            now: now)
    }

    /// The mail's state from its recipients': the one that most needs to be seen. The audit's copy
    /// has its own.
    func summarize(_ connection: Connection, _ id: Int64) throws {
        let states = Set(
            try connection.query(
                "select distinct state from recipient where mail = ? and kind <> 'audit'",
                [.integer(id)]
            ) { $0.text(0) })
        let order: [DeliveryState] = [
            .sending, .uncertain, .held, .queued, .deferred, .failed, .sent,
        ]
        let state = order.first { states.contains($0.rawValue) } ?? .sent
        try connection.run(
            "update mail set state = ? where id = ?", [.text(state.rawValue), .integer(id)])
        guard state == .sent || state == .failed else { return }
        // What held a secret is of no more use, and shall be found by nobody.
        try connection.run(
            """
            update mail_raw set raw = ?
            where mail = ? and exists (select 1 from mail where id = ? and confidential = 1)
            """, [.blob([]), .integer(id), .integer(id)])
    }

    /// What is to be sent; nil where nothing is left.
    func delivery(_ connection: Connection, _ id: Int64) throws -> Delivery? {
        let recipients = try connection.query(
            """
            select id, address, attempts from recipient
            where mail = ? and state in ('queued', 'deferred') order by id
            """, [.integer(id)]
        ) {
            Delivery.Recipient(
                id: $0.integer(0), address: $0.text(1), attempts: Int($0.integer(2)))
        }
        guard !recipients.isEmpty else { return nil }
        return try connection.first(
            """
            select m.message_id, m.sender, m.expires, r.raw
            from mail m join mail_raw r on r.mail = m.id where m.id = ?
            """, [.integer(id)]
        ) { row in
            Delivery(
                mail: id, messageID: row.text(0), sender: row.text(1),
                expires: Timestamp(row.text(2)) ?? Timestamp(milliseconds: 0), raw: row.blob(3),
                recipients: recipients)
        }
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
        try connection.run(
            "insert into attempt (mail, time, server, outcome, reply) values (?, ?, ?, ?, ?)",
            [
                .integer(mail), .text(now.text), .text(server), "data-started",
                "the content is sent, the server has not answered yet",
            ])
        // Before the summary, which may write, too.
        let attempt = connection.lastInsertID
        try summarize(connection, mail)
        return attempt
    }

    /// Keeps an attempt that a person or the service itself made.
    func addAttempt(
        _ connection: Connection, mail: Int64, server: String, outcome: String, reply: String,
        now: Timestamp
    ) throws {
        try connection.run(
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

    /// One recipient's state after an attempt.
    func settle(
        _ connection: Connection, recipient: Int64, state: DeliveryState, code: Int, reply: String
    ) throws {
        try connection.run(
            """
            update recipient set state = ?, code = ?, reply = ?, attempts = attempts + 1
            where id = ?
            """,
            [
                .text(state.rawValue), code == 0 ? .null : .integer(Int64(code)), .text(reply),
                .integer(recipient),
            ])
    }

    /// What a crash left between the final dot and its answer, of all mails or of one that nobody
    /// works on; answers how many recipients that are.
    @discardableResult
    func settleInterrupted(
        _ connection: Connection, only: Int64? = nil, resend: Bool, now: Timestamp
    ) throws -> Int {
        let mails = try connection.query(
            "select distinct mail from recipient where state = 'sending'"
        ) { $0.integer(0) }.filter { only == nil || only == $0 }
        var count = 0
        for mail in mails {
            let reason = "the service ended before the server's answer was known"
            count += try connection.run(
                """
                update recipient set state = ?, reply = ?, attempts = attempts + 1
                where mail = ? and state = 'sending'
                """, [.text(resend ? "queued" : "uncertain"), .text(reason), .integer(mail)])
            try connection.run(
                """
                update attempt set outcome = 'uncertain', reply = ?
                where mail = ? and outcome = 'data-started'
                """, [.text(reason), .integer(mail)])
            try enqueueIfPending(connection, mail, now: now)
            try summarize(connection, mail)
        }
        return count
    }
}

/// A person held the mail between its lease and its final dot.
struct HeldMeanwhile: Error {}
