import HTTP
import JSON
import TestSupport
import Testing

/// API.md §2, line by line.
@Suite(.serialized, .desk) struct `Contract 2, accounts, roles, organization` {
    private func tag(_ desk: Desk, _ path: String) async throws -> Headers {
        let tag = try await desk.admin.expect(200, .get, path).headers["ETag"]
        return tag.map { ["If-Match": $0] } ?? [:]
    }

    @Test func `POST sessions logs in, DELETE sessions current logs out`() async throws {
        let desk = try SharedDesk.desk
        let session = try await desk.train.visitor.post(
            "/api/sessions", ["account": "anna", "password": .string(Train.password)])
        #expect(session["expires"]?.string?.hasSuffix("Z") == true)
        var client = desk.train.visitor
        client.token = session["token"]?.string
        #expect(try await client.get("/api/me")["account"] == "anna")
        try await client.expect(204, .delete, "/api/sessions/current")
        try await client.expectProblem(401, "unauthenticated", .get, "/api/me")
        try await desk.train.visitor.expectProblem(
            401, "invalid-credentials", .post, "/api/sessions",
            json: ["account": "anna", "password": "not it"])
    }

    @Test func `GET me says account, roles, positions and permissions`() async throws {
        let desk = try SharedDesk.desk
        let me = try await desk.anna.get("/api/me")
        #expect(me["account"] == "anna" && me["roles"] == ["clerk"])
        #expect(me["positions"] != nil && me["permissions"] == [])
        let admin = try await desk.admin.get("/api/me")
        let permissions = Set((admin["permissions"]?.array ?? []).compactMap(\.string))
        #expect(
            permissions.isSuperset(of: [
                "mail:read", "mail:send", "workflow:operate", "batch:operate", "models:write",
                "accounts:write", "operations:read",
            ]))
        // All of these, and still no class data.
        try await desk.admin.expectProblem(404, "not-found", .get, Desk.articles)
    }

    @Test func `PUT creates and replaces, PATCH changes what it names, no password is answered`()
        async throws
    {
        let desk = try SharedDesk.desk
        let path = "/api/accounts/nora"
        let body: JSONValue = [
            "name": "Nora", "email": "nora@example.com", "kind": "person", "enabled": true,
            "locked": false, "language": "de", "password": .string(Train.password),
            "roles": ["viewer"],
        ]
        let made = try await desk.admin.expect(201, .put, path, json: body)
        #expect(!made.text.contains(Train.password) && !made.text.contains("\"password\""))
        try await desk.admin.expectProblem(428, "precondition-required", .put, path, json: body)
        try await desk.admin.expect(
            200, .put, path, json: body, headers: try await tag(desk, path))
        try await desk.admin.expect(
            200, .patch, path, json: ["locked": true], headers: try await tag(desk, path))
        let nora = try await desk.admin.get(path)
        #expect(nora["locked"] == true && nora["language"] == "de" && nora["roles"] == ["viewer"])
        try await desk.train.visitor.expectProblem(
            401, "invalid-credentials", .post, "/api/sessions",
            json: ["account": "nora", "password": .string(Train.password)])
        let listed = try await desk.admin.get("/api/accounts")["items"]?.array ?? []
        #expect(listed.contains { $0["code"] == "nora" })
        let robot: JSONValue = ["name": "Robot", "kind": "service"]
        try await desk.admin.expect(201, .put, "/api/accounts/robot", json: robot)
        for client in [desk.anna, desk.train.visitor] {
            let answer = try await client.send(.get, path)
            #expect(answer.status == 403 || answer.status == 401)
        }
    }

    @Test func `a token acts within its scopes, and its secret is shown once`() async throws {
        let desk = try SharedDesk.desk
        let made = try await desk.anna.post(
            "/api/tokens",
            ["name": "reader", "scopes": ["read"], "expires": "2999-01-01T00:00:00Z"])
        let secret = try #require(made["token"]?.string)
        let id = try #require(made["id"]?.integer)
        let listed = try await desk.anna.expect(200, .get, "/api/tokens")
        #expect(!listed.text.contains(secret))
        #expect(try listed.json["items"]?.array?.first?["name"] == "reader")
        var client = desk.train.visitor
        client.token = secret
        try await client.expect(200, .get, Desk.articles)
        try await client.expectProblem(
            403, "forbidden", .post, Desk.articles, json: ["number": "t"])
        try await desk.anna.expect(204, .delete, "/api/tokens/\(id)")
        try await client.expectProblem(401, "unauthenticated", .get, "/api/me")
    }

    @Test func `a role has members and an enabled flag, and holds from the next request on`()
        async throws
    {
        let desk = try SharedDesk.desk
        let path = "/api/roles/viewer"
        let role = try await desk.admin.get(path)
        #expect(role["enabled"] == true)
        #expect(role["members"]?.array?.contains("victor") == true)
        try await desk.victor.expect(200, .get, Desk.articles)
        try await desk.admin.expect(
            200, .patch, path, json: ["enabled": false], headers: try await tag(desk, path))
        try await desk.victor.expectProblem(404, "not-found", .get, Desk.articles)
        try await desk.admin.expect(
            200, .patch, path, json: ["enabled": true, "members": ["victor", "sam"]],
            headers: try await tag(desk, path))
        try await desk.sam.expect(200, .get, Desk.articles)
        try await desk.admin.expect(
            200, .patch, path, json: ["members": ["victor"]], headers: try await tag(desk, path))
        try await desk.sam.expectProblem(404, "not-found", .get, Desk.articles)
        // Applying the model made the roles that it names.
        let roles = try await desk.admin.get("/api/roles")["items"]?.array ?? []
        let known = Set(roles.compactMap { $0["code"]?.string })
        #expect(known.isSuperset(of: ["clerk", "viewer"]))
    }

    @Test func `units, teams and managers give positions, and a cycle is refused`() async throws {
        let desk = try SharedDesk.desk
        let units: JSONValue = [
            [
                "code": "it", "parent": nil, "name": ["en": "IT"], "members": ["anna"],
                "from": nil, "until": nil,
            ],
            ["code": "support", "parent": "it", "name": ["en": "Support"], "members": ["victor"]],
        ]
        for kind in ["unit", "team"] {
            try await desk.admin.expect(
                201, .put, "/api/org-structures/by_\(kind)",
                json: ["name": ["en": "Company"], "kind": .string(kind), "units": units])
        }
        try await desk.admin.expect(
            201, .put, "/api/org-structures/line",
            json: [
                "name": "Line", "kind": "manager",
                "people": [["account": "victor", "manager": "anna"]],
            ])
        let positions = try await desk.anna.get("/api/me")["positions"]?.array ?? []
        #expect(positions.contains("by_unit/it") && positions.contains("by_team/it"))
        #expect(positions.contains("line/anna"), "in a structure of managers one is oneself")
        let circle = try await desk.admin.expectProblem(
            422, "validation-failed", .put, "/api/org-structures/circle",
            json: [
                "name": "C", "kind": "unit",
                "units": [["code": "a", "parent": "b"], ["code": "b", "parent": "a"]],
            ])
        #expect(circle["errors"]?.array?.first?["code"] == "cycle")
    }

    @Test func `explain says allowed or denied with its reasons, and who may`() async throws {
        let desk = try SharedDesk.desk
        let id = try await desk.article("explained")
        func explain(_ query: String) async throws -> JSONValue {
            try await desk.admin.get("/api/explain?class=shop.article&" + query)
        }
        let anna = try await explain("account=anna&operation=change&record=\(id)")
        #expect(anna["allowed"] == true)
        let codes = (anna["reasons"]?.array ?? []).compactMap { $0["code"]?.string }
        #expect(Set(codes).isSuperset(of: ["account-active", "role-held", "role-granted"]))
        let sam = try await explain("account=sam&operation=read&record=\(id)")
        #expect(sam["allowed"] == false)
        let who = try await explain("operation=read&record=\(id)")
        let readers = Set((who["items"]?.array ?? []).compactMap { $0["account"]?.string })
        #expect(readers.isSuperset(of: ["anna", "victor"]) && !readers.contains("sam"))
        #expect(!readers.contains("admin"))
    }
}
