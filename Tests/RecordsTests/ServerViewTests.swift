import Contracts
import Database
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Records

/// API views, and other programs' things on tables of classes, on PostgreSQL.
@Suite(.enabled(if: TestStore.isServer, "it is about a server"))
struct ServerViewTests {
    private let item = FullCode(model: "m", code: "item")

    private func model(_ columns: String) throws -> JSONValue {
        try json(
            """
            {"code": "m", "name": "M", "roles": ["r"], "classes": [{"code": "item",
             "columns": [\(columns)]}]}
            """)
    }

    private func sql(_ store: TestStore, _ sql: String) async throws -> String {
        let (code, output) = try await store.foreign(sql)
        #expect(code == 0, "\(sql): \(output)")
        return output
    }

    @Test func `a view has decimals as exact numbers, and is in a schema of its own`() async throws
    {
        let store = try await TestStore()
        try await store.apply(
            model(
                """
                {"code": "price", "type": "decimal", "scale": 2},
                {"code": "rates", "type": "decimal", "scale": 4, "many": true},
                {"code": "words", "type": "text", "many": true},
                {"code": "done", "type": "boolean"}
                """))
        try await store.create(
            item,
            [
                "price": json("90071992547409.93"), "rates": json("[0.5, 1.2345]"),
                "words": ["a", "b"], "done": true,
            ])
        try await store.create(item, ["price": json("-0.01")])
        try await store.create(item, [:])
        try await store.delete(item, 3)
        let columns = "id, price, rates, words, done"
        #expect(
            try await sql(store, "SELECT \(columns) FROM \(store.api())m_item ORDER BY id")
                == "1|90071992547409.93|[0.5,1.2345]|[\"a\",\"b\"]|1\n2|-0.01|[]||\n")
        #expect(try await sql(store, "SELECT sum(price) FROM m_item") == "90071992547409.92\n")
    }

    @Test func `what other programs have on a table survives a conversion, with its grants`()
        async throws
    {
        let store = try await TestStore()
        try await store.apply(model(#"{"code": "a", "type": "integer"}"#))
        let role = "r\(store.folder.path.hashValue.magnitude)"
        _ = try await sql(
            store,
            """
            CREATE ROLE \(role);
            CREATE TABLE seen (value text);
            CREATE FUNCTION theirs() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT
            AS 'BEGIN INSERT INTO seen VALUES (NEW.a); RETURN NULL; END';
            CREATE TRIGGER theirs AFTER INSERT OR UPDATE OF a ON DataRow_1 FOR EACH ROW
            EXECUTE FUNCTION theirs();
            CREATE INDEX "Their index" ON DataRow_1 (a) WHERE a IS NOT NULL;
            CREATE VIEW below WITH (security_barrier = true) AS SELECT a AS value FROM DataRow_1;
            CREATE VIEW above AS SELECT b.value, i.a FROM below AS b, m_item AS i;
            COMMENT ON VIEW above IS 'it''s theirs';
            GRANT SELECT ON above, m_item TO \(role) WITH GRANT OPTION;
            """)
        try await store.create(item, ["a": 12])
        try await store.apply(model(#"{"code": "a", "type": "text", "default": "none"}"#))
        try await store.create(item, [:])
        #expect(try await sql(store, "SELECT * FROM seen") == "12\nnone\n")
        #expect(
            try await sql(store, "SELECT value, pg_typeof(a) FROM above WHERE a = '12' ORDER BY 1")
                == "12|text\nnone|text\n")
        #expect(
            try await sql(
                store,
                """
                SELECT obj_description('above'::regclass), (SELECT reloptions FROM pg_class WHERE \
                oid = 'below'::regclass), has_table_privilege('\(role)', 'above', \
                'SELECT WITH GRANT OPTION'), has_table_privilege('\(role)', 'm_item', 'SELECT'), \
                (SELECT count(*) FROM pg_indexes WHERE indexname = 'Their index')
                """) == "it's theirs|{security_barrier=true}|t|t|1\n")
        #expect(try await store.views() == ["m_item current 1"])
        _ = try await sql(store, "DROP OWNED BY \(role); DROP ROLE \(role)")
    }

    @Test func `a view that names a column that goes is named, and nothing changes`() async throws {
        let store = try await TestStore()
        try await store.apply(
            model(#"{"code": "a", "type": "text"}, {"code": "b", "type": "text"}"#))
        try await store.create(item, ["a": "still"])
        for theirs in ["SELECT a FROM DataRow_1", "SELECT a FROM m_item"] {
            _ = try await sql(store, "CREATE VIEW mine AS \(theirs)")
            let problem = await refusal {
                try await store.apply(
                    model(#"{"code": "b", "type": "text"}"#), allowDestructive: true)
            }
            #expect(problem?.status == 409)
            #expect(problem?.detail?.contains("mine") == true, "\(problem?.detail ?? "")")
            #expect(try await sql(store, "SELECT a FROM mine") == "still\n")
            _ = try await sql(store, "DROP VIEW mine")
        }
        let gone = try await store.foreign("CREATE MATERIALIZED VIEW mine AS SELECT a FROM m_item")
        #expect(gone.code == 0)
        let problem = await refusal {
            try await store.apply(model(#"{"code": "b", "type": "text"}"#), allowDestructive: true)
        }
        #expect(problem?.status == 409)
        try await store.create(item, ["a": "again"])
    }

    @Test func `a name of more than 63 bytes ends in a hash`() async throws {
        let store = try await TestStore()
        let code = String(repeating: "long_", count: 10) + "x"
        try await store.apply(
            json(
                """
                {"code": "\(code)", "name": "M", "roles": ["r"], "classes": [{"code": "\(code)",
                 "columns": [{"code": "a", "type": "text"}]}], "queries": [{"code": "q",
                 "sql": "select a from \(code)_\(code)", "grants": [{"role": "r"}]}]}
                """))
        try await store.create(FullCode(model: code, code: code), ["a": "x"])
        let name = try #require(try await store.views().first?.split(separator: " ").first)
        #expect(name.utf8.count == 63)
        #expect(try await sql(store, "SELECT a FROM \"\(name)\"") == "x\n")
        let call = RunQuery(FullCode(model: code, code: "q"))
        let rows = try JSONValue(parsing: await store.records.query(call, .system).bytes)
        #expect(rows["items"] == [["a": "x"]])
    }
}
