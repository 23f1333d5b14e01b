import Contracts
import Database
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Records

extension TestStore {
    func query(
        _ code: String, _ parameters: JSONValue? = nil, limit: Int? = nil, cursor: String? = nil,
        as context: CallContext = .system
    ) async throws -> JSONValue {
        let call = RunQuery(
            FullCode(model: "helpdesk", code: code), parameters: parameters, limit: limit,
            cursor: cursor)
        return try JSONValue(parsing: await records.query(call, context).bytes)
    }
}

/// The help desk with these queries, each for every role.
func helpdesk(queries: [(String, String, JSONValue)]) throws -> JSONValue {
    var model = try helpdesk().object ?? JSONObject()
    let grants: JSONValue = [["role": "agent"], ["role": "clerk"], ["role": "customer"]]
    model["queries"] = .array(
        queries.map { code, sql, parameters in
            [
                "code": .string(code), "sql": .string(sql), "parameters": parameters,
                "grants": grants,
            ]
        })
    return .object(model)
}

func helpdesk(query sql: String, _ parameters: JSONValue = []) throws -> JSONValue {
    try helpdesk(queries: [("q", sql, parameters)])
}

/// Queries of a model.
@Suite struct QueryTests {
    private func make(_ sql: String, _ parameters: JSONValue = []) async throws -> TestStore {
        let store = try await TestStore()
        try await store.apply(helpdesk(query: sql, parameters))
        return store
    }

    private func fill(_ store: TestStore, door: Door = .api) async throws {
        let items: [JSONValue] = (1...10).map { n in
            [
                "subject": .string("s\(n)"), "status": n % 2 == 0 ? "open" : "new",
                "spent": .number(JSONNumber(unscaled: 10, scale: 2)),
                "score": .number(JSONNumber(Int64(n % 4))),
            ]
        }
        try await store.create(ticket, .array(items), as: .caller("ada", "agent", door: door))
        try await store.create(
            ticket, ["subject": "zoe's"], as: .caller("zoe", "customer", door: door))
    }

