import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Works on the queue of runs.
struct Runs: Sendable {
    /// How often, and after what wait, a full disk is asked for room.
    private static let roomTries = 40
    private static let roomWait = Duration.seconds(1)

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
        } catch let error where BatchError.isNoRoom(error) {
            return await settle(run, BatchError.noRoom.problem)
        } catch let error as any ProblemConvertible {
            return await settle(run, error.problem)
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

    /// On a full disk there may be no room for this either, nor for saying when the run is tried
    /// again: then there is waited for some, shorter than the lease.
    private func note(_ problem: Problem, of run: Run) async {
        for _ in 0..<Runs.roomTries where !stopping.isSet {
            do {
                return try await database.write { try RunStore.note($0, run.id, problem) }
            } catch let error where BatchError.isNoRoom(error) {
                try? await runtime.clock.sleep(for: Runs.roomWait)
            } catch {
                return
            }
        }
    }

    /// What passes by itself is tried again, and the run shows it meanwhile; anything else ends the
    /// run.
    private func settle(_ run: Run, _ problem: Problem) async -> QueueWorker.Outcome {
        if problem.status >= 500 || problem.status == 429 || problem.status == 408 {
            if run.problem?["type"]?.string != "/problems/\(problem.code)" {
                await note(problem, of: run)
            }
            return .retry(problem.detail ?? problem.title)
        }
        let now = runtime.clock.now()
        runtime.log.warning(
            "a run failed",
            ["run": .integer(Int(run.id)), "code": .string(problem.code)])
        return .done { try RunStore.end($0, run.id, .failed, problem: problem, now: now) }
    }
}
