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
    func `a changed and a doubled one are refused`(engine: StoreEngine) async throws {
        let database = try await engine.open(in: folder)
        try await database.migrate([first, second])
        let changed = Migration("0001-a", "create table a (id integer primary key, more text)")
        #expect(await refusal(database, [changed, second])?.contains("0001-a") == true)
        #expect(await refusal(database, [first, second, second])?.contains("same name") == true)
        #expect(try await tables(database) == ["a", "b"])
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `an earlier program runs on what only adds, and not on what takes away what it uses`(
        engine: StoreEngine
    ) async throws {
        let database = try await engine.open(in: folder)
        // The column is renamed over two releases: 2 has both, 3 uses the new one, 4 drops the old.
        let added = Migration("0002-b", "alter table a add column b text")
        let ceased = Migration("0003-c", "create table c (id bigint)")
        let dropped = Migration(
            "0004-d", kind: .contract(since: "0003-c"), "alter table a drop column b")
        let sudden = Migration("0005-e", kind: .contract(since: nil), "drop table c")
        try await database.migrate([first, added, ceased])
        try await database.migrate([first])
        try await database.migrate([first, added])
        try await database.migrate([first, added, ceased, dropped])
        try await database.migrate([first, added, ceased])
        let words = try #require(await refusal(database, [first, added]))
        #expect(words.contains("newer") && words.contains("0004-d") && words.contains("0003-c"))
        try await database.migrate([first, added, ceased, dropped, sudden])
        let last = try #require(await refusal(database, [first, added, ceased, dropped]))
        #expect(last.contains("a version that has migration 0005-e"))
        // What a newer one has applied may not differ from what is known here.
        let other = Migration("0002-b", "alter table a add column other text")
        #expect(await refusal(database, [first, other])?.contains("0002-b is not") == true)
        let astray = Migration("0006-f", kind: .contract(since: "0003"), "")
        #expect(await refusal(database, [first, astray])?.contains("which is none") == true)
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `a schema of a program that did not say which kind a step is goes on beside it`(
        engine: StoreEngine
    ) async throws {
        let database = try await engine.open(in: folder)
        let checksum = try await checksum(of: first, engine)
        try await database.exclusive { connection in
            try connection.script(
                """
                create table schema_migration (
                    name text primary key, checksum text not null, applied bigint not null);
                create table a (id integer primary key);
                """)
        }
        let row = "insert into schema_migration (name, checksum, applied) values (?, ?, 1)"
        try await database.write { try $0.run(row, [.text("0001-a"), .text(checksum)]) }
        try await database.migrate([first, second])
        try await database.migrate([first])
        // The earlier one applies something of its own.
        try await database.write { try $0.run(row, [.text("0003-x"), .text("closure")]) }
        let words = try #require(await refusal(database, [first, second]))
        #expect(words.contains("a version that has migration 0003-x"))
        try await database.migrate([first, second, Migration("0003-x") { _ in }])
        await database.close()
    }

    /// As a database keeps it that has applied it.
    private func checksum(of migration: Migration, _ engine: StoreEngine) async throws -> String {
        let other = TemporaryFolder()
        let database = try await engine.open(in: other)
        try await database.migrate([migration])
        let checksum = try await database.read {
            try $0.first("select checksum from schema_migration") { $0.text(0) }
        }
        await database.close()
        return checksum ?? ""
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
