import Contracts
import Database
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Records

/// What applying a document would do, told before it is done; and the API views that come of it.
@Suite struct ModelPlanTests {
    @Test func `the plan of a document that stands is empty`() async throws {
        let store = try await TestStore()
        #expect(try await store.plan(helpdesk()).contains("create model helpdesk"))
        try await store.apply(helpdesk())
        #expect(try await store.plan(helpdesk()).isEmpty)
    }

    @Test func `a document made over another version than stands changes nothing`() async throws {
        let store = try await TestStore()
        try await store.apply(helpdesk(), over: 0)
        var other = try #require(helpdesk().object)
        other["name"] = "Other"
        for version in [0, 2] as [Int64] {
            let problem = await #expect(throws: RecordsError.self) {
                try await store.apply(.object(other), over: version)
            }?.problem
            #expect(problem?.status == 412 && problem?.extra["version"] == 1)
        }
        #expect(try await store.apply(.object(other), over: 1).version == 2)
        // The same once more is done, as by a second click.
        #expect(try await store.apply(.object(other), over: 1).changed == false)
    }

    @Test func `the plan names every part that changes, in every list of the document`()
        async throws
    {
        let store = try await TestStore()
        try await store.apply(
            json(
                """
                {"code": "m", "name": "M", "roles": ["a", "b"],
                 "classes": [
                  {"code": "item", "indexes": [["x"]], "columns": [
                    {"code": "x", "type": "text"}, {"code": "y", "type": "text"},
                    {"code": "z", "type": "integer"}],
                   "grants": [{"role": "a", "operations": ["read"]}]},
                  {"code": "gone"}],
                 "rules": [{"code": "r", "order": 1}, {"code": "s"}]}
                """))
        try await store.create(item, ["x": "1", "z": 5])
        let plan = try await store.plan(
            json(
                """
                {"code": "m", "name": "N", "roles": ["a", "c"],
                 "classes": [
                  {"code": "item", "describe": "{x}", "indexes": [["z"]], "columns": [
                    {"code": "x", "type": "text", "required": true},
                    {"code": "z", "type": "text"}, {"code": "w", "type": "date"}],
                   "grants": [{"role": "c", "operations": ["read"]}]},
                  {"code": "new"}],
                 "rules": [{"code": "r", "order": 2}, {"code": "t"}]}
                """))
        #expect(
            plan == [
                "change model m", "create role c", "drop role b", "change class item",
                "change column item.x", "convert column item.z", "create column item.w",
                "drop column item.y!", "create grant item.c", "drop grant item.a",
                "create index item.z", "drop index item.x", "create class new",
                "drop class gone!", "create view m_new", "change view m_item",
                "drop view m_gone", "change rule r", "create rule t", "drop rule s",
            ])
    }

    @Test func `a value that can be converted stands in its new type`() async throws {
        for (old, values, new, expected) in conversions {
            let store = try await TestStore()
            try await store.apply(small(#"{"code": "a", \#(old)}"#))
            for value in values { try await store.create(item, ["a": value]) }
            try await store.create(item, [:])
            let document = try small(#"{"code": "a", \#(new)}"#)
            let plan = try await store.plan(document)
            let outcome = await refusal { try await store.apply(document) }
            #expect(outcome == nil, "\(old) to \(new): \(outcome.debugDescription)")
            for (index, value) in expected.enumerated() {
                let record = try await store.get(item, Int64(index + 1))
                #expect(record["a"]?.text == value.text, "\(old) to \(new): \(plan)")
                #expect(record.version == 1)
            }
            let last = try await store.get(item, Int64(values.count + 1))["a"]
            let isEmpty = last == .null || last == []
            #expect(isEmpty || old.contains("default"), "\(old) to \(new)")
            #expect(try await store.history(item, 1).count == 1)
            #expect(try await store.plan(document).isEmpty)
            await store.database.close()
        }
    }

    @Test func `rows that cannot be converted are told with ids, values and their count`()
        async throws
    {
        let store = try await TestStore()
        try await store.apply(small(#"{"code": "a", "type": "text"}"#))
        for number in 1...30 {
            try await store.create(item, ["a": .string(number % 10 == 0 ? "7" : "x\(number)")])
        }
        let document = try small(#"{"code": "a", "type": "integer"}"#)
        let schema = try await store.schema()
        let faults = try await store.faults(document)
        #expect(
            faults.map { "\($0.pointer) \($0.code)" } == [
                "/classes/0/columns/0/type rows-not-convertible"
            ])
        let words = faults[0].detail
        #expect(words.contains("27 values cannot become integer"))
        #expect(words.contains("record 1: \"x1\" must be a whole number"))
        #expect(words.contains("record 22:") && !words.contains("record 23:"))
        #expect(await refusal { try await store.apply(document) }?.code == "validation-failed")
        #expect(try await store.schema() == schema)
        #expect(try await store.get(item, 1)["a"] == "x1")
    }

    @Test func `pairs of types that would lose something are refused with what to do`()
        async throws
    {
        for (old, new) in [
            (#""type": "boolean""#, #""type": "date""#),
            (#""type": "datetime""#, #""type": "date""#),
            (#""type": "text""#, #""type": "reference", "class": "item""#),
            (#""type": "unit", "structure": "a""#, #""type": "unit", "structure": "b""#),
            (#""type": "json""#, #""type": "text""#),
        ] {
            let store = try await TestStore()
            try await store.apply(small(#"{"code": "a", \#(old)}"#))
            let document = try small(#"{"code": "a", \#(new)}"#)
            let problem = await refusal {
                try await store.apply(document, allowDestructive: true)
            }
            #expect(
                problem?.faults == ["/classes/0/columns/0/type unsafe-conversion"],
                "\(old) to \(new)")
            #expect(problem?.errors.first?.detail.contains("Add a column of another code") ?? false)
            await store.database.close()
        }
    }

    /// On a server by `ServerViewTests`.
    @Test(.ofFile) func `triggers, indexes and views of other programs survive a conversion`()
        async throws
    {
        let store = try await TestStore()
        try await store.apply(small(#"{"code": "a", "type": "integer"}"#))
        let made = try await store.foreign(
            """
            CREATE TABLE seen (value);
            CREATE TRIGGER theirs AFTER INSERT ON DataRow_1
            BEGIN INSERT INTO seen VALUES (NEW.a); END;
            CREATE INDEX their_index ON DataRow_1 (a);
            CREATE VIEW their_view AS SELECT a AS value FROM DataRow_1;
            """)
        #expect(made.code == 0, "\(made.output)")
        try await store.create(item, ["a": 12])
        try await store.apply(small(#"{"code": "a", "type": "text", "default": "none"}"#))
        try await store.create(item, [:])
        #expect(
            try await store.foreign("SELECT value, typeof(value) FROM seen").output
                == "12|integer\nnone|text\n")
        #expect(
            try await store.foreign("SELECT value, typeof(value) FROM their_view").output
                == "12|text\nnone|text\n")
        let indexes = try await store.foreign(
            "SELECT count(*) FROM sqlite_master WHERE name = 'their_index'")
        #expect(indexes.output == "1\n")
    }

    @Test
    func
        `a trigger that another program took away is back after a start, and nothing else changes`()
        async throws
    {
        let store = try await TestStore()
        try await store.apply(helpdesk())
        let schema = try await store.schema()
        let look =
            TestStore.isServer
            ? "SELECT max(oid) FROM pg_trigger WHERE tgrelid = 'DataRow_2'::regclass"
            : "PRAGMA schema_version"
        let version = try await store.foreign(look).output
        try await store.models.renew()
        #expect(try await store.foreign(look).output == version)
        let gone = try await store.foreign(
            TestStore.isServer
                ? "DROP TRIGGER \"DataRow_2_foreign_insert\" ON DataRow_2"
                : "DROP TRIGGER DataRow_2_foreign_insert")
        #expect(gone.code == 0, "\(gone.output)")
        try await store.models.renew()
        #expect(try await store.schema() == schema)
    }

    @Test func `other models' triggers follow a class that gets another child`() async throws {
        let store = try await TestStore()
        func base(_ more: String) throws -> JSONValue {
            try json(
                """
                {"code": "m", "name": "M", "classes": [{"code": "root"},
                 {"code": "item", "parent": "root", "shared": true}\(more)]}
                """)
        }
        try await store.apply(base(""))
        try await store.apply(
            json(
                """
                {"code": "o", "name": "O", "classes": [{"code": "c", "columns": [
                  {"code": "r", "type": "reference", "class": "m.item"}]}]}
                """))
        try await store.apply(base(#", {"code": "child", "parent": "item"}"#))
        try await store.create(FullCode(model: "m", code: "child"), [:])
        let number = try await store.number(FullCode(model: "o", code: "c"))
        let made = try await store.foreign("INSERT INTO DataRow_\(number) (r) VALUES (1)")
        #expect(made.code == 0, "\(made.output)")
    }

    @Test
    func `an API view that another program replaced is drifted and never overwritten silently`()
        async throws
    {
        let store = try await TestStore()
        try await store.apply(small(#"{"code": "a", "type": "text"}"#, more: true))
        #expect(try await store.views() == ["m_item current 1", "m_more current 1"])
        let made = try await store.foreign(
            "DROP VIEW m_item; CREATE VIEW \(store.api())m_item AS SELECT 1 AS mine; "
                + "DROP VIEW m_more")
        #expect(made.code == 0)
        #expect(try await store.views() == ["m_item drifted 1", "m_more missing 1"])
        // A change that does not touch the view leaves it alone.
        try await store.apply(
            small(#"{"code": "a", "type": "text", "max": 5}"#, more: true))
        #expect(try await store.foreign("SELECT mine FROM m_item").output == "1\n")
        let wider = try small(
            #"{"code": "a", "type": "text", "max": 5}, {"code": "b", "type": "text"}"#, more: true)
        #expect(try await store.plan(wider) == ["create column item.b", "change view m_item!"])
        #expect(await refusal { try await store.apply(wider) }?.code == "destructive-change")
        #expect(try await store.foreign("SELECT mine FROM m_item").output == "1\n")
        try await store.apply(wider, allowDestructive: true)
        #expect(try await store.views() == ["m_item current 3", "m_more missing 1"])
        _ = try await store.models.rebuild(RebuildView(FullCode(model: "m", code: "more")))
        #expect(try await store.views() == ["m_item current 3", "m_more current 3"])
    }

    @Test func `a view is shown to who may read its class, with the columns that he may read`()
        async throws
    {
        let store = try await TestStore()
        try await store.apply(helpdesk())
        let bytes = try await store.models.views(.caller("cleo", "customer")).bytes
        let items = try JSONValue(parsing: bytes)["items"]?.array ?? []
        #expect(items.map { $0["class"]?.string } == ["helpdesk.ticket"])
        let columns = items.first?["columns"]?.array?.compactMap(\.string) ?? []
        #expect(columns.suffix(2) == ["subject", "status"])
    }

    @Test func `a class is open to other models only where it is shared`() async throws {
        let store = try await TestStore()
        func base(_ shared: String) throws -> JSONValue {
            try json(
                """
                {"code": "m", "name": "M", "classes": [{"code": "item"\(shared),
                 "columns": [{"code": "a", "type": "text"}]}]}
                """)
        }
        let other = try json(
            """
            {"code": "o", "name": "O", "roles": ["r"], "classes": [{"code": "c", "columns": [
              {"code": "item", "type": "reference", "class": "m.item"}]}],
             "queries": [{"code": "q", "sql": "select a from m_item", "grants": [{"role": "r"}]}]}
            """)
        try await store.apply(base(""))
        let faults = try await store.faults(other)
        #expect(
            faults.map(\.code) == ["wrong-sql", "not-shared"].sorted(by: >) || faults.count == 2)
        try await store.apply(base(#", "shared": true"#))
        try await store.apply(other)
        let refused = try await store.faults(base(""))
        #expect(Set(refused.map(\.code)) == ["still-referenced"])
        let physical = try await store.faults(base(#", "shared": true, "deletion": "physical""#))
        #expect(physical.map { "\($0.pointer) \($0.code)" } == ["/classes/0/shared contradiction"])
    }
}

private let conversions: [(String, [JSONValue], String, [JSONValue])] = [
    (#""type": "integer""#, [12, -3], #""type": "text""#, ["12", "-3"]),
    (#""type": "integer""#, [12], #""type": "decimal", "scale": 2"#, [decimal("12.00")]),
    (
        #""type": "decimal", "scale": 2"#, [decimal("0.10")], #""type": "decimal", "scale": 4"#,
        [decimal("0.1000")]
    ),
    (#""type": "decimal", "scale": 2"#, [decimal("0.10")], #""type": "text""#, ["0.10"]),
    (#""type": "boolean""#, [true, false], #""type": "text""#, ["true", "false"]),
    (#""type": "date""#, ["2026-11-22"], #""type": "datetime""#, ["2026-11-22T00:00:00.000Z"]),
    (#""type": "date""#, ["2026-11-22"], #""type": "text""#, ["2026-11-22"]),
    (#""type": "text""#, ["12"], #""type": "integer""#, [12]),
    (#""type": "text""#, ["1.5"], #""type": "decimal", "scale": 2"#, [decimal("1.50")]),
    (#""type": "text""#, ["true"], #""type": "boolean""#, [true]),
    (#""type": "text""#, ["x"], #""type": "choice", "choices": ["x", "y"]"#, ["x"]),
    (#""type": "text""#, ["a", "b"], #""type": "text", "many": true"#, [["a"], ["b"]]),
    (#""type": "integer""#, [5], #""type": "text", "many": true"#, [["5"]]),
    (#""type": "integer", "many": true"#, [[5]], #""type": "integer""#, [5]),
    (
        #""type": "choice", "choices": ["x"], "default": "x""#, ["x"],
        #""type": "text", "default": "z""#, ["x"]
    ),
]

private func decimal(_ text: String) -> JSONValue {
    JSONNumber(text: text).map(JSONValue.number) ?? .null
}

extension TestStore {
    /// `create column item.a`, with `!` where something is lost.
    func plan(_ document: JSONValue) async throws -> [String] {
        let call = PlanModel(
            code: document["code"]?.string ?? "", document: JSONBytes(document.bytes))
        let plan = try JSONValue(parsing: await models.plan(call).bytes)
        return (plan.array ?? []).map { item in
            let words = ["operation", "kind", "code"].map { item[$0]?.string ?? "?" }
            return words.joined(separator: " ") + (item["destructive"] == true ? "!" : "")
        }
    }

    /// `m_item current 1`.
    func views() async throws -> [String] {
        let answer = try JSONValue(parsing: await models.views(.system).bytes)
        return (answer["items"]?.array ?? []).map { item in
            "\(item["name"]?.string ?? "") \(item["state"]?.string ?? "") "
                + "\(item["version"]?.integer ?? -1)"
        }
    }
}
