import ServiceRuntime
import Synchronization

/// Works on a queue: leases, handles up to `concurrency` at a time, waits for a wake-up or the next
/// due time. A `Service` of the group: on shutdown it takes nothing new and finishes what runs.
public final class QueueWorker: Service {
    /// What became of an item; each is written in one transaction.
    public enum Outcome: Sendable {
        /// Done; the closure writes the effect in the transaction that removes the item.
        case done((@Sendable (Connection) throws -> Void)? = nil)
        /// Again after the backoff.
        case retry(String)
        /// Again at a time.
        case retryAt(Timestamp, String)
        /// A person must look; the closure writes the incident in the same transaction.
        case bury(String, (@Sendable (Connection) throws -> Void)? = nil)
        /// The closure writes the effect, and answers when the item is due again or nil where it is
        /// done: for work whose end can only be told in the transaction itself. `committed` runs
        /// after the commit.
        case decide(
            @Sendable (Connection) throws -> Timestamp?, committed: @Sendable () -> Void = {})
    }

    public let name: String
    private let queue: DurableQueue
    private let database: Database
    private let runtime: Runtime
    private let concurrency: Int
    private let lease: Duration
    private let backoff: @Sendable (Int) -> Duration
    private let handle: @Sendable (DurableQueue.Item) async throws -> Outcome
    private let signal = WorkerSignal()
    private let running = Mutex<[Int64: Running]>([:])
    private let gauges: QueueGauges

    private struct Running {
        let item: DurableQueue.Item
        var leasedUntil: Timestamp
    }

    /// How long to wait after the database itself failed.
    private static let failureWait = Duration.seconds(1)

    /// `backoff` gives the wait after the n-th failed attempt (from 1). An error that `handle`
    /// throws is a retry with that error. A lease is extended while its item is being handled.
    public init(
        _ queue: DurableQueue, database: Database, runtime: Runtime, name: String,
        concurrency: Int = 8, lease: Duration = .seconds(60),
        backoff: @escaping @Sendable (Int) -> Duration,
        handle: @escaping @Sendable (DurableQueue.Item) async throws -> Outcome
    ) {
        self.queue = queue
        self.database = database
        self.runtime = runtime
        self.name = name
        self.concurrency = concurrency
        self.lease = lease
        self.backoff = backoff
        self.handle = handle
        gauges = QueueGauges(queue: queue.name, runtime: runtime)
    }

    /// Something was enqueued: look now. Call it after the commit.
    public func wake() { signal.fire() }

    public func run() async throws {
        if database.mayReclaim(queue.name) {
            let now = runtime.clock.now()
            try await database.write { [queue] in try queue.releaseLeases($0, now: now) }
        }
        await withDiscardingTaskGroup { group in
            while !signal.isStopping {
                do {
                    let items = try await take()
                    for item in items { group.addTask { await self.work(on: item) } }
                    if items.isEmpty { try await rest() }
                } catch {
                    runtime.log.error(
                        "the queue cannot be read",
                        ["queue": .string(queue.name), "error": "\(error)"])
                    await signal.wait(atMost: QueueWorker.failureWait, clock: runtime.clock)
                }
            }
        }
    }

    public func shutdown() async { signal.stop() }

    /// Leases what is due, as much as there is room for; none without looking at the disk twice.
    private func take() async throws -> [DurableQueue.Item] {
        let room = concurrency - running.withLock { $0.count }
        guard room > 0 else { return [] }
        let now = runtime.clock.now()
        guard let next = try await database.pointRead({ [queue] in try queue.nextDue($0) }),
            next <= now
        else { return [] }
        let until = now.advanced(by: lease)
        let items = try await database.write { [queue] in
            try queue.lease($0, now: now, until: until, limit: room)
        }
        running.withLock { running in
            for item in items { running[item.id] = Running(item: item, leasedUntil: until) }
        }
        return items
    }

