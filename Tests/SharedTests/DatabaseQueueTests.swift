import Database
import ServiceRuntime
import TestSupport
import Testing

@Suite struct DatabaseQueueTests {
    let folder = TemporaryFolder()
    let queue = DurableQueue(name: "work")
    let start = Timestamp(milliseconds: 1_000_000)

    private func after(_ seconds: Int64) -> Timestamp { start.advanced(by: .seconds(seconds)) }

    private func open(_ engine: StoreEngine) async throws -> Database {
        let database = try await engine.open(in: folder)
        try await database.migrate(
            queue.migrations + [Migration("t", "create table t (n bigint primary key)")])
        return database
    }

    private func enqueue(_ key: String, due: Int64, in database: Database) async throws -> Bool {
        let (due, now) = (after(due), start)
        return try await database.write { [queue] in
            try queue.enqueue($0, key: key, payload: Array(key.utf8), due: due, now: now)
        }
    }

    private func lease(_ database: Database, at: Int64, until: Int64, limit: Int = 10) async throws
        -> [DurableQueue.Item]
    {
        let (now, until) = (after(at), after(until))
        return try await database.write { [queue] in
            try queue.lease($0, now: now, until: until, limit: limit)
        }
    }

    @Test(arguments: StoreEngine.allCases)
    func `what is due comes in the order of its due time, the rest not`(engine: StoreEngine)
        async throws
    {
        let database = try await open(engine)
        for (key, due) in [("c", 30), ("a", 10), ("b", 20), ("later", 100)] as [(String, Int64)] {
            #expect(try await enqueue(key, due: due, in: database))
        }
        #expect(try await enqueue("a", due: 0, in: database) == false)
        #expect(try await lease(database, at: 5, until: 60).isEmpty)
        let two = try await lease(database, at: 50, until: 60, limit: 2)
        #expect(two.map(\.key) == ["a", "b"])
        #expect(two.map(\.attempts) == [1, 1])
        #expect(two[0].payload == Array("a".utf8))
        #expect(two[0].due == after(10) && two[0].created == start)
        #expect(try await lease(database, at: 50, until: 60).map(\.key) == ["c"])
        #expect(try await lease(database, at: 50, until: 60).isEmpty)
        let next = try await database.read { [queue] in try queue.nextDue($0) }
        #expect(next == after(60))
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `a lease that ran out passes on, and the late worker's effect is undone`(
        engine: StoreEngine
    ) async throws {
        let database = try await open(engine)
        _ = try await enqueue("a", due: 0, in: database)
        let late = try #require(try await lease(database, at: 1, until: 10).first)
        #expect(try await lease(database, at: 9, until: 20).isEmpty)
        let now = try #require(try await lease(database, at: 10, until: 20).first)
        #expect(now.attempts == 2)
        let queue = queue
        await #expect(throws: QueueError.self) {
            try await database.write { connection in
                try connection.run("insert into t (n) values (1)")
                try queue.complete(connection, late)
            }
        }
        try await database.write { [queue] connection in
            try connection.run("insert into t (n) values (2)")
            try queue.complete(connection, now)
        }
        #expect(try await database.numbers() == [2])
        let next = try await database.read { try queue.nextDue($0) }
        #expect(next == nil)
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `items are retried, buried, revived and cancelled`(engine: StoreEngine) async throws {
        let database = try await open(engine)
        let (queue, later) = (queue, after(100))
        _ = try await enqueue("a", due: 0, in: database)
        let first = try #require(try await lease(database, at: 1, until: 10).first)
        try await database.write { try queue.retry($0, first, due: later, error: "not yet") }
        #expect(try await lease(database, at: 99, until: 120).isEmpty)
        let second = try #require(try await lease(database, at: 100, until: 120).first)
        #expect(second.attempts == 2)
        try await database.write { try queue.bury($0, second, error: "never") }
        #expect(try await lease(database, at: 500, until: 520).isEmpty)
        #expect(try await enqueue("a", due: 0, in: database) == false)
        let state = try await database.read { try queue.state($0) }
        #expect(state.depth == 0 && state.dead == 1 && state.oldestDue == nil)
        let revived = try await database.write { connection in
            try [1, 2].map { _ in try queue.revive(connection, key: "a", due: later) }
        }
        #expect(revived == [true, false])
        let third = try #require(try await lease(database, at: 600, until: 620).first)
        #expect(third.attempts == 1)
        let cancelled = try await database.write { connection in
            try [1, 2].map { _ in try queue.cancel(connection, key: "a") }
        }
        #expect(cancelled == [true, false])
        await #expect(throws: QueueError.self) {
            try await database.write { try queue.complete($0, third) }
        }
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `an item belongs to the transaction that enqueued it`(engine: StoreEngine) async throws {
        struct Mine: Error {}
        let database = try await open(engine)
        let (queue, start) = (queue, start)
        await #expect(throws: Mine.self) {
            try await database.write { connection in
                try queue.enqueue(connection, key: "a", payload: [], due: start, now: start)
                throw Mine()
            }
        }
        #expect(try await lease(database, at: 1, until: 10).isEmpty)
        await database.close()
    }
}
