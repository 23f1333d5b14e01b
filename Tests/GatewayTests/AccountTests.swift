import HTTP
import JSON
import TestSupport
import Testing

@testable import Gateway

@Suite struct AccountTests {
    private func pointers(_ answer: TestGateway.Answer) -> Set<String> {
        Set((answer.json["errors"]?.array ?? []).compactMap { $0["pointer"]?.string })
    }

    @Test func `PUT creates an account, and replaces it for who names its version`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let anna: JSONValue = [
            "name": "Anna Nowak", "email": "anna@example.com", "kind": "person", "enabled": true,
            "locked": false, "language": "en", "password": "long enough", "roles": [],
        ]
        let made = await admin.send(.put, "/api/accounts/anna", anna)
        #expect(made.status == 201)
        #expect(made.headers["ETag"] == "\"1\"")
        #expect(made.location == "/api/accounts/anna")
        #expect(made.json["password"] == nil)
        let blind = await admin.send(.put, "/api/accounts/anna", anna)
        #expect(blind.status == 428 && blind.code == "precondition-required")
        let stale = await admin.send(
            .put, "/api/accounts/anna", anna, headers: ["If-Match": "\"7\""])
        #expect(stale.status == 412 && stale.code == "version-mismatch")
        let again = await admin.send(
            .put, "/api/accounts/anna", ["name": "Anna N."], headers: ["If-Match": "\"1\""])
        #expect(again.status == 200)
        #expect(again.headers["ETag"] == "\"2\"")
        #expect(again.json["email"] == .some(.null))
        let only = await admin.send(
            .put, "/api/accounts/anna", anna, headers: ["If-None-Match": "*"])
        #expect(only.status == 412)
        let gone = await admin.send(
            .put, "/api/accounts/new_one", anna, headers: ["If-Match": "\"1\""])
        #expect(gone.status == 412)
    }

    @Test func `what GET answers can be put back and changes nothing`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        _ = try await gateway.person("anna", roles: ["agent"])
        for path in ["/api/accounts/anna", "/api/roles/agent"] {
            let first = await admin.send(.get, path)
            let tag = try #require(first.headers["ETag"])
            let put = await admin.send(.put, path, first.json, headers: ["If-Match": tag])
            #expect(put.status == 200, "\(put)")
            for (key, value) in first.json.object?.members ?? []
            where key != "version" && key != "modified" {
                #expect(put.json[key] == value)
            }
        }
        #expect(try await gateway.session("anna").send(.get, "/api/me").status == 200)
    }

    @Test func `PATCH changes what it names and needs the version`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        _ = try await gateway.person("anna")
        #expect(await admin.send(.patch, "/api/accounts/anna", ["name": "A"]).status == 428)
        let changed = await admin.send(
            .patch, "/api/accounts/anna", ["name": "A"], headers: ["If-Match": "\"1\""])
        #expect(changed.status == 200 && changed.json["name"]?.string == "A")
        let missing = await admin.send(
            .patch, "/api/accounts/bob", ["name": "B"], headers: ["If-Match": "\"1\""])
        #expect(missing.status == 404)
        for tag in ["x", "\"1\", \"2\"", "*", "1"] {
            let odd = await admin.send(
                .patch, "/api/accounts/anna", ["name": "A"], headers: ["If-Match": tag])
            #expect(odd.status == 400 && odd.code == "invalid-parameter")
        }
        let weak = await admin.send(
            .patch, "/api/accounts/anna", ["name": "A"], headers: ["If-Match": "W/\"2\""])
        #expect(weak.status == 412)
    }

    @Test func `every fault of an account is answered at once`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let answer = await admin.send(
            .put, "/api/accounts/anna",
            [
                "name": " ", "email": "not an address", "kind": "robot", "enabled": "yes",
                "language": "not_a_tag", "password": "short", "roles": "agent", "nick": "a",
                "code": "bob",
            ])
        #expect(answer.status == 422)
        #expect(
            pointers(answer) == [
                "/name", "/email", "/kind", "/enabled", "/language", "/password", "/roles",
                "/nick", "/code",
            ])
        let unknown = await admin.send(
            .put, "/api/accounts/anna", ["name": "Anna", "roles": ["ghost"]])
        #expect(unknown.status == 422 && pointers(unknown) == ["/roles/0"])
        #expect(await admin.send(.get, "/api/accounts/anna").status == 404)
    }

    @Test(arguments: ["system", "database", "anonymous"])
    func `names of the platform are no accounts`(_ code: String) async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        #expect(await admin.send(.put, "/api/accounts/\(code)", ["name": "x"]).status == 409)
    }

    @Test func `a code that is none is not found`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        for code in ["Anna", "1a", "a-b", "a'%20or%201=1", String(repeating: "a", count: 64)] {
            #expect(await admin.send(.put, "/api/accounts/\(code)", ["name": "x"]).status == 404)
            #expect(await admin.send(.get, "/api/roles/\(code)").status == 404)
        }
    }

    @Test func `admin cannot be shut out`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let tag = await admin.send(.get, "/api/accounts/admin").headers["ETag"] ?? ""
        for change: JSONValue in [
            ["enabled": false], ["locked": true], ["kind": "service"],
        ] {
            let answer = await admin.send(
                .patch, "/api/accounts/admin", change, headers: ["If-Match": tag])
            #expect(answer.status == 422)
        }
    }

    @Test func `members are the same seen from the role and from the account`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        _ = try await gateway.person("anna")
        _ = try await gateway.person("bob")
        let role = await admin.send(
            .put, "/api/roles/agent",
            ["name": ["en": "Agent"], "enabled": true, "members": ["bob", "anna"]])
        #expect(role.status == 201)
        #expect(role.json["members"] == ["anna", "bob"])
        let anna = await admin.send(.get, "/api/accounts/anna")
        #expect(anna.json["roles"] == ["agent"])
        #expect(anna.headers["ETag"] == "\"2\"")
        let left = await admin.send(
            .patch, "/api/accounts/anna", ["roles": []], headers: ["If-Match": "\"2\""])
        #expect(left.json["roles"] == [])
        let after = await admin.send(.get, "/api/roles/agent")
        #expect(after.json["members"] == ["bob"])
        #expect(after.json["version"]?.integer == 2)
        let ghost = await admin.send(
            .patch, "/api/roles/agent", ["members": ["ghost"]], headers: ["If-Match": "\"2\""])
        #expect(ghost.status == 422 && pointers(ghost) == ["/members/0"])
    }

    @Test func `a change of roles holds from the next request on`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let anna = try await gateway.person("anna")
        #expect(await anna.send(.get, "/api/mail/messages").status == 403)
        _ = await admin.send(
            .put, "/api/roles/reader",
            ["name": "Reader", "permissions": ["mail:read"], "members": ["anna"]])
        #expect(await anna.send(.get, "/api/mail/messages").status == 200)
        #expect(await anna.send(.get, "/api/me").json["roles"] == ["reader"])
        _ = await admin.send(
            .patch, "/api/roles/reader", ["enabled": false], headers: ["If-Match": "\"1\""])
        #expect(await anna.send(.get, "/api/mail/messages").status == 403)
        #expect(await anna.send(.get, "/api/me").json["roles"] == [])
    }

    @Test func `nobody gives more than they hold`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let clerk = try await gateway.person(
            "clerk", roles: ["clerks"], permissions: ["accounts:write"])
        _ = await admin.send(
            .put, "/api/roles/operators",
            ["name": "Operators", "permissions": ["workflow:operate"]])
        _ = await admin.send(.put, "/api/accounts/bob", ["name": "Bob"])
        let tag = await admin.send(.get, "/api/accounts/admin").headers["ETag"] ?? ""
        let attempts: [(HTTP.Method, String, JSONValue, String)] = [
            (.patch, "/api/accounts/admin", ["password": "my password"], tag),
            (.patch, "/api/accounts/clerk", ["roles": ["clerks", "operators"]], "\"1\""),
            (.patch, "/api/accounts/bob", ["roles": ["operators"]], "\"1\""),
            (.patch, "/api/roles/operators", ["members": ["clerk"]], "\"1\""),
            (
                .patch, "/api/roles/clerks", ["permissions": ["accounts:write", "mail:read"]],
                "\"2\""
            ),
        ]
        for (method, path, body, tag) in attempts {
            let answer = await clerk.send(method, path, body, headers: ["If-Match": tag])
            #expect(answer.status == 403, "\(method) \(path): \(answer)")
        }
        let fresh = await clerk.send(
            .put, "/api/roles/mine", ["name": "M", "permissions": ["models:write"]])
        #expect(fresh.status == 403)
        let fair = await clerk.send(.put, "/api/roles/mine", ["name": "M", "members": ["bob"]])
        #expect(fair.status == 201)
    }

    @Test func `lists go on after the cursor`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        for index in 0..<5 {
            _ = await admin.send(.put, "/api/accounts/p\(index)", ["name": "P"])
        }
        var codes: [String] = []
        var cursor: String? = ""
        while let at = cursor {
            let page = await admin.send(.get, "/api/accounts?limit=2&cursor=\(at)")
            codes += (page.json["items"]?.array ?? []).compactMap { $0["code"]?.string }
            cursor = page.json["next"]?.string
        }
        #expect(codes == ["admin", "p0", "p1", "p2", "p3", "p4"])
        for query in ["limit=0", "limit=1001", "limit=x", "limit=1&limit=2", "page=2"] {
            let answer = await admin.send(.get, "/api/accounts?\(query)")
            #expect(answer.status == 400 && answer.code == "invalid-parameter")
        }
    }
}
