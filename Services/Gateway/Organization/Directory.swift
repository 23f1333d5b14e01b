import Contracts
import Database
import RPC
import ServiceRuntime

/// What Records and Workflow are told of the gateway's accounts and structures: each carries the
/// version of its last change that they must know of. Inside a transaction.
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
            "select \(AccountStore.accountColumns) from account where directory > ? order by id",
            since, AccountStore.account(of:)
        ).map { try Directory.account(connection, $0) }
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

    /// Above what another has of another life of this database, so that it takes everything.
    static func rise(_ connection: Connection, above version: Int64) throws {
        try connection.run(
            "update directory set version = ? where version <= ?",
            [.integer(version + 1), .integer(version)])
    }

    /// Marks the accounts that have a role as changed, and those in `others`.
    static func touch(_ connection: Connection, holdersOf role: Int64, and others: Set<Int64> = [])
        throws
    {
        let version = SQLValue.integer(try next(connection))
        try connection.run(
            "update account set directory = ? where id in"
                + " (select account from role_member where role = ?)",
            [version, .integer(role)])
        for account in others {
            try connection.run(
                "update account set directory = ? where id = ?", [version, .integer(account)])
        }
    }

    private static func account(_ connection: Connection, _ account: Account) throws
        -> DirectoryAccount
    {
        let held = try SessionStore.principal(connection, account, directory: 0)
        return DirectoryAccount(
            code: account.code, name: account.name, active: account.isActive,
            email: account.email, language: account.language, kind: account.kind,
            roles: held.roles, permissions: held.permissions, rolesOff: held.rolesOff ?? [])
    }

    private static func unit(_ unit: OrgStructure.Unit) -> DirectoryStructure.Unit {
        DirectoryStructure.Unit(
            code: unit.code, parent: unit.parent, name: unit.name, members: unit.members,
            from: unit.from?.text, until: unit.until?.text)
    }
}
