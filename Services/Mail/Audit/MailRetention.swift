import Database
import ServiceRuntime

/// Removes what need not be kept any more. A mail of which anything is open (queued, deferred,
/// held, uncertain) stays whole.
struct MailRetention: Sendable {
    /// The most mails of one transaction.
    static let batch = 200

    let keepBytes: Duration?
    let keep: Duration?
    /// Told what is gone.
    var incidents: MailIncidents?

    private static let isSettled = """
        state in ('sent', 'failed', 'proved') and not exists (select 1 from recipient r
            where r.mail = mail.id and r.state not in ('sent', 'failed', 'proved'))
        """

    /// Answers whether there may be more to remove.
    func remove(_ connection: Connection, now: Timestamp) throws -> Bool {
        let bytes = try keepBytes.map { try removeBytes(connection, $0, now: now) } ?? 0
        let mails = try keep.map { try removeMails(connection, $0, now: now) } ?? 0
        return max(bytes, mails) == MailRetention.batch
    }

    private func removeBytes(_ connection: Connection, _ time: Duration, now: Timestamp) throws
        -> Int
    {
        let old = try connection.query(
            """
            select id from mail where created < ? and bytes_removed is null
                and \(MailRetention.isSettled) order by created limit ?
            """,
            [.text(now.advanced(by: .zero - time).text), .integer(Int64(MailRetention.batch))]
        ) { $0.integer(0) }
        for id in old {
            try MailPieces().remove(connection, id)
            try connection.run(
                "update mail set bytes_removed = ? where id = ?", [.text(now.text), .integer(id)])
        }
        return old.count
    }

    private func removeMails(_ connection: Connection, _ time: Duration, now: Timestamp) throws
        -> Int
    {
        let old = try connection.query(
            """
            select id from mail where created < ? and \(MailRetention.isSettled)
            order by created limit ?
            """,
            [.text(now.advanced(by: .zero - time).text), .integer(Int64(MailRetention.batch))]
        ) { $0.integer(0) }
        for id in old {
            for table in ["mail_piece", "recipient", "attempt"] {
                try connection.run("delete from \(table) where mail = ?", [.integer(id)])
            }
            try connection.run(MailWords(connection.dialect).removal, [.integer(id)])
            try connection.run("delete from mail where id = ?", [.integer(id)])
            try incidents?.forget(.mail(id), connection)
        }
        return old.count
    }
}
