import Database
import Glibc
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

/// What only a store on a server can meet.
@Suite struct DatabaseServerTests {
    let folder = TemporaryFolder()

    @Test func `a server that crashes and comes back is found again, and nothing told is lost`()
        async throws
    {
        let server = try await PostgreSQL(user: "geartrain")
        let database = try await Database.open(
            DatabaseConfiguration(
                location: server.url("postgres") + "?sslmode=disable&schema=crash"),
            runtime: TestRuntime.make())
        try await database.migrate([Migration("t", "create table t (n bigint primary key)")])
        let (told, isOver) = (Told(), Told())
        let writers = (0..<4).map { writer in
            Task {
                var number = writer
                while isOver.all.isEmpty {
                    // One that was not told may stand all the same: its number is not used again.
                    if (try? await database.write(insert(number))) != nil { told.add(number) }
                    number += 4
                }
            }
        }
        for round in 1...2 {
            try await eventually("writes in round \(round)") { told.all.count > round * 50 }
            try await server.halt(SIGQUIT)
            try await server.start()
        }
        let before = told.all.count
        try await eventually("writes go on") { told.all.count > before + 50 }
        isOver.add(1)
        for writer in writers { await writer.value }
        let standing = Set(try await database.numbers())
        #expect(standing.isSuperset(of: told.all))
        await database.close()
        try await server.stop()
    }

    @Test func `an item and a word reach another copy, and one copy leads`() async throws {
        let folder = TemporaryFolder()
        let runtime = TestRuntime.make()
        let (first, second) = (
            try await StoreEngine.postgresql.open(in: folder, runtime: runtime),
            try await StoreEngine.postgresql.open(in: folder, runtime: runtime)
        )
        let queue = DurableQueue(name: "work")
        try await first.migrate(queue.migrations)
        let (worked, heard) = (Told(), Told())
        let worker = QueueWorker(
            queue, database: second, runtime: runtime, name: "worker", backoff: { _ in .seconds(1) }
        ) { item in
            worked.add(Int(item.key) ?? 0)
            return .done()
        }
        let running = Task { try await worker.run() }
        second.follow("names") { heard.add(1) }
        // Once at the beginning, and perhaps once more when the connection stands.
        try await eventually("it looks by itself") { !heard.all.isEmpty }
        try await eventually("the connection stands") { second.leads("listening") }
        let before = heard.all.count
        let now = runtime.clock.now()
        try await first.write {
            try queue.enqueue($0, key: "7", payload: [], due: now, now: now)
            try $0.announce("names")
        }
        try await eventually("it is worked on") { worked.all == [7] }
        try await eventually("it is heard") { heard.all.count > before }
        try await eventually("the first leads") { first.leads("reading") }
        #expect(!second.leads("reading"))
        // By then each has counted the other; no other schema's copies are among them.
        try await eventually("both are counted") { first.copies == 2 && second.copies == 2 }
        await first.close()
        try await eventually("one is left") { second.copies == 1 }
        try await eventually("the second takes over") { second.leads("reading") }
        await worker.shutdown()
        try await running.value
        await second.close()
    }

    /// Two copies of a service, each with a worker of its queue; the first's does not end what it
    /// begins until it is told to.
    private struct Pair {
        let queue = DurableQueue(name: "work")
        let clock = ManualClock(start: Timestamp(milliseconds: 1_000_000))
        let first: Database
        let second: Database
        let begun = Told()
        let ended = Told()
        let taken = Told()
        let mayEnd = WorkerSignal()
        let workers: [QueueWorker]
        let runs: [Task<Void, any Error>]

        init(_ place: DatabaseConfiguration) async throws {
            let runtime = TestRuntime.make(clock: clock)
            first = try await Database.open(place, runtime: runtime)
            second = try await Database.open(place, runtime: runtime)
            try await first.migrate(queue.migrations)
            let (begun, ended, taken, mayEnd, clock) = (begun, ended, taken, mayEnd, clock)
            workers = [
                QueueWorker(
                    queue, database: first, runtime: runtime, name: "first",
                    backoff: { _ in .seconds(1) }
                ) { item in
                    begun.add(Int(item.key) ?? 0)
                    await mayEnd.wait(atMost: nil, clock: clock)
                    return .done { _ in ended.add(1) }
                },
                QueueWorker(
                    queue, database: second, runtime: runtime, name: "second",
                    backoff: { _ in .seconds(1) }
                ) { item in
                    taken.add(Int(item.key) ?? 0)
                    return .done()
                },
            ]
            let (one, other, now, queue) = (first, second, clock.now(), queue)
            try await eventually("both are connected, and the second is the one that looks") {
                one.leads("something") && other.leads("leases")
            }
            let run = Task { [workers] in try await workers[0].run() }
            try await eventually("the first has begun") {
                try await one.write {
                    try queue.enqueue($0, key: "7", payload: [], due: now, now: now)
                }
                return begun.all == [7]
            }
            runs = [run, Task { [workers] in try await workers[1].run() }]
        }

