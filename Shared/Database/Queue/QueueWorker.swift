import ServiceRuntime
import Synchronization

/// Works on a queue: leases, handles up to `concurrency` at a time, waits for a wake-up or the next
/// due time. A `Service` of the group: on shutdown it takes nothing new and finishes what runs.
///
/// What this process enqueues and is due comes leased with the commit that enqueues it, and who has
/// handled an item takes the next one in the transaction that settles the first; so the queue is
/// asked only for what nobody told of.
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
    let queue: DurableQueue
    let database: Database
    let runtime: Runtime
    let lease: Duration
    let backoff: @Sendable (Int) -> Duration
    let signal = WorkerSignal()
    let places: WorkerPlaces
    let gauges: QueueGauges
    private let abandoned = AbandonedLeases()
    private let onLoops: Bool
    /// Told in the transaction that buries an item; nil where nothing is buried by itself.
    let onDead: (@Sendable (Connection, DurableQueue.Item) throws -> Void)?
    let handle: @Sendable (DurableQueue.Item) async throws -> Outcome

    /// How often a database that others share is looked into though nobody told of anything.
    private static let lookInterval = Duration.seconds(2)
    /// How long to wait after the database itself failed.
    static let failureWait = Duration.seconds(1)
    /// The queue is counted at most this often, and so seldom that it takes a hundredth of the
    /// time.
    private static let countingInterval = Duration.seconds(1)
    /// It is counted so often though it takes long, or seemed to since the process was held up.
    private static let countingLimit = Duration.seconds(30)
    /// An item whose handling throws what will not pass by itself is buried after so many tries,
    /// where there is somebody to be told.
    public static let attemptLimit = 20

    /// `backoff` gives the wait after the n-th failed attempt (from 1). An error that `handle`
    /// throws is a retry with that error. A lease is extended while its item is being handled.
    /// `onLoops` is for what never computes for long: it runs on the event loops, where reads and
    /// calls change no threads. `onDead` writes of an item that is buried, in that transaction.
    public init(
        _ queue: DurableQueue, database: Database, runtime: Runtime, name: String,
        concurrency: Int = 8, lease: Duration = .seconds(60), onLoops: Bool = false,
        backoff: @escaping @Sendable (Int) -> Duration,
        onDead: (@Sendable (Connection, DurableQueue.Item) throws -> Void)? = nil,
        handle: @escaping @Sendable (DurableQueue.Item) async throws -> Outcome
    ) {
        self.queue = queue
        self.database = database
        self.runtime = runtime
        self.name = name
        self.lease = lease
        self.onLoops = onLoops
        self.backoff = backoff
        self.handle = handle
        self.onDead = onDead
        places = WorkerPlaces(concurrency)
        gauges = QueueGauges(queue: queue.name, runtime: runtime)
    }

    /// Something was enqueued: look now. Call it after the commit.
    public func wake() { signal.fire() }

    public func run() async throws {
        if database.mayReclaim(queue.name) {
            let now = runtime.clock.now()
            try await database.write { [queue] in try queue.releaseLeases($0, now: now) }
        }
        places.open()
        try await database.openDesk(self, for: queue.name)
        await withTaskExecutorPreference(onLoops ? runtime.loops.next() : nil) {
            await withDiscardingTaskGroup { group in
                while !signal.isStopping { await turn(&group) }
                for item in places.close() { start(item, in: &group) }
            }
        }
        try? await database.closeDesk(self, for: queue.name)
    }

    public func shutdown() async { signal.stop() }

    private func turn(_ group: inout DiscardingTaskGroup) async {
        do {
            let handed = places.takeHanded()
            for item in handed { start(item, in: &group) }
            try await abandoned.look(queue, database, runtime, lease: lease)
            let found = try await take()
            for item in found { start(item, in: &group) }
            if handed.isEmpty && found.isEmpty {
                try await rest()
            } else if let end = places.earliestEnd,
                end < runtime.clock.now().advanced(by: lease / 2)
            {
                _ = try await extendLeases()
            }
        } catch {
            runtime.log.error(
                "the queue cannot be read",
                ["queue": .string(queue.name), "error": "\(error)"])
            await signal.wait(atMost: QueueWorker.failureWait, clock: runtime.clock)
        }
    }

    private func start(_ item: DurableQueue.Item, in group: inout DiscardingTaskGroup) {
        guard onLoops else {
            group.addTask { await self.work(from: item) }
            return
        }
        let loops = runtime.loops.loops
        let loop = loops[Int(UInt64(bitPattern: item.id) % UInt64(loops.count))]
        group.addTask(executorPreference: loop) { await self.work(from: item) }
    }

    /// Handles an item, and then what is due next, as long as something is.
    private func work(from first: DurableQueue.Item) async {
        var next: DurableQueue.Item? = first
        while let item = next {
            let outcome: Outcome
            do {
                outcome = try await handle(item)
            } catch {
                outcome = failed(item, error)
            }
            next = await settled(item, outcome)
        }
    }

    private func failed(_ item: DurableQueue.Item, _ error: any Error) -> Outcome {
        let mayPass =
            error is CancellationError || (error as? any TemporaryError)?.isTemporary == true
        guard onDead != nil, !mayPass, item.attempts >= QueueWorker.attemptLimit else {
            return .retry("\(error)")
        }
        runtime.log.error(
            "an item is not tried any more",
            ["queue": .string(queue.name), "key": .string(item.key), "error": "\(error)"])
        return .bury("\(error)")
    }

    /// Leases what is due, as much as there is room for; none without looking at the disk twice.
    private func take() async throws -> [DurableQueue.Item] {
        guard places.room > 0 else { return [] }
        let now = runtime.clock.now()
        guard let next = try await database.pointRead({ [queue] in try queue.nextDue($0) }),
            next <= now
        else { return [] }
        let until = now.advanced(by: lease)
        let room = places.reserveAll()
        do {
            let items = try await database.write { [queue, places] in
                try queue.lease($0, now: now, until: until, limit: room, held: places.holds)
            }
            places.fill(room, items, until: until)
            return items
        } catch {
            places.giveBack(room)
            throw error
        }
    }

    /// Waits until something may have changed: a wake-up, an item that ended where there was no
    /// room, a due time, a lease to extend.
    private func rest() async throws {
        let renewal = try await extendLeases()
        let counting = try await count()
        let next =
            places.room > 0
            ? try await database.pointRead { [queue] in try queue.nextDue($0) } : nil
        let now = runtime.clock.now()
        let waits = [next, renewal].compactMap { $0.map { $0.milliseconds - now.milliseconds } }
        // Another copy tells of what it enqueues; should that be lost, it is found all the same.
        let looking = database.isShared ? [QueueWorker.lookInterval.milliseconds] : []
        guard let wait = (waits + looking + (counting.map { [$0.milliseconds] } ?? [])).min() else {
            await signal.wait(atMost: nil, clock: runtime.clock)
            return
        }
        if wait > 0 { await signal.wait(atMost: .milliseconds(wait), clock: runtime.clock) }
    }

    /// For `/metrics`. Answers when to count again; nil where nothing changes by itself.
    private func count() async throws -> Duration? {
        let start = runtime.clock.monotonicNanoseconds()
        if let wait = gauges.wait(at: start) { return wait }
        gauges.set(try await database.read { [queue] in try queue.state($0) })
        let spent = runtime.clock.monotonicNanoseconds() - start
        let interval = min(
            max(QueueWorker.countingInterval.nanoseconds, spent * 100),
            QueueWorker.countingLimit.nanoseconds)
        gauges.countNext(at: start + interval)
        return places.isEmpty ? nil : .nanoseconds(Int64(clamping: interval))
    }

    /// Extends leases of which half has passed; answers when to look again.
    private func extendLeases() async throws -> Timestamp? {
        let now = runtime.clock.now()
        let half = lease / 2
        let ending = places.items(leasedUntil: now.advanced(by: half))
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
            places.extended(extended, until: until)
        }
        return places.earliestEnd.map {
            max($0.advanced(by: .zero - half), now.advanced(by: half / 2))
        }
    }
}

extension QueueWorker: QueueDesk {
    func reserve(_ now: Timestamp) -> Timestamp? {
        places.reserve() ? now.advanced(by: lease) : nil
    }

    func giveBack() { places.giveBack(1) }

    func take(_ item: DurableQueue.Item, until: Timestamp) {
        places.hand(item, until: until)
        signal.fire()
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
