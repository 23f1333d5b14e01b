import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Jobs by dates: records whose time has come are looked for again and again, and each gets a row
/// for each level, once for each value of its date.
extension JobPlanner {
    static let scanInterval = Duration.seconds(60)
    /// After Records has refused the job's filter.
    static let refusedWait = Duration.seconds(15 * 60)
    /// Records in one page.
    static let pageSize = 1000

    func scan(
        _ plan: JobStore.Plan, _ job: JobDefinition, _ dates: DateTrigger,
        _ item: DurableQueue.Item
    ) async throws -> QueueWorker.Outcome {
        if !integrations, job.isIntegration {
            return .retryAt(
                clock.now().advanced(by: JobPlanner.scanInterval), JobPlanner.standstill)
        }
        let now = clock.now()
        do {
            for (level, definition) in job.levels.enumerated() {
                try await scan(plan, dates, level: level, definition.offset, now: now)
            }
        } catch {
            return failed(plan, item, error)
        }
        let next = now.advanced(by: JobPlanner.scanInterval)
        return .decide(
            { [store] connection in
                try store.note(plan.code, next: next, through: now, connection)
                return next
            }, committed: wakes.jobRuns)
    }

    /// One level: every page of what Records finds.
    private func scan(
        _ plan: JobStore.Plan, _ dates: DateTrigger, level: Int, _ offset: Duration,
        now: Timestamp
    ) async throws {
        var cursor: String?
        repeat {
            let call = ListRecords(
                dates.type, filter: dates.filter(offset: offset, now: now), orderby: "id",
                select: [dates.column], limit: JobPlanner.pageSize, cursor: cursor)
            let page = try JSONValue(
                parsing: await effects.peers["records"].call(call, as: context(plan)).bytes)
            let additions = (page["items"]?.array ?? []).compactMap {
                addition($0, plan, dates, level: level, offset, now: now)
            }
            try await add(additions)
            cursor = page["next"]?.string
        } while cursor != nil
    }

    private func addition(
        _ record: JSONValue, _ plan: JobStore.Plan, _ dates: DateTrigger, level: Int,
        _ offset: Duration, now: Timestamp
    ) -> JobStore.Addition? {
        guard let id = record["id"]?.integer, let value = record[dates.column]?.string,
            let due = dates.due(value, offset: offset), dates.includes(due, now: now)
        else { return nil }
        // A level is known by its offset, so that others may come before it.
        return .init(
            plan: plan, kind: .date, planned: due,
            occurrence: "\(plan.code)/\(dates.type)/\(id)/\(offset.milliseconds)/\(value)",
            level: level, type: dates.type, record: id)
    }

    /// Most of them have their rows from the time before.
    private func add(_ additions: [JobStore.Addition]) async throws {
        let new = try await database.read { [store] connection in
            try additions.filter { try !store.hasRow($0.occurrence ?? "", connection) }
        }
        if new.isEmpty { return }
        try await database.write { [store] connection in
            for addition in new { try store.add(addition, connection) }
        }
        wakes.jobRuns()
    }

    private func failed(
        _ plan: JobStore.Plan, _ item: DurableQueue.Item, _ error: any Error
    ) -> QueueWorker.Outcome {
        let failure = Failure(error)
        let problem = failure.problem
        guard case .refused = failure else {
            let wait = Failure.unavailableWait(item.attempts)
            return .retryAt(clock.now().advanced(by: wait), problem.summary)
        }
        let due = clock.now().advanced(by: JobPlanner.refusedWait)
        return .decide({ [incidents] connection in
            try incidents.open(
                .init(
                    kind: .job, problem: problem, onceKey: "job:\(plan.code)/\(plan.version)"),
                connection)
            return due
        })
    }

    private func context(_ plan: JobStore.Plan) -> CallContext {
        let cause = Cause(root: "job:\(plan.code)")
        return CallContext(
            principal: Principal(account: "job:\(plan.code.code)", isSystem: true), door: .job,
            cause: cause, trace: TraceContext(following: cause.root))
    }
}
