import ServiceRuntime
import TestSupport
import Testing

@testable import Database

/// A store moves from a file to a server, whole or not at all.
@Suite struct StoreMoveTests {
    private let folder = TemporaryFolder()
    private var path: String { folder.path + "/toy.db" }
    private var name: String {
        "move" + folder.path.filter { $0.isLetter || $0.isNumber }.suffix(20)
    }

    private static let migrations = [
        Migration(
            "toy-1",
            """
            create table counter (version bigint not null);
            insert into counter (version) values (1);
            create table parent (id integer primary key, name text not null);
            create table a_child (
                id integer primary key autoincrement,
                parent bigint not null references parent (id), x text, b blob, r real,
                twice bigint generated always as (parent * 2) stored);
            create table word (k text not null, n bigint not null, primary key (k, n));
            create table bag (n bigint, x text);
            """)
    ]

    private static let layout = StoreLayout(
        service: "toy",
        migrations: migrations,
        prepare: { source, target in
            let isThere = try source.count(
                "select count(*) from sqlite_schema where name = 'later'")
            if isThere == 1 { try target.script("create table later (k blob primary key)") }
        },
        isDerived: { $0 == "words" || $0.hasPrefix("words_") },
        derive: { _, target in
            try target.script("create table words (n bigint); insert into words values (1)")
        })

    private func target() async throws -> DatabaseConfiguration {
        let url = try await TestServer.shared.url()
        return DatabaseConfiguration(location: "\(url)?sslmode=disable&schema=\(name)")
    }

    /// A store in a file, written by `more` too, and closed.
    private func make(
        _ more: @escaping @Sendable (Connection) throws -> Void = { _ in }
    ) async throws {
        let database = try await Database.open(
            DatabaseConfiguration(location: path), runtime: TestRuntime.make())
        try await database.migrate(StoreMoveTests.migrations)
        try await database.write { connection in
            for n in 1...2500 {
                try connection.run(
                    "insert into parent (id, name) values (?, ?)",
                    [.integer(Int64(n)), .text("p\(n % 7)")])
                try connection.run(
                    "insert into a_child (parent, x, b, r) values (?, ?, ?, ?)",
                    [
                        .integer(Int64(n)), n % 3 == 0 ? nil : .text("x\t\\\n\(n)"),
                        n % 5 == 0 ? nil : .blob([0, UInt8(n % 256), 92]),
                        .real(Double(n) / 7),
                    ])
                try connection.run("insert into bag values (?, ?)", [.integer(Int64(n % 9)), nil])
            }
            // Numbers that were given and are gone.
            try connection.run("insert into a_child (id, parent) values (9000, 1)")
            try connection.run("delete from a_child where id = 9000")
            try connection.run("update counter set version = 77")
            for (k, n) in [("a", 1), ("B", 2), ("ä", 3), ("", 4), ("a", -5), ("z\u{301}", 6)] {
                try connection.run(
                    "insert into word values (?, ?)", [.text(k), .integer(Int64(n))])
            }
            try more(connection)
        }
        await database.close()
    }

    private func move() async throws -> [StoreMove.Table] {
        let move = try StoreMove(StoreMoveTests.layout, from: path, to: try await target())
        try move.make(at: TestRuntime.make().clock.now())
        try move.copy()
        let tables = try move.verify()
        try StoreMove.finish([move], at: TestRuntime.make().clock.now())
        return tables
    }

    private func refusal(_ words: String, _ body: () async throws -> Void) async {
        let error = await #expect(throws: MoveError.self) { try await body() }
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }

