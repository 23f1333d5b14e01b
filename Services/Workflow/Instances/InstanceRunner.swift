import Database
import HTTP
import JSON
import ServiceRuntime

/// Takes instances from step to step, as far as they go without waiting. An item of the queue is
/// an instance with a step whose turn has come.
struct InstanceRunner: Sendable {
    let database: Database
    let store: InstanceStore
    let incidents: IncidentStore
    let work: StepWork
    let wakes: Wakes
    let clock: any WallClock

    /// After so many steps in a row another instance gets its turn.
    static let turnLimit = 32
    private static let readLimit = Duration.seconds(5)

    func handle(_ item: DurableQueue.Item) async throws -> QueueWorker.Outcome {
        guard let id = Int64(item.key) else { return .done() }
        var next = try await task(id)
        for _ in 0..<InstanceRunner.turnLimit {
            guard let task = next else { break }
            let result: StepWork.Result
            do {
                result = try await work.perform(task)
            } catch {
                return try await failed(task, item, error)
            }
            let machine = StepMachine(definition: task.version.workflow)
            let isLast =
                machine.apply(result.input, to: task.row.snapshot)?.snapshot.readyVisit == nil
            if isLast { return finish(task, result) }
            let row = try await database.write { [store] connection in
                try store.advance(
                    result.input, to: id, note: .init(input: result.given), connection)
            }
            next = row.flatMap { StepWork.Task($0, task.version) }
        }
        return .decide({ [store, clock] connection in
            try store.hasReadyStep(id, connection) ? clock.now() : nil
        })
    }

    /// A timer's time has come.
    func handleTimer(_ item: DurableQueue.Item) async throws -> QueueWorker.Outcome {
        guard let key = TimerKey(item.key) else { return .done() }
        return .decide(
            { [store] connection in
                try store.apply(.timeout(visit: key.visit), to: key.instance, connection)
                return nil
            }, committed: wakes.instances)
    }

    /// The instance and its visits are of one moment, on whatever thread they are read.
    private func task(_ id: Int64) async throws -> StepWork.Task? {
        let limit = InstanceRunner.readLimit
        return try await database.quickRead("instance", within: limit) { [store] connection in
            guard let row = try InstanceRow.find(id, connection),
                let version = try store.definitions.version(row.definition, connection)
            else { return nil }
            return StepWork.Task(row, version)
        }
    }

    /// The last step of this turn is written in the transaction that takes the item away.
    private func finish(_ task: StepWork.Task, _ result: StepWork.Result) -> QueueWorker.Outcome {
        .decide(
            { [store, clock] connection in
                let row = try store.advance(
                    result.input, to: task.row.id, note: .init(input: result.given), connection)
                let isReady =
                    try row.map { $0.snapshot.readyVisit != nil }
                    ?? store.hasReadyStep(task.row.id, connection)
                return isReady ? clock.now() : nil
            }, committed: wakes.timers)
    }

    private func failed(
        _ task: StepWork.Task, _ item: DurableQueue.Item, _ error: any Error
    ) async throws -> QueueWorker.Outcome {
        let (id, visit) = (task.row.id, task.visit)
        let failure = Failure(error)
        let summary = failure.problem.summary
        switch failure {
        case .unavailable:
            let wait = Failure.unavailableWait(item.attempts)
            return .retryAt(clock.now().advanced(by: wait), summary)
        case .failed:
            let count = try await database.write { [store] connection in
                try store.countFailure(id, visit: visit, error: summary, connection)
                return try store.failures(id, visit: visit, connection)
            }
            if count <= task.step.retry.times {
                let wait = failure.wait(atLeast: task.step.retry.wait(after: count))
                return .retryAt(clock.now().advanced(by: wait), summary)
            }
        case .refused: break
        }
        return giveUp(task, failure.problem)
    }

    private func giveUp(_ task: StepWork.Task, _ problem: Problem) -> QueueWorker.Outcome {
        .decide({ [store, incidents, clock] connection in
            let stopped = try store.apply(
                .failed(visit: task.visit), to: task.row.id, connection)
            if stopped {
                try store.setError(
                    task.row.id, visit: task.visit, problem.summary, connection)
                try incidents.open(
                    .init(
                        kind: problem.code == "loop" ? .loop : .step, instance: task.row.id,
                        visit: task.visit, type: task.row.type, record: task.row.record,
                        problem: problem), connection)
            }
            return try store.hasReadyStep(task.row.id, connection) ? clock.now() : nil
        })
    }
}
