import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// The ledger.
extension JobStore {
    /// A row to be added.
    struct Addition: Sendable {
        var plan: Plan
        var kind: JobRun.Kind
        var planned: Timestamp
        /// The same occurrence has one row, whoever plans it; nil is one of its own.
        var occurrence: String?
        var state = JobRun.State.planned
        /// Planned, until those before it have ended.
        var waits = false
        var reason: String?
        var level = 0
        var type: FullCode?
        var record: Int64?
        /// The person who said so.
        var account: String?
        var cause: Cause?
    }

    /// Adds a row, and queues it where it is to run; nil where the occurrence has its row.
    @discardableResult
    func add(_ addition: Addition, _ connection: Connection) throws -> Int64? {
        let now = clock.now()
        let (plan, state) = (addition.plan, addition.state)
        let id = try connection.insertIfAbsent(
            """
            insert into job_run (model, job, version, occurrence, cause_kind, planned, state, waits,
                reason, level, class, record, account, root, via, depth, cause_account, created,
                ended)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (occurrence) do nothing
            """,
            [
                .text(plan.code.model), .text(plan.code.code), .integer(plan.version),
                SQLValue(addition.occurrence), .text(addition.kind.rawValue),
                .integer(addition.planned.milliseconds), .text(state.rawValue),
                SQLValue(addition.waits), SQLValue(addition.reason),
                .integer(Int64(addition.level)), SQLValue(addition.type?.description),
                SQLValue(addition.record), SQLValue(addition.account),
                SQLValue(addition.cause?.root), SQLValue(addition.cause?.via),
                .integer(Int64(addition.cause?.depth ?? 0)), SQLValue(addition.cause?.account),
                .integer(now.milliseconds),
                SQLValue(state.hasEnded ? now.milliseconds : nil),
            ])
        guard let id else { return nil }
        if state.hasEnded { counters.count(state) }
        if state == .planned, !addition.waits { try queue(id, connection) }
        return id
    }

    func hasRow(_ occurrence: String, _ connection: Connection) throws -> Bool {
        try connection.count(
            "select count(*) from job_run where occurrence = ?", [.text(occurrence)]) > 0
    }

    /// Runs of a job that have not ended.
    func open(_ job: FullCode, _ connection: Connection) throws -> Int {
        Int(
            try connection.count(
                """
                select count(*) from job_run
                where model = ? and job = ? and state in ('planned', 'running')
                """, [.text(job.model), .text(job.code)]))
    }

    private func queue(_ run: Int64, _ connection: Connection) throws {
        let now = clock.now()
        try Queues.jobRun.cancel(connection, key: "\(run)")
        try Queues.jobRun.enqueue(connection, key: "\(run)", payload: [], due: now, now: now)
    }

    // MARK: Going on

    /// A planned run begins, with its steps.
    func begin(_ run: JobRun, _ job: JobDefinition, _ connection: Connection) throws {
        let now = clock.now()
        let begun = try connection.run(
            """
            update job_run set state = 'running', started = ?, deadline = ?
            where id = ? and state = 'planned'
            """,
            [
                .integer(now.milliseconds), .integer(now.advanced(by: job.timeout).milliseconds),
                .integer(run.id),
            ])
        guard begun > 0 else { return }
        for (place, step) in job.steps(at: run.level).enumerated() {
            try connection.run(
                "insert into job_step (run, place, kind, target, state) values (?, ?, ?, ?, ?)",
                [
                    .integer(run.id), .integer(Int64(place)), .text(step.kind),
                    SQLValue(step.target), "planned",
                ])
        }
    }

    /// Moves a step that has not ended; nothing where it, or its run, has. `output` and `error`
    /// are set where they are given.
    func move(
        _ run: JobRun, _ step: JobRun.Step, to state: JobRun.Step.State, batch: Int64? = nil,
        instance: Int64? = nil, output: JSONValue? = nil, error: String? = nil,
        _ connection: Connection
    ) throws {
        let now = clock.now()
        try connection.run(
            """
            update job_step set state = ?, started = coalesce(started, ?), ended = ?,
                batch_run = coalesce(?, batch_run), instance = coalesce(?, instance), output = coalesce(?, output), error = ?
            where run = ? and place = ? and attempt = ?
                and state in ('planned', 'running', 'waiting')
            """,
            [
                .text(state.rawValue), .integer(now.milliseconds),
                SQLValue(state.hasEnded ? now.milliseconds : nil), SQLValue(batch),
                SQLValue(instance), SQLValue(output?.text), SQLValue(error), .integer(run.id),
                .integer(Int64(step.place)), .integer(step.attempt),
            ])
    }

    /// A run of Batch was begun and is waited for; where the step was cancelled meanwhile its
    /// number is kept, so that the run can be cancelled too.
    func stand(
        _ run: JobRun, _ step: JobRun.Step, batch: Int64, _ connection: Connection
    ) throws {
        try move(run, step, to: .waiting, batch: batch, connection)
        try connection.run(
            """
            update job_step set batch_run = ?
            where run = ? and place = ? and attempt = ? and state = 'cancelled'
            """,
            [
                .integer(batch), .integer(run.id), .integer(Int64(step.place)),
                .integer(step.attempt),
            ])
    }

