import Database

/// The schema of `workflow.db`, oldest first. Times are milliseconds since 1970.
enum Migrations {
    static var all: [Migration] {
        [
            definitions, instances, events, reactions, incidents, IdempotencyTable().migration,
        ] + Queues.reaction.migrations + Queues.instance.migrations + Queues.timer.migrations + [
            keptEvents, causeAccount, DirectoryTables.migration, jobs,
        ] + Queues.job.migrations + Queues.jobRun.migrations + [
            jobInstances, firingLog, eventOnce, incidentService, branches, tasks, ends,
            ownedIncidents, times,
        ]
    }

    /// Documents as they were handed over, and every version of every workflow in them.
    private static let definitions = Migration("0001-definitions") { connection in
        try connection.script(
            """
            create table model (
                code text primary key,
                version bigint not null,
                document text not null);
            create table definition (
                id \(connection.dialect.identityColumn),
                model text not null,
                workflow text not null,
                version bigint not null,
                body text not null,
                is_current integer not null,
                unique (model, workflow, version));
            create table secret (
                name text primary key,
                content \(connection.dialect.blobType) not null);
            """)
    }

    private static let instances = Migration("0002-instances") { connection in
        try connection.script(
            """
            create table instance (
                id \(connection.dialect.identityColumn),
                definition bigint not null,
                model text not null,
                workflow text not null,
                state text not null,
                class text,
                record bigint,
                account text not null,
                root text not null,
                via text not null,
                depth integer not null,
                started bigint not null,
                ended bigint,
                visit_count bigint not null,
                instance_values text not null,
                last_event text not null,
                start_key text unique);
            create index instance_workflow on instance (workflow, model, id);
            create index instance_record on instance (class, record, id);
            create index instance_state on instance (state, id);
            create table step (
                instance bigint not null,
                visit bigint not null,
                step text not null,
                kind text not null,
                state text not null,
                entered bigint not null,
                left_at bigint,
                input text,
                output text,
                event text,
                event_key text,
                failures integer not null default 0,
                error text,
                primary key (instance, visit));
            create index step_open on step (instance, visit)
                where state in ('ready', 'waiting', 'failed');
            create table wait (
                instance bigint not null,
                visit bigint not null,
                event text not null,
                event_key text,
                primary key (instance, visit));
            create index wait_event on wait (event, event_key, instance);
            """)
    }

    /// Every event that was raised: who took it, or whether it still waits for someone.
    private static let events = Migration("0003-events") { connection in
        try connection.script(
            """
            create table event (
                id \(connection.dialect.identityColumn),
                event text not null,
                scope text not null,
                instance bigint,
                workflow text,
                event_key text,
                payload text not null,
                account text not null,
                root text not null,
                depth integer not null,
                raised bigint not null,
                state text not null,
                activated integer not null,
                expires bigint);
            create index event_buffered on event (event, id) where state = 'buffered';
            create index event_raised on event (raised);
            create table capability (
                hash text primary key,
                instance bigint not null,
                event text not null,
                generation bigint not null,
                expires bigint not null,
                used_at bigint,
                used_by text);
            create index capability_instance on capability (instance, event);
            """)
    }

    /// Events of records in the order in which they came, what rules made of them, and what is to
    /// be done.
    private static let reactions = Migration("0004-reactions") { connection in
        try connection.script(
            """
            create table inbox (
                id \(connection.dialect.identityColumn),
                event_id text not null unique,
                class text not null,
                record bigint not null,
                state text not null,
                received bigint not null,
                body text);
            create index inbox_open on inbox (class, record, id) where state <> 'done';
            create index inbox_received on inbox (received);
            create table firing (
                id \(connection.dialect.identityColumn),
                inbox bigint not null,
                rule text not null,
                class text not null,
                record bigint not null,
                root text not null,
                depth integer not null,
                fingerprint text not null,
                fired bigint not null);
            create index firing_loop on firing (root, class, record, rule);
            create index firing_fired on firing (fired);
            create table action (
                id \(connection.dialect.identityColumn),
                inbox bigint not null,
                rule text not null,
                place integer not null,
                kind text not null,
                target text not null,
                content text not null,
                state text not null,
                failures integer not null default 0,
                error text,
                unique (inbox, rule, place));
            """)
    }

