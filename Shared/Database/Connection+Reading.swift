import ServiceRuntime

// How long a read may take, and what it sees.
extension Connection {
    /// Looks of the warden that a read on an event loop may take: some 300 µs.
    private static let hurry = 20

    /// Runs `body` in one read transaction: all of it sees one state.
    func snapshot<T>(_ body: (Connection) throws -> T) throws -> T {
        try link.begin(.read)
        // It wrote nothing, so that either end is as good.
        defer { _ = try? link.rollback() }
        return try body(self)
    }

    /// Runs `body` as long as it takes a few steps; then `DatabaseError.interrupted`. Only of a
    /// SQLite file, whose statements run where they are called.
    func hurried<T>(_ body: (Connection) throws -> T) throws -> T {
        let warden = (link as? SQLiteLink)?.warden
        warden?.looks = Connection.hurry
        defer { warden?.looks = nil }
        return try body(self)
    }

    /// Runs `body`; its statements end with `DatabaseError.interrupted` when `limit` has passed.
    func timed<T>(_ limit: Duration, _ body: (Connection) throws -> T) throws -> T {
        try link.timed(limit) { try body(self) }
    }

    /// Why `sql`, which somebody else wrote over subqueries of its own, cannot be run within a
    /// confinement, in the engine's words; nil where it can.
    public func fault(of sql: String, within confinement: Confinement) throws -> String? {
        try link.fault(of: sql, within: confinement)
    }
}
