import Contracts
import Database
import HTTP
import JSON
import ServiceRuntime

/// Writes the ledger: a row for every occurrence of every job, before anything is done. An item of
/// its queue is a job, due at its next occurrence.
struct JobPlanner: Sendable {
    let database: Database
    let store: JobStore
    let incidents: IncidentStore
    let effects: Effects
    let wakes: Wakes
    let clock: any WallClock
    /// False: jobs stand still (`INTEGRATIONS=off`).
    let integrations: Bool

    /// An occurrence that is this late came while the service was away.
    static let grace = Duration.seconds(60)
    /// Of `missed: all`, the newest so many are made up for.
    static let catchUpLimit = 100
    /// Of `overlap: queue`, so many wait at most.
    static let waitingLimit = 100
    static let standstill = "Integrations are switched off (INTEGRATIONS=off)."
    /// A zone of its model went away, with the system's time zones.
    static let unreadable = "The job's definition cannot be read; is the package tzdata installed?"
    static let unreadableWait = Duration.seconds(60)
    private static let away = "The service was away at that time."

    func handle(_ item: DurableQueue.Item) async throws -> QueueWorker.Outcome {
        guard let code = FullCode(item.key) else { return .done() }
        let found = try await database.pointRead { [store] connection in
            try store.plan(code, connection).map {
                (plan: $0, job: try store.definition($0.version, connection))
            }
        }
        guard let found else { return .done() }
        guard let job = found.job else {
            return .retryAt(
                clock.now().advanced(by: JobPlanner.unreadableWait), JobPlanner.unreadable)
        }
        switch job.trigger {
        case .byHand: return .done()
        case .schedule(let schedule, let zone):
            return tick(found.plan, job, schedule, zone)
        case .dates(let dates):
            return try await scan(found.plan, job, dates, item)
        }
    }

    private func tick(
        _ plan: JobStore.Plan, _ job: JobDefinition, _ schedule: CronSchedule, _ zone: TimeZone
    ) -> QueueWorker.Outcome {
        let now = clock.now()
        let times = Occurrences(of: schedule, in: zone, after: plan.through, upTo: now)
        let next = job.next(after: now)
        return .decide(
            { [self] connection in
                // Another copy of the service, or a new model, may have been here.
                guard let current = try store.plan(plan.code, connection) else { return nil }
                guard current.through == plan.through, current.version == plan.version else {
                    return clock.now()
                }
                try write(times, plan, job, now: now, connection)
                try store.note(plan.code, next: next, through: now, connection)
                return next
            }, committed: wakes.jobRuns)
    }

    private func write(
        _ times: Occurrences, _ plan: JobStore.Plan, _ job: JobDefinition, now: Timestamp,
        _ connection: Connection
    ) throws {
        let late = now.advanced(by: .zero - JobPlanner.grace)
        let missed = times.newest.filter { $0 <= late }
        let due = times.newest.filter { $0 > late }
        if let oldest = times.oldest {
            try add(
                plan, oldest, .missed,
                "\(JobPlanner.away) So it was at \(times.olderCount - 1) more times after this.",
                connection)
        }
        let isStill = !integrations && job.isIntegration
        let count =
            switch job.missed {
            case .skip: 0
            case .once: due.isEmpty ? 1 : 0
            case .all: JobPlanner.catchUpLimit
            }
        let caughtUp = isStill ? [] : Array(missed.suffix(count))
        for time in missed.dropLast(caughtUp.count) {
            if isStill {
                try add(plan, time, .skipped, JobPlanner.standstill, connection)
            } else {
                try add(plan, time, .missed, reason(job, due: due, caughtUp), connection)
            }
        }
        for time in caughtUp {
            // One after another, whatever the job says of overlaps.
            let waits = try store.open(plan.code, connection) > 0
            try add(plan, time, .planned, JobPlanner.away, waits: waits, connection)
        }
        for time in due {
            if isStill {
                try add(plan, time, .skipped, JobPlanner.standstill, connection)
            } else {
                try addDue(plan, job, time, connection)
            }
        }
    }

    private func reason(_ job: JobDefinition, due: [Timestamp], _ caughtUp: [Timestamp]) -> String {
        let instead = caughtUp.first ?? due.first
        return switch job.missed {
        case .skip: JobPlanner.away
        case .once:
            JobPlanner.away + (instead.map { " The run of \($0.text) makes up for it." } ?? "")
        case .all:
            "\(JobPlanner.away) Only the newest \(JobPlanner.catchUpLimit) are made up for."
        }
    }

    private func addDue(
        _ plan: JobStore.Plan, _ job: JobDefinition, _ time: Timestamp, _ connection: Connection
    ) throws {
        let open = try store.open(plan.code, connection)
        switch job.overlap {
        case .allow: try add(plan, time, .planned, nil, connection)
        case .queue where open > JobPlanner.waitingLimit:
            try add(
                plan, time, .skipped, "\(JobPlanner.waitingLimit) runs wait already.", connection)
        case .queue: try add(plan, time, .planned, nil, waits: open > 0, connection)
        case .skip where open > 0:
            try add(plan, time, .skipped, "The run before it was still going.", connection)
        case .skip: try add(plan, time, .planned, nil, connection)
        }
    }

    private func add(
        _ plan: JobStore.Plan, _ time: Timestamp, _ state: JobRun.State, _ reason: String?,
        waits: Bool = false, _ connection: Connection
    ) throws {
        try store.add(
            .init(
                plan: plan, kind: .schedule, planned: time,
                occurrence: "\(plan.code)/\(time.milliseconds)", state: state, waits: waits,
                reason: reason), connection)
    }
}
