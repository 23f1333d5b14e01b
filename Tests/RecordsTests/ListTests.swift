import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Records

/// Pages of records.
@Suite struct ListTests {
    private func make(_ count: Int) async throws -> TestStore {
        let store = try await TestStore()
        try await store.apply(helpdesk())
        guard count > 0 else { return store }
        let items = (0..<count).map { number -> JSONValue in
            [
                "subject": .string("s\(number)"), "score": .number(JSONNumber(Int64(number % 5))),
                "status": number % 3 == 0 ? "open" : "new",
            ]
        }
        try await store.create(ticket, .array(items))
        return store
    }

    @Test func `a list has fifty items unless said otherwise, and at most a thousand`() async throws
    {
        let store = try await make(60)
        let page = try await store.list(ticket)
        #expect(page.ids == Array(1...50))
        #expect(page.object?.keys == ["items", "next"])
        let rest = try await store.list(ticket, cursor: page["next"]?.string)
        #expect(rest.ids == Array(51...60))
        #expect(rest["next"] == .null)
        #expect(try await store.list(ticket, limit: 60)["next"] == .null)
        for limit in [0, -1, 1001] {
            #expect(
                await refusal { try await store.list(ticket, limit: limit) }?.faults
                    == ["/limit out-of-range"])
        }
        #expect(try await make(0).list(ticket) == ["items": [], "next": nil])
    }

    @Test func `count counts what the filter matches and the caller may see`() async throws {
        let store = try await make(30)
        try await store.delete(ticket, 1)
        let page = try await store.list(ticket, filter: "status eq 'open'", limit: 2, count: true)
        #expect(page.ids == [4, 7])
        #expect(page["count"] == 9)
        let none = try await store.list(
            ticket, count: true, as: .caller("zoe", "customer"))
        #expect(none["count"] == 0)
    }

    @Test func `a cursor stays at its place while records come, go and move`() async throws {
        let store = try await make(20)
        let first = try await store.list(ticket, orderby: "score desc", limit: 6)
        #expect(first.ids == [20, 15, 10, 5, 19, 14])
        // Before the place, at it, and after it.
        try await store.create(ticket, ["subject": "new first", "score": 9])
        try await store.create(ticket, ["subject": "new last", "score": -5])
        try await store.delete(ticket, 14)
        try await store.change(ticket, 9, ["score": 10])
        var seen = first.ids
        var cursor = first["next"]?.string
        while let place = cursor {
            let page = try await store.list(
                ticket, orderby: "score desc", limit: 6, cursor: place)
            seen += page.ids
            cursor = page["next"]?.string
        }
        #expect(seen == [20, 15, 10, 5, 19, 14, 4, 18, 13, 8, 3, 17, 12, 7, 2, 16, 11, 6, 1, 22])
    }

    @Test func `a cursor is good for its list only`() async throws {
        let store = try await make(20)
        let cursor = try await store.list(ticket, orderby: "score", limit: 5)["next"]?.string ?? ""
        let wrong: [(String?, String?, String)] = [
            (nil, "score desc", cursor), (nil, nil, cursor), ("score gt 1", "score", cursor),
            (nil, "score", "x"), (nil, "score", cursor + "A"), (nil, "score", "W10"),
            (nil, "score", String(repeating: "A", count: 10_000)),
        ]
        for (filter, orderby, text) in wrong {
            let problem = await refusal {
                try await store.list(ticket, filter: filter, orderby: orderby, cursor: text)
            }
            #expect(problem?.status == 400)
            #expect(problem?.code == "invalid-cursor", "\(text)")
        }
        #expect(try await store.list(ticket, orderby: "score", cursor: cursor).ids.count == 15)
    }

    @Test func `a filter that cannot be used says where`() async throws {
        let store = try await make(0)
        let cases = [
            ("subject eq", 10), ("subject eq 5", 11), ("score eq 'x'", 9), ("urgent gt true", 0),
            ("nothing eq 1", 0), ("subject eq 'a' and nothing eq 1", 19), ("subject", 0),
            ("customer/customer/name eq 'x'", 0), ("due eq 'soon'", 7), ("day eq now", 7),
            ("contains(score,'1')", 9), ("describe eq 'x'", 0), ("deleted eq 1", 0), ("1 eq 1", 0),
            ("subject eq score", 11), ("' or 1=1 --", 0), ("subject eq 'a'; drop table x", 14),
        ]
        for (filter, position) in cases {
            let problem = await refusal { try await store.list(ticket, filter: filter) }
            #expect(problem?.code == "invalid-filter", "\(filter)")
            #expect(problem?.extra["position"]?.integer == Int64(position), "\(filter)")
        }
    }

    @Test func `texts are values, never SQL`() async throws {
        let store = try await make(1)
        let nasty = [
            "'; DROP TABLE DataRow_2; --", "\" OR \"\"=\"", "%", "_", "\\", "?", "?1", ":a",
        ]
        for text in nasty {
            let id = try await store.create(ticket, ["subject": "x", "body": .string(text)]).id
            let doubled = text.replacing("'", with: "''")
            #expect(try await store.ids(ticket, filter: "body eq '\(doubled)'") == [id], "\(text)")
            #expect(
                try await store.ids(ticket, filter: "contains(body,'\(doubled)')").contains(id))
        }
    }

    @Test(.ofFile) func `a list by an indexed column and order reads no more than its page`()
        async throws
    {
        let store = try await TestStore()
        try await store.apply(
            helpdesk {
                $0 = $0.replacing(
                    ##""describe": "#{id} {subject}","##,
                    with: ##""describe": "#{id} {subject}", "indexes": [["status", "due"]],"##)
            })
        let context = CallContext.caller("ada", "agent")
        let snapshot = store.models.current
        let access = try snapshot.access(ticket, context)
        func plan(_ call: ListRecords) async throws -> String {
            let list = try RecordList(call, access: access, context: context, snapshot: snapshot)
            let moment = store.records.moment(context)
            let sql = list.statement(for: SQLText())
            return try await store.database.read { connection in
                try connection.query(
                    "EXPLAIN QUERY PLAN " + sql.text, sql.values(for: moment) + [50]
                ) {
                    $0.text(3)
                }.joined(separator: "; ")
            }
        }
        let both = try await plan(
            ListRecords(ticket, filter: "status eq 'open'", orderby: "due desc", limit: 50))
        #expect(both == "SEARCH r USING INDEX DataRow_2-index-status-due (status=?)")
        let order = try await plan(ListRecords(ticket, orderby: "due", limit: 50))
        #expect(order.hasPrefix("SCAN r USING INDEX DataRow_2-index-due"))
        let ids = try await plan(ListRecords(ticket, limit: 50))
        #expect(ids == "SCAN r")
        let reference = try await plan(ListRecords(ticket, filter: "customer eq 5", limit: 50))
        #expect(reference.contains("DataRow_2-index-customer"))
        await store.database.close()
    }

    @Test func `the largest first are the same where the newest rows are looked at`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = TestRandom(seed: seed)
        let store = try await TestStore()
        try await store.apply(helpdesk())
        for _ in 0..<3 {
            let items = (0..<700).map { number -> JSONValue in
                let score = Int64.random(in: -10...10, using: &random)
                let hasScore = number % 3 > 0
                return [
                    "subject": .string("s\(score)"), "status": number % 50 == 0 ? "open" : "new",
                    "score": hasScore ? .number(JSONNumber(score)) : .null,
                ]
            }
            try await store.create(ticket, .array(items))
        }
        // Times that go back, as of a clock that was set.
        for _ in 0..<40 {
            let id = Int64.random(in: 1...2100, using: &random)
            let time = "2026-0\(Int.random(in: 1...9, using: &random))-01T00:00:00.000Z"
            #expect(
                try await store.foreign(
                    "UPDATE DataRow_2 SET created = '\(time)' WHERE id = \(id)"
                ).code == 0)
        }
        for (order, sql) in [
            ("created desc", "created DESC, id DESC"),
            ("score desc", "score DESC NULLS LAST, id DESC"),
            ("subject desc,created", "subject DESC, created, id"),
        ] {
            for (filter, condition) in [
                (nil, "deleted = 0"), ("status eq 'open'", "status = 'open'"),
                ("score gt 8", "score > 8"),
            ] {
                let expected = try await store.database.read { connection in
                    try connection.query(
                        "SELECT id FROM DataRow_2 WHERE \(condition) ORDER BY \(sql)"
                    ) { $0.integer(0) }
                }
                var (ids, cursor): ([Int64], String?) = ([], nil)
                repeat {
                    let page = try await store.list(
                        ticket, filter: filter, orderby: order, limit: 400, cursor: cursor)
                    ids += page.ids
                    cursor = page["next"]?.string
                } while cursor != nil
                #expect(ids == expected, "\(order) \(filter ?? "") seed \(seed)")
            }
        }
    }

    @Test(.ofFile) func `what the platform keeps of a record has an index where the class says so`()
        async throws
    {
        let store = try await TestStore()
        try await store.apply(
            helpdesk {
                $0 = $0.replacing(
                    ##""describe": "#{id} {subject}","##,
                    with: ##""describe": "#{id} {subject}", "indexes": [["modified"]],"##)
            })
        let context = CallContext.caller("ada", "agent")
        let snapshot = store.models.current
        let list = try RecordList(
            ListRecords(ticket, orderby: "modified desc"),
            access: try snapshot.access(ticket, context), context: context, snapshot: snapshot)
        let sql = list.statement(for: SQLText())
        let plan = try await store.database.read { connection in
            try connection.query("EXPLAIN QUERY PLAN " + sql.text, [50]) { $0.text(3) }
        }
        #expect(plan == ["SCAN r USING INDEX DataRow_2-index-modified"])
    }

    @Test func `the literals me, now and today`() async throws {
        let clock = ManualClock(start: .init(milliseconds: 1_795_000_000_000))
        let store = try await TestStore(clock: clock)
        try await store.apply(helpdesk())
        try await store.create(
            ticket, ["subject": "a", "due": "2026-11-18T13:06:40Z", "day": "2026-11-18"],
            as: .caller("ada", "agent"))
        try await store.create(
            ticket, ["subject": "b", "due": "2026-11-17T23:59:59Z", "day": "2026-11-17"],
            as: .caller("bob", "agent"))
        let ada = CallContext.caller("ada", "agent")
        #expect(clock.now().text == "2026-11-18T11:06:40.000Z")
        for (filter, expected) in [
            ("creator eq me", [1]), ("due gt now", [1]), ("due lt today", [2]),
            ("day eq today", [1]), ("created eq now", [1, 2]), ("due ge 2026-11-18", [1]),
        ] as [(String, [Int64])] {
            #expect(try await store.ids(ticket, filter: filter, as: ada) == expected, "\(filter)")
        }
        clock.advance(by: .seconds(86400))
        #expect(try await store.ids(ticket, filter: "due lt today", as: ada) == [1, 2])
    }
}
