import Database
import ServiceRuntime

// What is put right at the start, and where an answer could not be written.
extension MailStore {
    /// What a crash left between the final dot and its answer, of all mails or of one that nobody
    /// works on; answers how many recipients that are. `resends` says of an account whether the
    /// uncertain is sent again.
    @discardableResult
    func settleInterrupted(
        _ connection: Connection, only: Int64? = nil, resends: (String) -> Bool, now: Timestamp
    ) throws -> Int {
        let mails = try connection.query(
            """
            select distinct m.id, m.mail_account from recipient r join mail m on m.id = r.mail
            where r.state = 'sending'
            """
        ) { (id: $0.integer(0), account: $0.text(1)) }.filter { only == nil || only == $0.id }
        var count = 0
        for mail in mails {
            let reason = "the service ended before the server's answer was known"
            let state = resends(mail.account) ? "queued" : "uncertain"
            count += try connection.run(
                """
                update recipient set state = ?, reply = ?, attempts = attempts + 1
                where mail = ? and state = 'sending'
                """, [.text(state), .text(reason), .integer(mail.id)])
            try connection.run(
                """
                update attempt set outcome = 'uncertain', reply = ?
                where mail = ? and outcome = 'data-started'
                """, [.text(reason), .integer(mail.id)])
            try enqueueIfPending(connection, mail.id, now: now)
            try summarize(connection, mail.id)
        }
        return count
    }

    /// Mails that wait for an account that is configured no more go into the default queue, where
    /// they are deferred with the reason, and fail when their time is over. Answers their accounts.
    func adoptOrphans(_ connection: Connection, accounts: [String], now: Timestamp) throws
        -> Set<String>
    {
        let waiting = try connection.query(
            """
            select distinct m.id, m.mail_account from recipient r join mail m on m.id = r.mail
            where r.state in ('queued', 'deferred')
            """
        ) { (id: $0.integer(0), account: $0.text(1)) }
        let orphans = waiting.filter { !accounts.contains($0.account) }
        for mail in orphans {
            let old = MailMigrations.outgoing(of: mail.account)
            try old.cancel(connection, key: MailStore.queueKey(mail.id))
            try enqueueIfPending(connection, mail.id, now: now)
        }
        return Set(orphans.map(\.account))
    }

    func isSending(_ connection: Connection, _ mail: Int64) throws -> Bool {
        try connection.count(
            "select count(*) from recipient where mail = ? and state = 'sending'", [.integer(mail)])
            > 0
    }
}