    func countFailure(
        _ run: JobRun, _ step: JobRun.Step, error: String, _ connection: Connection
    ) throws {
        try connection.run(
            "update job_step set failures = failures + 1, error = ? where run = ? and place = ?",
            [.text(error), .integer(run.id), .integer(Int64(step.place))])
    }

    /// Steps whose turn will not come.
    func skipRest(of run: JobRun, _ connection: Connection) throws {
        try connection.run(
            """
            update job_step set state = 'skipped'
            where run = ? and state in ('planned', 'running', 'waiting')
            """, [.integer(run.id)])
    }

    /// What a failed run is known to have failed by.
    func setProblem(_ run: JobRun, _ problem: Problem, _ connection: Connection) throws {
        let value: JSONValue = [
            "status": .number(JSONNumber(Int64(problem.status))), "code": .string(problem.code),
            "title": .string(problem.title), "detail": problem.detail.map { .string($0) } ?? .null,
        ]
        try connection.run(
            "update job_run set problem = coalesce(problem, ?) where id = ?",
            [.text(value.text), .integer(run.id)])
    }

    func problem(of run: JobRun, _ connection: Connection) throws -> Problem {
        let found = try connection.first(
            "select problem from job_run where id = ?", [.integer(run.id)]
        ) { try $0.optionalText(0).map { try JSONValue(parsing: Array($0.utf8)) } }
        let value = found.flatMap(\.self) ?? .null
        return Problem(
            status: Int(value["status"]?.integer ?? 500), code: value["code"]?.string ?? "",
            title: value["title"]?.string ?? "", detail: value["detail"]?.string)
    }

    /// A run ends, and the one that waits for it gets its turn; false where it had ended.
    @discardableResult
    func end(
        _ run: JobRun, _ state: JobRun.State, reason: String? = nil, _ connection: Connection
    ) throws -> Bool {
        let ended = try connection.run(
            """
            update job_run set state = ?, ended = ?, reason = coalesce(?, reason), waits = 0
            where id = ? and state in ('planned', 'running')
            """,
            [
                .text(state.rawValue), .integer(clock.now().milliseconds), SQLValue(reason),
                .integer(run.id),
            ])
        guard ended > 0 else { return false }
        counters.count(state)
        try startNext(run.job, connection)
        return true
    }

    /// The oldest run that waits gets its turn where none is going.
    private func startNext(_ job: FullCode, _ connection: Connection) throws {
        let key: [SQLValue] = [.text(job.model), .text(job.code)]
        let going = try connection.count(
            """
            select count(*) from job_run where model = ? and job = ? and waits = 0
                and state in ('planned', 'running')
            """, key)
        guard going == 0 else { return }
        let next = try connection.first(
            """
            select id from job_run where model = ? and job = ? and waits = 1
                and state in ('planned', 'running')
            order by planned, id limit 1
            """, key
        ) { $0.integer(0) }
        guard let next else { return }
        try connection.run("update job_run set waits = 0 where id = ?", [.integer(next)])
        try queue(next, connection)
    }

    // MARK: By a person

    /// Ends a run that has not ended, and its steps; false where it had. One that waits for Batch
    /// is queued once more, so that Batch is told.
    func cancel(_ run: JobRun, account: String, _ connection: Connection) throws -> Bool {
        guard
            try end(run, .cancelled, reason: "Cancelled by \(account).", connection)
        else { return false }
        let waiting = run.steps.contains { $0.state == .waiting }
        try connection.run(
            """
            update job_step set state = 'cancelled', ended = ?
            where run = ? and state in ('planned', 'running', 'waiting')
            """, [.integer(clock.now().milliseconds), .integer(run.id)])
        try Queues.jobRun.cancel(connection, key: "\(run.id)")
        if waiting { try queue(run.id, connection) }
        return true
    }

    /// A failed run goes on from its failed steps, or without them; false where it did not fail.
    func resume(
        _ run: JobRun, _ job: JobDefinition, skipping: Bool, _ connection: Connection
    ) throws -> Bool {
        let now = clock.now()
        let resumed = try connection.run(
            """
            update job_run set state = 'running', ended = null, problem = null, deadline = ?
            where id = ? and state = 'failed'
            """,
            [.integer(now.advanced(by: job.timeout).milliseconds), .integer(run.id)])
        guard resumed > 0 else { return false }
        // Those after a failed step were skipped before they began.
        try connection.run(
            "update job_step set state = 'planned' where run = ? and state = 'skipped'"
                + " and started is null", [.integer(run.id)])
        let change =
            skipping
            ? "state = 'skipped'"
            : """
            state = 'planned', attempt = attempt + 1, failures = 0, started = null, ended = null,
            batch_run = null, instance = null, error = null
            """
        try connection.run(
            "update job_step set \(change) where run = ? and state = 'failed'",
            [.integer(run.id)])
        try queue(run.id, connection)
        return true
    }
}

extension JobDefinition {
    /// A level that a later version does not have has no steps.
    func steps(at level: Int) -> [JobStep] {
        levels.indices.contains(level) ? levels[level].steps : []
    }
}