    private static let incidents = Migration("0005-incidents") { connection in
        try connection.script(
            """
            create table incident (
                id \(connection.dialect.identityColumn),
                kind text not null,
                time bigint not null,
                instance bigint,
                visit bigint,
                action bigint,
                class text,
                record bigint,
                problem text not null,
                cycle text,
                once_key text unique,
                state text not null,
                resolution text,
                resolved_by text,
                resolved_at bigint);
            create index incident_open on incident (id) where state = 'open';
            """)
    }

    /// However many events are kept, one is found by its key, and those of one instance are.
    private static let keptEvents = Migration("0006-kept-events") { connection in
        try connection.script(
            """
            drop index event_buffered;
            create index event_kept on event (event, event_key, id) where state = 'buffered';
            create index event_kept_instance on event (instance)
                where state = 'buffered' and scope = 'instance';
            """)
    }
}

extension Migrations {
    /// Whose rights scripts have that were caused by it: the account at the root of the cause.
    fileprivate static let causeAccount = Migration("cause-account") { connection in
        try connection.script(
            """
            alter table instance add column cause_account text;
            alter table event add column cause_account text;
            """)
    }

    /// What a firing was about and what became of it, so that the log can be read by itself.
    private static let firingLog = Migration("0006-firing-log") { connection in
        try connection.script(
            """
            alter table firing add column event_id text;
            alter table firing add column event_type text;
            alter table firing add column account text;
            alter table firing add column via text;
            alter table firing add column state text not null default 'fired';
            alter table firing add column error text;
            create index firing_record on firing (class, record, id);
            create index firing_rule on firing (rule, id);
            alter table action add column result text;
            alter table action add column ended bigint;
            """)
    }

    /// What the platform itself raises under a key is raised once, as long as its row is kept;
    /// `record` is set where it is for what waits about one record.
    private static let eventOnce = Migration("0007-event-once") { connection in
        try connection.script(
            """
            alter table event add column once_key text;
            alter table event add column record text;
            create unique index event_once on event (once_key);
            """)
    }
}

extension Migrations {
    /// Loops are stopped in other services too.
    private static let incidentService = Migration(
        "incident-service",
        "alter table incident add column service text not null default 'workflow';")
}

extension Migrations {
    /// What has ended is found by when it did.
    private static let ends = Migration(
        "0010-ends",
        """
        create index instance_ended on instance (ended) where ended is not null;
        create index incident_resolved on incident (resolved_at) where resolved_at is not null;
        """)
}

extension Migrations {
    /// Incidents of other services, as they were told: what they call them, and what can be done.
    private static let ownedIncidents = Migration(
        "0011-owned-incidents",
        """
        alter table incident add column owner_key text;
        alter table incident add column model text;
        alter table incident add column link text;
        alter table incident add column actions text;
        alter table incident add column permission text;
        """)
}

extension Migrations {
    /// Kept events by their time; waits of an event by their workflow.
    private static let times = Migration(
        "0012-times",
        """
        drop index event_kept;
        create index event_kept on event (event, event_key, expires, id)
            where state = 'buffered';
        alter table wait add column workflow text;
        update wait set workflow = (select i.model || '.' || i.workflow from instance i
            where i.id = wait.instance);
        create index wait_workflow on wait (event, workflow, event_key);
        """)
}

/// The durable queues of Workflow.
enum Queues {
    static let all = [reaction, instance, timer, job, jobRun]
    /// One item per record with events to react to; the key is `model.class/id`.
    static let reaction = DurableQueue(name: "reaction")
    /// One item per instance with a step to be done; the key is its id.
    static let instance = DurableQueue(name: "instance")
    /// One item per time limit; the key is `instance/visit`.
    static let timer = DurableQueue(name: "timer")
    /// One item per job that the clock starts; the key is `model.code`.
    static let job = DurableQueue(name: "job")
    /// One item per run that is to be done; the key is its number.
    static let jobRun = DurableQueue(name: "job_run")
}
