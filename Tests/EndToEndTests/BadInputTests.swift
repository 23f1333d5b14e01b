import HTTP
import JSON
import TestSupport
import Testing

/// What nobody should send, sent to every route of the served description as admin, who gets
/// furthest: no 5xx, no status that is not described, and no word of the machinery inside.
@Suite(.serialized) struct `Bad input is refused everywhere` {
    /// A route with its parameters as the description has them.
    private struct Route {
        let method: HTTP.Method
        let path: String
        let inPath: [(name: String, example: String)]
        let inQuery: [String]
        let bodyType: String?
        let statuses: Set<Int>

        func target(_ value: String? = nil) -> String {
            var target = path
            for (name, example) in inPath {
                target = target.split(separator: "{\(name)}", omittingEmptySubsequences: false)
                    .joined(separator: value ?? example)
            }
            return target
        }
    }

    /// They would end the session of the test.
    private static let skipped: Set<String> = [
        "DELETE /api/sessions/current", "POST /logout", "DELETE /api/sessions",
    ]
    /// As they stand in an address, percent-encoded.
    private static let words = [
        "'%20or%201=1--", "%22;drop%20table%20account;--", "..%2f..%2fetc%2fpasswd", "%3Cscript%3E",
        "-1", "99999999999999999999", "0", "%F0%9F%98%80", "%E2%80%AEabc", "%25s%25n", "$(id)",
        "a.b.c", "x'%7C%7C(select%201)%7C%7C'", "__proto__", ".", "%2F",
        "9223372036854775807", String(repeating: "a", count: 3000),
    ]
    private static let bodies: [(name: String, bytes: [UInt8])] = [
        ("nothing", []), ("half", Array(#"{"a": "#.utf8)), ("two", Array("{} {}".utf8)),
        ("deep arrays", Array(String(repeating: "[", count: 10_000).utf8)),
        (
            "deep objects",
            Array(
                (String(repeating: #"{"a":"#, count: 10_000) + "1"
                    + String(repeating: "}", count: 10_000)).utf8)
        ), ("no UTF-8", [123, 34, 0xC3, 0x28, 34, 58, 49, 125]),
        ("NUL", [123, 34, 97, 0, 34, 58, 49, 125]),
        ("a lone surrogate", Array(#"{"name": "\ud800"}"#.utf8)),
        ("a huge number", Array(#"{"limit": 1e999999999, "version": 123456789012345678901}"#.utf8)),
        ("a key twice", Array(#"{"name": 1, "name": "b"}"#.utf8)), ("a text", Array(#""x""#.utf8)),
        ("null", Array("null".utf8)), ("a number", Array("3".utf8)),
        ("an unknown member", Array(#"{"nobody_knows_this": {"a": [1, 2]}}"#.utf8)),
        ("injection", Array(#"{"name": "'); drop table account; --", "code": "a\"b`c;--"}"#.utf8)),
        ("an array of anything", Array("[null, 1, \"x\", [], {}]".utf8)),
    ]
    private static let headers: [Headers] = [
        ["If-Match": "*"], ["If-Match": "W/\"1\""], ["If-Match": "1"], ["If-Match": "\"1\", \"2\""],
        ["If-Match": "\"99999999999999999999\""], ["Idempotency-Key": "has blank"],
        ["If-None-Match": "\"x\""], ["Range": "bytes=5-1,-,9-"],
        ["Accept": "application/x-nothing"],
        ["traceparent": "00-zz"], ["X-Request-Id": "<script>"], ["Accept-Encoding": "br;q=x"],
    ]

    @Test func `every route, with every bad word, body and header`() async throws {
        let train = Train(.together)
        try await train.start()
        var admin = try await train.admin()
        try await admin.post("/api/records/helpdesk/ticket", ["subject": "Printer"])
        let routes = try await self.routes(train)
        #expect(routes.count > 80)
        for route in routes {
            for word in Self.words {
                try await check(admin, route, route.target(word), nil, [:], word)
                guard !route.inQuery.isEmpty else { continue }
                let query = route.inQuery.map { "\($0)=\(word)" }.joined(separator: "&")
                try await check(admin, route, route.target() + "?" + query, nil, [:], query)
            }
            for query in ["unknown=1", "limit=1&limit=2", "limit=0", "cursor=%FF%FE", "a%5B%5D=1"] {
                try await check(admin, route, route.target() + "?" + query, nil, [:], query)
            }
            for fields in Self.headers {
                try await check(admin, route, route.target(), nil, fields, "\(fields.fields)")
            }
            for (name, bytes) in Self.bodies {
                try await check(admin, route, route.target(), bytes, [:], name)
            }
            let odd: Headers = ["Content-Type": "text/x-nothing; charset=\"; boundary="]
            try await check(admin, route, route.target(), [1, 2], odd, "a wrong type")
        }
        // It still stands, and so does what was in it.
        admin = try await train.visitor.loggedIn("admin", Train.password)
        #expect(try await admin.get("/api/records/helpdesk/ticket/1")["subject"] == "Printer")
        #expect(try await train.stop().allSatisfy { $0 == 0 })
        #expect(!(TestFile.text(train.log("geartrain")) ?? "").contains("\"level\":\"error\""))
    }

    @Test func `HEAD, OPTIONS and TRACE are answered by every path`() async throws {
        let train = Train(.together)
        try await train.start()
        let admin = try await train.admin()
        for route in try await routes(train) {
            let options = try await admin.send(.options, route.target())
            #expect(options.status == 204, "\(route.path)")
            let allow = options.headers["Allow"] ?? ""
            #expect(allow.contains(route.method.rawValue), "\(route.path)")
            #expect(try await admin.send(.trace, route.target()).status == 405, "\(route.path)")
            guard route.method == .get else { continue }
            let head = try await admin.send(.head, route.target())
            let get = try await admin.send(.get, route.target())
            #expect(head.bytes.isEmpty, "\(route.path)")
            let isCall = route.path.hasPrefix("/call/")
            #expect(head.status == get.status || isCall && head.status == 405, "\(route.path)")
        }
        let long = try await admin.send(
            .get,
            "/api/records/helpdesk/ticket?filter="
                + String(repeating: "subject%20eq%20'x'%20or%20", count: 400))
        #expect(long.status == 414)
        #expect(try await train.stop().allSatisfy { $0 == 0 })
    }

    private func routes(_ train: Train) async throws -> [Route] {
        let document = try await train.visitor.get("/openapi.json")
        return (document["paths"]?.object?.members ?? []).flatMap { path, item in
            (item.object?.members ?? []).compactMap { method, operation -> Route? in
                guard let method = HTTP.Method(rawValue: method.uppercased()),
                    !Self.skipped.contains("\(method.rawValue) \(path)")
                else { return nil }
                let parameters = operation["parameters"]?.array ?? []
                func named(_ place: String) -> [(name: String, example: String)] {
                    parameters.filter { $0["in"]?.string == place }.map {
                        let example = $0["example"]?.string ?? $0["example"]?.text ?? "1"
                        return ($0["name"]?.string ?? "", example)
                    }
                }
                let types = operation["requestBody"]?["content"]?.object?.keys ?? []
                return Route(
                    method: method, path: path, inPath: named("path"),
                    inQuery: named("query").map(\.name), bodyType: types.first,
                    statuses: Set(
                        (operation["responses"]?.object?.keys ?? []).compactMap { Int($0) }))
            }
        }
    }

    private func check(
        _ api: APIClient, _ route: Route, _ target: String, _ body: [UInt8]?, _ headers: Headers,
        _ what: String
    ) async throws {
        let answer = try await api.send(
            route.method, target, body: body, type: route.bodyType ?? "application/json",
            headers: headers)
        let name = "\(route.method.rawValue) \(route.path) with \(what.prefix(60)): \(answer)"
        #expect(answer.status < 500, "\(name)")
        // What is no address at all belongs to no route.
        let isAddress = ![400, 404, 405].contains(answer.status)
        #expect(route.statuses.contains(answer.status) || !isAddress, "\(name)")
        guard answer.status >= 400 else { return }
        let text = answer.text.lowercased()
        for word in [
            "sqlite", "syntax error", "near \"", "datarow_", "no such table", "no such column",
            "swift",
        ] {
            #expect(!text.contains(word), "\(name)")
        }
    }
}
