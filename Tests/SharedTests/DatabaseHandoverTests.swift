import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Database

/// What a worker gets with the commit that enqueues it.
@Suite struct DatabaseHandoverTests {
    private struct Mine: Error {}

    private let folder = TemporaryFolder()
    private let queue = DurableQueue(name: "work")
    private let clock = ManualClock(start: Timestamp(milliseconds: 1_000_000))

    private func enqueue(_ key: String, _ connection: Connection) throws {
        try queue.enqueue(
            connection, key: key, payload: [], due: clock.now(), now: clock.now())
    }

    /// Runs `body` beside a worker that nobody wakes; `handle` says what it does.
    private func beside(
        concurrency: Int = 4, onLoops: Bool = false,
        _ handle: @escaping @Sendable (DurableQueue.Item) async throws -> QueueWorker.Outcome,
        _ body: (Database) async throws -> Void
    ) async throws {
        let runtime = TestRuntime.make(clock: clock)
        let database = try await StoreEngine.sqlite.open(in: folder, runtime: runtime)
        try await database.migrate(queue.migrations)
        let worker = QueueWorker(
            queue, database: database, runtime: runtime, name: "worker",
            concurrency: concurrency, onLoops: onLoops, backoff: { _ in .seconds(10) },
            handle: handle)
        let run = Task { try await worker.run() }
        try await eventually("the worker has its desk") {
            try await database.write { $0.desks["work"] != nil }
        }
        try await body(database)
        await worker.shutdown()
        try await run.value
        #expect(try await database.write { $0.desks.isEmpty })
        await database.close()
    }

    @Test(arguments: [false, true])
    func `it is leased in the transaction that adds it, and begins after it`(onLoops: Bool)
        async throws
    {
        let seen = Mutex<[String: Int]>([:])
        let isHeld = Mutex<Bool>(false)
        try await beside(onLoops: onLoops) { item in
            seen.withLock { $0[item.key] = item.attempts }
            return .done()
        } _: { database in
            try await database.write { connection in
                try enqueue("a", connection)
                let due = try queue.nextDue(connection)
                isHeld.withLock { $0 = due.map { $0 > clock.now() } ?? false }
            }
            try await eventually("it is handled") { seen.withLock { $0 == ["a": 1] } }
            try await eventually("it is gone") {
                try await database.read { try queue.state($0).depth } == 0
            }
        }
        #expect(isHeld.withLock { $0 })
    }

    @Test func `what is undone gives its place back`() async throws {
        let seen = Mutex<[String]>([])
        try await beside(concurrency: 1) { item in
            seen.withLock { $0.append(item.key) }
            return .done()
        } _: { database in
            await #expect(throws: Mine.self) {
                try await database.write { connection in
                    try enqueue("undone", connection)
                    throw Mine()
                }
            }
            try await database.write { connection in
                try? connection.savepoint {
                    try enqueue("undone too", connection)
                    throw Mine()
                }
            }
            // The second time it is there already.
            try await database.write { connection in
                try enqueue("kept", connection)
                try enqueue("kept", connection)
            }
            try await eventually("the one that was kept") { seen.withLock { $0 } == ["kept"] }
        }
        #expect(seen.withLock { $0 } == ["kept"])
    }

    @Test func `where there is no room it waits in the queue, in order`() async throws {
        let seen = Mutex<[String]>([])
        let goOn = AsyncStream<Void>.makeStream()
        try await beside(concurrency: 1) { item in
            seen.withLock { $0.append(item.key) }
            if item.key == "0" { for await _ in goOn.stream { break } }
            return .done()
        } _: { database in
            for n in 0..<5 { try await database.write { try enqueue("\(n)", $0) } }
            try await eventually("the first") { seen.withLock { $0 } == ["0"] }
            goOn.continuation.finish()
            try await eventually("all") { seen.withLock { $0.count } == 5 }
        }
        #expect(seen.withLock { $0 } == ["0", "1", "2", "3", "4"])
    }

    @Test func `an item that its own handler makes due again comes again`() async throws {
        let count = Mutex(0)
        try await beside(concurrency: 1) { [clock] _ in
            let n = count.withLock { count in
                count += 1
                return count
            }
            return .decide({ _ in n < 50 ? clock.now() : nil })
        } _: { database in
            try await database.write { try enqueue("a", $0) }
            try await eventually("fifty turns") { count.withLock { $0 } == 50 }
            try await eventually("it is gone") {
                try await database.read { try queue.state($0).depth } == 0
            }
        }
    }
}
