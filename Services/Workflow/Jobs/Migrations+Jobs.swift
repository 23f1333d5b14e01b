import Database

extension Migrations {
    /// Every job that is in force, the versions that runs go by, and the ledger of what was
    /// planned and what was done.
    static let jobs = Migration("jobs") { connection in
        try connection.script(
            """
            create table job_version (
                id \(connection.dialect.identityColumn),
                model text not null,
                job text not null,
                document text not null,
                unique (model, job, document));
            create table job_plan (
                model text not null,
                job text not null,
                version bigint not null,
                plan text not null,
                through bigint not null,
                next bigint,
                primary key (model, job));
            create table job_run (
                id \(connection.dialect.identityColumn),
                model text not null,
                job text not null,
                version bigint not null,
                occurrence text unique,
                cause_kind text not null,
                planned bigint not null,
                state text not null,
                waits integer not null default 0,
                reason text,
                level integer not null default 0,
                class text,
                record bigint,
                account text,
                root text,
                via text,
                depth integer not null default 0,
                cause_account text,
                created bigint not null,
                started bigint,
                ended bigint,
                deadline bigint,
                problem text);
            create index job_run_job on job_run (model, job, id);
            create index job_run_open on job_run (model, job, id)
                where state in ('planned', 'running');
            create index job_run_version on job_run (version);
            create index job_run_created on job_run (created);
            create table job_step (
                run bigint not null,
                place integer not null,
                kind text not null,
                target text,
                state text not null,
                attempt integer not null default 1,
                failures integer not null default 0,
                started bigint,
                ended bigint,
                batch_run bigint,
                output text,
                error text,
                primary key (run, place));
            alter table incident add column job_run bigint;
            """)
    }

    /// Steps that wait for an instance of a workflow.
    static let jobInstances = Migration("job-instances") { connection in
        try connection.script("alter table job_step add column instance bigint;")
    }
}
