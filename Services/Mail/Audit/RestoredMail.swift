import Database
import Incidents
import ServiceRuntime

/// Mail of a backup that is restored.
public enum RestoredMail {
    /// Holds what was on its way when the backup was taken: it has probably been sent since, by
    /// where the backup comes from. What was between the final dot and its answer is `uncertain`.
    /// Answers how many mails wait for a person now.
    public static func hold(
        in database: Database, reason: String, runtime: Runtime
    ) async throws -> Int {
        // A backup may come from an older version.
        try await database.migrate(MailMigrations.all)
        let now = runtime.clock.now()
        var store = MailStore()
        store.incidents = MailIncidents(book: IncidentBook(service: "mail", runtime: runtime))
        return try await database.write { [store] connection in
            let uncertain = try store.settleInterrupted(
                connection, resends: { _ in false }, now: now)
            let ids = try connection.query(
                """
                select distinct mail from recipient where state in ('queued', 'deferred')
                """
            ) { $0.integer(0) }
            for id in ids {
                try connection.run(
                    """
                    update recipient set state = 'held', reply = ?
                    where mail = ? and state in ('queued', 'deferred')
                    """, [.text(reason), .integer(id)])
                try store.dequeue(connection, id)
                try store.addAttempt(
                    connection, mail: id, server: "", outcome: "held", reply: reason, now: now)
                try store.summarize(connection, id)
            }
            return ids.count + uncertain
        }
    }
}