    @Test func `every row arrives, and numbers go on where they were`() async throws {
        try await make { connection in
            try connection.script(
                "create virtual table words using fts5(x); create table later (k blob primary key)")
            try connection.run("insert into words values ('one')")
            try connection.run("insert into later values (?)", [.blob([1, 2])])
        }
        let tables = try await move()
        #expect(
            tables.map(\.name).sorted() == ["a_child", "bag", "counter", "later", "parent", "word"])
        #expect(tables.first { $0.name == "a_child" }?.rows == 2500)
        #expect(tables.allSatisfy { $0.replaced == 0 && $0.sha256.utf8.count == 64 })
        let database = try await Database.open(try await target(), runtime: TestRuntime.make())
        try await database.migrate(StoreMoveTests.migrations)
        let id = try await database.write {
            try $0.insert("insert into a_child (parent, x) values (?, ?)", [1, "new"])
        }
        #expect(id == 9001)
        let read = try await database.read { connection in
            (
                try connection.count("select version from counter"),
                try connection.count("select twice from a_child where id = 2500")
            )
        }
        #expect(read == (77, 5000))
        await database.close()
    }

    @Test func `a file that was moved is no store any more`() async throws {
        try await make()
        _ = try await move()
        let error = await #expect(throws: DatabaseError.self) {
            _ = try await Database.open(
                DatabaseConfiguration(location: path), runtime: TestRuntime.make())
        }
        guard case .schema(let words) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(words.contains("was moved to a server"))
        await refusal("was moved before") { _ = try await move() }
        try Files.remove(path + "-moved")
        await refusal("has tables already") { _ = try await move() }
        let database = try await Database.open(
            DatabaseConfiguration(location: path), runtime: TestRuntime.make())
        #expect(try await database.read { try $0.count("select count(*) from parent") } == 2500)
        await database.close()
    }

    @Test func `no service starts on half a move, and the next begins anew`() async throws {
        try await make()
        do {
            let move = try StoreMove(StoreMoveTests.layout, from: path, to: try await target())
            try move.make(at: TestRuntime.make().clock.now())
            try move.copy()
            await refusal("is in use") { _ = try await self.move() }
        }
        let database = try await Database.open(try await target(), runtime: TestRuntime.make())
        let error = await #expect(throws: DatabaseError.self) {
            try await database.migrate(StoreMoveTests.migrations)
        }
        #expect(error?.words.contains("did not come to its end") == true)
        await database.close()
        #expect(try await move().first { $0.name == "parent" }?.rows == 2500)
    }

    @Test func `a move waits while the server still holds the lock of another`() async throws {
        try await make()
        let other = folder.path + "/other.db"
        try Files.writeDurably(try Files.read(path), to: other)
        let watch = try await Database.open(try await target(), runtime: TestRuntime.make())
        var first: StoreMove? = try StoreMove(
            StoreMoveTests.layout, from: other, to: try await target())
        let holder = try first?.target.count("select pg_backend_pid()") ?? 0
        async let second = move()
        try await eventually("the second waits") {
            try await watch.read {
                try $0.count(
                    "select count(*) from pg_locks where ? = any (pg_blocking_pids(pid))",
                    [.integer(Int64(holder))])
            } > 0
        }
        first = nil
        #expect(try await second.count == 5)
        await watch.close()
    }

    @Test func `a zero character is replaced and counted, in keys too`() async throws {
        try await make { connection in
            for k in ["\0", "\0b", "a\0", "b\0c"] {
                try connection.run("insert into word values (?, 1)", [.text(k)])
            }
            try connection.run("update parent set name = ? where id = 3", [.text("\0\0")])
        }
        let tables = try await move()
        #expect(tables.first { $0.name == "word" }?.replaced == 4)
        #expect(tables.first { $0.name == "parent" }?.replaced == 1)
    }

    @Test func `what is not what it should be is refused, by name`() async throws {
        try await make { try $0.run("update bag set n = 'many' where n = 3 and rowid < 10") }
        await refusal("copy into bag, row 2500, column n") { _ = try await move() }
        try await change("update bag set n = 3 where n = 'many'")
        // Not of the type of its column, though the server takes it.
        try await change("update parent set name = x'41' where id = 2000")
        await refusal("name of the row of parent with id 2000") { _ = try await move() }
        try await change("update parent set name = 'A' where id = 2000; create table mine (n)")
        await refusal("the table mine") { _ = try await move() }
        try await change("drop table mine; alter table bag add column mine")
        await refusal("[\"mine\"] of the table bag") { _ = try await move() }
        try await change("alter table bag drop column mine; update a_child set parent = 9999999")
        await refusal("rows of a_child refer to rows that are not there") { _ = try await move() }
        try await change("update a_child set parent = 1; delete from schema_migration")
        await refusal("of an older version") { _ = try await move() }
        try await change(
            "insert into schema_migration (name, checksum, applied) values ('toy-9', '', 1)")
        await refusal("toy-9") { _ = try await move() }
        try Files.remove(path)
        await refusal("there is no") { _ = try await move() }
    }

    /// As another program writes it.
    private func change(_ sql: String) async throws {
        let (code, output) = try await ChildProcess.run("sqlite3", [path, sql])
        #expect(code == 0, "\(output)")
    }

    @Test func `rows that differ on the server are found`() async throws {
        try await make()
        let server = try await TestServer.shared.url()
        let move = try StoreMove(StoreMoveTests.layout, from: path, to: try await target())
        try move.make(at: TestRuntime.make().clock.now())
        try move.copy()
        let database = try await Database.open(
            DatabaseConfiguration(location: "\(server)?sslmode=disable&schema=\(name)"),
            runtime: TestRuntime.make())
        for (sql, words) in [
            (
                "update a_child set x = x || ' ' where id = 2222",
                "x of the row of a_child with id 2222"
            ),
            ("update a_child set x = rtrim(x, ' ') where id = 2222", ""),
            ("update a_child set r = r + 0.0000000001 where id = 1", "r of the row of a_child"),
            ("update a_child set r = 1.0 / 7 where id = 1", ""),
            ("delete from bag where ctid = (select max(ctid) from bag)", "bag"),
        ] {
            try await database.write { _ = try $0.run(sql) }
            if words.isEmpty {
                #expect(try move.verify().count == 5)
            } else {
                await refusal(words) { _ = try move.verify() }
            }
        }
        await database.close()
    }
}
