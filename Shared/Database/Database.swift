import ServiceRuntime

/// Where a database is and how it is kept.
public struct DatabaseConfiguration: Sendable {
    /// A file for SQLite; `postgresql://…` comes later.
    public var location: String
    /// Threads for scans.
    public var readerThreads: Int = 2
    /// The most writes that one COMMIT takes.
    public var groupLimit: Int = 512
    /// The most writes that may wait; beyond it `DatabaseError.overloaded` at once.
    public var queueLimit: Int = 10_000

    public init(location: String) { self.location = location }
}

/// One database that this process alone writes through (foreign programs may too): a writer thread
/// with group commit, readers that never wait for it.
public final class Database: Sendable {
    /// Opens or creates it. `groups` may be empty where no point reads on loops are needed.
    public static func open(
        _ configuration: DatabaseConfiguration, runtime: Runtime
    ) async throws -> Database { fatalError("stub") }

    /// Applies the migrations that are missing, each in its own transaction, in order; refuses a database
    /// whose applied migrations differ from these or are newer.
    public func migrate(_ migrations: [Migration]) async throws { fatalError("stub") }

    /// Runs `body` in the current group's transaction under its own savepoint, and returns after the COMMIT.
    /// What `body` throws undoes its own statements only; a failed COMMIT throws for everyone in it.
    public func write<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T)
        async throws -> T
    { fatalError("stub") }

    /// Runs `body` alone, outside any transaction, on the writer thread (VACUUM, DDL that needs it).
    public func exclusive<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T)
        async throws -> T
    { fatalError("stub") }

    /// Runs `body` on a reader thread in one read transaction (a consistent view): scans, lists, exports.
    public func read<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T)
        async throws -> T
    { fatalError("stub") }

    /// Runs `body` where it is: on an event loop on that loop's own connection, otherwise as `read`.
    /// For statements of microseconds (a row by its key, a page by an index).
    public func pointRead<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T)
        async throws -> T
    { fatalError("stub") }

    /// A number that changes with every commit by another process (SQLite's `data_version`).
    public func foreignVersion() async throws -> Int64 { fatalError("stub") }

    /// How this engine spells what SQL leaves open.
    public var dialect: Dialect { fatalError("stub") }

    /// Waits for what is queued and closes.
    public func close() async { fatalError("stub") }
}

/// One step of a schema, never changed once released.
public struct Migration: Sendable {
    /// Sorted by this: `0001-accounts`.
    public let name: String
    public let apply: @Sendable (Connection) throws -> Void

    public init(_ name: String, apply: @escaping @Sendable (Connection) throws -> Void) {
        self.name = name
        self.apply = apply
    }

    /// Statements separated by semicolons.
    public init(_ name: String, _ sql: String) {
        self.init(name) { try $0.script(sql) }
    }
}

/// The few differences between engines, all in one place.
public struct Dialect: Sendable {
    /// `integer primary key autoincrement` or `bigint generated always as identity primary key`.
    public var identityColumn: String { fatalError("stub") }
    /// `blob` or `bytea`.
    public var blobType: String { fatalError("stub") }
    /// A quoted identifier, after checking that it is one of ours (`[A-Za-z_][A-Za-z0-9_]*`).
    public func quote(_ identifier: String) -> String { fatalError("stub") }
}
