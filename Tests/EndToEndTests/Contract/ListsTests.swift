import HTTP
import JSON
import TestSupport
import Testing

/// API.md §1, line by line: lists, arrays, and what every answer carries.
@Suite(.serialized, .desk) struct `Contract 1, lists` {
    /// Articles a1 to a5 of one maker, with counts 1 to 5.
    private func fill(_ desk: Desk) async throws {
        guard try await desk.numbers("filter=number%20eq%20'a1'").isEmpty else { return }
        try await desk.anna.post(Desk.makers, ["name": "Acme"])
        let items = (1...5).map { n -> JSONValue in
            var item = JSONObject([
                ("number", .string("a\(n)")), ("count", .number(JSONNumber(Int64(n)))),
                ("sold", .boolean(n > 3)), ("day", .string("2026-11-0\(n)")),
                ("tags", n % 2 == 0 ? ["even"] : ["odd", "all"]),
            ])
            if n < 5 { item["maker"] = 1 }
            return .object(item)
        }
        try await desk.anna.post(Desk.articles, .array(items), status: 200)
    }

    @Test func `a list takes filter, orderby, select, expand, limit, cursor and count`()
        async throws
    {
        let desk = try SharedDesk.desk
        try await fill(desk)
        let page = try await desk.anna.get(
            Desk.articles + "?filter=" + "count ge 2".queryEncoded
                + "&orderby=count%20desc&select=number,maker&expand=maker&limit=2&count=true")
        let items = page["items"]?.array ?? []
        #expect(items.map { $0["number"] } == ["a5", "a4"])
        #expect(page["count"] == 4)
        #expect(items[0]["state"] == nil && items[0]["maker"] == .null)
        #expect(items[1]["maker"]?["name"] == "Acme")
        let cursor = try #require(page["next"]?.string)
        let rest = try await desk.anna.get(
            Desk.articles + "?filter=" + "count ge 2".queryEncoded
                + "&orderby=count%20desc&limit=2&cursor=\(cursor)")
        #expect(rest["items"]?.array?.map { $0["number"] } == ["a3", "a2"])
        #expect(rest["next"] == .null && rest["count"] == nil)
        try await desk.anna.expectProblem(
            400, "invalid-parameter", .get, Desk.articles + "?limit=1001")
        let many = (0..<60).map { JSONValue.object(JSONObject([("name", .string("m\($0)"))])) }
        try await desk.anna.post(Desk.makers, .array(many), status: 200)
        #expect(try await desk.anna.get(Desk.makers)["items"]?.array?.count == 50)
    }

    @Test(arguments: [
        ("number eq 'a1'", "a1"), ("count ne 3", "a1 a2 a4 a5"), ("count gt 4", "a5"),
        ("count ge 4", "a4 a5"), ("count lt 2", "a1"), ("count le 2", "a1 a2"),
        ("count in (1,5)", "a1 a5"), ("sold and count lt 5", "a4"),
        ("count eq 1 or (not sold and count gt 2)", "a1 a3"), ("contains(number,'2')", "a2"),
        ("startswith(number,'a') and endswith(number,'3')", "a3"), ("maker eq null", "a5"),
        ("maker/name eq 'Acme' and count gt 3", "a4"), ("creator eq me and count eq 1", "a1"),
        ("created le now and count eq 2", "a2"), ("day lt today and count eq 3", "a3"),
        ("tags eq 'even'", "a2 a4"), ("day eq 2026-11-05", "a5"),
    ])
    func `filters speak OData`(_ filter: String, _ expected: String) async throws {
        let desk = try SharedDesk.desk
        try await fill(desk)
        let own = "startswith(number,'a') and (\(filter))"
        let found = try await desk.numbers("orderby=number&filter=" + own.queryEncoded)
        #expect(found.joined(separator: " ") == expected)
    }

