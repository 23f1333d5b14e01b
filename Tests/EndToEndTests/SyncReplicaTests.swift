import HTTP
import JSON
import TestSupport
import Testing

/// Two instances, of which one has a copy of what the other has.
@Suite struct `A class that is copied from another instance` {
    private static let operations = """
        "operations": ["read", "insert", "change", "delete", "import", "export"]
        """
    private static let grants = #""grants": [{"role": "clerk", \#(operations)}]"#

    private static func model(_ more: String) -> String {
        """
        {"code": "shop", "roles": ["clerk"], "classes": [
          {"code": "maker", "webAccess": true, "columns": [{"code": "number", "type": "integer", \
        "unique": true}], \(grants)},
          {"code": "item", "webAccess": true, "unique": [["store", "number"]], "columns": [
            {"code": "store", "type": "text"}, {"code": "number", "type": "integer"},
            {"code": "name", "type": "text"}, {"code": "price", "type": "decimal", "scale": 2},
            {"code": "seen", "type": "datetime"},
            {"code": "maker", "type": "reference", "class": "maker"}], \(grants)}]\(more)}
        """
    }

    private static func syncs(port: Int) -> String {
        """
        , "syncs": [{"code": "makers", "class": "maker", "source": {"kind": "geartrain", \
        "url": "http://127.0.0.1:\(port)", "token": "secret:other", "class": "shop.maker"}, \
        "key": {"number": "number"}, "columns": {"number": "number"}, "deletes": "detect"},
        {"code": "items", "class": "item", "source": {"kind": "geartrain", \
        "url": "http://127.0.0.1:\(port)/", "token": "secret:other", "class": "shop.item"}, \
        "key": {"store": "store", "number": "number"}, "deletes": "detect", \
        "columns": {"name": "name", "price": "price", "seen": "seen", \
        "maker": {"column": "maker", "by": "number"}}}]
        """
    }

    private func start(_ train: Train, _ more: String, isCounted: Bool = true) async throws
        -> APIClient
    {
        try await train.start(isCounted: isCounted)
        let admin = try await train.visitor.loggedIn("admin", Train.password)
        let model = `A class that is copied from another instance`.model(more)
        try await admin.expect(
            201, .put, "/api/models/shop", json: try JSONValue(parsing: Array(model.utf8)))
        let role = try await admin.expect(200, .get, "/api/roles/clerk")
        try await admin.expect(
            200, .patch, "/api/roles/clerk", json: ["members": ["admin"]],
            headers: role.headers["ETag"].map { ["If-Match": $0] } ?? [:])
        return admin
    }

    private func sync(_ train: Train, _ admin: APIClient, _ code: String) async throws
        -> JSONValue
    {
        let answer = try await admin.expect(202, .post, "/api/syncs/\(code)/runs")
        let number = try answer.json["run"]?.integer ?? 0
        try await train.waitFor("the end of the run") {
            try await admin.get("/api/runs/\(number)")["ended"]?.isNull == false
        }
        return try await admin.get("/api/runs/\(number)")
    }

    /// `store|number|name|price|seen|maker's number`.
    private func lines(_ admin: APIClient) async throws -> [String] {
        var lines: [String] = []
        var path = "/api/records/shop/item?orderby=store,number&limit=1000&expand=maker"
        while true {
            let page = try await admin.get(path)
            for item in page["items"]?.array ?? [] {
                let values = ["store", "number", "name", "price", "seen"].map {
                    item[$0]?.text ?? "null"
                }
                let maker = item["maker"]?["number"]?.text ?? "null"
                lines.append((values + [maker]).joined(separator: "|"))
            }
            guard let next = page["next"]?.string else { return lines }
            path =
                "/api/records/shop/item?orderby=store,number&limit=1000&expand=maker&cursor=\(next)"
        }
    }

    private func fill(_ admin: APIClient) async throws {
        try await admin.post(
            "/api/records/shop/maker", [["number": 7], ["number": 8]], status: 200)
        let makers = try await admin.get("/api/records/shop/maker?orderby=number")
        let ids = (makers["items"]?.array ?? []).compactMap { $0["id"] }
        for page in 0..<6 {
            let items = (0..<900).map { index -> JSONValue in
                let number = page * 900 + index
                return [
                    "store": .string("s \(number % 3)"),
                    "number": .number(JSONNumber(Int64(number))),
                    "name": .string("item ✓ \(number)"),
                    "price": .number(JSONNumber(unscaled: Int64(number), scale: 2)),
                    "seen": number % 5 == 0 ? .null : "2026-11-29T10:00:00.250Z",
                    "maker": number % 7 == 0 ? .null : ids[number % 2],
                ]
            }
            try await admin.post("/api/records/shop/item", .array(items), status: 200)
        }
    }

    @Test func `is the same, then again after changes, and told where it may not be read`()
        async throws
    {
        let (origin, copy) = (
            Train(.together, model: nil),
            Train(
                .together, settings: ["OUTGOING_ALLOWED_NETWORKS": "127.0.0.0/8"], model: nil)
        )
        let there = try await start(origin, "")
        try await fill(there)
        let here = try await start(
            copy,
            `A class that is copied from another instance`.syncs(
                port: origin.ports["gateway"] ?? 0), isCounted: false)
        func secret(_ value: String) async throws {
            let body: JSONValue = ["value": .string(value)]
            let answer = try await here.send(.put, "/api/secrets/other", body: body.bytes)
            #expect(answer.status < 300, "\(answer)")
        }
        try await secret("no token")
        let refused = try await sync(copy, here, "makers")
        #expect(refused["problem"]?["type"] == "/problems/source-unusable", "\(refused.text)")
        #expect(!refused.text.contains("no token"))

        let token = try await there.post(
            "/api/tokens", ["name": "copy", "scopes": ["read"]], status: 201)
        try await secret(token["token"]?.string ?? "")
        for code in ["makers", "items"] {
            let run = try await sync(copy, here, code)
            #expect(run["verified"] == true, "\(run.text)")
        }
        #expect(try await lines(here).count == 5400)
        #expect(try await lines(here) == lines(there))

        let some = try await there.get("/api/records/shop/item?limit=3")
        for (index, item) in (some["items"]?.array ?? []).enumerated() {
            let path = "/api/records/shop/item/\(item["id"]?.integer ?? 0)"
            let tag: Headers = ["If-Match": "\"\(item["version"]?.integer ?? 0)\""]
            if index == 0 {
                try await there.expect(204, .delete, path, headers: tag)
            } else {
                try await there.expect(
                    200, .patch, path, json: ["name": "changed", "maker": .null],
                    headers: tag)
            }
        }
        let mine = try await here.get("/api/records/shop/item?limit=1&orderby=id%20desc")
        try await here.post(
            "/api/records/shop/item", [["store": "own", "number": 1]], status: 200)
        #expect(mine["items"]?.array?.count == 1)
        let second = try await sync(copy, here, "items")
        #expect(second["verified"] == true, "\(second.text)")
        #expect(second["counters"]?["updated"] == 2 && second["counters"]?["deleted"] == 2)
        #expect(try await lines(here) == lines(there))
        let third = try await sync(copy, here, "items")
        #expect(third["verified"] == true && third["counters"]?["updated"] == 0)
        #expect(await (try copy.stop() + origin.stop()).allSatisfy { $0 == 0 })
    }
}