        /// Those of copies that have leased something.
        static let sessions = """
            from pg_locks where locktype = 'advisory' and mode = 'ShareLock'
                and (classid::bigint << 32 | objid::bigint) in (select holder from queue_work)
            """
        static let cut = "select count(pg_terminate_backend(pid)) " + sessions

        /// Half of the time that a lease lasts passes, second by second.
        func timePasses(
            each limit: Duration = .milliseconds(150), until condition: () -> Bool
        ) async throws {
            for _ in 0..<30 where !condition() {
                clock.advance(by: .seconds(1))
                try? await eventually("something", within: limit, condition)
            }
        }

        func end() async throws {
            mayEnd.fire()
            for worker in workers { await worker.shutdown() }
            for run in runs { try await run.value }
            await first.close()
            await second.close()
        }
    }

    @Test func `what was done while the server was away does not wait for the end of its lease`()
        async throws
    {
        let server = try await PostgreSQL(user: "geartrain")
        let runtime = TestRuntime.make()
        let database = try await Database.open(
            DatabaseConfiguration(
                location: server.url("postgres") + "?sslmode=disable&schema=away"),
            runtime: runtime)
        let queue = DurableQueue(name: "work")
        try await database.migrate(queue.migrations)
        let (attempts, done) = (Told(), Told())
        let mayEnd = WorkerSignal()
        let worker = QueueWorker(
            queue, database: database, runtime: runtime, name: "worker", lease: .seconds(300),
            backoff: { _ in .milliseconds(10) }
        ) { item in
            attempts.add(item.attempts)
            if item.attempts == 1 { await mayEnd.wait(atMost: nil, clock: runtime.clock) }
            return .done { _ in done.add(item.attempts) }
        }
        let running = Task { try await worker.run() }
        let now = runtime.clock.now()
        try await database.write {
            try queue.enqueue($0, key: "7", payload: [], due: now, now: now)
        }
        try await eventually("it is begun") { attempts.all == [1] }
        try await server.halt(SIGQUIT)
        mayEnd.fire()
        // The outcome is tried, and cannot be written.
        await #expect(throws: DatabaseError.self) { try await database.write { _ in } }
        try await server.start()
        try await eventually("it is done", within: .seconds(30)) { done.all.last == 2 }
        await worker.shutdown()
        try await running.value
        await database.close()
        try await server.stop()
    }

    @Test func `a machine whose clock is wrong goes by the server's`() async throws {
        let clock = SharedClock(machine: ManualClock(start: Timestamp(milliseconds: 1_000_000)))
        let database = try await StoreEngine.postgresql.open(
            in: folder, runtime: TestRuntime.make(clock: clock))
        let difference = clock.now().milliseconds - SystemClock().now().milliseconds
        #expect(abs(difference) < 60_000)
        await database.close()
        // One that is right within the tolerance stays as it is.
        let right = SharedClock(machine: ManualClock(start: Timestamp(milliseconds: 5_000)))
        right.follow(Timestamp(milliseconds: 5_999))
        #expect(right.now().milliseconds == 5_000)
        right.follow(Timestamp(milliseconds: 305_000))
        #expect(right.now().milliseconds == 305_000)
        right.follow(Timestamp(milliseconds: 4_500))
        #expect(right.now().milliseconds == 5_000)
    }

    @Test func `what a copy had begun that is gone is soon done by another`() async throws {
        let pair = try await Pair(StoreEngine.postgresql.place("test", in: folder.path))
        await pair.first.close()
        // As it is where the process has ended.
        _ = try await pair.second.read { try $0.count(Pair.cut) }
        try await pair.timePasses(each: .seconds(1)) { pair.taken.all == [7] }
        #expect(pair.taken.all == [7])
        // The first cannot say that it did it, too.
        try await pair.end()
        #expect(pair.ended.all.isEmpty)
    }

    @Test func `what a copy does whose sessions were cut stays its own`() async throws {
        let pair = try await Pair(StoreEngine.postgresql.place("test", in: folder.path))
        #expect(try await pair.second.read { try $0.count(Pair.cut) } == 2)
        try await eventually("it is there again") {
            try await pair.second.read { try $0.count("select count(*) " + Pair.sessions) } > 0
        }
        try await pair.timePasses { !pair.taken.all.isEmpty }
        #expect(pair.taken.all.isEmpty)
        pair.mayEnd.fire()
        try await eventually("it has ended what it did") { pair.ended.all == [1] }
        try await pair.end()
    }

    private final class Told: Sendable {
        private let kept = Mutex<[Int]>([])
        var all: [Int] { kept.withLock { $0 } }
        func add(_ number: Int) { kept.withLock { $0.append(number) } }
    }
}
