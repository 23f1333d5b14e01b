import HTTP
import JSON
import ServiceRuntime
import TestSupport
import Testing

@testable import Records

/// Numbers that the platform gives.
@Suite struct SequenceTests {
    private let columns = """
        {"code": "no", "type": "sequence", "format": "T-{year}-{number:5}", "start": 7},
        {"code": "n", "type": "sequence"}, {"code": "name", "type": "text", "max": 5}
        """

    @Test func `a sequence numbers new records, by every door, and gives no number twice`()
        async throws
    {
        let clock = ManualClock(start: try #require(Timestamp("2026-12-31T23:00:00Z")))
        let store = try await TestStore(clock: clock)
        try await store.apply(small(columns))
        let first = try await store.create(item, ["name": "a"])
        #expect(first["no"] == "T-2026-00007" && first["n"] == 1)
        // A refused record takes none, and neither does one that is deleted give its own back.
        #expect(await refusal { try await store.create(item, ["name": "too long"]) } != nil)
        try await store.delete(item, 1)
        #expect(try await store.create(item, [:])["n"] == 2)
        // Each year counts anew; the other sequence has no year.
        clock.advance(by: .seconds(7200))
        let next = try await store.create(item, [:])
        #expect(next["no"] == "T-2027-00007" && next["n"] == 3)
        let bulk = try await store.create(item, [["name": "x"], ["name": "too long"], [:]])
        #expect(bulk["results"]?.array?.count == 3)
        #expect(try await store.ids(item, filter: "n in (4, 5)").count == 2)
        #expect(try await store.ids(item, filter: "no eq 'T-2027-00009'").count == 1)
    }

    @Test func `other programs' records are numbered too, and cannot choose`() async throws {
        let store = try await TestStore()
        try await store.apply(small(columns))
        try await store.create(item, [:])
        let (code, output) = try await store.foreign(
            """
            INSERT INTO DataRow_1 (name) VALUES ('a'), ('b');
            \(TestStore.isServer ? "DELETE FROM DataRow_1 WHERE id = 2;" : "")
            INSERT\(TestStore.orReplace) INTO DataRow_1 (id, name) VALUES (2, 'c');
            SELECT id, n, substr(no, 7) FROM DataRow_1 ORDER BY id;
            """)
        #expect(code == 0 && output == "1|1|-00007\n2|4|-00010\n3|3|-00009\n", "\(output)")
        #expect(try await store.create(item, [:])["n"] == 5)
        for sql in [
            "INSERT INTO DataRow_1 (n) VALUES (99)", "UPDATE DataRow_1 SET n = 99 WHERE id = 1",
            "UPDATE DataRow_1 SET no = NULL WHERE id = 1",
        ] {
            #expect(try await store.foreign(sql).code != 0, "\(sql)")
        }
        // One insert is one entry of its history, with the number in it.
        let history = try await store.history(item, 3)
        #expect(history.count == 1)
        #expect(history[0]["changes"]?.array?.contains { $0["column"] == "n" } == true)
    }

    @Test func `nobody writes a number through the API`() async throws {
        let store = try await TestStore()
        try await store.apply(small(columns))
        for body in [#"{"n": 5}"#, #"{"no": "T-1"}"#, #"{"n": null}"#] {
            let problem = await refusal { try await store.create(item, try json(body)) }
            #expect(problem?.errors.first?.code == "read-only")
        }
    }

    @Test func `rows that stand are numbered when a class gets a sequence`() async throws {
        let store = try await TestStore()
        try await store.apply(small(#"{"code": "name", "type": "text", "max": 5}"#))
        for _ in 0..<3 { try await store.create(item, [:]) }
        try await store.apply(small(columns))
        #expect(try await store.get(item, 3)["n"] == 3)
        #expect(try await store.get(item, 3)["no"]?.string?.hasSuffix("-00009") == true)
        let next = try await store.create(item, [:])
        #expect(next["n"] == 4 && next["no"]?.string?.hasSuffix("-00010") == true)
    }

    @Test func `a format that would name nothing once is refused`() async throws {
        let store = try await TestStore()
        for format in ["T-{year}", "{number}{number}", "{month}-{number}", "{day}-{number}", "{n"] {
            let column = #"{"code": "no", "type": "sequence", "format": "\#(format)"}"#
            let faults = try await store.faults(small(column))
            #expect(
                faults.map { "\($0.pointer) \($0.code)" } == [
                    "/classes/0/columns/0/format wrong-format"
                ], "\(format)")
        }
    }

    @Test func `several columns together may have to be unique`() async throws {
        let store = try await TestStore()
        func document(_ unique: String) throws -> JSONValue {
            try json(
                """
                {"code": "m", "name": "M", "classes": [{"code": "item", "unique": \(unique),
                 "columns": [{"code": "a", "type": "text"}, {"code": "b", "type": "integer"}]}]}
                """)
        }
        try await store.apply(document("[]"))
        for _ in 0..<2 { try await store.create(item, ["a": "x", "b": 1]) }
        let standing = await refusal { try await store.apply(document(#"[["a", "b"]]"#)) }
        #expect(standing?.faults == ["/classes/0/unique/0 rows-not-unique"])
        try await store.delete(item, 2)
        try await store.apply(document(#"[["a", "b"]]"#))
        let twice = await refusal { try await store.create(item, ["a": "x", "b": 1]) }
        #expect(twice?.faults == ["/a not-unique"])
        let other = try await store.create(item, ["a": "x", "b": 2])
        // An empty value is like no other.
        for _ in 0..<2 { try await store.create(item, ["a": "x"]) }
        let changed = await refusal { try await store.change(item, other.id, ["b": 1]) }
        #expect(changed?.faults == ["/a not-unique"])
        let foreign = try await store.foreign(
            "UPDATE\(TestStore.orReplace) DataRow_1 SET b = 1 WHERE a = 'x'")
        let words = TestStore.isServer ? "DataRow_1-unique-a-b" : "m.item.a, b must be unique"
        #expect(foreign.output.contains(words), "\(foreign)")
        let faults = try await store.faults(document(#"[["a", "c"], ["a"], ["a"], "a"]"#))
        #expect(faults.map(\.code) == ["unknown-column", "repeated", "unknown-column"])
    }
}
