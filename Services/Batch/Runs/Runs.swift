import Database
import HTTP
import RPC
import ServiceRuntime

/// Works on the queue of runs.
struct Runs: Sendable {
    let database: Database
    let files: RunFiles
    let records: Peer
    let workflow: Peer
    let sources: SyncSources
    let runtime: Runtime
    let stopping: StopFlag
    let intake: SourceIntake
    let delivery: ExportDelivery

    @Sendable func handle(_ item: DurableQueue.Item) async throws -> QueueWorker.Outcome {
        if item.key.hasPrefix(Following.prefix) {
            guard let id = Int64(item.key.dropFirst(Following.prefix.count)) else { return .done() }
            return try await Following(
                database: database, workflow: workflow, runtime: runtime
            ).start(id)
        }
        if item.key.hasPrefix(SourceIntake.prefix) {
            guard let id = Int64(item.key.dropFirst(SourceIntake.prefix.count)) else {
                return .done()
            }
            return try await intake.putAway(id, attempt: item.attempts)
        }
        guard let id = Int64(item.key) else { return .done() }
        let now = runtime.clock.now()
        let attempt = item.attempts
        let run = try await database.write { connection -> Run? in
            try RunStore.begin(connection, id, now: now)
            let run = try RunStore.run(connection, id)
            if let run, !run.state.hasEnded, run.parts == nil {
                let words = attempt == 1 ? "Begun" : "Gone on, attempt \(attempt)"
                try RunLog.add(
                    connection, id, "\(words), after row \(run.counters.read).", now: now)
            }
            return run
        }
        guard let run, !run.state.hasEnded else { return .done() }
        if run.isCancelled {
            return .done { connection in
                for part in run.parts ?? [] {
                    guard let part = try RunStore.run(connection, part), !part.state.hasEnded
                    else { continue }
                    try RunStore.cancel(connection, part, now: now)
                }
                try RunStore.end(connection, id, .cancelled, now: now)
            }
        }
        do {
            guard !run.isOfSource else {
                return try await SourceRunner(
                    database: database, files: files, intake: intake, runtime: runtime
                ).work(on: run, attempt: attempt)
            }
            return try await work(on: run, attempt: attempt)
        } catch let error as any ProblemConvertible {
            return settle(run, error.problem)
        }
    }

    private func work(on run: Run, attempt: Int) async throws -> QueueWorker.Outcome {
        let stopping = stopping
        switch run.kind {
        case .import:
            return try await ImportRunner(
                database: database, files: files, records: records, workflow: workflow,
                runtime: runtime, isStopping: { stopping.isSet }
            ).work(on: run)
        case .undo:
            return try await UndoRunner(
                database: database, records: records, runtime: runtime,
                isStopping: { stopping.isSet }
            ).work(on: run)
        case .export:
            return try await ExportRunner(
                database: database, files: files, records: records, delivery: delivery,
                runtime: runtime, isStopping: { stopping.isSet }
            ).work(on: run, attempt: attempt)
        case .sync:
            return try await SyncRunner(
                database: database, sources: sources, records: records, runtime: runtime,
                isStopping: { stopping.isSet }
            ).work(on: run)
        }
    }

    /// What passes by itself is tried again; anything else ends the run.
    private func settle(_ run: Run, _ problem: Problem) -> QueueWorker.Outcome {
        if problem.status >= 500 || problem.status == 429 || problem.status == 408 {
            return .retry(problem.detail ?? problem.title)
        }
        let now = runtime.clock.now()
        runtime.log.warning(
            "a run failed",
            ["run": .integer(Int(run.id)), "code": .string(problem.code)])
        return .done { try RunStore.end($0, run.id, .failed, problem: problem, now: now) }
    }
}
