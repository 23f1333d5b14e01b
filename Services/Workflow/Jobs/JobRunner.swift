import Contracts
import Database
import HTTP
import JSON
import ServiceRuntime

/// Takes runs from step to step. An item of its queue is a run.
struct JobRunner: Sendable {
    let database: Database
    let store: JobStore
    let incidents: IncidentStore
    let work: JobWork
    let wakes: Wakes
    let clock: any WallClock
    /// False: jobs stand still (`INTEGRATIONS=off`).
    let integrations: Bool

    /// What went wrong and may go right is tried so often.
    static let retry = RetryPolicy()
    /// A run that stands still looks so often whether it may go on.
    static let standstillWait = Duration.seconds(60)

    func handle(_ item: DurableQueue.Item) async throws -> QueueWorker.Outcome {
        guard let id = Int64(item.key) else { return .done() }
        while true {
            let found = try await database.pointRead { [store] connection in
                try JobRun.find(id, connection).map {
                    (run: $0, job: try store.definition($0.version, connection))
                }
            }
            guard let found else { return .done() }
            guard let job = found.job else {
                let due = clock.now().advanced(by: JobPlanner.unreadableWait)
                return .retryAt(due, JobPlanner.unreadable)
            }
            let run = found.run
            if run.state.hasEnded { return await stopBatch(run, item) }
            if !integrations, job.isIntegration {
                let due = clock.now().advanced(by: JobRunner.standstillWait)
                return .retryAt(due, JobPlanner.standstill)
            }
            if run.state == .planned {
                try await database.write { [store] in try store.begin(run, job, $0) }
                continue
            }
            guard let step = run.steps.first(where: { !$0.state.hasEnded }) else {
                return finish(run)
            }
            if let outcome = try await advance(run, job, step, item) { return outcome }
        }
    }

    /// One step; nil where the next can follow at once.
    private func advance(
        _ run: JobRun, _ job: JobDefinition, _ step: JobRun.Step, _ item: DurableQueue.Item
    ) async throws -> QueueWorker.Outcome? {
        let steps = job.steps(at: run.level)
        do {
            if let deadline = run.deadline, deadline <= clock.now() {
                throw Late(timeout: job.timeout)
            }
            guard steps.indices.contains(step.place) else {
                throw Problem.stepFailed("the job has no such step")
            }
            if let batch = step.batchRun {
                guard let output = try await work.outcome(batch, step, of: run) else {
                    return again(run, item, "Run \(batch) of Batch goes on.")
                }
                try await succeed(run, step) { _ in output }
                return nil
            }
            if let instance = step.instance {
                let output = try await database.read { [work] in
                    try work.outcome(instance: instance, $0)
                }
                guard let output else { return again(run, item, "Instance \(instance) goes on.") }
                try await succeed(run, step) { _ in output }
                return nil
            }
            if step.state == .planned {
                // The row says that it is being done before it is.
                try await database.write { [store] in
                    try store.move(run, step, to: .running, $0)
                }
            }
            switch try await work.perform(steps[step.place], step, of: run, job) {
            case .done(let output): try await succeed(run, step) { _ in output }
            case .here(let effect): try await succeed(run, step, effect)
            case .starts(let start):
                try await whileRunning(run) { [store] connection in
                    let id = try start(connection)
                    try store.move(run, step, to: .waiting, instance: id, connection)
                }
            case .begun(let batch, waits: false):
                try await succeed(run, step) { _ in ["run": .number(JSONNumber(batch))] }
            case .begun(let batch, waits: true):
                try await database.write { [store] in
                    try store.stand(run, step, batch: batch, $0)
                }
            }
            return nil
        } catch let error as QueueError {
            throw error
        } catch {
            return try await failed(run, job, step, item, error)
        }
    }

    private func succeed(
        _ run: JobRun, _ step: JobRun.Step,
        _ effect: @escaping @Sendable (Connection) throws -> JSONValue
    ) async throws {
        try await whileRunning(run) { [store] connection in
            try store.move(run, step, to: .succeeded, output: effect(connection), connection)
        }
    }

