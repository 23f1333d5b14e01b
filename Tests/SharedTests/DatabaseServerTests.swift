import Database
import Glibc
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

/// What only a store on a server can meet.
@Suite struct DatabaseServerTests {
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
        try await first.migrate([queue.migration])
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
        await first.close()
        try await eventually("the second takes over") { second.leads("reading") }
        await worker.shutdown()
        try await running.value
        await second.close()
    }

    private final class Told: Sendable {
        private let kept = Mutex<[Int]>([])
        var all: [Int] { kept.withLock { $0 } }
        func add(_ number: Int) { kept.withLock { $0.append(number) } }
    }
}
