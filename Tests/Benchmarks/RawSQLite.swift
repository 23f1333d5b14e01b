import Database
import ServiceRuntime
import TestSupport

/// The same row inserted and committed one at a time, synchronous=FULL, one thread, no server: what
/// SQLite gives to whoever commits each row by itself.
struct RawSQLite {
    let database: Database

    init(in folder: String) async throws {
        TestFile.makeFolder(folder)
        database = try await Database.open(
            DatabaseConfiguration(location: folder + "/raw.db"), runtime: TestRuntime.make())
        try await database.migrate([
            Migration(
                "ticket",
                """
                create table ticket (id integer primary key, subject text not null, body text, status text,
                    priority integer, spent integer, due text, email text, urgent integer);
                create index ticket_sp on ticket (status, priority);
                """)
        ])
    }

    /// Commits a second.
    func run(seconds: Int) async throws -> Double {
        try await database.exclusive { connection in
            let clock = SystemClock()
            let start = clock.monotonicNanoseconds()
            let end = start + UInt64(seconds) * 1_000_000_000
            var count = 0
            while clock.monotonicNanoseconds() < end {
                try connection.run("begin immediate")
                try connection.run(
                    """
                    insert into ticket (subject, body, status, priority, spent, due, email, urgent)
                    values (?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                    [
                        .text("Printer on floor \(count % 40) is on fire, new \(count)"),
                        .text(Ticket.body), .text("new"), .integer(Int64(count % 1000)),
                        .integer(250), .text("2026-11-22T10:15:30.123Z"),
                        .text("user\(count % 5000)@example.com"), .integer(0),
                    ])
                try connection.run("commit")
                count += 1
            }
            let spent = Double(clock.monotonicNanoseconds() - start) / 1_000_000_000
            return Double(count) / spent
        }
    }
}
