import Database
import ServiceRuntime
import TestSupport
import Testing

@Suite struct DatabaseWriteTests {
    let folder = TemporaryFolder()

    @Test(arguments: StoreEngine.allCases)
    func `writes of many callers stand as if each were alone`(engine: StoreEngine) async throws {
        let database = try await engine.openWithTable(in: folder)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for n in 0..<2000 { group.addTask { try await database.write(insert(n)) } }
            try await group.waitForAll()
        }
        #expect(try await database.numbers() == Array(0..<2000))
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `a caller that fails undoes only its own statements`(engine: StoreEngine) async throws {
        struct Mine: Error {}
        let database = try await engine.openWithTable(in: folder)
        let writes = try await database.whileWriterWaits {
            try await database.queue([
                insert(1),
                {
                    try insert(2)($0)
                    throw Mine()
                },
                {
                    try insert(3)($0)
                    try insert(1)($0)
                },
                insert(4),
            ])
        }
        try await writes[0].value
        await #expect(throws: Mine.self) { try await writes[1].value }
        let error = await #expect(throws: DatabaseError.self) { try await writes[2].value }
        guard case .constraint(.unique, "t", ["n"]) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        try await writes[3].value
        #expect(try await database.numbers() == [1, 4])
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `a transaction of many rows stands or falls by itself`(engine: StoreEngine) async throws {
        struct Mine: Error {}
        let database = try await engine.openWithTable(in: folder)
        let (before, failing, standing, after) = try await database.whileWriterWaits {
            let before = try await database.queue([insert(1)])
            let failing = Task {
                try await database.writeMany { connection in
                    for n in 10..<20 { try insert(n)(connection) }
                    throw Mine()
                }
            }
            try await eventually("it is queued") { database.waitingWrites == 2 }
            let standing = Task {
                try await database.writeMany { connection in
                    for n in 20..<25 { try insert(n)(connection) }
                    // An item of it may fail.
                    try? connection.savepoint {
                        try insert(30)(connection)
                        try insert(20)(connection)
                    }
                }
            }
            try await eventually("it is queued") { database.waitingWrites == 3 }
            return (before, failing, standing, try await database.queue([insert(2), insert(20)]))
        }
        try await before[0].value
        await #expect(throws: Mine.self) { try await failing.value }
        try await standing.value
        try await after[0].value
        await #expect(throws: DatabaseError.self) { try await after[1].value }
        #expect(try await database.numbers() == [1, 2] + Array(20..<25))
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `an inner savepoint undoes only what it holds`(engine: StoreEngine) async throws {
        struct Mine: Error {}
        let database = try await engine.openWithTable(in: folder)
        try await database.write { connection in
            try insert(1)(connection)
            do {
                try connection.savepoint {
                    try insert(2)(connection)
                    try connection.savepoint { try insert(3)(connection) }
                    throw Mine()
                }
            } catch is Mine {}
            try insert(4)(connection)
        }
        #expect(try await database.numbers() == [1, 4])
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `a failing commit fails everyone in the group and keeps none of it`(
        engine: StoreEngine
    ) async throws {
        let database = try await engine.openWithTable(in: folder)
        try await database.exclusive {
            try $0.script(
                "create table c (n bigint references t (n) deferrable initially deferred)")
        }
        try await database.write(insert(1))
        let writes = try await database.whileWriterWaits {
            try await database.queue([
                insert(2), { try $0.run("insert into c (n) values (99)") }, insert(3),
            ])
        }
        for write in writes {
            await #expect(throws: DatabaseError.self) { try await write.value }
        }
        #expect(try await database.numbers() == [1])
        try await database.write(insert(5))
        #expect(try await database.numbers() == [1, 5])
        await database.close()
    }

    @Test func `where there is no room what was acknowledged stays and the rest says so`()
        async throws
    {
        let database = try await StoreEngine.sqlite.open(in: folder)
        try await database.migrate([
            Migration("t", "create table t (n bigint primary key, filler blob)")
        ])
        try await database.exclusive { try $0.script("pragma max_page_count = 200") }
        let outcomes = await withTaskGroup(of: (Int, DatabaseError?).self) { group in
            for n in 0..<400 {
                group.addTask {
                    do {
                        try await database.write {
                            try $0.run(
                                "insert into t values (?, zeroblob(5000))", [.integer(Int64(n))])
                        }
                        return (n, nil)
                    } catch {
                        return (n, error as? DatabaseError ?? .schema("\(error)"))
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let acknowledged = outcomes.filter { $0.1 == nil }.map(\.0).sorted()
        #expect(try await database.numbers() == acknowledged)
        #expect(acknowledged.count < 200)
        for case (_, let error?) in outcomes {
            guard case .full = error else {
                Issue.record("another error: \(error)")
                return
            }
            #expect(error.isTemporary)
        }
        try await database.exclusive { try $0.script("pragma max_page_count = 1000000") }
        try await database.write { try $0.run("insert into t values (1000, zeroblob(5000))") }
        #expect(try await database.numbers() == acknowledged + [1000])
        await database.close()
    }

    /// SQLite keeps what was done before; PostgreSQL takes back the whole, and nobody may be told
    /// that it stands.
    @Test(arguments: StoreEngine.allCases)
    func `who goes on after an error is told the truth`(engine: StoreEngine) async throws {
        let database = try await engine.openWithTable(in: folder)
        try await database.write(insert(1))
        let swallowing: @Sendable (Connection) throws -> Void = { connection in
            try insert(2)(connection)
            try? insert(1)(connection)
        }
        for many in [false, true] {
            let isTold: Bool
            do {
                if many {
                    try await database.writeMany(swallowing)
                } else {
                    try await database.write(swallowing)
                }
                isTold = true
            } catch is DatabaseError {
                isTold = false
            }
            #expect(try await database.numbers() == (isTold ? [1, 2] : [1]))
            try await database.write { try $0.run("delete from t where n = 2") }
        }
        let group = try await database.whileWriterWaits {
            try await database.queue([insert(3), swallowing, insert(4)])
        }
        try await group[0].value
        try await group[2].value
        let isTold = (try? await group[1].value) != nil
        #expect(try await database.numbers() == (isTold ? [1, 2, 3, 4] : [1, 3, 4]))
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `a closure that ends the transaction is an error of its group`(engine: StoreEngine)
        async throws
    {
        let database = try await engine.openWithTable(in: folder)
        await #expect(throws: DatabaseError.self) {
            try await database.write { connection in
                try insert(1)(connection)
                try connection.run("rollback")
            }
        }
        try await database.write(insert(2))
        #expect(try await database.numbers() == [2])
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `beyond the queue's limit a write is refused at once`(engine: StoreEngine) async throws {
        let database = try await engine.openWithTable(in: folder) { $0.queueLimit = 3 }
        let writes = try await database.whileWriterWaits {
            let writes = try await database.queue([insert(1), insert(2), insert(3)])
            let error = await #expect(throws: DatabaseError.self) {
                try await database.write(insert(4))
            }
            guard case .overloaded = error else {
                Issue.record("another error: \(String(describing: error))")
                return writes
            }
            return writes
        }
        for write in writes { try await write.value }
        #expect(try await database.numbers() == [1, 2, 3])
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `closing waits for what is queued and then refuses`(engine: StoreEngine) async throws {
        let database = try await engine.openWithTable(in: folder)
        let (writes, closing) = try await database.whileWriterWaits {
            let writes = try await database.queue([insert(1), insert(2)])
            let closing = Task { await database.close() }
            try await eventually("it takes nothing more") {
                do {
                    _ = try await database.read { try $0.count("select 1") }
                    return false
                } catch {
                    return true
                }
            }
            return (writes, closing)
        }
        for write in writes { try await write.value }
        await closing.value
        await #expect(throws: DatabaseError.self) { try await database.write(insert(3)) }
        await #expect(throws: DatabaseError.self) {
            try await database.read { try $0.count("select 1") }
        }
        let again = try await engine.open(in: folder)
        #expect(try await again.numbers() == [1, 2])
        await again.close()
    }
}