    /// One that was cancelled meanwhile does nothing here any more.
    private func whileRunning(
        _ run: JobRun, _ write: @escaping @Sendable (Connection) throws -> Void
    ) async throws {
        try await database.write { connection in
            guard try JobRun.find(run.id, connection)?.state == .running else { return }
            try write(connection)
        }
        wakes.instances()
    }

    private func finish(_ run: JobRun) -> QueueWorker.Outcome {
        .decide(
            { [self] connection in
                let isFailed = run.steps.contains { $0.state == .failed }
                guard try store.end(run, isFailed ? .failed : .succeeded, connection) else {
                    return nil
                }
                if isFailed { try openIncident(run, connection) }
                return nil
            }, committed: wakes.jobRuns)
    }

    // MARK: Failures

    private struct Late: Error { let timeout: Duration }

    private func failed(
        _ run: JobRun, _ job: JobDefinition, _ step: JobRun.Step, _ item: DurableQueue.Item,
        _ error: any Error
    ) async throws -> QueueWorker.Outcome? {
        if error is JobWork.RecordIsGone {
            return .decide(
                { [self] connection in
                    try store.skipRest(of: run, connection)
                    try store.end(run, .skipped, reason: "The record is gone.", connection)
                    return nil
                }, committed: wakes.jobRuns)
        }
        if let late = error as? Late {
            let problem = Problem.stepFailed(
                "the run took longer than its timeout of \(late.timeout.settingText)")
            try await giveUp(run, step, problem, stops: true)
            return nil
        }
        let failure = Failure(error)
        let summary = failure.problem.summary
        switch failure {
        case .unavailable: return again(run, item, summary)
        case .failed where step.failures < JobRunner.retry.times:
            try await database.write { [store] in
                try store.countFailure(run, step, error: summary, $0)
            }
            let wait = failure.wait(atLeast: JobRunner.retry.wait(after: step.failures + 1))
            return .retryAt(clock.now().advanced(by: wait), summary)
        case .failed, .refused:
            try await giveUp(run, step, failure.problem, stops: job.stopsOnFailure)
            return nil
        }
    }

    private func giveUp(
        _ run: JobRun, _ step: JobRun.Step, _ problem: Problem, stops: Bool
    ) async throws {
        try await database.write { [store] connection in
            try store.move(run, step, to: .failed, error: problem.summary, connection)
            if stops { try store.skipRest(of: run, connection) }
            try store.setProblem(run, problem, connection)
        }
    }

    /// Later, and not after the run's time limit without having looked.
    private func again(_ run: JobRun, _ item: DurableQueue.Item, _ why: String)
        -> QueueWorker.Outcome
    {
        let now = clock.now()
        let due = now.advanced(by: Failure.unavailableWait(item.attempts))
        return .retryAt(max(now, min(due, run.deadline ?? due)), why)
    }

    private func openIncident(_ run: JobRun, _ connection: Connection) throws {
        let problem = try store.problem(of: run, connection)
        try incidents.open(
            .init(
                kind: .job, jobRun: run.id, type: run.type, record: run.record, problem: problem),
            connection)
    }

    /// A run that was cancelled while it waited: Batch is told once. What Batch says to it changes
    /// nothing, as long as it hears it.
    private func stopBatch(_ run: JobRun, _ item: DurableQueue.Item) async -> QueueWorker.Outcome {
        for step in run.steps where step.state == .cancelled {
            guard let batch = step.batchRun else { continue }
            do {
                try await work.stop(batch, step, of: run)
            } catch {
                guard case .unavailable(let problem) = Failure(error) else { continue }
                let wait = Failure.unavailableWait(item.attempts)
                return .retryAt(clock.now().advanced(by: wait), problem.summary)
            }
        }
        return .done()
    }
}
