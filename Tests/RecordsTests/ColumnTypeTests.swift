import Contracts
import HTTP
import JSON
import TestSupport
import Testing

@testable import Records

/// API.md §3: what columns of each type take, keep and show.
@Suite struct ColumnTypeTests {
    private func make(_ columns: String) async throws -> TestStore {
        let store = try await TestStore()
        try await store.apply(small(columns))
        return store
    }

    /// The fault of a value, nil where it is taken and comes back as `shown` or as it was.
    private func check(
        _ store: TestStore, _ column: String, _ value: String, shown: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String? {
        let value = try json(value)
        var id: Int64 = 0
        let problem = await refusal {
            id = try await store.create(item, .object(JSONObject([(column, value)]))).id
        }
        if let problem { return problem.faults.joined(separator: ", ") }
        let record = try await store.get(item, id)
        let wanted = try shown.map(json) ?? value
        #expect(record[column] == wanted, sourceLocation: sourceLocation)
        return nil
    }

    @Test func `a guid is given where there is none, and kept in lower case where there is`()
        async throws
    {
        let store = try await make(#"{"code": "key", "type": "guid", "unique": true}"#)
        let made = try await store.create(item, [:])["key"]?.string ?? ""
        #expect(made.utf8.count == 36 && Array(made)[14] == "4")
        let mine = #""0F8FAD5B-D9CB-469F-A165-70867728950E""#
        #expect(try await check(store, "key", mine, shown: mine.lowercased()) == nil)
        #expect(try await check(store, "key", mine) == "/key not-unique")
        #expect(try await check(store, "key", #""0f8fad5b""#) == "/key wrong-type")
        let (code, output) = try await store.foreign(
            """
            INSERT INTO DataRow_1 DEFAULT VALUES;
            SELECT key FROM DataRow_1 ORDER BY id DESC LIMIT 1;
            """)
        #expect(code == 0 && output.utf8.count == 37 && output.contains("-4"), "\(output)")
        // A refused write may have taken a number.
        let id = try #require(try await store.ids(item, orderby: "id desc").first)
        #expect(try await store.history(item, id).count == 1)
        let upper = try await store.foreign(
            "UPDATE DataRow_1 SET key = upper(key) WHERE id = \(id)")
        #expect(upper.output.contains("m.item.key must be a UUID in lower case"))
    }

    @Test func `a JSON column keeps any value as it came`() async throws {
        let store = try await make(#"{"code": "data", "type": "json"}"#)
        for value in [
            #"{"b": 1.50, "a": [null, true, "é\n"]}"#, "3", "\"x\"", "[]", "12345678901234567890.1",
        ] {
            #expect(try await check(store, "data", value) == nil)
        }
        let deep = String(repeating: "[", count: 33) + String(repeating: "]", count: 33)
        #expect(try await check(store, "data", deep) == "/data too-deep")
        let (code, _) = try await store.foreign(
            #"UPDATE DataRow_1 SET data = ' { "c" : 1.0 } ' WHERE id = 1"#)
        #expect(code == 0)
        #expect(try await store.get(item, 1)["data"] == json(#"{"c": 1.0}"#))
        let history = try await store.history(item, 1)
        #expect(history.count == 2)
        #expect(history[1]["changes"]?.array?.first?["new"] == (try json(#"{"c": 1.0}"#)))
        #expect(try await store.foreign("UPDATE DataRow_1 SET data = '{x'").code != 0)
        #expect(try await store.ids(item, filter: "data eq null") == [])
        let ordered = await refusal { try await store.list(item, orderby: "data") }
        #expect(ordered?.code == "invalid-filter")
    }

    @Test func `a column of many is an array, whatever its type`() async throws {
        let store = try await make(
            """
            {"code": "tags", "type": "text", "many": true, "max": 4},
            {"code": "sums", "type": "decimal", "scale": 2, "many": true, "max": 100},
            {"code": "days", "type": "date", "many": true},
            {"code": "kinds", "type": "choice", "choices": ["a", "b"], "many": true,
             "default": ["b"]},
            {"code": "people", "type": "account", "many": true}
            """)
        let empty = try await store.create(item, [:])
        #expect(empty["tags"] == [] && empty["sums"] == [] && empty["kinds"] == ["b"])
        #expect(try await check(store, "tags", #"["x", "é\"\u0001", "x"]"#) == nil)
        #expect(try await check(store, "sums", "[1, 2.5, -0.01]", shown: "[1, 2.5, -0.01]") == nil)
        let text = try await store.records.get(GetRecord(item, id: 3), .system)
        #expect(String(decoding: text.bytes, as: UTF8.self).contains(#""sums":[1.00,2.50,-0.01]"#))
        #expect(try await check(store, "days", #"["2026-02-28"]"#) == nil)
        #expect(try await check(store, "tags", "\"x\"") == "/tags wrong-type")
        #expect(try await check(store, "tags", #"["x", "fives"]"#) == "/tags/1 too-long")
        #expect(try await check(store, "tags", #"[null]"#) == "/tags/0 wrong-type")
        #expect(try await check(store, "sums", "[1, 100.01]") == "/sums/1 too-large")
        #expect(try await check(store, "days", #"["2026-02-30"]"#) == "/days/0 wrong-type")
        #expect(try await check(store, "kinds", #"["a", "c"]"#) == "/kinds/1 not-a-choice")
        try await store.change(item, 3, ["sums": [2]])
        let change = try json(#"[{"column": "sums", "old": [1.00, 2.50, -0.01], "new": [2.00]}]"#)
        #expect(try await store.history(item, 3)[1]["changes"] == change)
        try await store.change(item, 3, ["sums": []])
        #expect(
            try await store.foreign("SELECT count(sums), count(*) FROM DataRow_1").output == "0|4\n"
        )
    }

    @Test func `other programs write columns of many under the same checks`() async throws {
        let store = try await make(
            """
            {"code": "tags", "type": "text", "many": true, "max": 4},
            {"code": "sums", "type": "decimal", "scale": 2, "many": true, "max": 100},
            {"code": "others", "type": "reference", "class": "item", "many": true}
            """)
        try await store.create(item, [:])
        for (set, isGood) in [
            (#"tags = '[ "a" ]'"#, true), ("tags = '[]'", true), ("tags = '[1]'", false),
            (#"tags = '["fives"]'"#, false), (#"tags = '{"a": 1}'"#, false),
            ("tags = '[null]'", false), ("tags = 'x'", false), (#"tags = '[["a"]]'"#, false),
            ("sums = '[250]'", true), ("sums = '[2.5]'", false), ("sums = '[10001]'", false),
            ("sums = '[true]'", false), ("others = '[1]'", true), ("others = '[2]'", false),
        ] {
            let (code, output) = try await store.foreign("UPDATE DataRow_1 SET \(set)")
            #expect((code == 0) == isGood, "\(set): \(output)")
        }
        let record = try await store.get(item, 1)
        #expect(record["tags"] == [] && record["others"] == [1])
        #expect(record["sums"] == (try json("[2.50]")))
        #expect(
            try await store.foreign("SELECT sums, tags FROM m_item").output == "[2.5]|\n")
    }

    @Test func `a condition on a column of many holds where any of its values satisfies it`()
        async throws
    {
        let store = try await make(
            """
            {"code": "tags", "type": "text", "many": true},
            {"code": "sums", "type": "decimal", "scale": 2, "many": true},
            {"code": "others", "type": "reference", "class": "item", "many": true},
            {"code": "boss", "type": "reference", "class": "item"}
            """)
        try await store.create(item, try json(#"{"tags": ["red", "blue"], "sums": [1, 5]}"#))
        try await store.create(item, try json(#"{"tags": ["green"], "sums": [3], "boss": 1}"#))
        try await store.create(item, try json(#"{"others": [1, 2]}"#))
        for (filter, ids) in [
            ("tags eq 'red'", [1]), ("tags ne 'red'", [2, 3]), ("not tags eq 'red'", [2, 3]),
            ("not (tags ne 'red')", [1]), ("tags eq null", [3]), ("tags ne null", [1, 2]),
            ("tags in ('red', 'green')", [1, 2]), ("not tags in ('red', null)", [2]),
            ("startswith(tags, 'gr')", [2]), ("not startswith(tags, 'gr')", [1, 3]),
            ("contains(tags, 'e')", [1, 2]), ("endswith(tags, 'ue')", [1]),
            ("sums gt 3", [1]), ("not (sums gt 3)", [2, 3]), ("sums lt 3.005", [1, 2]),
            ("others eq 2", [3]), ("others/tags eq 'green'", [3]), ("boss/tags eq 'red'", [2]),
            ("others/tags ne 'red'", [1, 2]), ("others/boss eq 1", [3]),
            ("boss/tags eq null", [1, 3]), ("sums gt null", []), ("not (sums gt null)", [1, 2, 3]),
        ] as [(String, [Int64])] {
            #expect(try await store.ids(item, filter: filter) == ids, "\(filter)")
        }
        for filter in ["tags eq others", "tags gt 1", "tags"] {
            let problem = await refusal { try await store.list(item, filter: filter) }
            #expect(problem?.code == "invalid-filter", "\(filter)")
        }
        let ordered = await refusal { try await store.list(item, orderby: "tags") }
        #expect(ordered?.detail?.contains("no order") == true)
    }

    @Test func `dates and times have a first and a last`() async throws {
        let store = try await make(
            """
            {"code": "day", "type": "date", "min": "2020-01-01", "max": "2029-12-31"},
            {"code": "at", "type": "datetime", "min": "2020-01-01T00:00:00+01:00"}
            """)
        #expect(try await check(store, "day", #""2020-01-01""#) == nil)
        #expect(try await check(store, "day", #""2019-12-31""#) == "/day too-small")
        #expect(try await check(store, "day", #""2030-01-01""#) == "/day too-large")
        #expect(try await check(store, "at", #""2019-12-31T22:59:59Z""#) == "/at too-small")
        let foreign = try await store.foreign("UPDATE DataRow_1 SET day = '2030-01-01'")
        #expect(foreign.output.contains("m.item.day must not be after 2029-12-31"))
        let faults = try await store.faults(
            small(#"{"code": "d", "type": "date", "min": "2021-01-01", "max": "2020-01-01"}"#))
        #expect(faults.map(\.code) == ["out-of-range"])
    }

    @Test func `a read-only column is given at the start and never after`() async throws {
        let store = try await make(#"{"code": "origin", "type": "text", "readOnly": true}"#)
        try await store.create(item, ["origin": "web"])
        let problem = await refusal { try await store.change(item, 1, ["origin": "mail"]) }
        #expect(problem?.faults == ["/origin read-only"])
        // The same again is no change.
        try await store.change(item, 1, ["origin": "web"])
        let foreign = try await store.foreign("UPDATE DataRow_1 SET origin = 'mail'")
        #expect(foreign.output.contains("m.item.origin is the same ever after"))
    }

    @Test func `accounts and units must be in the directory`() async throws {
        let store = try await make(
            """
            {"code": "owner", "type": "account"},
            {"code": "watchers", "type": "account", "many": true},
            {"code": "department", "type": "unit", "structure": "company"}
            """)
        #expect(try await check(store, "owner", "\"anna\"") == "/owner not-found")
        let unit = DirectoryStructure.Unit(
            code: "it", parent: nil, members: ["anna"], from: nil, until: nil)
        _ = try await store.directory.take(
            TakeDirectory(
                base: 0, version: 1,
                accounts: ["anna", "bob"].map {
                    DirectoryAccount(code: $0, name: $0, active: $0 == "anna")
                },
                structures: ["company", "other"].map {
                    DirectoryStructure(
                        code: $0, kind: "unit", units: $0 == "company" ? [unit] : [])
                }))
        #expect(try await check(store, "owner", "\"bob\"") == nil)
        #expect(try await check(store, "department", "\"it\"") == nil)
        #expect(try await check(store, "department", "\"hr\"") == "/department not-found")
        #expect(
            try await check(store, "watchers", #"["anna", "cyd"]"#) == "/watchers/1 not-found")
        #expect(try await store.ids(item, filter: "owner eq 'bob'") == [1])
        for (set, isGood) in [
            ("owner = 'anna'", true), ("owner = 'cyd'", false), ("department = 'it'", true),
            ("department = 'hr'", false), (#"watchers = '["bob"]'"#, true),
            (#"watchers = '["bob", "cyd"]'"#, false),
        ] {
            let (code, output) = try await store.foreign("UPDATE DataRow_1 SET \(set)")
            #expect((code == 0) == isGood, "\(set): \(output)")
        }
    }

    @Test func `a choice may have names in languages`() async throws {
        let store = try await make(
            """
            {"code": "kind", "type": "choice",
             "choices": ["a", {"code": "b", "name": {"en": "Bee", "de": "Biene"}}]}
            """)
        #expect(try await check(store, "kind", "\"b\"") == nil)
        #expect(try await check(store, "kind", "\"Bee\"") == "/kind not-a-choice")
        let column = try store.models.current.describe(item, .system).columns[0]
        #expect(column.choices == ["a", "b"])
        #expect(column.choiceNames?["b"]?["de"] == "Biene")
    }

    @Test func `files are not invented by JSON`() async throws {
        let store = try await make(
            #"{"code": "docs", "type": "file", "many": true, "maxBytes": 10, "extensions": ["pdf"]}"#
        )
        #expect(try await check(store, "docs", "[]") == nil)
        #expect(try await check(store, "docs", #"[{"name": "a.pdf"}]"#)?.hasPrefix("/docs") == true)
        let foreign = try await store.foreign(#"UPDATE DataRow_1 SET docs = '[{"name": "a"}]'"#)
        #expect(foreign.output.contains("m.item.docs lists files"))
    }
}