    @Test func `a query answers rows by its parameters`() async throws {
        let store = try await make(
            """
            select status, count(*) as n from helpdesk_ticket where status <> :status
            group by status order by status
            """, [["code": "status", "type": "text"]])
        try await fill(store)
        let answer = try await store.query(
            "q", ["status": "closed"], as: .caller("ada", "agent"))
        #expect(
            try answer
                == json(
                    #"{"items": [{"status": "new", "n": 6}, {"status": "open", "n": 5}], "next": null}"#
                ))
        #expect(
            try await store.query("q", ["status": "open"])["items"]
                == [["status": "new", "n": 6]])
    }

    @Test func `sums of decimals are exact`() async throws {
        let store = try await make(
            """
            select sum(spent) as sum, avg(spent) as avg,
              \(TestStore.isServer ? "sum" : "total")(spent) as total, max(spent) as max,
              sum(spent) = 1.1 as equal, sum(id) as ids, sum(spent) * 3 as threefold from helpdesk_ticket
            """)
        for _ in 0..<11 { try await store.create(ticket, ["subject": "x", "spent": json("0.10")]) }
        let row = try await store.query("q")["items"]?.array?.first
        #expect(
            row?.bytes
                == Array(
                    #"{"sum":1.1,"avg":0.1,"total":1.1,"max":0.1,"equal":1,"ids":66,"threefold":3.3}"#
                        .utf8))
        try await store.create(ticket, ["subject": "x", "spent": json("999999999999.99")])
        #expect(
            try await store.query("q")["items"]?.array?.first?["max"]
                == json("999999999999.99"))
        try await store.create(ticket, ["subject": "x", "spent": json("90071992547409.93")])
        if TestStore.isServer {
            let row = try await store.query("q")["items"]?.array?.first?.object
            #expect(
                row?["sum"].map { String(decoding: $0.bytes, as: UTF8.self) }
                    == "91071992547411.02")
            return
        }
        // A number holds 15 digits; where there are more, it says so rather than round.
        let wide = await refusal { try await store.query("q") }
        #expect(wide?.code == "query-failed")
        #expect(wide?.detail?.contains("15 digits") == true)
    }

    @Test func `each role sees its own rows and columns in a query`() async throws {
        let store = try await make(
            """
            select t.id, t.subject, t.spent, u.score from helpdesk_ticket t
            join helpdesk_ticket u on u.id = t.id order by t.id
            """)
        try await fill(store)
        func rows(_ account: String, _ role: String) async throws -> [JSONValue] {
            try await store.query("q", as: .caller(account, role))["items"]?.array ?? []
        }
        #expect(try await rows("ada", "agent").count == 11)
        #expect(
            try await rows("zoe", "customer")
                == [["id": 11, "subject": "zoe's", "spent": nil, "score": nil]])
        #expect(try await rows("bob", "customer").isEmpty)
        // A clerk sees status and subject of all, and everything of his own.
        let seen = try await rows("ada", "clerk")
        #expect(seen.count == 11)
        #expect(try seen[0]["spent"] == json("0.1"))
        #expect(seen[10] == ["id": 11, "subject": "zoe's", "spent": nil, "score": nil])
    }

    @Test func `a query is there for the roles it is granted to only`() async throws {
        let store = try await TestStore()
        var model = try helpdesk().object ?? JSONObject()
        model["queries"] = [
            [
                "code": "q", "sql": "select 1 as one", "grants": [["role": "agent"]],
            ]
        ]
        try await store.apply(.object(model))
        #expect(try await store.query("q", as: .caller("ada", "agent")).ids.isEmpty)
        for context in [CallContext.caller("zoe", "customer"), .caller("eve")] {
            #expect(await refusal { try await store.query("q", as: context) }?.status == 404)
        }
        #expect(
            await refusal { try await store.query("r", as: .caller("ada", "agent")) }?.status == 404
        )
    }

    @Test func `what is wrong with parameters is said of all at once`() async throws {
        let store = try await make(
            "select :a + :b + :c as sum, :d as d, :e as e, :me as me",
            [
                ["code": "a", "type": "integer"], ["code": "b", "type": "decimal"],
                ["code": "c", "type": "integer", "default": 3], ["code": "d", "type": "date"],
                ["code": "e", "type": "boolean", "default": nil],
            ])
        let good = try await store.query(
            "q", ["a": "1", "b": "2.5", "d": "2026-11-22"], as: .caller("ada", "agent"))
        #expect(
            try good["items"]
                == [["sum": json("6.5"), "d": "2026-11-22", "e": nil, "me": "ada"]])
        let problem = await refusal {
            try await store.query("q", ["a": "x", "c": "1.5", "d": "soon", "e": "yes", "f": "1"])
        }
        #expect(
            problem?.faults.sorted() == [
                "/a wrong-type", "/b required", "/c wrong-type", "/d wrong-type", "/e wrong-type",
                "/f unknown-member",
            ])
        for wide in ["9223372036854775808", "1e400", "''", "NaN"] {
            let problem = await refusal {
                try await store.query("q", ["a": .string(wide), "b": 1, "d": "2026-11-22"])
            }
            #expect(problem?.faults == ["/a wrong-type"], "\(wide)")
        }
    }

    @Test func `a cursor leads through a query's rows`() async throws {
        let store = try await make("select id from helpdesk_ticket order by id desc")
        try await fill(store)
        var seen: [Int64] = []
        var cursor: String?
        repeat {
            let page = try await store.query("q", limit: 4, cursor: cursor)
            seen += page.ids
            cursor = page["next"]?.string
        } while cursor != nil
        #expect(seen == (1...11).reversed())
        for wrong in ["x", "WyJhIiwxXQ", String(repeating: "A", count: 1000)] {
            #expect(
                await refusal { try await store.query("q", cursor: wrong) }?.code
                    == "invalid-cursor")
        }
    }

    @Test func `a query reads shared classes of other models, with their rights`() async throws {
        let store = try await make("select subject from helpdesk_ticket where spent > 0")
        try await fill(store)
        func lending(_ sql: String) throws -> JSONValue {
            try json(
                """
                {"code": "lending", "name": "L", "roles": ["agent", "lender"], "queries": [
                  {"code": "q", "sql": "\(sql)", "grants": [{"role": "agent"}, {"role": "lender"}]}]}
                """)
        }
        let sql = "select count(*) as n, count(body) as b from helpdesk_ticket"
        #expect(try await store.faults(lending(sql)).map(\.code) == ["wrong-sql"])
        try await store.apply(
            helpdesk {
                $0 = $0.replacing(
                    #""code": "ticket","#, with: #""code": "ticket", "shared": true,"#)
            })
        try await store.apply(lending(sql))
        func rows(_ context: CallContext) async throws -> JSONValue? {
            let call = RunQuery(FullCode(model: "lending", code: "q"))
            return try JSONValue(parsing: await store.records.query(call, context).bytes)["items"]
        }
        #expect(try await rows(.caller("ada", "agent")) == [["n": 11, "b": 0]])
        // The query is the lender's, the tickets are not.
        #expect(try await rows(.caller("lea", "lender")) == [["n": 0, "b": 0]])
        #expect(try await store.faults(helpdesk()).map(\.code) == ["still-referenced"])
    }

    @Test func `a query that runs too long is ended`() async throws {
        let store = try await make(
            """
            with recursive c(n) as (select 1 union all select n + 1 from c)
            select count(*) as n from c
            """)
        let problem = await refusal { try await store.query("q") }
        #expect(problem?.status == 503 && problem?.code == "too-slow")
        // The next one finds the thread free.
        try await store.apply(helpdesk(query: "select 1 as one"))
        #expect(try await store.query("q")["items"] == [["one": 1]])
    }

    @Test func `a query over a class that the door does not lead to has no rows`() async throws {
        let store = try await TestStore()
        var text = String(
            decoding: try helpdesk(query: "select id from helpdesk_ticket").bytes, as: UTF8.self)
        text = text.replacing(#""webAccess":true"#, with: #""webAccess":false"#)
        try await store.apply(json(text))
        try await fill(store, door: .workflow)
        #expect(try await store.query("q", as: .caller("ada", "agent")).ids.isEmpty)
        #expect(
            try await store.query("q", as: .caller("ada", "agent", door: .workflow)).ids.count == 11
        )
    }

    @Test func `a query that cannot be run is a fault of the model`() async throws {
        let store = try await TestStore()
        // Of PostgreSQL a SELECT of nothing is one.
        let cases = [
            "select nothing from helpdesk_ticket", "select * from nothing",
            TestStore.isServer ? "select 1 2" : "select",
            "select :later from helpdesk_ticket", "select deleted from helpdesk_ticket",
            "select rowid from helpdesk_ticket",
        ]
        for sql in cases {
            let faults = try await store.faults(helpdesk(query: sql))
            #expect(faults.map(\.pointer) == ["/queries/0/sql"], "\(sql)")
        }
        let lengthy = "select '\(String(repeating: "x", count: 21_000))'"
        #expect(try await store.faults(helpdesk(query: lengthy)).first?.code == "wrong-sql")
        let parameters: JSONValue = [
            ["code": "limit", "type": "text"], ["code": "a", "type": "blob"],
            ["code": "b", "type": "integer", "default": "x"], ["code": "b", "type": "text"],
        ]
        let faults = try await store.faults(helpdesk(query: "select :b", parameters))
        #expect(
            faults.map { "\($0.pointer) \($0.code)" } == [
                "/queries/0/parameters/0/code reserved",
                "/queries/0/parameters/1/type not-allowed",
                "/queries/0/parameters/2/default wrong-type",
                "/queries/0/parameters/3/code repeated",
            ])
    }

    @Test func `the rows of an API view come with its columns only`() async throws {
        let store = try await make("select 1")
        try await fill(store)
        let call = ListRecords(
            ticket, filter: "status eq 'open'", limit: 1, count: true, view: true)
        let bytes = try await store.records.list(call, .caller("bob", "clerk")).bytes
        let page = try JSONValue(parsing: bytes)
        #expect(page["count"] == 5)
        #expect(
            page["items"]?.array?.first?.object?.keys == [
                "id", "version", "created", "creator", "modified", "modifier", "subject", "status",
            ])
    }
}
