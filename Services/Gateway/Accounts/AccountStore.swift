import Database
import HTTP
import JSON
import ServiceRuntime

/// Accounts and roles in the database. Each public method is one transaction.
struct AccountStore: Sendable {
    let database: Database
    let clock: any WallClock

    /// What an account shall have; nil leaves what stands.
    struct AccountChange: Sendable {
        var name: String?
        var email: String??
        var kind: String?
        var enabled: Bool?
        var locked: Bool?
        var language: String?
        /// The scrypt hash.
        var password: String?
        var mustChangePassword: Bool?
        var roles: [String]?
    }

    /// What a role shall have; nil leaves what stands.
    struct RoleChange: Sendable {
        var name: [String: String]?
        var enabled: Bool?
        var permissions: [String]?
        var members: [String]?
        /// Models in which it gives nothing.
        var disabledModels: [String]?
    }

    /// How a change meets what stands.
    enum Mode: Sendable {
        case put, patch
    }

    // MARK: Reading

    /// What a log-in needs of an account.
    struct Login: Sendable {
        let id: Int64
        let password: String?
        let isActive: Bool
        let isPerson: Bool
    }

    func login(_ code: String) async throws -> Login? {
        try await database.pointRead { connection in
            try connection.first(
                "select id, password, enabled, locked, kind from account where code = ?",
                [.text(code)]
            ) {
                Login(
                    id: $0.integer(0), password: $0.optionalText(1),
                    isActive: $0.boolean(2) && !$0.boolean(3), isPerson: $0.text(4) == "person")
            }
        }
    }

    func account(_ code: String) async throws -> Account? {
        try await database.pointRead { try AccountStore.account($0, code) }
    }

    /// In the order of codes, those after `cursor`.
    func accounts(after cursor: String, limit: Int) async throws -> [Account] {
        try await database.read { connection in
            try AccountStore.page(
                connection, AccountStore.accountColumns, of: "account", after: cursor,
                limit: limit, AccountStore.account(of:)
            ).map { try AccountStore.withRoles(connection, $0) }
        }
    }

    func role(_ code: String) async throws -> Role? {
        try await database.pointRead { try AccountStore.role($0, code) }
    }

    func roles(after cursor: String, limit: Int) async throws -> [Role] {
        try await database.read { connection in
            try AccountStore.page(
                connection, AccountStore.roleColumns, of: "role", after: cursor, limit: limit,
                AccountStore.role(of:)
            ).map { try AccountStore.withMembers(connection, $0) }
        }
    }

    private static func page<T>(
        _ connection: Connection, _ columns: String, of table: String, after cursor: String,
        limit: Int, _ read: (Row) throws -> T
    ) throws -> [T] {
        try connection.query(
            "select \(columns) from \(table) where code > ? order by code limit ?",
            [.text(cursor), .integer(Int64(limit))], read)
    }

    // MARK: Writing

    /// Creates or changes an account. Nobody gives, or changes an account that has, more than they
    /// hold themselves.
    func save(
        account code: String, _ change: AccountChange, mode: Mode, if precondition: Precondition,
        by requester: Requester
    ) async throws -> (account: Account, created: Bool) {
        let now = clock.now()
        let held = requester.permissions
        return try await database.write { connection in
            let old = try AccountStore.account(connection, code)
            if mode == .patch, old == nil { throw Problem.notFound() }
            try precondition.check(existing: old?.version)
            if let old {
                let permissions = try AccountStore.permissions(connection, of: old)
                try AccountStore.guardPermissions(permissions, held: held)
                try AccountStore.update(connection, old, change, now: now)
            } else {
                try AccountStore.insert(connection, code, change, now: now)
            }
            guard let saved = try AccountStore.account(connection, code) else {
                throw Problem.internalError
            }
            if let roles = change.roles {
                try AccountStore.setRoles(connection, saved, roles, now: now, held: held)
            }
            guard let result = try AccountStore.account(connection, code) else {
                throw Problem.internalError
            }
            var changes = AuditChanges.between(old, result)
            if change.password != nil { changes.append(AccountStore.passwordChange) }
            let entry = Audit.Entry(
                old == nil ? .accountCreated : .accountChanged, code, changes: changes)
            try Audit.write(connection, entry, by: requester, at: now)
            return (result, old == nil)
        }
    }

    /// A password is said to have changed, and no more.
    private static let passwordChange = AuditChanges.change("password", "…", "…")

    func save(
        role code: String, _ change: RoleChange, mode: Mode, if precondition: Precondition,
        by requester: Requester
    ) async throws -> (role: Role, created: Bool) {
        let now = clock.now()
        let held = requester.permissions
        return try await database.write { connection in
            let old = try AccountStore.role(connection, code)
            if mode == .patch, old == nil { throw Problem.notFound() }
            try precondition.check(existing: old?.version)
            let permissions = change.permissions ?? old?.permissions ?? []
            try AccountStore.guardPermissions(permissions + (old?.permissions ?? []), held: held)
            let id = try AccountStore.write(connection, role: code, old, change, now: now)
            if let members = change.members {
                try AccountStore.setMembers(connection, role: id, members, now: now)
            }
            guard let result = try AccountStore.role(connection, code) else {
                throw Problem.internalError
            }
            let entry = Audit.Entry(
                old == nil ? .roleCreated : .roleChanged, code,
                changes: AuditChanges.between(old, result))
            try Audit.write(connection, entry, by: requester, at: now)
            return (result, old == nil)
        }
    }

    /// Creates those roles of a model that do not exist; answers their codes. `member` joins all of
    /// them, `founder` those that are made now.
    func createMissingRoles(
        _ codes: [String], member: String?, founder: String? = nil, by requester: Requester
    ) async throws -> [String] {
        let now = clock.now()
        return try await database.write { connection in
            var made: [String] = []
            for code in codes {
                let old = try AccountStore.role(connection, code)
                if old == nil {
                    let name = ["": code.prefix(1).uppercased() + code.dropFirst()]
                    try AccountStore.write(
                        connection, role: code, nil, RoleChange(name: name), now: now)
                    made.append(code)
                    try Audit.write(
                        connection, Audit.Entry(.roleCreated, code), by: requester, at: now)
                }
                let joining = member ?? (old == nil ? founder : nil)
                guard let member = joining, let role = try AccountStore.role(connection, code),
                    !role.members.contains(member)
                else { continue }
                try AccountStore.setMembers(
                    connection, role: role.id, role.members + [member], now: now)
                let changes = AuditChanges.between(role, try AccountStore.role(connection, code))
                try Audit.write(
                    connection, Audit.Entry(.roleChanged, code, changes: changes), by: requester,
                    at: now)
            }
            return made
        }
    }

    // MARK: Settings

    func setting(_ name: String) async throws -> String? {
        try await database.read { try AccountStore.setting($0, name) }
    }

    /// What stands under the name: `value` where nothing did. Another copy of the gateway may be
    /// faster.
    func setIfAbsent(_ name: String, _ value: String) async throws -> String {
        try await database.write { connection in
            if let standing = try AccountStore.setting(connection, name) { return standing }
            try AccountStore.set(connection, name, value)
            return value
        }
    }

    func set(_ name: String, _ value: String) async throws {
        try await database.write { try AccountStore.set($0, name, value) }
    }
}
