import Database
import HTTP
import ServiceRuntime

/// Timers whose time has come.
struct TimerRunner: Sendable {
    let database: Database
    let store: InstanceStore
    let effects: Effects
    let wakes: Wakes
    let clock: any WallClock

    func handle(_ item: DurableQueue.Item) async throws -> QueueWorker.Outcome {
        guard let key = TimerKey(item.key) else { return .done() }
        if key.isReminder { return try await remind(key, item) }
        return .decide(
            { [store] connection in
                try store.apply(.timeout(visit: key.visit), to: key.instance, connection)
                return nil
            }, committed: wakes.instances)
    }

    /// A mail that cannot be sent is an incident, and the task goes on without it.
    private func remind(
        _ key: TimerKey, _ item: DurableQueue.Item
    ) async throws -> QueueWorker.Outcome {
        let reminder = TaskReminder(effects: effects)
        let found = try await database.read { try reminder.letter(key, $0) }
        guard let letter = found else { return .done() }
        do {
            try await reminder.send(letter)
        } catch let error as DatabaseError {
            throw error
        } catch {
            switch Failure(error) {
            case .unavailable(let problem):
                let wait = Failure.unavailableWait(item.attempts)
                return .retryAt(clock.now().advanced(by: wait), problem.summary)
            case .failed(let problem) where item.attempts <= RetryPolicy().times:
                let wait = RetryPolicy().wait(after: Int64(item.attempts))
                return .retryAt(clock.now().advanced(by: wait), problem.summary)
            case .failed(let problem), .refused(let problem):
                return .done { [store] connection in
                    try store.tasks.markReminded(letter.task.id, connection)
                    try store.incidents.open(
                        .init(
                            kind: .reminder, instance: key.instance, type: letter.row.type,
                            record: letter.row.record, problem: problem), connection)
                }
            }
        }
        return .done { [store] in try store.tasks.markReminded(letter.task.id, $0) }
    }
}
