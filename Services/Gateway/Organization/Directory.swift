import Contracts
import Database
import ServiceRuntime

/// What Records is told of the gateway's accounts and structures: each carries the version of its
/// last change that Records must know of. Inside a transaction.
enum Directory {
    static func version(_ connection: Connection) throws -> Int64 {
        try connection.count("select version from directory")
    }

    /// The version of the change that this transaction makes.
    static func next(_ connection: Connection) throws -> Int64 {
        try connection.run("update directory set version = version + 1")
        return try version(connection)
    }

    /// What changed since `base`; with 0 everything.
    static func changes(_ connection: Connection, since base: Int64) throws -> TakeDirectory {
        let since: [SQLValue] = [.integer(base)]
        let accounts = try connection.query(
            "select code, name, enabled, locked from account where directory > ? order by id",
            since
        ) {
            DirectoryAccount(
                code: $0.text(0), name: $0.text(1), active: $0.boolean(2) && !$0.boolean(3))
        }
        let structures = try connection.query(
            "select \(OrgStore.columns) from org_structure where directory > ? order by code",
            since, OrgStore.structure(of:)
        ).map { structure in
            let units = try OrgStore.units(connection, ofStructure: structure.id)
            return DirectoryStructure(
                code: structure.code, kind: structure.kind.rawValue,
                units: units.map(Directory.unit))
        }
        let removed = try connection.query(
            "select code from org_removal where directory > ? order by code", since
        ) { $0.text(0) }
        return TakeDirectory(
            base: base, version: try version(connection), accounts: accounts,
            structures: structures, removedStructures: base == 0 ? [] : removed)
    }

    private static func unit(_ unit: OrgStructure.Unit) -> DirectoryStructure.Unit {
        DirectoryStructure.Unit(
            code: unit.code, parent: unit.parent, name: unit.name, members: unit.members,
            from: unit.from?.text, until: unit.until?.text)
    }
}
