import Database

extension Migrations {
    /// Branches, sub-workflows, pauses, and why each step is done.
    static let branches = Migration("0008-branches") { connection in
        try connection.script(
            """
            alter table instance add column parent bigint;
            alter table instance add column parent_visit bigint;
            create index instance_parent on instance (parent) where parent is not null;
            alter table step add column lane bigint not null default 0;
            alter table step add column fork bigint;
            alter table step add column branches integer not null default 0;
            alter table step add column has_arrivals integer not null default 0;
            alter table step add column retries integer not null default 0;
            alter table step add column attempts integer not null default 0;
            alter table step add column cause text;
            alter table step add column held text;
            drop index step_open;
            create index step_open on step (instance, visit)
                where state in ('ready', 'waiting', 'held', 'failed', 'forked');
            create index incident_instance on incident (instance)
                where instance is not null and state = 'open';
            """)
    }

    /// What people are to do. Who may do an open one is found by `task_assignee`.
    static let tasks = Migration("0009-tasks") { connection in
        try connection.script(
            """
            create table task (
                id \(connection.dialect.identityColumn),
                instance bigint not null,
                visit bigint not null,
                model text not null,
                title text not null,
                assignees text not null,
                due bigint,
                remind bigint,
                reminded bigint,
                escalate text,
                escalated bigint,
                outcomes text not null,
                state text not null,
                created bigint not null,
                ended bigint,
                outcome text,
                completed_by text,
                unique (instance, visit));
            create table task_assignee (
                key text not null,
                task bigint not null,
                primary key (key, task));
            create index task_assignee_task on task_assignee (task);
            """)
    }
}
