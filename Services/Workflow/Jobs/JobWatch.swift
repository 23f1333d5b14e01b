import Database
import ServiceRuntime

/// Looks after what no worker sees: clocks that were set back, and how late jobs are.
final class JobWatch: Service {
    let name = "workflow-jobs"
    private let database: Database
    private let store: JobStore
    private let wakes: Wakes
    private let runtime: Runtime
    private let late: Gauge
    private let open: [JobRun.State: Gauge]
    private let signal = WorkerSignal()

    static let interval = Duration.seconds(15)
    /// Runs and jobs by dates wait for less than this between two looks.
    static let longestWait = Duration.seconds(15 * 60)

    init(database: Database, store: JobStore, wakes: Wakes, runtime: Runtime) {
        self.database = database
        self.store = store
        self.wakes = wakes
        self.runtime = runtime
        late = runtime.metrics.gauge(
            "geartrain_workflow_job_late_seconds",
            help: "By how much the oldest planned run is late that has not begun.")
        open = Dictionary(
            uniqueKeysWithValues: [JobRun.State.planned, .running].map { state in
                (
                    state,
                    runtime.metrics.gauge(
                        "geartrain_workflow_job_runs_open", help: "Runs that have not ended.",
                        labels: ["state": state.rawValue])
                )
            })
    }

    func run() async throws {
        while !signal.isStopping {
            do {
                try await look()
            } catch {
                runtime.log.warning(
                    "jobs could not be looked after", ["error": .string("\(error)")])
            }
            await signal.wait(atMost: JobWatch.interval, clock: runtime.clock)
        }
    }

    func shutdown() async { signal.stop() }

    private func look() async throws {
        try await planAnew()
        // A worker sleeps by the time that passes; a clock that is set forward does not wake it.
        wakes.jobs()
        wakes.jobRuns()
        wakes.timers()
        wakes.instances()
        wakes.reactions()
        let now = runtime.clock.now()
        let (counts, oldest) = try await database.read { connection in
            (
                try connection.query(
                    """
                    select state, count(*) from job_run where state in ('planned', 'running')
                    group by state
                    """, []
                ) { ($0.text(0), $0.integer(1)) },
                try connection.first(
                    // The list is that of the index.
                    """
                    select min(planned) from job_run
                    where state in ('planned', 'running') and state = 'planned'
                    """, []
                ) { $0.optionalInteger(0) }.flatMap(\.self)
            )
        }
        for (state, gauge) in open {
            gauge.set(Int(counts.first { $0.0 == state.rawValue }?.1 ?? 0))
        }
        late.set(oldest.map { Int(max(0, now.milliseconds - $0) / 1000) } ?? 0)
    }

    /// Where the clock was set back, a job would sleep until it has come again. It is planned from
    /// now; what has its row does not come twice.
    private func planAnew() async throws {
        let now = runtime.clock.now()
        let ahead = try await database.read { [store] connection in
            try store.plans(connection).filter { plan in
                guard let next = plan.next, next > now,
                    let job = try store.definition(plan.version, connection)
                else { return false }
                switch job.trigger {
                case .byHand: return false
                case .schedule: return job.next(after: now).map { next > $0 } ?? false
                case .dates: return next > now.advanced(by: JobWatch.longestWait)
                }
            }.map(\.code)
        }
        try await hastenRuns(now)
        if ahead.isEmpty { return }
        runtime.log.warning("the clock was set back", ["jobs": .integer(ahead.count)])
        try await database.write { [store] connection in
            for code in ahead {
                guard let plan = try store.plan(code, connection),
                    let job = try store.definition(plan.version, connection)
                else { continue }
                try store.setNext(code, job.next(after: now), through: now, connection)
            }
        }
        wakes.jobs()
    }

    /// Nor does a run sleep longer than anything that it may wait for.
    private func hastenRuns(_ now: Timestamp) async throws {
        let latest = now.advanced(by: JobWatch.longestWait)
        let sleeps = try await database.read { try Queues.jobRun.hasLater($0, than: latest) }
        guard sleeps else { return }
        try await database.write { try Queues.jobRun.hasten($0, laterThan: latest, to: now) }
    }
}

/// How runs ended.
struct JobCounters: Sendable {
    private let counters: [JobRun.State: Counter]

    init(runtime: Runtime) {
        counters = Dictionary(
            uniqueKeysWithValues: JobRun.State.allCases.filter(\.hasEnded).map { state in
                (
                    state,
                    runtime.metrics.counter(
                        "geartrain_workflow_job_runs_total", help: "Runs of jobs, by their end.",
                        labels: ["state": state.rawValue])
                )
            })
    }

    func count(_ state: JobRun.State) { counters[state]?.increment() }
}
