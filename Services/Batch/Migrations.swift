import Database
import Incidents

enum Migrations {
    static let queue = DurableQueue(name: "run")

    static let all =
        [
            Migration("0001-models") { connection in
                try connection.script(
                    """
                    create table model (code text not null primary key, version bigint not null);
                    create table definition (
                        model text not null, kind text not null, code text not null,
                        json text not null, primary key (model, kind, code));
                    """)
            },
            Migration("0002-runs") { connection in
                try connection.script(
                    """
                    create table run (
                        id \(connection.dialect.identityColumn),
                        kind text not null, model text not null, code text not null,
                        definition text not null, state text not null,
                        account text not null, principal text not null, cause text not null,
                        request_key text, created text not null, started text, ended text,
                        file text not null, bytes bigint not null, sha256 text,
                        place text not null, mapping text, problem text,
                        cancel bigint not null default 0,
                        rows_read bigint not null default 0, inserted bigint not null default 0,
                        updated bigint not null default 0, unchanged bigint not null default 0,
                        deleted bigint not null default 0, rejected bigint not null default 0);
                    create unique index run_request_key on run (account, kind, model, code, request_key);
                    create table rejected_row (
                        run bigint not null, number bigint not null, line bigint not null,
                        raw \(connection.dialect.blobType) not null, fields bigint not null,
                        reason text not null, primary key (run, number));
                    create table prepared_chunk (
                        run bigint not null primary key, number bigint not null,
                        json \(connection.dialect.blobType) not null);
                    """)
            },
            imports,
            sources,
            SyncStore.migration,
            lists,
        ] + queue.migrations + IncidentBook.migrations
}
