import Database
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@Suite struct DatabaseWorkerTests {
    let folder = TemporaryFolder()
    let queue = DurableQueue(name: "work")
    let clock = ManualClock(start: Timestamp(milliseconds: 1_000_000))

    /// Counts what was handled, by key.
    private final class Tally: Sendable {
        private let counts = Mutex<[String: Int]>([:])
        func add(_ key: String) { counts.withLock { $0[key, default: 0] += 1 } }
        var all: [String: Int] { counts.withLock { $0 } }
        subscript(key: String) -> Int { counts.withLock { $0[key] ?? 0 } }
    }

    private func open(_ engine: StoreEngine) async throws -> (Database, Runtime) {
        let runtime = TestRuntime.make(clock: clock)
        let database = try await engine.open(in: folder, runtime: runtime)
        try await database.migrate(
            queue.migrations + [Migration("t", "create table t (n bigint primary key)")])
        return (database, runtime)
    }

    private func enqueue(_ keys: [String], in database: Database, after wait: Duration = .zero)
        async throws
    {
        let now = clock.now()
        try await database.write { [queue] connection in
            for key in keys {
                try queue.enqueue(
                    connection, key: key, payload: [], due: now.advanced(by: wait), now: now)
            }
        }
    }

    private func depth(_ database: Database) async throws -> Int {
        try await database.read { [queue] in try queue.state($0) }.depth
    }

    /// As `eventually`, and time goes on: a worker that was about to sleep when the clock was
    /// turned sleeps for longer.
    private func soon(_ what: String, _ condition: () -> Bool) async throws {
        try await eventually(what) {
            if condition() { return true }
            clock.advance(by: .milliseconds(100))
            return false
        }
    }

    private func worker(
        _ database: Database, _ runtime: Runtime, concurrency: Int = 4,
        handle: @escaping @Sendable (DurableQueue.Item) async throws -> QueueWorker.Outcome
    ) -> QueueWorker {
        QueueWorker(
            queue, database: database, runtime: runtime, name: "worker", concurrency: concurrency,
            lease: .seconds(60), backoff: { .seconds(10 * $0) }, handle: handle)
    }

    @Test(arguments: StoreEngine.allCases)
    func `two workers handle each item once`(engine: StoreEngine) async throws {
        let (database, runtime) = try await open(engine)
        let keys = (0..<300).map { "item-\($0)" }
        try await enqueue(keys, in: database)
        let tally = Tally()
        let workers = (0..<2).map { _ in
            worker(database, runtime) { item in
                tally.add(item.key)
                return .done { try $0.run("insert into t (n) values (?)", [.integer(item.id)]) }
            }
        }
        let runs = workers.map { worker in Task { try await worker.run() } }
        try await eventually("all are handled") { try await depth(database) == 0 }
        for worker in workers { await worker.shutdown() }
        for run in runs { try await run.value }
        #expect(tally.all == Dictionary(uniqueKeysWithValues: keys.map { ($0, 1) }))
        #expect(try await database.numbers().count == 300)
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `a wake-up and a due time are what it waits for`(engine: StoreEngine) async throws {
        let (database, runtime) = try await open(engine)
        let tally = Tally()
        let worker = worker(database, runtime) { item in
            tally.add(item.key)
            return .done()
        }
        let run = Task { try await worker.run() }
        try await enqueue(["now"], in: database)
        worker.wake()
        try await eventually("the first is handled") { tally["now"] == 1 }
        try await enqueue(["later"], in: database, after: .seconds(30))
        worker.wake()
        try await eventually("it waits for the due time") { clock.sleepers == 1 }
        clock.advance(by: .seconds(29))
        #expect(tally["later"] == 0)
        clock.advance(by: .seconds(1))
        try await soon("the second is handled") { tally["later"] == 1 }
        await worker.shutdown()
        try await run.value
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `what fails is tried again after its backoff, and then buried`(engine: StoreEngine)
        async throws
    {
        struct Mine: Error {}
        let (database, runtime) = try await open(engine)
        try await enqueue(["a"], in: database)
        let tally = Tally()
        let worker = worker(database, runtime) { item in
            tally.add(item.key)
            switch item.attempts {
            case 1: throw Mine()
            case 2: return .retry("again")
            default: return .bury("enough") { try $0.run("insert into t (n) values (7)") }
            }
        }
        let run = Task { try await worker.run() }
        try await eventually("first") { tally["a"] == 1 && clock.sleepers == 1 }
        clock.advance(by: .seconds(10))
        try await soon("second") { tally["a"] == 2 }
        clock.advance(by: .seconds(19))
        #expect(tally["a"] == 2)
        clock.advance(by: .seconds(1))
        try await soon("third") { tally["a"] == 3 }
        try await eventually("buried") { try await depth(database) == 0 }
        #expect(try await database.numbers() == [7])
        await worker.shutdown()
        try await run.value
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `what always fails by an error of ours is buried with a word, what may pass is not`(
        engine: StoreEngine
    ) async throws {
        struct Mine: Error {}
        let (database, runtime) = try await open(engine)
        try await enqueue(["broken", "full"], in: database)
        let tally = Tally()
        let worker = QueueWorker(
            queue, database: database, runtime: runtime, name: "w", backoff: { _ in .zero },
            onDead: { connection, item in
                #expect(item.key == "broken")
                try connection.run(
                    "insert into t (n) values (?)", [.integer(Int64(item.attempts))])
            },
            handle: { item in
                tally.add(item.key)
                if item.key == "broken" { throw Mine() }
                throw DatabaseError.full("no room")
            })
        let run = Task { try await worker.run() }
        try await eventually("one is buried, the other goes on") {
            try await !database.numbers().isEmpty && tally["full"] > QueueWorker.attemptLimit * 2
        }
        #expect(try await database.numbers() == [QueueWorker.attemptLimit])
        #expect(tally["broken"] == QueueWorker.attemptLimit)
        await worker.shutdown()
        try await run.value
        let state = try await database.read { [queue] in try queue.state($0) }
        #expect(state.dead == 1 && state.depth == 1)
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `an effect that cannot be written is a retry`(engine: StoreEngine) async throws {
        let (database, runtime) = try await open(engine)
        try await database.write { try $0.run("insert into t (n) values (1)") }
        try await enqueue(["a"], in: database)
        let worker = worker(database, runtime) { item in
            .done { try $0.run("insert into t (n) values (?)", [.integer(Int64(item.attempts))]) }
        }
        let run = Task { try await worker.run() }
        try await eventually("it waits for its backoff") { clock.sleepers == 1 }
        #expect(try await depth(database) == 1)
        clock.advance(by: .seconds(10))
        try await eventually("done") { try await depth(database) == 0 }
        #expect(try await database.numbers() == [1, 2])
        await worker.shutdown()
        try await run.value
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `no more than its concurrency at once, and the end waits for what runs`(
        engine: StoreEngine
    ) async throws {
        let (database, runtime) = try await open(engine)
        try await enqueue((0..<6).map { "item-\($0)" }, in: database)
        let tally = Tally()
        let goOn = AsyncStream<Void>.makeStream()
        let worker = worker(database, runtime, concurrency: 3) { item in
            tally.add("begun")
            for await _ in goOn.stream { break }
            tally.add("ended")
            return .done()
        }
        let run = Task { try await worker.run() }
        try await eventually("three run") { tally["begun"] == 3 }
        await worker.shutdown()
        #expect(tally["ended"] == 0)
        goOn.continuation.finish()
        try await run.value
        #expect(tally["begun"] == 3 && tally["ended"] == 3)
        #expect(try await depth(database) == 3)
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `a lease is extended while its item is handled`(engine: StoreEngine) async throws {
        let (database, runtime) = try await open(engine)
        try await enqueue(["slow"], in: database)
        let tally = Tally()
        let goOn = AsyncStream<Void>.makeStream()
        let worker = worker(database, runtime) { item in
            tally.add(item.key)
            for await _ in goOn.stream { break }
            return .done { try $0.run("insert into t (n) values (1)") }
        }
        let run = Task { try await worker.run() }
        let queue = queue
        for _ in 0..<8 {
            try await eventually("it waits to extend") { clock.sleepers == 1 }
            clock.advance(by: .seconds(31))
            try await eventually("the lease is in the future") {
                try await database.read { try queue.nextDue($0) }.map { $0 > clock.now() } ?? false
            }
        }
        goOn.continuation.finish()
        try await eventually("done") { try await depth(database) == 0 }
        #expect(tally["slow"] == 1)
        #expect(try await database.numbers() == [1])
        await worker.shutdown()
        try await run.value
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `what runs is not begun again when the clock jumps over its lease`(
        engine: StoreEngine
    ) async throws {
        let (database, runtime) = try await open(engine)
        let tally = Tally()
        let goOn = AsyncStream<Void>.makeStream()
        let worker = worker(database, runtime) { item in
            tally.add(item.key)
            if item.key == "slow" { for await _ in goOn.stream { break } }
            return .done { try $0.run("insert into t (n) values (?)", [.integer(item.id)]) }
        }
        let run = Task { try await worker.run() }
        try await enqueue(["slow"], in: database)
        worker.wake()
        try await eventually("it runs") { tally["slow"] == 1 }
        for round in 1...20 {
            clock.advance(by: .seconds(120))
            // By the worker's own look, and by the end of what it did beside.
            try await enqueue(["quick \(round)"], in: database)
            worker.wake()
            try await eventually("another is done") { try await depth(database) == 1 }
            #expect(tally["slow"] == 1)
        }
        goOn.continuation.finish()
        try await eventually("done") { try await depth(database) == 0 }
        #expect(tally.all.values.allSatisfy { $0 == 1 })
        #expect(try await database.numbers().count == 21)
        await worker.shutdown()
        try await run.value
        await database.close()
    }

    // Of a server another copy may work on them, and their leases must end.
    @Test func `after a crash leased items are taken at once`() async throws {
        let engine = StoreEngine.sqlite
        let (crashed, _) = try await open(engine)
        try await enqueue(["a"], in: crashed)
        let now = clock.now()
        let leased = try await crashed.write { [queue] in
            try queue.lease($0, now: now, until: now.advanced(by: .seconds(3600)), limit: 1)
        }
        #expect(leased.count == 1)
        await crashed.close()
        let (database, runtime) = try await open(engine)
        let tally = Tally()
        let worker = worker(database, runtime) { item in
            tally.add(item.key)
            return .done()
        }
        let run = Task { try await worker.run() }
        try await eventually("it is handled") { tally["a"] == 1 }
        await worker.shutdown()
        try await run.value
        await database.close()
    }

    @Test func `backoff doubles with jitter up to its most`() {
        let backoff = exponentialBackoff(
            first: .seconds(30), most: .seconds(14_400), random: SeededRandom(seed: 1))
        for (attempt, seconds) in [(1, 30.0), (2, 60), (3, 120), (9, 7680)] {
            let wait = backoff(attempt) / .seconds(1)
            #expect(wait >= seconds && wait <= seconds * 1.25, "\(attempt): \(wait)")
        }
        for attempt in [11, 64, 1_000_000] {
            let wait = backoff(attempt) / .seconds(1)
            #expect(wait >= 14_400 * 0.75 && wait <= 14_400, "\(attempt): \(wait)")
        }
        #expect(backoff(0) >= .seconds(30))
    }
}