    /// Waits until something may have changed: a wake-up, an item that ended, a due time, a lease
    /// to extend.
    private func rest() async throws {
        let renewal = try await extendLeases()
        let isFull = running.withLock { $0.count } >= concurrency
        let (next, state) = try await database.pointRead { [queue] in
            (try queue.nextDue($0), try queue.state($0))
        }
        gauges.set(state)
        let wakeAt = [isFull ? nil : next, renewal].compactMap(\.self).min()
        guard let wakeAt else {
            await signal.wait(atMost: nil, clock: runtime.clock)
            return
        }
        let milliseconds = max(0, wakeAt.milliseconds - runtime.clock.now().milliseconds)
        if milliseconds > 0 {
            await signal.wait(atMost: .milliseconds(milliseconds), clock: runtime.clock)
        }
    }

    /// Extends leases of which half has passed; answers when to look again.
    private func extendLeases() async throws -> Timestamp? {
        let now = runtime.clock.now()
        let half = lease / 2
        let ending = running.withLock { running in
            running.values.filter { $0.leasedUntil < now.advanced(by: half) }.map(\.item)
        }
        if !ending.isEmpty {
            let until = now.advanced(by: lease)
            let extended = try await database.write { [queue] connection in
                // One that was cancelled is no reason to lose the others.
                try ending.filter { item in
                    do {
                        try queue.extend(connection, item, until: until)
                        return true
                    } catch is QueueError {
                        return false
                    }
                }.map(\.id)
            }
            running.withLock { running in
                for id in extended { running[id]?.leasedUntil = until }
            }
        }
        let earliest = running.withLock { $0.values.map(\.leasedUntil).min() }
        return earliest.map { max($0.advanced(by: .zero - half), now.advanced(by: half / 2)) }
    }

    private func work(on item: DurableQueue.Item) async {
        let outcome: Outcome
        do {
            outcome = try await handle(item)
        } catch {
            outcome = .retry("\(error)")
        }
        do {
            try await settle(item, outcome)
        } catch QueueError.leaseLost {
            runtime.log.warning(
                "an item was taken away while it was handled",
                ["queue": .string(queue.name), "key": .string(item.key)])
        } catch {
            await settleFailure(item, error)
        }
        _ = running.withLock { $0.removeValue(forKey: item.id) }
        signal.fire()
    }

    private func settle(_ item: DurableQueue.Item, _ outcome: Outcome) async throws {
        let retryDue = runtime.clock.now().advanced(by: backoff(item.attempts))
        gauges.count(outcome)
        try await database.write { [queue] connection in
            switch outcome {
            case .done(let effect):
                try effect?(connection)
                try queue.complete(connection, item)
            case .retry(let reason):
                try queue.retry(connection, item, due: retryDue, error: reason)
            case .retryAt(let due, let reason):
                try queue.retry(connection, item, due: due, error: reason)
            case .bury(let reason, let effect):
                try effect?(connection)
                try queue.bury(connection, item, error: reason)
            case .decide(let effect, _):
                if let due = try effect(connection) {
                    try queue.retry(connection, item, due: due, error: "")
                } else {
                    try queue.complete(connection, item)
                }
            }
        }
        if case .decide(_, let committed) = outcome { committed() }
    }

    /// The effect could not be written: the item is tried again, by its lease's end if not even
    /// that can be.
    private func settleFailure(_ item: DurableQueue.Item, _ error: any Error) async {
        runtime.log.error(
            "the outcome of an item could not be written",
            ["queue": .string(queue.name), "key": .string(item.key), "error": "\(error)"])
        do {
            try await settle(item, .retry("\(error)"))
        } catch {
            runtime.log.error(
                "an item waits for the end of its lease",
                ["queue": .string(queue.name), "key": .string(item.key), "error": "\(error)"])
        }
    }
}

/// Doubling waits with jitter: `first`, then twice as long each time, at most `most`. Up to a
/// quarter is added, or at `most` taken away.
public func exponentialBackoff(first: Duration, most: Duration, random: any RandomSource)
    -> @Sendable (Int) -> Duration
{
    { attempt in
        var wait = first
        for _ in 1..<max(2, min(attempt, 64)) where attempt > 1 && wait < most { wait = wait * 2 }
        let jitter = random.fraction() / 4
        return wait >= most ? most * (1 - jitter) : min(wait * (1 + jitter), most)
    }
}
