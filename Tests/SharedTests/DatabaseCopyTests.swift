import Database
import Glibc
import ServiceRuntime
import TestSupport
import Testing

/// Rows in bulk, on both engines.
@Suite struct DatabaseCopyTests {
    private let folder = TemporaryFolder()
    private static let table = """
        create table t (id integer primary key autoincrement, n bigint, r real, x text, b blob);
        create table u (k text primary key, n bigint not null);
        """

    private func open(_ engine: StoreEngine) async throws -> Database {
        let database = try await engine.open(in: folder)
        try await database.migrate([Migration("t", DatabaseCopyTests.table)])
        return database
    }

    @Test(arguments: StoreEngine.allCases)
    func `what is copied is what was given`(engine: StoreEngine) async throws {
        let database = try await open(engine)
        let texts = [
            "", "\\N", "\\", "\\.", "a\tb\nc\rd\\te", "\u{1}\u{7f}\u{b}", "e\u{301} Žluťoučký 🚂",
            "\\x41",
        ]
        var rows: [[SQLValue]] = texts.map { [nil, nil, .text($0), .blob(Array($0.utf8))] }
        for real in [0.1, -1e300, 1e-300, 1.0, .infinity] {
            rows.append([1, .real(real), "", nil])
        }
        for number in [Int64.min, .max, 0, -1] { rows.append([.integer(number), nil, nil, nil]) }
        rows.append([nil, nil, nil, .blob((0...255).map { UInt8($0) })])
        rows.append([nil, nil, nil, .blob([])])
        let given = rows
        let count = try await database.write { connection in
            try connection.copy(into: "t", columns: ["n", "r", "x", "b"]) { copied in
                for row in given { try copied.add(row) }
            }
        }
        #expect(count == given.count)
        let kept = try await database.read { connection in
            try connection.query("select n, r, x, b from t order by id") { row in
                (0..<4).map { row.value($0) }
            }
        }
        #expect(kept == given)
        // No canonical equivalence here.
        let bytes = try await database.read { connection in
            try connection.query("select x from t order by id") { Array($0.text(0).utf8) }
        }
        #expect(bytes.prefix(texts.count).elementsEqual(texts.map { Array($0.utf8) }))
        await database.close()
    }

    @Test func `a server has no zero character, and says so by another`() async throws {
        let database = try await open(.postgresql)
        try await database.write { connection in
            try connection.copy(into: "u", columns: ["k", "n"]) { try $0.add(["a\0b", 1]) }
        }
        let kept = try await database.read { try $0.first("select k from u") { $0.text(0) } }
        #expect(kept == "a\u{fffd}b")
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `a row that is refused is named, and nothing stays`(engine: StoreEngine) async throws {
        let database = try await open(engine)
        let error = await #expect(throws: CopyError.self) {
            try await database.write { connection in
                try connection.run("insert into u values ('before', 0)")
                try connection.copy(into: "u", columns: ["k", "n"]) { copied in
                    for n in 1...500 {
                        try copied.add([.text("k\(n == 300 ? 7 : n)"), .integer(Int64(n))])
                    }
                }
            }
        }
        #expect(error?.table == "u" && error?.row == 300)
        guard case .constraint(.unique, "u", ["k"]) = error?.cause else {
            Issue.record("another cause: \(String(describing: error))")
            return
        }
        let missing = await #expect(throws: CopyError.self) {
            try await database.write { connection in
                try connection.copy(into: "nowhere", columns: ["k"]) { try $0.add([1]) }
            }
        }
        #expect(missing?.table == "nowhere")
        #expect(try await database.read { try $0.count("select count(*) from u") } == 0)
        // Within a savepoint, what was before stands.
        try await database.write { connection in
            try connection.run("insert into u values ('before', 0)")
            _ = try? connection.savepoint {
                try connection.copy(into: "u", columns: ["k", "n"]) { try $0.add(["x", nil]) }
            }
            try connection.run("insert into u values ('after', 0)")
        }
        #expect(try await database.read { try $0.count("select count(*) from u") } == 2)
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `whoever gives up has copied nothing`(engine: StoreEngine) async throws {
        struct Mine: Error {}
        let database = try await open(engine)
        await #expect(throws: Mine.self) {
            try await database.writeMany { connection in
                try connection.copy(into: "u", columns: ["k", "n"]) { copied in
                    for n in 1...20_000 { try copied.add([.text("\(n)"), 1]) }
                    throw Mine()
                }
            }
        }
        let none = try await database.writeMany { connection in
            try connection.copy(into: "u", columns: ["k", "n"]) { _ in }
        }
        #expect(none == 0)
        let many = try await database.writeMany { connection in
            try connection.copy(into: "u", columns: ["k", "n"]) { copied in
                for n in 1...200_000 { try copied.add([.text("key \(n)"), .integer(Int64(n))]) }
            }
        }
        #expect(many == 200_000)
        let kept = try await database.read {
            try $0.first("select count(*), sum(n) from u") { ($0.integer(0), $0.text(1)) }
        }
        #expect(kept?.0 == 200_000 && kept?.1 == "20000100000")
        await database.close()
    }

    @Test func `a server that ends in the middle ends the copy`() async throws {
        let server = try await PostgreSQL(user: "geartrain")
        let database = try await Database.open(
            DatabaseConfiguration(location: server.url("postgres") + "?sslmode=disable&schema=c"),
            runtime: TestRuntime.make())
        try await database.migrate([Migration("t", DatabaseCopyTests.table)])
        let (begun, ended) = (Gate(), Gate())
        let copying = Task {
            try await database.writeMany { connection in
                try connection.copy(into: "u", columns: ["k", "n"]) { copied in
                    for n in 1...100_000 {
                        try copied.add([.text("key \(n)"), 1])
                        guard n == 50_000 else { continue }
                        begun.open()
                        ended.wait()
                    }
                }
            }
        }
        await begun.waitAside()
        try await server.halt(SIGQUIT)
        try await server.start()
        ended.open()
        let error = await #expect(throws: DatabaseError.self) { _ = try await copying.value }
        #expect(error?.isTemporary == true)
        #expect(try await database.read { try $0.count("select count(*) from u") } == 0)
        await database.close()
        try await server.stop()
    }
}
