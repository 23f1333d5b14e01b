import Contracts
import Database
import JSON

/// The gateway's directory as it was last handed over, in tables. Inside a transaction.
enum DirectoryTables {
    static func version(_ connection: Connection) throws -> Int64 {
        try connection.count("select version from directory")
    }

    /// Takes what changed, if it follows what stands; answers where it stands then.
    static func take(_ call: TakeDirectory, _ connection: Connection) throws -> Int64 {
        let standing = try version(connection)
        guard call.version > standing, call.base == standing || call.base == 0 else {
            return standing
        }
        if call.base == 0 {
            for table in tables { try connection.run("delete from \(table)") }
        }
        for account in call.accounts { try put(account, connection) }
        for code in call.removedStructures { try remove(code, connection) }
        for structure in call.structures {
            try remove(structure.code, connection)
            try add(structure, connection)
        }
        try connection.run("update directory set version = ?", [.integer(call.version)])
        return call.version
    }

    private static let tables = ["directory_account", "directory_role"] + structureTables
    private static let structureTables = [
        "directory_structure", "directory_unit", "directory_member",
    ]

    private static func put(_ account: DirectoryAccount, _ connection: Connection) throws {
        let code = SQLValue.text(account.code)
        let words = [account.permissions, account.rolesOff].map {
            SQLValue.text($0.joined(separator: " "))
        }
        try connection.run(
            """
            insert into directory_account
                (code, name, email, language, kind, active, permissions, roles_off)
            values (?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (code) do update set name = excluded.name, email = excluded.email,
                language = excluded.language, kind = excluded.kind, active = excluded.active,
                permissions = excluded.permissions, roles_off = excluded.roles_off
            """,
            [
                code, .text(account.name), SQLValue(account.email), .text(account.language),
                .text(account.kind), SQLValue(account.active),
            ] + words)
        try connection.run("delete from directory_role where account = ?", [code])
        for role in Set(account.roles) {
            try connection.run(
                "insert into directory_role (role, account) values (?, ?)", [.text(role), code])
        }
    }

    private static func remove(_ structure: String, _ connection: Connection) throws {
        try connection.run(
            "delete from directory_structure where code = ?", [.text(structure)])
        for table in structureTables.dropFirst() {
            try connection.run("delete from \(table) where structure = ?", [.text(structure)])
        }
    }

    private static func add(_ structure: DirectoryStructure, _ connection: Connection) throws {
        let code = SQLValue.text(structure.code)
        try connection.run(
            "insert into directory_structure (code, kind) values (?, ?)",
            [code, .text(structure.kind)])
        for unit in structure.units {
            try connection.run(
                """
                insert into directory_unit
                    (structure, code, parent, name, valid_from, valid_until)
                values (?, ?, ?, ?, ?, ?)
                """,
                [
                    code, .text(unit.code), SQLValue(unit.parent),
                    .text(JSONCoder.encode(unit.name).text),
                    .text(unit.from ?? "0000-01-01"), .text(unit.until ?? "9999-12-31"),
                ])
            for account in Set(unit.members) {
                try connection.run(
                    "insert into directory_member (structure, unit, account) values (?, ?, ?)",
                    [code, .text(unit.code), .text(account)])
            }
        }
    }

    /// Days are `2026-11-22`, both inclusive; lists are words with blanks between them.
    static let migration = Migration("directory") { connection in
        try connection.script(
            """
            create table directory (version bigint not null);
            insert into directory (version) values (0);
            create table directory_account (
                code text primary key,
                name text not null,
                email text,
                language text not null,
                kind text not null,
                active integer not null,
                permissions text not null,
                roles_off text not null);
            create table directory_role (
                role text not null,
                account text not null,
                primary key (role, account));
            create index directory_role_account on directory_role (account);
            create table directory_structure (
                code text primary key,
                kind text not null);
            create table directory_unit (
                structure text not null,
                code text not null,
                parent text,
                name text not null,
                valid_from text not null,
                valid_until text not null,
                primary key (structure, code));
            create table directory_member (
                structure text not null,
                unit text not null,
                account text not null,
                primary key (structure, unit, account));
            create index directory_member_account on directory_member (account);
            """)
    }
}
