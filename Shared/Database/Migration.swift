import ServiceRuntime

/// One step of a schema, never changed once released.
public struct Migration: Sendable {
    /// Unique in a service: `0001-accounts`.
    public let name: String
    public let apply: @Sendable (Connection) throws -> Void
    /// Tells a changed migration from the one that was applied; a closure's is its name only.
    let checksum: String

    public init(_ name: String, apply: @escaping @Sendable (Connection) throws -> Void) {
        self.init(name, checksum: "closure", apply: apply)
    }

    /// Statements separated by semicolons, in SQLite's words, or other ones for PostgreSQL.
    public init(_ name: String, _ sql: String, postgresql: String? = nil) {
        self.init(name, checksum: Migration.fingerprint(sql)) { connection in
            try connection.script(connection.dialect.isSQLite ? sql : postgresql ?? sql)
        }
    }

    private init(
        _ name: String, checksum: String, apply: @escaping @Sendable (Connection) throws -> Void
    ) {
        self.name = name
        self.checksum = checksum
        self.apply = apply
    }

    /// FNV-1a: against a slip, not against malice.
    private static func fingerprint(_ sql: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in sql.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }
}

extension Database {
    /// Applies the migrations that are missing, each in its own transaction, in the order given;
    /// refuses a database whose applied migrations differ from these or are newer.
    public func migrate(_ migrations: [Migration]) async throws {
        guard Set(migrations.map(\.name)).count == migrations.count else {
            throw DatabaseError.schema("two migrations have the same name")
        }
        let now = runtime.clock.now()
        try await exclusive { connection in
            try connection.writing {
                try connection.script(
                    """
                    create table if not exists schema_migration (
                        name text primary key, checksum text not null, applied bigint not null)
                    """)
            }
            let applied = try connection.query(
                "select name, checksum from schema_migration order by applied, name"
            ) { (name: $0.text(0), checksum: $0.text(1)) }
            for old in applied {
                guard let known = migrations.first(where: { $0.name == old.name }) else {
                    throw DatabaseError.schema(
                        "migration \(old.name) was applied by a newer version of this program")
                }
                guard known.checksum == old.checksum else {
                    throw DatabaseError.schema(
                        "migration \(old.name) is not the one that was applied")
                }
            }
            let names = Set(applied.map(\.name))
            for migration in migrations where !names.contains(migration.name) {
                try migration.apply(to: connection, at: now)
            }
        }
    }
}

extension Migration {
    fileprivate func apply(to connection: Connection, at now: Timestamp) throws {
        try connection.writing {
            // Another copy of the service that starts at the same moment may have been faster.
            let known = try connection.count(
                "select count(*) from schema_migration where name = ?", [.text(name)])
            guard known == 0 else { return }
            try apply(connection)
            try connection.run(
                "insert into schema_migration (name, checksum, applied) values (?, ?, ?)",
                [.text(name), .text(checksum), .integer(now.milliseconds)])
        }
    }
}
