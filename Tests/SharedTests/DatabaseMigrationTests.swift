import Database
import TestSupport
import Testing

@Suite struct DatabaseMigrationTests {
    let folder = TemporaryFolder()
    private let first = Migration("0001-a", "create table a (id integer primary key)")
    private let second = Migration("0002-b") { try $0.script("create table b (id bigint)") }

    private func tables(_ database: Database) async throws -> [String] {
        try await database.read {
            let tables =
                $0.dialect.isSQLite
                ? "select name from sqlite_master where type = 'table'"
                : "select tablename as name from pg_tables where schemaname = current_schema()"
            return try $0.query(
                "select name from (\(tables)) as t where name in ('a', 'b', 'c') order by name"
            ) { $0.text(0) }
        }
    }

    private func refusal(_ database: Database, _ migrations: [Migration]) async -> String? {
        let error = await #expect(throws: DatabaseError.self) {
            try await database.migrate(migrations)
        }
        if case .schema(let reason) = error { return reason }
        Issue.record("another error: \(String(describing: error))")
        return nil
    }

    @Test(arguments: StoreEngine.allCases)
    func `each is applied once, over restarts`(engine: StoreEngine) async throws {
        let database = try await engine.open(in: folder)
        try await database.migrate([first])
        #expect(try await tables(database) == ["a"])
        await database.close()
        let again = try await engine.open(in: folder)
        try await again.migrate([first, second])
        try await again.migrate([first, second])
        #expect(try await tables(again) == ["a", "b"])
        await again.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `a changed, an unknown and a doubled one are refused`(engine: StoreEngine) async throws {
        let database = try await engine.open(in: folder)
        try await database.migrate([first, second])
        let changed = Migration("0001-a", "create table a (id integer primary key, more text)")
        #expect(await refusal(database, [changed, second])?.contains("0001-a") == true)
        #expect(await refusal(database, [first])?.contains("newer") == true)
        #expect(await refusal(database, [first, second, second])?.contains("same name") == true)
        #expect(try await tables(database) == ["a", "b"])
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `one that fails leaves nothing of itself and keeps those before it`(engine: StoreEngine)
        async throws
    {
        let database = try await engine.open(in: folder)
        let bad = Migration("0002-b", "create table b (id bigint); create table a (id bigint)")
        await #expect(throws: DatabaseError.self) { try await database.migrate([first, bad]) }
        #expect(try await tables(database) == ["a"])
        try await database.migrate([first, second])
        #expect(try await tables(database) == ["a", "b"])
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `copies that start at the same moment apply each once`(engine: StoreEngine) async throws {
        let folder = folder
        let (first, second) = (first, second)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let database = try await engine.open(in: folder)
                    try await database.migrate([first, second])
                    await database.close()
                }
            }
            try await group.waitForAll()
        }
        let database = try await engine.open(in: folder)
        #expect(try await tables(database) == ["a", "b"])
        await database.close()
    }

    @Test func `a file that is no database is refused`() async throws {
        try TestFile.write(
            "this is not a database, and long enough to be read as a header ........."
                + String(repeating: ".", count: 200), to: folder.path + "/test.db")
        await #expect(throws: DatabaseError.self) {
            _ = try await StoreEngine.sqlite.open(in: folder)
        }
    }
}
