import Contracts
import Database
import RPC
import ServiceRuntime

/// Who is who, as the gateway last told: for whoever Workflow acts for, waits for or writes to. It
/// may be a moment behind the gateway. Those who are locked or switched off are answered by none of
/// these but `person`.
struct Directory: Sendable {
    let database: Database
    let clock: any WallClock

    /// A person or service account.
    struct Person: Sendable, Hashable {
        var code: String
        var name: String
        var email: String?
        /// `en`.
        var language: String
        /// `person` or `service`.
        var kind: String
        var isActive: Bool
    }

    struct Unit: Sendable, Hashable, CustomStringConvertible {
        var structure: String
        var code: String

        var description: String { "\(structure)/\(code)" }
    }

    func take(_ call: TakeDirectory) async throws -> DirectoryVersion {
        DirectoryVersion(version: try await database.write { try DirectoryTables.take(call, $0) })
    }

    /// Refuses a caller whose rights may come from changes that are not here yet.
    func check(_ principal: Principal) async throws {
        guard principal.directory > 0 else { return }
        let standing = try await database.pointRead { try DirectoryTables.version($0) }
        guard principal.directory <= standing else { throw WorkflowError.directoryBehind }
    }

    /// What an account acts with; nil where it is unknown, locked or switched off. It carries the
    /// version of this copy, so that Records answers 503 while its own is older.
    func principal(of account: String) async throws -> Principal? {
        try await database.pointRead { try Directory.principal(of: account, $0) }
    }

    func person(_ account: String) async throws -> Person? {
        try await database.pointRead { try Directory.person(account, $0) }
    }

    /// The account above, by the structures of kind `manager` in the order of their codes.
    func manager(of account: String, structure: String? = nil) async throws -> String? {
        let today = today
        return try await database.pointRead {
            try Directory.manager(of: account, structure: structure, on: today, $0)
        }
    }

    /// Where an account is a member today.
    func units(of account: String) async throws -> [Unit] {
        let today = today
        return try await database.pointRead { try Directory.units(of: account, on: today, $0) }
    }

    /// The active members of a unit today, in the order of their codes; `structure` nil is every
    /// structure that has such a unit.
    func members(of unit: String, structure: String? = nil) async throws -> [String] {
        let today = today
        return try await database.pointRead {
            try Directory.members(of: unit, structure: structure, on: today, $0)
        }
    }

    /// Who holds a role in a model (where roles may be off), in the order of their codes.
    func holders(of role: String, in model: String) async throws -> [String] {
        try await database.read { try Directory.holders(of: role, in: model, $0) }
    }

    private var today: String { Directory.day(clock.now()) }

    static func day(_ time: Timestamp) -> String { String(time.text.prefix(10)) }
}

// The same inside a transaction; `today` is `2026-11-22`, in UTC.
extension Directory {
    static func principal(of account: String, _ connection: Connection) throws -> Principal? {
        let found = try connection.first(
            """
            select language, permissions, roles_off from directory_account
            where code = ? and active = 1
            """, [.text(account)]
        ) { (language: $0.text(0), permissions: words($0.text(1)), off: words($0.text(2))) }
        guard let found else { return nil }
        let roles = try connection.query(
            "select role from directory_role where account = ? order by role", [.text(account)]
        ) { $0.text(0) }
        return Principal(
            account: account, roles: roles, permissions: found.permissions,
            directory: try DirectoryTables.version(connection), language: found.language,
            rolesOff: found.off.isEmpty ? nil : found.off)
    }

    static func person(_ account: String, _ connection: Connection) throws -> Person? {
        try connection.first(
            """
            select code, name, email, language, kind, active from directory_account where code = ?
            """, [.text(account)]
        ) {
            Person(
                code: $0.text(0), name: $0.text(1), email: $0.optionalText(2),
                language: $0.text(3), kind: $0.text(4), isActive: $0.boolean(5))
        }
    }

    static func manager(
        of account: String, structure: String?, on today: String, _ connection: Connection
    ) throws -> String? {
        try connection.first(
            """
            select unit.parent from directory_unit as unit
            join directory_structure as structure on structure.code = unit.structure
            join directory_account as above on above.code = unit.parent and above.active = 1
            where unit.code = ? and structure.kind = 'manager' and (cast(? as text) is null or structure.code = ?)
                and unit.valid_from <= ? and unit.valid_until >= ?
            order by structure.code limit 1
            """,
            [
                .text(account), SQLValue(structure), SQLValue(structure), .text(today),
                .text(today),
            ]
        ) { $0.text(0) }
    }

    static func units(
        of account: String, on today: String, _ connection: Connection
    ) throws -> [Unit] {
        try connection.query(
            """
            select member.structure, member.unit from directory_member as member
            join directory_account as account on account.code = member.account
            join directory_unit as unit
                on unit.structure = member.structure and unit.code = member.unit
            where member.account = ? and account.active = 1
                and unit.valid_from <= ? and unit.valid_until >= ?
            order by member.structure, member.unit
            """, [.text(account), .text(today), .text(today)]
        ) { Unit(structure: $0.text(0), code: $0.text(1)) }
    }

    static func members(
        of unit: String, structure: String?, on today: String, _ connection: Connection
    ) throws -> [String] {
        try connection.query(
            """
            select distinct member.account from directory_member as member
            join directory_account as account on account.code = member.account
            join directory_unit as unit
                on unit.structure = member.structure and unit.code = member.unit
            where member.unit = ? and (cast(? as text) is null or member.structure = ?) and account.active = 1
                and unit.valid_from <= ? and unit.valid_until >= ?
            order by member.account
            """,
            [
                .text(unit), SQLValue(structure), SQLValue(structure), .text(today),
                .text(today),
            ]
        ) { $0.text(0) }
    }

    static func holders(
        of role: String, in model: String, _ connection: Connection
    ) throws -> [String] {
        try connection.query(
            """
            select account.code, account.roles_off from directory_role as held
            join directory_account as account on account.code = held.account
            where held.role = ? and account.active = 1 order by account.code
            """, [.text(role)]
        ) { (code: $0.text(0), off: words($0.text(1))) }
        .filter { !$0.off.contains("\(model)/\(role)") }.map(\.code)
    }

    private static func words(_ text: String) -> [String] {
        text.split(separator: " ").map(String.init)
    }
}
