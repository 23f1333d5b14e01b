import Database
import HTTP
import JSON
import ServiceRuntime

/// The statements, inside a transaction.
extension AccountStore {
    /// Of one account.
    static let roleLimit: Int64 = 100
    /// Models in which one role is switched off.
    static let disabledModelLimit = 10

    static let accountColumns = """
        id, code, name, email, kind, enabled, locked, language, version, created, modified,
        must_change
        """
    static let roleColumns = """
        id, code, name, enabled, permissions, version, created, modified, disabled_models
        """

    static func account(of row: Row) -> Account {
        Account(
            id: row.integer(0), code: row.text(1), name: row.text(2), email: row.optionalText(3),
            kind: row.text(4), enabled: row.boolean(5), locked: row.boolean(6),
            language: row.text(7), version: row.integer(8),
            created: Timestamp(milliseconds: row.integer(9)),
            modified: Timestamp(milliseconds: row.integer(10)), roles: [],
            mustChangePassword: row.boolean(11))
    }

    static func role(of row: Row) throws -> Role {
        Role(
            id: row.integer(0), code: row.text(1), name: try Role.names(row.text(2)),
            enabled: row.boolean(3), permissions: words(row.text(4)), version: row.integer(5),
            created: Timestamp(milliseconds: row.integer(6)),
            modified: Timestamp(milliseconds: row.integer(7)), members: [],
            disabledModels: words(row.text(8)))
    }

    /// Permissions and scopes are stored as words with blanks between them.
    static func words(_ text: String) -> [String] {
        text.split(separator: " ").map(String.init)
    }

    static func account(_ connection: Connection, _ code: String) throws -> Account? {
        let account = try connection.first(
            "select \(accountColumns) from account where code = ?", [.text(code)], account(of:))
        return try account.map { try withRoles(connection, $0) }
    }

    static func withRoles(_ connection: Connection, _ account: Account) throws -> Account {
        var account = account
        account.roles = try connection.query(
            "select role.code from role_member join role on role.id = role_member.role"
                + " where role_member.account = ? order by role.code",
            [.integer(account.id)]
        ) { $0.text(0) }
        return account
    }

    static func role(_ connection: Connection, _ code: String) throws -> Role? {
        let role = try connection.first(
            "select \(roleColumns) from role where code = ?", [.text(code)], role(of:))
        return try role.map { try withMembers(connection, $0) }
    }

    static func withMembers(_ connection: Connection, _ role: Role) throws -> Role {
        var role = role
        role.members = try connection.query(
            "select account.code from role_member"
                + " join account on account.id = role_member.account"
                + " where role_member.role = ? order by account.code",
            [.integer(role.id)]
        ) { $0.text(0) }
        return role
    }

    /// What an account's enabled roles give it.
    static func permissions(_ connection: Connection, of account: Account) throws -> [String] {
        if account.code == Account.admin { return Permissions.all }
        let texts = try connection.query(
            "select role.permissions from role_member join role on role.id = role_member.role"
                + " where role_member.account = ? and role.enabled = 1",
            [.integer(account.id)]
        ) { $0.text(0) }
        let held = Set(texts.flatMap(words))
        return Permissions.all.filter(held.contains)
    }

    static func guardPermissions(_ permissions: [String], held: Set<String>) throws {
        guard let more = permissions.first(where: { !held.contains($0) }) else { return }
        throw Problem.forbidden(
            "Nobody gives, or changes who has, more than they hold: \(more) is missing.")
    }

    static func insert(
        _ connection: Connection, _ code: String, _ change: AccountChange, now: Timestamp
    ) throws {
        try connection.run(
            "insert into account (code, name, email, kind, enabled, locked, language, password,"
                + " must_change, password_set, version, created, modified, directory)"
                + " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?)",
            [
                .text(code), .text(change.name ?? code), SQLValue(change.email ?? nil),
                .text(change.kind ?? "person"), SQLValue(change.enabled ?? true),
                SQLValue(change.locked ?? false), .text(change.language ?? "en"),
                SQLValue(change.password), SQLValue(change.mustChangePassword ?? false),
                .integer(now.milliseconds), .integer(now.milliseconds),
                .integer(now.milliseconds), .integer(try Directory.next(connection)),
            ])
    }

    static func update(
        _ connection: Connection, _ old: Account, _ change: AccountChange, now: Timestamp
    ) throws {
        let enabled = change.enabled ?? old.enabled
        let locked = change.locked ?? old.locked
        try connection.run(
            "update account set name = ?, email = ?, kind = ?, enabled = ?, locked = ?,"
                + " language = ?, must_change = ?, version = version + 1, modified = ?"
                + " where id = ?",
            [
                .text(change.name ?? old.name), SQLValue(change.email ?? old.email),
                .text(change.kind ?? old.kind), SQLValue(enabled), SQLValue(locked),
                .text(change.language ?? old.language),
                SQLValue(change.mustChangePassword ?? old.mustChangePassword),
                .integer(now.milliseconds), .integer(old.id),
            ])
        if let password = change.password {
            try setPassword(connection, of: old.id, password, now: now)
        }
        // What others have of an account, its roles aside.
        let isSame =
            (enabled && !locked) == old.isActive && change.name ?? old.name == old.name
            && change.email ?? old.email == old.email && change.kind ?? old.kind == old.kind
            && change.language ?? old.language == old.language
        if !isSame {
            try connection.run(
                "update account set directory = ? where id = ?",
                [.integer(try Directory.next(connection)), .integer(old.id)])
        }
        // Whoever is shut out, or got another password, has no session left from before.
        if !enabled || locked || change.password != nil {
            try connection.run("delete from session where account = ?", [.integer(old.id)])
        }
    }

