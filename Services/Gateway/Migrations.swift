import Database

/// The schema of the gateway's database. Times are milliseconds since 1970; flags are 0 or 1.
enum Migrations {
    static let all = [accounts]

    private static let accounts = Migration("0001-accounts") { connection in
        let identity = connection.dialect.identityColumn
        let blob = connection.dialect.blobType
        try connection.script(
            """
            create table setting (name text primary key, value text not null);
            create table account (
                id \(identity), code text not null unique, name text not null, email text,
                kind text not null, enabled integer not null, locked integer not null,
                language text not null, password text, version bigint not null,
                created bigint not null, modified bigint not null);
            create table role (
                id \(identity), code text not null unique, name text not null,
                enabled integer not null, permissions text not null, version bigint not null,
                created bigint not null, modified bigint not null);
            create table role_member (
                role bigint not null references role (id),
                account bigint not null references account (id), primary key (role, account));
            create index role_member_account on role_member (account);
            create table session (
                hash \(blob) primary key, account bigint not null references account (id),
                created bigint not null, expires bigint not null, address text not null);
            create index session_expires on session (expires);
            create index session_account on session (account);
            create table token (
                id \(identity), hash \(blob) not null unique,
                account bigint not null references account (id), name text not null,
                scopes text not null, created bigint not null, expires bigint);
            create index token_account on token (account);
            """)
    }
}
