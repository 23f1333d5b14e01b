import Database

extension Migrations {
    /// Plans, receipts, what undoes a run, and its log.
    static let imports = Migration("0003-imports") { connection in
        try connection.script(
            """
            alter table run add column planning bigint not null default 0;
            alter table run add column plan text;
            alter table run add column undoes bigint;
            alter table run add column undone_by bigint;
            alter table run add column unknown_rows bigint not null default 0;
            create table staged_row (
                run bigint not null, number bigint not null,
                cells \(connection.dialect.blobType) not null,
                result \(connection.dialect.blobType) not null, primary key (run, number));
            create table staged_value (
                run bigint not null, slot text not null, value text not null,
                number bigint not null, primary key (run, slot, value));
            create table receipt (
                run bigint not null, number bigint not null, is_row bigint not null,
                rows bigint not null, json \(connection.dialect.blobType) not null,
                primary key (run, number));
            create table touched_record (
                run bigint not null, record bigint not null, primary key (run, record));
            create table missing_record (
                run bigint not null, record bigint not null, version bigint not null,
                primary key (run, record));
            create table undo_record (
                run bigint not null, record bigint not null, version bigint not null,
                kind text not null, before text not null, primary key (run, record));
            create table run_conflict (
                run bigint not null, record bigint not null, reason text not null,
                primary key (run, record));
            create table run_log (
                run bigint not null, number bigint not null, time text not null,
                text text not null, primary key (run, number));
            """)
    }

    /// Files of sources, each once.
    static let sources = Migration("0004-sources") { connection in
        try connection.script(
            """
            create table taken_file (
                model text not null, code text not null, name text not null,
                bytes bigint not null, sha256 text not null, run bigint not null,
                modified bigint not null,
                primary key (model, code, name, bytes, sha256));
            create index taken_file_run on taken_file (run);
            """)
    }
}
