import ServiceRuntime

/// One step of a schema, never changed once released.
///
/// While copies of a service are brought to a new version one after the other, those of the version
/// before work on the schema that the new one has made; so they do where an operator goes back.
public struct Migration: Sendable {
    /// What a step is to a program of an earlier version, which does not know it.
    public enum Kind: Sendable, Hashable {
        /// It only adds: what the earlier program reads and writes works as before. A new column
        /// has a default or may be null.
        case expand
        /// It takes away, renames or narrows what programs used until they knew the step `since`,
        /// with which they ceased to; those that do not know it do not start any more. Nil is this
        /// step itself.
        case contract(since: String?)
    }

    /// Unique in a service: `0001-accounts`.
    public let name: String
    public let kind: Kind
    public let apply: @Sendable (Connection) throws -> Void
    /// Tells a changed migration from the one that was applied; a closure's is its name only. In a
    /// file, and on a server, which may have other words.
    let checksum: String
    private let serverChecksum: String

    func checksum(_ dialect: Dialect) -> String { dialect.isSQLite ? checksum : serverChecksum }

    public init(
        _ name: String, kind: Kind = .expand,
        apply: @escaping @Sendable (Connection) throws -> Void
    ) {
        self.init(name, kind: kind, checksum: "closure", server: "closure", apply: apply)
    }

    /// Statements separated by semicolons, in SQLite's words, or other ones for PostgreSQL.
    public init(_ name: String, kind: Kind = .expand, _ sql: String, postgresql: String? = nil) {
        self.init(
            name, kind: kind, checksum: Fingerprint.text(of: sql),
            server: Fingerprint.text(of: postgresql ?? sql)
        ) { connection in
            try connection.script(connection.dialect.isSQLite ? sql : postgresql ?? sql)
        }
    }

    private init(
        _ name: String, kind: Kind, checksum: String, server: String,
        apply: @escaping @Sendable (Connection) throws -> Void
    ) {
        self.name = name
        self.kind = kind
        self.checksum = checksum
        serverChecksum = server
        self.apply = apply
    }

    /// What a program must know to run on a schema that has this step: a step's name, or empty for
    /// nothing.
    fileprivate var needs: String {
        switch kind {
        case .expand: ""
        case .contract(let since): since ?? name
        }
    }
}

extension Database {
    /// Applies the migrations that are missing, each in its own transaction, in the order given.
    /// Refuses a database where one that was applied differs from the one of that name here, where
    /// a newer version has taken away what this program uses, and into which a move goes on.
    public func migrate(_ migrations: [Migration]) async throws {
        let now = runtime.clock.now()
        try await exclusive { try $0.migrate(migrations, at: now) }
        // A move may have ended while this waited for its turn to write.
        if dialect.isSQLite { try MovedMark.check(configuration.location) }
    }
}

extension Connection {
    /// As of `Database`; of what a move makes only for that move.
    func migrate(_ migrations: [Migration], at now: Timestamp, isMoving: Bool = false) throws {
        let names = Set(migrations.map(\.name))
        guard names.count == migrations.count else {
            throw DatabaseError.schema("two migrations have the same name")
        }
        for migration in migrations where !migration.needs.isEmpty {
            guard names.contains(migration.needs) else {
                throw DatabaseError.schema(
                    "migration \(migration.name) is since \(migration.needs), which is none")
            }
        }
        let applied = try AppliedMigration.all(self)
        for old in applied where !(isMoving && old.name == Migration.unfinishedMove) {
            guard old.name != Migration.unfinishedMove else {
                throw DatabaseError.schema(
                    "a move into it did not come to its end: run geartrain move again, which"
                        + " begins anew, or drop the schema")
            }
            try old.check(against: migrations, dialect)
        }
        let known = Set(applied.map(\.name))
        for migration in migrations where !known.contains(migration.name) {
            try migration.apply(to: self, at: now)
        }
    }
}

extension Migration {
    static let table = """
        create table if not exists schema_migration (
            name text primary key, checksum text not null, applied bigint not null, needs text)
        """

    /// Stands among the migrations of a store into which another is being moved.
    static let unfinishedMove = "unfinished-move"

    /// Name and checksum of what a store has been through.
    static func applied(_ connection: Connection) throws -> [(name: String, checksum: String)] {
        try connection.query(
            "select name, checksum from schema_migration order by applied, name"
        ) { ($0.text(0), $0.text(1)) }
    }
}

/// A row of the table that says what a schema has been through.
private struct AppliedMigration {
    var name: String
    var checksum: String
    /// `Migration.needs`; nil where a program has applied it that did not say so yet.
    var needs: String?

    /// The rows; the table is made, or brought up to date, where it is not.
    static func all(_ connection: Connection) throws -> [AppliedMigration] {
        try connection.writing {
            try connection.script(Migration.table)
            // Programs from before it write their rows without it.
            if try !connection.hasColumn("needs", in: "schema_migration") {
                try connection.script("alter table schema_migration add column needs text")
            }
        }
        return try connection.query(
            "select name, checksum, needs from schema_migration order by applied, name"
        ) {
            AppliedMigration(name: $0.text(0), checksum: $0.text(1), needs: $0.optionalText(2))
        }
    }

    func check(against migrations: [Migration], _ dialect: Dialect) throws {
        if let known = migrations.first(where: { $0.name == name }) {
            guard known.checksum(dialect) == checksum else {
                throw DatabaseError.schema("migration \(name) is not the one that was applied")
            }
            return
        }
        let needed = needs ?? name
        guard !needed.isEmpty, !migrations.contains(where: { $0.name == needed }) else { return }
        throw DatabaseError.schema(
            "a newer version of this program has applied migration \(name), after which this one"
                + " cannot work on the schema: start a version that has migration \(needed)")
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
                "insert into schema_migration (name, checksum, applied, needs) values (?, ?, ?, ?)",
                [
                    .text(name), .text(checksum(connection.dialect)), .integer(now.milliseconds),
                    .text(needs),
                ])
        }
    }
}

extension Connection {
    /// Whether a table of this schema has a column.
    func hasColumn(_ column: String, in table: String) throws -> Bool {
        let sql =
            dialect.isSQLite
            ? "select count(*) from pragma_table_info(?) where name = ?"
            : "select count(*) from information_schema.columns"
                + " where table_schema = current_schema() and table_name = ? and column_name = ?"
        return try count(sql, [.text(table), .text(column)]) > 0
    }
}
