import Contracts
import Database
import RPC
import ServiceRuntime
import Synchronization

/// The accounts and the organization as the gateway handed them over, and the version at which they
/// stand. Statements join the tables; nothing of the organization is kept in memory.
final class DirectoryStore: Sendable {
    private let database: Database
    private let version = Atomic<Int64>(0)

    init(database: Database) { self.database = database }

    /// Reads where the tables stand; called at the start.
    func refresh() async throws {
        stand(at: try await database.read { try $0.count("SELECT version FROM directory") })
    }

    /// Refuses a caller whose rights may come from changes that are not here yet.
    func check(_ principal: Principal) async throws {
        if principal.directory <= version.load(ordering: .acquiring) { return }
        // Another copy may have taken them.
        if database.isShared { try await refresh() }
        let standing = version.load(ordering: .acquiring)
        guard principal.directory <= standing else { throw RecordsError.directoryBehind }
    }

    /// Takes what changed, if it follows what stands.
    func take(_ call: TakeDirectory) async throws -> DirectoryVersion {
        let standing = try await database.writeMany { connection in
            let standing = try connection.count("SELECT version FROM directory")
            guard call.version > standing, call.base == standing || call.base == 0 else {
                return standing
            }
            if call.base == 0 { try DirectoryStore.forget(connection) }
            try DirectoryStore.take(call, connection)
            return call.version
        }
        stand(at: standing)
        return DirectoryVersion(version: standing)
    }

    /// Never back: calls may end in another order than their transactions.
    private func stand(at version: Int64) {
        var known = self.version.load(ordering: .acquiring)
        while known < version {
            let (exchanged, original) = self.version.compareExchange(
                expected: known, desired: version, ordering: .acquiringAndReleasing)
            if exchanged { return }
            known = original
        }
    }

    private static let tables = ["directory_account", "org_structure"] + structureTables
    private static let structureTables = ["org_unit", "org_member", "org_closure"]

    private static func forget(_ connection: Connection) throws {
        for table in tables { try connection.run("DELETE FROM \(table)") }
    }

    private static func take(_ call: TakeDirectory, _ connection: Connection) throws {
        for account in call.accounts {
            try connection.run(
                """
                INSERT INTO directory_account (code, name, active) VALUES (?, ?, ?) \
                ON CONFLICT (code) DO UPDATE SET name = excluded.name, active = excluded.active
                """, [.text(account.code), .text(account.name), .integer(account.active ? 1 : 0)])
        }
        for code in call.removedStructures { try remove(code, connection) }
        for structure in call.structures {
            let tree = try OrgTree(structure)
            try remove(structure.code, connection)
            try add(structure, tree, connection)
        }
        try connection.run("UPDATE directory SET version = ?", [.integer(call.version)])
    }

    private static func remove(_ structure: String, _ connection: Connection) throws {
        try connection.run("DELETE FROM org_structure WHERE code = ?", [.text(structure)])
        for table in structureTables {
            try connection.run("DELETE FROM \(table) WHERE structure = ?", [.text(structure)])
        }
    }

    private static func add(
        _ structure: DirectoryStructure, _ tree: OrgTree, _ connection: Connection
    ) throws {
        let code = SQLValue.text(structure.code)
        try connection.run(
            "INSERT INTO org_structure (code, kind) VALUES (?, ?)", [code, .text(structure.kind)])
        for unit in structure.units {
            try connection.run(
                "INSERT INTO org_unit (structure, code, parent) VALUES (?, ?, ?)",
                [code, .text(unit.code), unit.parent.map(SQLValue.text) ?? .null])
        }
        for member in tree.members {
            try connection.run(
                """
                INSERT INTO org_member (structure, account, unit, valid_from, valid_until) \
                VALUES (?, ?, ?, ?, ?)
                """,
                [
                    code, .text(member.account), .text(member.unit), .text(member.window.from),
                    .text(member.window.until),
                ])
        }
        for descent in tree.descents {
            try connection.run(
                """
                INSERT INTO org_closure (structure, ancestor, unit, valid_from, valid_until) \
                VALUES (?, ?, ?, ?, ?)
                """,
                [
                    code, .text(descent.ancestor), .text(descent.unit), .text(descent.window.from),
                    .text(descent.window.until),
                ])
        }
    }

    /// The tables. What opens the keys of the last two is what a row's test knows.
    static let migration = Migration(
        "records-3-directory",
        """
        CREATE TABLE directory (version BIGINT NOT NULL);
        INSERT INTO directory (version) VALUES (0);
        CREATE TABLE directory_account (
            code TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            active SMALLINT NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE org_structure (
            code TEXT PRIMARY KEY,
            kind TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE org_unit (
            structure TEXT NOT NULL,
            code TEXT NOT NULL,
            parent TEXT,
            PRIMARY KEY (structure, code)
        ) WITHOUT ROWID;
        CREATE TABLE org_member (
            structure TEXT NOT NULL,
            account TEXT NOT NULL,
            unit TEXT NOT NULL,
            valid_from TEXT NOT NULL,
            valid_until TEXT NOT NULL,
            PRIMARY KEY (structure, account, unit)
        ) WITHOUT ROWID;
        CREATE TABLE org_closure (
            structure TEXT NOT NULL,
            ancestor TEXT NOT NULL,
            unit TEXT NOT NULL,
            valid_from TEXT NOT NULL,
            valid_until TEXT NOT NULL,
            PRIMARY KEY (structure, ancestor, unit)
        ) WITHOUT ROWID;
        """)
}
