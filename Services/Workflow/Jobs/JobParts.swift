import Database
import ServiceRuntime

/// What jobs are made of, wired.
struct JobParts {
    let calls: JobCalls
    let workers: [any Service]

    /// Jobs that are planned at once.
    static let plannerConcurrency = 4
    /// Runs that go on at once; those that wait for a run of Batch do not count.
    static let runConcurrency = 16

    init(
        configuration: WorkflowConfiguration, runtime: Runtime, database: Database,
        store: JobStore, effects: Effects, incidents: IncidentStore, wakes: Wakes
    ) {
        let integrations = configuration.integrations
        let planner = JobPlanner(
            database: database, store: store, incidents: incidents, effects: effects,
            wakes: wakes, clock: runtime.clock, integrations: integrations)
        let runner = JobRunner(
            database: database, store: store, incidents: incidents,
            work: JobWork(effects: effects), wakes: wakes, clock: runtime.clock,
            integrations: integrations)
        let backoff = exponentialBackoff(
            first: .milliseconds(500), most: .seconds(30), random: runtime.random)
        let jobs = QueueWorker(
            Queues.job, database: database, runtime: runtime, name: "jobs",
            concurrency: JobParts.plannerConcurrency, backoff: backoff,
            onDead: incidents.openDead(in: Queues.job),
            handle: runtime.tracer.work("jobs", planner.handle))
        let runs = QueueWorker(
            Queues.jobRun, database: database, runtime: runtime, name: "job-runs",
            concurrency: JobParts.runConcurrency, backoff: backoff,
            onDead: incidents.openDead(in: Queues.jobRun),
            handle: runtime.tracer.work("job-runs", runner.handle))
        wakes.set(jobs: jobs, jobRuns: runs)
        calls = JobCalls(
            database: database, store: store, wakes: wakes, clock: runtime.clock,
            integrations: integrations)
        workers = [
            jobs, runs,
            JobWatch(database: database, store: store, wakes: wakes, runtime: runtime),
        ]
    }
}