    @Test func `nobody filters, sorts, counts or expands by what they may not read`() async throws {
        let desk = try SharedDesk.desk
        try await fill(desk)
        #expect(try await desk.numbers("orderby=number&limit=2", as: desk.victor) == ["a1", "a2"])
        for query in [
            "filter=count%20gt%201", "filter=count%20gt%201&count=true", "filter=maker%20eq%20null",
            "filter=nothing%20gt%201",
        ] {
            try await desk.victor.expectProblem(
                400, "invalid-filter", .get, Desk.articles + "?" + query)
        }
        for parameter in ["orderby=count", "expand=maker", "select=price"] {
            let answer = try await desk.victor.send(.get, Desk.articles + "?" + parameter)
            #expect(answer.status == 400, "\(parameter): \(answer)")
        }
    }

    @Test func `an array answers per item in order, and with atomic all or nothing`()
        async throws
    {
        let desk = try SharedDesk.desk
        let items: JSONValue = [["number": "b1"], ["price": 1], ["number": "b2"]]
        let answer = try await desk.anna.post(Desk.articles, items, status: 200)
        let results = answer["results"]?.array ?? []
        #expect(results.count == 3 && results[0]["version"] == 1)
        #expect(results[1]["problem"]?["type"] == "/problems/validation-failed")
        #expect(results[2]["id"]?.integer == (results[0]["id"]?.integer ?? 0) + 1)
        let refused = try await desk.anna.expectProblem(
            422, "validation-failed", .post, Desk.articles + "?atomic=true",
            json: [["number": "c1"], ["price": 1]])
        #expect(refused["errors"]?.array?.first?["pointer"] == "/1/number")
        #expect(try await desk.numbers("filter=number%20eq%20'c1'").isEmpty)
    }

    @Test func `every answer carries X-Request-Id and honours traceparent`() async throws {
        let desk = try SharedDesk.desk
        for target in ["/livez", "/api/me", "/nothing", Desk.articles, "/login"] {
            let answer = try await desk.anna.send(.get, target)
            #expect(answer.headers["X-Request-Id"]?.isEmpty == false, "\(target)")
        }
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        let answer = try await desk.anna.send(
            .post, Desk.articles, body: Array(#"{"number": "traced"}"#.utf8),
            headers: [
                "X-Request-Id": "mine-1", "traceparent": "00-\(trace)-00f067aa0ba902b7-01",
            ])
        #expect(answer.headers["X-Request-Id"] == "mine-1")
        let id = try #require(try answer.json["id"]?.integer)
        let history = try await desk.anna.get("\(Desk.articles)/\(id)/history")
        #expect(history["items"]?.array?.first?["root"]?.string?.contains("mine-1") == true)
        // One that is none is as if it was not there.
        for wrong in ["", "00-\(trace)", "ff-\(trace)-00f067aa0ba902b7-01"] {
            let answer = try await desk.anna.send(
                .get, "/api/me", headers: ["traceparent": wrong])
            #expect(answer.status == 200)
        }
    }

    @Test func `limits answer 413, 414, 431, and 429 with Retry-After`() async throws {
        let desk = try SharedDesk.desk
        let large = try await desk.train.visitor.send(
            .post, "/api/sessions",
            body: (["account": .string(String(repeating: "a", count: 9000))] as JSONValue).bytes)
        #expect(large.status == 413, "\(large.status)")
        let long = try await desk.anna.send(
            .get, Desk.articles + "?filter=" + String(repeating: "a", count: 9000))
        #expect(long.status == 414, "\(long.status)")
        let wide = try await desk.anna.send(
            .get, "/api/me", headers: ["X-Wide": String(repeating: "a", count: 17 << 10)])
        #expect(wide.status == 431, "\(wide.status)")
        var last = large
        for _ in 0..<30 where last.status != 429 {
            last = try await desk.train.visitor.send(
                .post, "/api/sessions",
                body: (["account": "slow", "password": "wrong"] as JSONValue).bytes)
            #expect(last.status == 401 || last.status == 429)
        }
        #expect(last.status == 429 && last.headers["Retry-After"] != nil)
    }
}
