import Database
import ServiceRuntime
import TestSupport
import Testing

@Suite struct DatabaseWriteTests {
    let folder = TemporaryFolder()

    /// Holds the writer thread until `release`, so that what comes meanwhile is one group.
    private func held(_ database: Database, _ body: () async throws -> Void) async throws {
        let entered = Gate()
        let release = Gate()
        let holder = Task {
            try await database.exclusive { _ in
                entered.open()
                release.wait()
            }
        }
        await Task.detached { entered.wait() }.value
        try await body()
        release.open()
        try await holder.value
    }

    @Test(arguments: StoreEngine.allCases)
    func `writes of many callers stand as if each were alone`(engine: StoreEngine) async throws {
        let database = try await engine.open(in: folder, runtime: .test())
        try await database.migrate([
            Migration("1", "create table t (id integer primary key, n bigint not null)")
        ])
        let ids = try await withThrowingTaskGroup(of: Int64.self) { group in
            for n in 0..<2000 {
                group.addTask {
                    try await database.write { connection in
                        try connection.run("insert into t (n) values (?)", [.integer(Int64(n))])
                        return connection.lastInsertID
                    }
                }
            }
            return try await group.reduce(into: Set<Int64>()) { $0.insert($1) }
        }
        #expect(ids.count == 2000)
        let (count, sum) = try await database.read {
            (try $0.count("select count(*) from t"), try $0.count("select sum(n) from t"))
        }
        #expect(count == 2000)
        #expect(sum == 1999 * 1000)
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `a caller that fails undoes only its own statements`(engine: StoreEngine) async throws {
        let database = try await engine.open(in: folder, runtime: .test())
        try await database.migrate([Migration("1", "create table t (n bigint primary key)")])
        struct Mine: Error {}
        var outcomes: [Task<Void, any Error>] = []
        try await held(database) {
            for n in 0..<30 {
                outcomes.append(
                    Task {
                        try await database.write { connection in
                            try connection.run("insert into t values (?)", [.integer(Int64(n))])
                            if n % 3 == 1 { throw Mine() }
                            if n % 3 == 2 {
                                try connection.run("insert into t values (?)", [.integer(0)])
                            }
                        }
                    })
            }
            // Zero must stand before others collide with it.
            try await eventually("all are queued") { database.waitingWrites == 30 }
        }
        var failed: [Int] = []
        for (n, task) in outcomes.enumerated() {
            do { try await task.value } catch { failed.append(n) }
        }
        let kept = try await database.read {
            try $0.query("select n from t") { Int($0.integer(0)) }
        }
        #expect(Set(kept).isDisjoint(with: failed))
        #expect(Set(kept).union(failed) == Set(0..<30))
        #expect(failed.allSatisfy { $0 % 3 != 0 || kept.contains(0) })
        #expect(
            kept.filter { $0 % 3 == 0 }.count == kept.count
                || kept.filter { $0 % 3 == 2 }.count <= 1)
        await database.close()
    }
}
