import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Looking at jobs and their ledger, and what a person does with them.
struct JobCalls: Sendable {
    let database: Database
    let store: JobStore
    let wakes: Wakes
    let clock: any WallClock
    /// False: jobs stand still (`INTEGRATIONS=off`).
    let integrations: Bool

    // MARK: Looking

    func list(_ call: ListJobs, _ context: CallContext) async throws -> JSONBytes {
        try context.need(InstanceCalls.look, InstanceCalls.operate)
        let limit = try InstanceQuery.limit(call.limit)
        let items = try await database.read { [self] connection in
            try store.plans(connection).filter {
                $0.code.description > call.cursor ?? ""
                    && context.principal.mayOperate($0.code.model)
            }.prefix(limit + 1).map { ($0.code.description, try view($0, connection)) }
        }
        return JobCalls.page(items, limit)
    }

    func runs(_ call: ListJobRuns, _ context: CallContext) async throws -> JSONBytes {
        try context.need(InstanceCalls.look, InstanceCalls.operate)
        let limit = try InstanceQuery.limit(call.limit)
        guard let before = Int64(call.cursor ?? String(Int64.max)) else {
            throw WorkflowError.invalidCursor
        }
        let items = try await database.read { [self] connection in
            try known(call.job, context, connection)
            return try JobView(clock: clock).list(
                call.job, state: call.state, before: before, limit: limit + 1, connection
            ).map { (String($0.0), $0.1) }
        }
        return JobCalls.page(items, limit)
    }

    func run(_ call: GetJobRun, _ context: CallContext) async throws -> JSONBytes {
        try context.need(InstanceCalls.look, InstanceCalls.operate)
        let view = try await database.read { [self] connection in
            try known(call.job, context, connection)
            return try JobView(clock: clock).whole(call.run, of: call.job, connection)
        }
        guard let view else { throw WorkflowError.unknownJobRun }
        return JSONBytes(view.bytes)
    }

    // MARK: Acting

    func start(_ call: RunJob, _ context: CallContext) async throws -> JSONBytes {
        try context.need(InstanceCalls.operate)
        let request = JSONCoder.encode(call).bytes
        let answer = try await database.write { [self] connection in
            try KeyedAnswers(clock: clock).once(context, request, connection) {
                let run = try start(call.job, context, connection)
                return ["run": .number(JSONNumber(run))]
            }
        }
        wakes.jobRuns()
        return JSONBytes(answer.bytes)
    }

    private func start(
        _ code: FullCode, _ context: CallContext, _ connection: Connection
    ) throws -> Int64 {
        guard context.principal.mayOperate(code.model), let plan = try store.plan(code, connection)
        else { throw WorkflowError.unknownJob(code.description) }
        guard let job = try store.definition(plan.version, connection) else {
            throw WorkflowError.jobStands(JobPlanner.unreadable)
        }
        if case .dates = job.trigger {
            throw WorkflowError.jobStands("The job runs for records, by their dates.")
        }
        if !integrations, job.isIntegration {
            throw WorkflowError.jobStands(
                JobPlanner.standstill + " Jobs marked as integrations stand still.")
        }
        let open = try store.open(code, connection)
        if open > 0, job.overlap == .skip {
            throw WorkflowError.jobStands(
                "The job is running; wait for the end of that run, or cancel it.")
        }
        if open > JobPlanner.waitingLimit {
            throw WorkflowError.jobStands(
                "\(JobPlanner.waitingLimit) runs of the job wait already.")
        }
        let run = try store.add(
            .init(
                plan: plan, kind: .manual, planned: clock.now(),
                waits: open > 0 && job.overlap == .queue, account: context.principal.account,
                cause: context.cause), connection)
        return run ?? 0
    }

    func cancel(_ call: CancelJobRun, _ context: CallContext) async throws -> JSONBytes {
        try context.need(InstanceCalls.operate)
        let view = try await database.write { [self] connection in
            try known(call.job, context, connection)
            guard let run = try JobRun.find(call.run, connection), run.job == call.job else {
                throw WorkflowError.unknownJobRun
            }
            guard
                try store.cancel(run, account: context.principal.account, connection)
            else {
                throw WorkflowError.jobStands("The run has ended; it is \(run.state.rawValue).")
            }
            return try JobView(clock: clock).whole(call.run, of: call.job, connection) ?? .null
        }
        wakes.jobRuns()
        return JSONBytes(view.bytes)
    }

    // MARK: Views

    /// A job that is in force, or that has runs.
    private func known(
        _ job: FullCode, _ context: CallContext, _ connection: Connection
    ) throws {
        let runs = try connection.count(
            """
            select count(*) from
                (select 1 from job_run where model = ? and job = ? limit 1) as found
            """,
            [.text(job.model), .text(job.code)])
        let isKnown = try runs > 0 || store.plan(job, connection) != nil
        guard isKnown, context.principal.mayOperate(job.model) else {
            throw WorkflowError.unknownJob(job.description)
        }
    }

    private func view(_ plan: JobStore.Plan, _ connection: Connection) throws -> JSONValue {
        guard let job = try store.definition(plan.version, connection) else {
            return [
                "job": .string(plan.code.description), "standstill": .string(JobPlanner.unreadable),
                "next": .null, "last": .null,
            ]
        }
        var view = JSONObject([("job", .string(plan.code.description))])
        for member in ["name", "schedule", "zone", "when"] { view[member] = job.body[member] }
        view["enabled"] = .boolean(job.isEnabled)
        view["overlap"] = .string(job.overlap.rawValue)
        view["missed"] = .string(job.missed.rawValue)
        view["onFailure"] = .string(job.stopsOnFailure ? "stop" : "continue")
        view["integration"] = .boolean(job.isIntegration)
        let stands = !integrations && job.isIntegration
        view["standstill"] = stands ? .string(JobPlanner.standstill) : .null
        var next: JSONValue = .null
        if case .schedule = job.trigger, let time = plan.next { next = .string(time.text) }
        view["next"] = next
        view["last"] = try JobView(clock: clock).last(plan.code, connection) ?? .null
        return .object(view)
    }

    private static func page(_ items: [(String, JSONValue)], _ limit: Int) -> JSONBytes {
        let page = items.prefix(limit)
        let next = items.count > limit ? page.last.map { JSONValue.string($0.0) } : nil
        let answer: JSONValue = ["items": .array(page.map(\.1)), "next": next ?? .null]
        return JSONBytes(answer.bytes)
    }
}