    /// Replaces a password's hash. The old one is remembered, and links to reset it are void.
    static func setPassword(
        _ connection: Connection, of account: Int64, _ hash: String, now: Timestamp
    ) throws {
        try connection.run(
            "insert into password_history (account, password, time)"
                + " select id, password, ? from account where id = ? and password is not null",
            [.integer(now.milliseconds), .integer(account)])
        try connection.run(
            "update account set password = ?, password_set = ? where id = ?",
            [.text(hash), .integer(now.milliseconds), .integer(account)])
        try connection.run("delete from reset where account = ?", [.integer(account)])
        try connection.run(
            "delete from password_history where account = ? and id not in (select id from"
                + " password_history where account = ? order by id desc limit ?)",
            [
                .integer(account), .integer(account),
                .integer(Int64(PasswordPolicy.historyLimit)),
            ])
    }

    @discardableResult
    static func write(
        _ connection: Connection, role code: String, _ old: Role?, _ change: RoleChange,
        now: Timestamp
    ) throws -> Int64 {
        let name = change.name ?? old?.name ?? ["": code]
        let values: [SQLValue] = [
            .text(Role.text(of: name)), SQLValue(change.enabled ?? old?.enabled ?? true),
            .text((change.permissions ?? old?.permissions ?? []).joined(separator: " ")),
            .integer(now.milliseconds),
            .text((change.disabledModels ?? old?.disabledModels ?? []).joined(separator: " ")),
        ]
        if let old {
            try connection.run(
                "update role set name = ?, enabled = ?, permissions = ?, modified = ?,"
                    + " disabled_models = ?, version = version + 1 where id = ?",
                values + [.integer(old.id)])
            try Directory.touch(connection, holdersOf: old.id)
            return old.id
        }
        return try connection.insert(
            "insert into role (name, enabled, permissions, modified, disabled_models, version,"
                + " code, created) values (?, ?, ?, ?, ?, 1, ?, ?)",
            values + [.text(code), .integer(now.milliseconds)])
    }

    /// Replaces an account's roles; the roles that gain or lose it get a new version.
    static func setRoles(
        _ connection: Connection, _ account: Account, _ codes: [String], now: Timestamp,
        held: Set<String>
    ) throws {
        let wanted = try codes.enumerated().map { index, code in
            guard let role = try role(connection, code) else {
                throw Problem.validation([
                    FieldProblem(
                        pointer: "/roles/\(index)", code: "unknown-role",
                        detail: "There is no role \(code).")
                ])
            }
            return role
        }
        let old = Set(account.roles)
        for role in wanted where !old.contains(role.code) {
            try guardPermissions(role.permissions, held: held)
            try connection.run(
                "insert into role_member (role, account) values (?, ?) on conflict do nothing",
                [.integer(role.id), .integer(account.id)])
            try touch(connection, "role", role.id, now: now)
        }
        for code in old.subtracting(codes) {
            guard let role = try role(connection, code) else { continue }
            try connection.run(
                "delete from role_member where role = ? and account = ?",
                [.integer(role.id), .integer(account.id)])
            try touch(connection, "role", role.id, now: now)
        }
        if old != Set(codes) {
            try connection.run(
                "update account set directory = ? where id = ?",
                [.integer(try Directory.next(connection)), .integer(account.id)])
        }
        try checkRoleLimit(connection)
    }

    /// Replaces a role's members; the accounts that join or leave get a new version.
    static func setMembers(
        _ connection: Connection, role: Int64, _ codes: [String], now: Timestamp
    ) throws {
        var wanted: Set<Int64> = []
        for (index, code) in codes.enumerated() {
            guard let account = try account(connection, code) else {
                throw Problem.validation([
                    FieldProblem(
                        pointer: "/members/\(index)", code: "unknown-account",
                        detail: "There is no account \(code).")
                ])
            }
            wanted.insert(account.id)
        }
        let old = Set(
            try connection.query(
                "select account from role_member where role = ?", [.integer(role)]
            ) { $0.integer(0) })
        for account in wanted.subtracting(old) {
            try connection.run(
                "insert into role_member (role, account) values (?, ?)",
                [.integer(role), .integer(account)])
            try touch(connection, "account", account, now: now)
        }
        if !wanted.isSubset(of: old) { try checkRoleLimit(connection) }
        for account in old.subtracting(wanted) {
            try connection.run(
                "delete from role_member where role = ? and account = ?",
                [.integer(role), .integer(account)])
            try touch(connection, "account", account, now: now)
        }
        if wanted != old {
            try Directory.touch(connection, holdersOf: role, and: old.subtracting(wanted))
        }
    }

    /// Roles go with every call of an account, in a header.
    private static func checkRoleLimit(_ connection: Connection) throws {
        let code = try connection.first(
            "select account.code from role_member"
                + " join account on account.id = role_member.account"
                + " group by account.code having count(*) > ? limit 1",
            [.integer(roleLimit)]
        ) { $0.text(0) }
        guard let code else { return }
        throw Problem.conflict(
            "An account has at most \(roleLimit) roles; \(code) would have more.")
    }

    private static func touch(
        _ connection: Connection, _ table: StaticString, _ id: Int64, now: Timestamp
    ) throws {
        try connection.run(
            "update \(table) set version = version + 1, modified = ? where id = ?",
            [.integer(now.milliseconds), .integer(id)])
    }

    static func setting(_ connection: Connection, _ name: String) throws -> String? {
        try connection.first("select value from setting where name = ?", [.text(name)]) {
            $0.text(0)
        }
    }

    static func set(_ connection: Connection, _ name: String, _ value: String) throws {
        try connection.run(
            "insert into setting (name, value) values (?, ?)"
                + " on conflict (name) do update set value = excluded.value",
            [.text(name), .text(value)])
    }
}
