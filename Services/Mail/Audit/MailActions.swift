import Contracts
import Database
import ServiceRuntime

/// What a person does with an outgoing mail; each is kept among the attempts, with the account.
struct MailActions: Sendable {
    let store: MailStore

    /// Throws where the mail's state does not fit.
    func apply(
        _ connection: Connection, _ action: ActOnMail.Action, mail id: Int64, account: String,
        now: Timestamp
    ) throws {
        let exists = try connection.count("select count(*) from mail where id = ?", [.integer(id)])
        guard exists > 0 else { throw MailError.noSuchMail(id) }
        if action == .resend {
            try store.incidents?.mark(.mail(id), .retry, by: account, connection)
        }
        let outcome: String
        switch action {
        case .hold:
            try hold(connection, id)
            outcome = "held"
        case .release:
            try release(connection, id, now: now)
            outcome = "released"
        case .resend:
            try resend(connection, id, now: now)
            outcome = "resent"
        }
        try store.addAttempt(
            connection, mail: id, server: "", outcome: outcome, reply: "by \(account)", now: now)
        try store.enqueueIfPending(connection, id, now: now)
        try store.summarize(connection, id)
    }

    private func hold(_ connection: Connection, _ id: Int64) throws {
        let changed = try connection.run(
            """
            update recipient set state = 'held'
            where mail = ? and state in ('queued', 'deferred')
            """, [.integer(id)])
        guard changed > 0 else {
            throw MailError.cannot("Nothing of this mail waits to be sent, so nothing can be held.")
        }
        try store.dequeue(connection, id)
    }

    private func release(_ connection: Connection, _ id: Int64, now: Timestamp) throws {
        let changed = try connection.run(
            "update recipient set state = 'queued' where mail = ? and state = 'held'",
            [.integer(id)])
        guard changed > 0 else { throw MailError.cannot("This mail is not held.") }
        try prolong(connection, id, now: now)
    }

    /// To those who do not have it for certain; to all where everybody has.
    private func resend(_ connection: Connection, _ id: Int64, now: Timestamp) throws {
        let sending = try connection.count(
            "select count(*) from recipient where mail = ? and state = 'sending'", [.integer(id)])
        guard sending == 0 else { throw MailError.cannot("This mail is being sent right now.") }
        let kept = try connection.count(
            "select count(*) from mail_piece where mail = ? and number = 0", [.integer(id)])
        guard kept > 0 else {
            throw MailError.cannot(
                "The bytes of this mail are gone, so that it is not sent again; write another one.")
        }
        var changed = try connection.run(
            """
            update recipient set state = 'queued', attempts = 0
            where mail = ? and state in ('failed', 'uncertain', 'deferred')
            """, [.integer(id)])
        if changed == 0 {
            changed = try connection.run(
                """
                update recipient set state = 'queued', attempts = 0
                where mail = ? and state in ('sent', 'proved')
                """, [.integer(id)])
        }
        guard changed > 0 else {
            throw MailError.cannot("This mail is queued or held; it can be released, not resent.")
        }
        // An item that waits for its retry is due now.
        try store.dequeue(connection, id)
        try prolong(connection, id, now: now)
    }

    /// A person's wish begins the time for retries anew.
    private func prolong(_ connection: Connection, _ id: Int64, now: Timestamp) throws {
        guard
            let (created, expires) = try connection.first(
                "select created, expires from mail where id = ?", [.integer(id)],
                { (Timestamp($0.text(0)), Timestamp($0.text(1))) }), let created, let expires
        else { return }
        let life = Duration.milliseconds(expires.milliseconds - created.milliseconds)
        try connection.run(
            "update mail set expires = ? where id = ?",
            [.text(now.advanced(by: life).text), .integer(id)])
    }
}
