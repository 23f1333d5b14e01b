import Contracts
import Database
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Records

/// Model documents: checked, applied, changed.
@Suite struct ModelTests {
    @Test func `a document is answered as it was put, and putting it twice changes nothing`()
        async throws
    {
        let store = try await TestStore()
        let document = try helpdesk()
        let first = try await store.apply(document)
        #expect(first.created && first.changed && first.version == 1)
        #expect(try store.models.get("helpdesk").bytes == document.bytes)
        let schema = try await store.schema()
        let again = try await store.apply(json(document.text))
        #expect(!again.created && !again.changed && again.version == 1)
        #expect(try await store.schema() == schema)
        #expect(await refusal { try store.models.get("nothing") }?.status == 404)
        let list = try json(String(decoding: store.models.list().bytes, as: UTF8.self))
        #expect(
            try list
                == json(
                    #"{"items": [{"code": "helpdesk", "name": {"en": "Help desk"}, "version": 1}]}"#
                ))
    }

    @Test func `a model lives over a restart`() async throws {
        let store = try await TestStore()
        try await store.apply(helpdesk())
        try await store.create(ticket, ["subject": "a"])
        await store.database.close()
        let again = try await TestStore(folder: store.folder)
        #expect(try await again.get(ticket, 1)["subject"] == "a")
        #expect(try await again.apply(helpdesk()).changed == false)
    }

    @Test func `every fault of a document is told at once, with its pointer`() async throws {
        let store = try await TestStore()
        let faults = try await store.faults(
            json(
                """
                {"code": "Bad", "name": 5, "roles": ["agent", "Not A Code"], "extra": 1,
                 "queries": [{}],
                 "classes": [
                  {"code": "a", "describe": "{nothing}", "deletion": "sometimes", "parent": "b",
                   "columns": [
                    {"code": "id", "type": "text"}, {"code": "x", "type": "text"},
                    {"code": "x", "type": "tekst"}, {"code": "f", "type": "file", "maxBytes": 0},
                    {"code": "c", "type": "choice"}, {"code": "r", "type": "reference"},
                    {"code": "q", "type": "reference", "class": "nowhere"},
                    {"code": "n", "type": "integer", "min": 5, "max": 1, "default": "x"},
                    {"code": "d", "type": "decimal", "scale": 99},
                    {"code": "m", "type": "boolean", "many": true, "pattern": "a*"},
                    {"code": "e", "type": "choice", "choices": ["a", "a", ""], "default": "z"},
                    {"code": "t", "type": "date", "default": "2026-02-30", "min": 1}],
                   "grants": [{"role": "boss", "operations": ["read", "fly"], "columns": ["y"]},
                              {"role": "agent", "operations": [], "rows": {"scope": "unit"}}],
                   "prefill": ["z"], "indexes": [["x", "zz"]]},
                  {"code": "a"}]}
                """), code: "bad")
        let told = Set(faults.map { "\($0.pointer) \($0.code)" })
        let expected: Set<String> = [
            "/code invalid-code", "/name wrong-type", "/roles/1 invalid-code",
            "/extra unknown-member", "/queries/0/code required", "/queries/0/sql required",
            "/classes/0/describe wrong-format", "/classes/0/deletion not-allowed",
            "/classes/0/parent unknown-class", "/classes/0/columns/0/code reserved",
            "/classes/0/columns/2/code repeated", "/classes/0/columns/2/type not-allowed",
            "/classes/0/columns/3/maxBytes out-of-range", "/classes/0/columns/4/choices required",
            "/classes/0/columns/5/class required", "/classes/0/columns/7/max out-of-range",
            "/classes/0/columns/7/default wrong-type",
            "/classes/0/columns/8/scale out-of-range", "/classes/0/columns/9/many unsupported",
            "/classes/0/columns/9/pattern unknown-member",
            "/classes/0/columns/10/choices/1 repeated",
            "/classes/0/columns/10/choices/2 wrong-format",
            "/classes/0/columns/10/default not-a-choice",
            "/classes/0/columns/11/default wrong-type", "/classes/0/columns/11/min wrong-type",
            "/classes/0/grants/0/role unknown-role",
            "/classes/0/grants/0/operations/1 not-allowed",
            "/classes/0/grants/0/columns/0 unknown-column",
            "/classes/0/grants/1/operations required",
            "/classes/0/grants/1/rows/column required", "/classes/0/prefill/0 unknown-column",
            "/classes/0/indexes/0 unknown-column", "/classes/1/code repeated",
        ]
        #expect(told == expected, "\(told.symmetricDifference(expected).sorted())")
        // And nothing of it is applied.
        let document = try helpdesk {
            $0 = $0.replacing(#""class": "customer""#, with: #""class": "x""#)
        }
        let problem = await refusal { try await store.apply(document) }
        #expect(problem?.code == "validation-failed")
        #expect(problem?.faults == ["/classes/1/columns/8/class unknown-class"])
        #expect(try await store.schema().contains { $0.contains("DataRow") } == false)
    }

    @Test func `what is not JSON, and what is no object, is told`() async throws {
        let store = try await TestStore()
        let call = CheckModel(code: "a", document: JSONBytes(Array("{".utf8)))
        #expect(await refusal { try await store.models.check(call) }?.code == "malformed-json")
        #expect(try await store.faults([], code: "a").first?.code == "wrong-type")
        #expect(try await store.faults([:], code: "A").map(\.pointer) == ["/code"])
    }

    @Test func `columns and classes are added, and rows that stand get the default`() async throws {
        let store = try await TestStore()
        try await store.apply(small(#"{"code": "a", "type": "text"}"#))
        try await store.create(item, ["a": "x"])
        let wider = try small(
            """
            {"code": "a", "type": "text"}, {"code": "b", "type": "integer", "default": 7},
            {"code": "c", "type": "decimal", "required": true, "default": 1.5},
            {"code": "d", "type": "text", "unique": true}
            """)
        let outcome = try await store.apply(wider)
        #expect(outcome.version == 2 && outcome.changed && !outcome.created)
        let record = try await store.get(item, 1)
        #expect(record["b"] == 7)
        #expect(record["c"]?.text == "1.50")
        #expect(record["d"] == .null)
        #expect(record.version == 1)
        #expect(try await store.history(item, 1).count == 1)
        try await store.create(item, ["a": "y", "d": "u"])
        let problem = await refusal { try await store.create(item, ["d": "u"]) }
        #expect(problem?.faults == ["/d not-unique"])
    }

    @Test func `a new default is for rows that come, and every value stays`() async throws {
        let store = try await TestStore()
        try await store.apply(
            small(#"{"code": "a", "type": "choice", "choices": ["x", "y"], "default": "x"}"#))
        try await store.create(item, [:])
        try await store.apply(
            small(#"{"code": "a", "type": "choice", "choices": ["x", "y"], "default": "y"}"#))
        #expect(try await store.foreign("INSERT INTO DataRow_1 DEFAULT VALUES").code == 0)
        #expect(try await store.get(item, 1)["a"] == "x")
        #expect(try await store.get(item, 2)["a"] == "y")
        #expect(try await store.history(item, 1).count == 1)
        #expect(try await store.ids(item, filter: "a eq 'y'") == [2])
    }

    @Test func `what would destroy data is refused with its count, and done where it is allowed`()
        async throws
    {
        let store = try await TestStore()
        try await store.apply(
            small(#"{"code": "a", "type": "text"}, {"code": "b", "type": "text"}"#, more: true))
        try await store.create(item, ["a": "1", "b": "x"])
        try await store.create(item, ["a": "2"])
        try await store.create(FullCode(model: "m", code: "more"), [:])
        let smaller = try small(#"{"code": "a", "type": "text"}"#)
        let schema = try await store.schema()
        let problem = await refusal { try await store.apply(smaller) }
        #expect(problem?.status == 409)
        #expect(problem?.code == "destructive-change")
        let changes = try json(
            """
            [{"operation": "drop", "kind": "column", "code": "item.b", "rows": 1,
              "detail": "1 row with a value would lose it"},
             {"operation": "drop", "kind": "class", "code": "more", "rows": 1,
              "detail": "1 row would go"}]
            """)
        #expect(problem?.extra["changes"] == changes)
        #expect(try await store.schema() == schema)
        #expect(try await store.get(item, 1)["b"] == "x")
        try await store.apply(smaller, allowDestructive: true)
        let record = try await store.get(item, 1)
        #expect(record["a"] == "1")
        #expect(record["b"] == nil)
        #expect(
            await refusal { try await store.list(FullCode(model: "m", code: "more")) }?.status
                == 404)
        #expect(try await store.ids(item) == [1, 2])
        // A class of the same code is another table.
        try await store.apply(small(#"{"code": "a", "type": "text"}"#, more: true))
        #expect(try await store.ids(FullCode(model: "m", code: "more")).isEmpty)
    }

    @Test func `rows that do not fit a new demand are told with their count`() async throws {
        let store = try await TestStore()
        try await store.apply(
            small(#"{"code": "a", "type": "text"}, {"code": "b", "type": "text"}"#))
        for value in ["x", "x", "y"] as [JSONValue] { try await store.create(item, ["b": value]) }
        let faults = try await store.faults(
            small(
                """
                {"code": "a", "type": "text", "required": true},
                {"code": "b", "type": "text", "unique": true},
                {"code": "c", "type": "integer", "required": true}
                """))
        #expect(
            faults.map { "\($0.pointer) \($0.code)" } == [
                "/classes/0/columns/0/required rows-without-value",
                "/classes/0/columns/2/required default-needed",
                "/classes/0/columns/1/unique rows-not-unique",
            ])
        #expect(faults[0].detail.contains("3"))
    }

    @Test func `one model cannot take another's view or the class that it refers to`() async throws
    {
        let store = try await TestStore()
        try await store.apply(
            json(#"{"code": "a_b", "name": "1", "classes": [{"code": "c", "shared": true}]}"#))
        let clash = try await store.faults(
            json(#"{"code": "a", "name": "2", "classes": [{"code": "b_c"}]}"#))
        #expect(clash.map(\.code) == ["name-taken"])
        try await store.apply(
            json(
                """
                {"code": "other", "name": "3", "classes": [{"code": "d", "columns": [
                 {"code": "r", "type": "reference", "class": "a_b.c"}]}]}
                """))
        let referred = try await store.faults(json(#"{"code": "a_b", "name": "1", "classes": []}"#))
        #expect(referred.map(\.code) == ["still-referenced"])
        let log = try await store.faults(
            json(#"{"code": "change", "name": "4", "classes": [{"code": "log"}]}"#))
        #expect(log.map(\.code) == ["name-taken"])
    }

    @Test func `a view of another program on a column that goes is named and nothing changes`()
        async throws
    {
        let store = try await TestStore()
        try await store.apply(small(#"{"code": "a", "type": "text"}"#))
        #expect(try await store.foreign("CREATE VIEW mine AS SELECT a FROM DataRow_1").code == 0)
        let problem = await refusal {
            try await store.apply(small(#"{"code": "b", "type": "text"}"#), allowDestructive: true)
        }
        #expect(problem?.status == 409)
        #expect(problem?.detail?.contains("mine") == true)
        try await store.create(item, ["a": "still"])
    }

    /// On a server by `ServerViewTests`.
    @Test(.ofFile) func `a trigger of another program survives a change of the model`() async throws
    {
        let store = try await TestStore()
        try await store.apply(small(#"{"code": "a", "type": "text"}"#))
        let made = try await store.foreign(
            """
            CREATE TABLE seen (id);
            CREATE TRIGGER theirs AFTER INSERT ON DataRow_1
            BEGIN INSERT INTO seen VALUES (NEW.id); END;
            """)
        #expect(made.code == 0, "\(made.output)")
        try await store.apply(
            small(#"{"code": "a", "type": "text", "default": "z"}, {"code": "b", "type": "date"}"#))
        try await store.create(item, [:])
        #expect(try await store.foreign("SELECT count(*) FROM seen").output == "1\n")
    }
}

let item = FullCode(model: "m", code: "item")

/// A model `m` with one class `item` of these columns.
func small(_ columns: String, more: Bool = false) throws -> JSONValue {
    try json(
        """
        {"code": "m", "name": "M", "classes": [{"code": "item", "webAccess": true,
         "columns": [\(columns)]}\(more ? #", {"code": "more"}"# : "")]}
        """)
}

extension TestStore {
    private static let serverSchema = """
        SELECT c.relname || ' ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
        FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
        WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND a.attnum > 0
            AND NOT a.attisdropped
        UNION ALL SELECT pg_get_triggerdef(t.oid) FROM pg_trigger AS t
        JOIN pg_class AS c ON c.oid = t.tgrelid
        WHERE NOT t.tgisinternal AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
        UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND prokind = 'f'
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1
        """

    /// The statements that made the tables, or what a server tells of these, without those that the
    /// engine keeps for itself.
    func schema() async throws -> [String] {
        try await database.read {
            try $0.query(
                TestStore.isServer
                    ? TestStore.serverSchema
                    : "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
            ) { $0.text(0) }
        }
    }
}
