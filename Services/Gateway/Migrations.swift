import Database

/// The schema of the gateway's database. Times are milliseconds since 1970; flags are 0 or 1.
enum Migrations {
    static let all = [
        accounts, organization, KeptAnswers.migration, people, ListViewStore.migration,
        RecentRecords.migration,
    ]

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

    /// `directory` counts the changes that Records must know of; `account`, `org_structure` and
    /// `org_removal` carry the number of their last one.
    private static let organization = Migration("0002-organization") { connection in
        let identity = connection.dialect.identityColumn
        try connection.script(
            """
            create table directory (version bigint not null);
            insert into directory (version) values (1);
            alter table account add column directory bigint not null default 1;
            create index account_directory on account (directory);
            create table org_structure (
                id \(identity), code text not null unique, name text not null,
                kind text not null, version bigint not null, created bigint not null,
                modified bigint not null, directory bigint not null);
            create table org_removal (code text primary key, directory bigint not null);
            create table org_unit (
                id \(identity), structure bigint not null references org_structure (id),
                code text not null, parent text, name text not null, starts text, ends text,
                unique (structure, code));
            create table org_member (
                unit bigint not null references org_unit (id),
                account bigint not null references account (id), place bigint not null,
                primary key (unit, account));
            create index org_member_account on org_member (account);
            """)
    }

    private static let people = Migration("0003-people") { connection in
        let identity = connection.dialect.identityColumn
        let blob = connection.dialect.blobType
        try connection.script(
            """
            alter table account add column must_change integer not null default 0;
            alter table account add column password_set bigint not null default 0;
            update account set password_set = modified;
            create index account_email on account (email);
            alter table role add column disabled_models text not null default '';
            alter table session add column agent text not null default '';
            alter table session add column used bigint not null default 0;
            update session set used = created;
            alter table token add column used bigint;
            create table password_history (
                id \(identity), account bigint not null references account (id),
                password text not null, time bigint not null);
            create index password_history_account on password_history (account);
            create table reset (
                hash \(blob) primary key, account bigint not null references account (id),
                expires bigint not null);
            create index reset_account on reset (account);
            create table known_origin (
                account bigint not null references account (id), origin text not null,
                seen bigint not null, primary key (account, origin));
            create table audit (
                id \(identity), time bigint not null, kind text not null, account text not null,
                subject text not null, address text not null, request text not null, detail text,
                changes text);
            create index audit_time on audit (time);
            create index audit_account on audit (account, id);
            create index audit_subject on audit (subject, id);
            """)
    }
}
