import ServiceRuntime

// Leases of those who are no more.
extension DurableQueue {
    /// Ends every lease at `now`: after a crash, where it is known that nobody works on them.
    func releaseLeases(_ connection: Connection, now: Timestamp) throws {
        try connection.run(
            "update \(table) set ready = ? where dead = 0 and ready > due and ready > ?",
            [.integer(now.milliseconds), .integer(now.milliseconds)])
    }

    /// The copies that have leased something until some time before `end`, and have no session with
    /// the server now.
    func missingHolders(
        _ connection: Connection, now: Timestamp, before end: Timestamp
    ) throws -> [Int64] {
        try connection.query(
            """
            select distinct holder from \(table) as item
            where dead = 0 and ready > ? and ready <= ? and ready > due
                and holder_attempts = attempts and not exists (
                    select 1 from \(Connection.presence) = item.holder)
            """, [.integer(now.milliseconds), .integer(end.milliseconds)]
        ) { $0.optionalInteger(0) }.compactMap(\.self)
    }

    /// Ends the leases of these copies at `now`, and tells the workers of all others; answers how
    /// many there were.
    func releaseLeases(_ connection: Connection, of copies: [Int64], now: Timestamp) throws -> Int {
        let released = try connection.run(
            """
            update \(table) set ready = ?
            where dead = 0 and ready > ? and ready > due and holder_attempts = attempts
                and holder in (\(Dialect.marks(copies.count)))
            """,
            [.integer(now.milliseconds), .integer(now.milliseconds)]
                + copies.map { .integer($0) })
        if released > 0 { try connection.link.tellCopies(of: name) }
        return released
    }
}
