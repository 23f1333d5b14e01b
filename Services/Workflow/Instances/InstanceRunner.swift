import Database
import HTTP
import JSON
import ServiceRuntime

/// Takes instances from step to step, as far as they go without waiting. An item of the queue is
/// an instance with a step whose turn has come.
struct InstanceRunner: Sendable {
    let database: Database
    let store: InstanceStore
    let work: StepWork
    let computing: StepComputing
    let wakes: Wakes
    let clock: any WallClock

    /// After so many steps in a row another instance gets its turn.
    static let turnLimit = 32
    /// Steps that compute are written together, as many as are done within this.
    private static let walkTime = Duration.milliseconds(100)
    private static let readLimit = Duration.seconds(5)

    func handle(_ item: DurableQueue.Item) async throws -> QueueWorker.Outcome {
        guard let key = TurnKey(item.key), var walk = try await walk(key) else { return .done() }
        for _ in 0..<InstanceRunner.turnLimit {
            await walk.goOn(computing, within: InstanceRunner.walkTime)
            guard walk.task != nil else { return finish(walk) }
            // Whatever acts does so when all before it is written.
            if !walk.isEmpty {
                let row = try await database.write { [store, walk] in try store.advance(walk, $0) }
                guard let row else { break }
                walk = InstanceWalk(row, walk.version, lane: key.lane)
            }
            guard let task = walk.task else { break }
            do {
                let result = try await work.perform(task)
                if try isLast(result, of: task) { return finish(task, result) }
                let row = try await database.write { try write(result, of: task, $0) }
                guard let row else { break }
                walk = InstanceWalk(row, walk.version, lane: key.lane)
            } catch let error as DatabaseError {
                throw error
            } catch {
                return try await failed(task, item, error)
            }
        }
        return .decide({ [store, clock] connection in
            try store.hasReadyStep(key, connection) ? clock.now() : nil
        })
    }

    /// The instance and its visits are of one moment, on whatever thread they are read.
    private func walk(_ key: TurnKey) async throws -> InstanceWalk? {
        let limit = InstanceRunner.readLimit
        return try await database.quickRead("instance", within: limit) { [store] connection in
            guard let row = try InstanceRow.find(key.instance, connection),
                let version = try store.definitions.version(row.definition, connection)
            else { return nil }
            return InstanceWalk(row, version, lane: key.lane)
        }
    }

    /// Nothing of the lane can be done now: what the walk did is written in the transaction that
    /// takes the item away.
    private func finish(_ walk: InstanceWalk) -> QueueWorker.Outcome {
        let key = TurnKey(walk.row.id, lane: walk.lane)
        let effect: @Sendable (Connection) throws -> Timestamp? = { [store, clock] connection in
            guard !walk.isEmpty, let row = try store.advance(walk, connection) else {
                return try store.hasReadyStep(key, connection) ? clock.now() : nil
            }
            return row.snapshot.readyVisit(in: key.lane) == nil ? nil : clock.now()
        }
        return .decide(effect, committed: wakes.timers)
    }

    /// Whether nothing of this lane can be done after the step, so that it and the end of the turn
    /// are one transaction. What else the step does there may be refused and is tried before.
    private func isLast(_ result: StepWork.Result, of task: StepWork.Task) throws -> Bool {
        let machine = StepMachine(definition: task.version.workflow)
        let after = machine.apply(result.input, to: task.row.snapshot)?.snapshot
        if let after { try InstanceStore.check(after.values) }
        return result.during == nil && result.after == nil
            && after?.readyVisit(in: task.visit.lane) == nil
    }

    /// The last step of this turn is written in the transaction that takes the item away.
    private func finish(_ task: StepWork.Task, _ result: StepWork.Result) -> QueueWorker.Outcome {
        .decide(
            { [self] connection in
                let row = try write(result, of: task, connection)
                let lane = task.visit.lane
                let isReady =
                    try row.map { $0.snapshot.readyVisit(in: lane) != nil }
                    ?? store.hasReadyStep(TurnKey(task.row.id, lane: lane), connection)
                return isReady ? clock.now() : nil
            }, committed: wakes.timers)
    }

    /// Nil where it came too late: then nothing of it is done.
    private func write(
        _ result: StepWork.Result, of task: StepWork.Task, _ connection: Connection
    ) throws -> InstanceRow? {
        let (id, lane) = (task.row.id, task.visit.lane)
        var input = result.input
        if let during = result.during {
            let row = try InstanceRow.find(id, connection)
            guard row?.snapshot.visits.contains(task.visit) ?? false else { return nil }
            input = try during(connection)
        }
        let row = try store.advance(
            input, to: id, note: .init(input: result.given, lane: lane), connection)
        guard row != nil, let after = result.after else { return row }
        try after(connection)
        return try InstanceRow.find(id, connection)
    }

    private func failed(
        _ task: StepWork.Task, _ item: DurableQueue.Item, _ error: any Error
    ) async throws -> QueueWorker.Outcome {
        let (id, visit) = (task.row.id, task.visit.number)
        let failure = Failure(error)
        let summary = failure.problem.summary
        var isCounted = false
        switch failure {
        case .unavailable:
            let wait = Failure.unavailableWait(item.attempts)
            return .retryAt(clock.now().advanced(by: wait), summary)
        case .failed:
            let count = try await database.write { [store] connection in
                try store.countFailure(id, visit: visit, error: summary, connection)
            }
            if count <= task.step.retry.times {
                let wait = failure.wait(atLeast: task.step.retry.wait(after: count))
                return .retryAt(clock.now().advanced(by: wait), summary)
            }
            isCounted = true
        case .refused: break
        }
        return giveUp(task, failure.problem, isCounted: isCounted)
    }

    private func giveUp(
        _ task: StepWork.Task, _ problem: Problem, isCounted: Bool
    ) -> QueueWorker.Outcome {
        .decide({ [store, clock] connection in
            let key = TurnKey(task.row.id, lane: task.visit.lane)
            try store.fail(
                key.instance, visit: task.visit.number, isCounted: isCounted, problem, connection)
            return try store.hasReadyStep(key, connection) ? clock.now() : nil
        })
    }
}
