import Database
import ServiceRuntime
import TestSupport
import Testing

@Suite struct DatabaseReadTests {
    let folder = TemporaryFolder()

    @Test(arguments: StoreEngine.allCases)
    func `values come back as they were bound`(engine: StoreEngine) async throws {
        let database = try await engine.open(in: folder)
        try await database.exclusive {
            try $0.script(
                "create table v (id bigint primary key, a text, b blob, c real, d text, e integer)")
        }
        // PostgreSQL has no text with U+0000.
        let stored: @Sendable (String) -> String = { text in
            guard engine == .postgresql else { return text }
            return String(text.map { $0 == "\u{0}" ? "\u{FFFD}" : $0 })
        }
        let texts = ["", "a\u{0}b", "Příliš žluťoučký 🐎", String(repeating: "x", count: 100_000)]
        for (id, text) in texts.enumerated() {
            let bytes = Array(text.utf8)
            try await database.write {
                try $0.run(
                    "insert into v values (?, ?, ?, ?, ?, ?)",
                    [
                        .integer(Int64(id)), .text(text), .blob(bytes), .real(0.1), .null,
                        .integer(.min),
                    ])
            }
            try await database.read { connection in
                let found: Bool? = try connection.first(
                    "select a, b, c, d, e, length(a) from v where id = ?", [.integer(Int64(id))]
                ) { row in
                    #expect(row.text(0) == stored(text))
                    #expect(row.withText(0) { Array($0) } == Array(stored(text).utf8))
                    #expect(row.blob(1) == bytes)
                    #expect(row.double(2) == 0.1)
                    #expect(row.isNull(3) && row.optionalText(3) == nil)
                    #expect(row.optionalInteger(4) == .min)
                    #expect(
                        (0..<5).map(row.value) == [
                            .text(stored(text)), .blob(bytes), .real(0.1), .null,
                            .integer(.min),
                        ])
                    #expect(row.columnCount == 6 && row.columnName(0) == "a")
                    return true
                }
                #expect(found == true)
            }
        }
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `a read sees one state however long it takes`(engine: StoreEngine) async throws {
        let database = try await engine.openWithTable(in: folder)
        try await database.write(insert(1))
        let begun = Gate()
        let goOn = Gate()
        let reading = Task {
            try await database.read { connection in
                let before = try connection.count("select count(*) from t")
                begun.open()
                goOn.wait()
                return (before, try connection.count("select count(*) from t"))
            }
        }
        await begun.waitAside()
        try await database.write(insert(2))
        goOn.open()
        let (before, after) = try await reading.value
        #expect(before == 1 && after == 1)
        #expect(try await database.numbers() == [1, 2])
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `a point read stays on its loop and sees what was committed`(engine: StoreEngine)
        async throws
    {
        let database = try await engine.openWithTable(in: folder)
        for loop in TestRuntime.loops.loops {
            try await Task(executorPreference: loop) {
                for n in 0..<20 {
                    let number = loop.index * 100 + n
                    try await database.write(insert(number))
                    let found = try await database.pointRead { connection in
                        #expect(engine != .sqlite || EventLoop.current === loop)
                        return try connection.count(
                            "select count(*) from t where n = ?", [.integer(Int64(number))])
                    }
                    #expect(found == 1)
                }
            }.value
        }
        let elsewhere = try await database.pointRead { try $0.count("select count(*) from t") }
        #expect(elsewhere == 40)
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `a read cannot write`(engine: StoreEngine) async throws {
        let database = try await engine.openWithTable(in: folder)
        await #expect(throws: DatabaseError.self) { try await database.read(insert(1)) }
        let loop = try #require(TestRuntime.loops.loops.first)
        await #expect(throws: DatabaseError.self) {
            try await Task(executorPreference: loop) { try await database.pointRead(insert(1)) }
                .value
        }
        #expect(try await database.numbers() == [])
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `a statement can be used within itself, and more statements than are kept`(
        engine: StoreEngine
    ) async throws {
        let database = try await engine.openWithTable(in: folder)
        for n in 1...3 { try await database.write(insert(n)) }
        try await database.read { connection in
            let sql = "select n from t where n >= ? order by n"
            let pairs = try connection.query(sql, [1]) { outer in
                try connection.query(sql, [.integer(outer.integer(0))]) { $0.integer(0) }.count
            }
            #expect(pairs == [3, 2, 1])
            for round in 0..<600 {
                #expect(try connection.count("select n + \(round) from t") == Int64(1 + round))
            }
            #expect(try connection.query(sql, [3]) { $0.integer(0) } == [3])
        }
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `a wrong statement names itself and harms nobody`(engine: StoreEngine) async throws {
        let database = try await engine.openWithTable(in: folder)
        for (sql, values) in [
            ("selekt 1", []), ("", []), ("select ?", []), ("select 1", [SQLValue.null]),
            ("select * from nowhere", []),
        ] {
            let error = await #expect(throws: DatabaseError.self) {
                _ = try await database.read { try $0.count(sql, values) }
            }
            guard case .failed(_, _, let named) = error else {
                Issue.record("another error: \(String(describing: error))")
                continue
            }
            #expect(named == sql)
        }
        #expect(try await database.numbers() == [])
        await database.close()
    }

    @Test func `identifiers are quoted whatever is in them`() async throws {
        let database = try await StoreEngine.sqlite.open(in: folder)
        let dialect = database.dialect
        #expect(dialect.quote("DataRow_1") == "\"DataRow_1\"")
        #expect(dialect.quote("a\"; drop table t; --") == "\"a\"\"; drop table t; --\"")
        await database.close()
    }
}
