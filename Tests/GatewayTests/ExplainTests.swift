import HTTP
import JSON
import TestSupport
import Testing

@testable import Gateway

@Suite struct ExplainTests {
    private static let ticket = "class=helpdesk.ticket&operation=read"

    private func codes(_ answer: JSONValue) -> [String] {
        (answer["reasons"]?.array ?? []).compactMap { $0["code"]?.string }
    }

    @Test func `explain gives the chain of reasons, the gateway's before Records'`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        _ = try await gateway.person("anna", roles: ["agent"])
        let path = "/api/explain?account=anna&\(ExplainTests.ticket)"
        let allowed = await admin.send(.get, path)
        #expect(allowed.json["allowed"] == true, "\(allowed)")
        #expect(codes(allowed.json) == ["account-active", "role-held", "granted"])
        _ = await admin.send(
            .patch, "/api/roles/agent", ["disabledModels": ["helpdesk"]],
            headers: ["If-Match": "\"2\""])
        let off = await admin.send(.get, path)
        #expect(off.json["allowed"] == false)
        #expect(codes(off.json) == ["account-active", "role-off-in-model", "no-grant"])
        _ = await admin.send(
            .patch, "/api/roles/agent", ["enabled": false, "disabledModels": []],
            headers: ["If-Match": "\"3\""])
        #expect(codes(await admin.send(.get, path).json).contains("role-disabled"))
        _ = await admin.send(
            .patch, "/api/roles/agent", ["enabled": true], headers: ["If-Match": "\"4\""])
        _ = await admin.send(
            .patch, "/api/accounts/anna", ["locked": true], headers: ["If-Match": "\"1\""])
        let locked = await admin.send(.get, path)
        #expect(locked.json["allowed"] == false)
        #expect(codes(locked.json) == ["account-locked", "role-held", "granted"])
        let bare = await admin.send(.get, "/api/explain?account=admin&\(ExplainTests.ticket)")
        #expect(codes(bare.json) == ["account-active", "no-role", "no-grant"])
    }

    @Test func `anybody asks about themselves, about others who writes accounts`() async throws {
        let gateway = try await TestGateway()
        let anna = try await gateway.person("anna", roles: ["agent"])
        _ = try await gateway.person("bob")
        let own = await anna.send(.get, "/api/explain?account=anna&\(ExplainTests.ticket)")
        #expect(own.json["allowed"] == true)
        for account in ["account=bob&", "account=nobody&", ""] {
            let answer = await anna.send(.get, "/api/explain?\(account)\(ExplainTests.ticket)")
            #expect(answer.status == 403, "\(account)")
        }
        let admin = try await gateway.admin()
        let ghost = await admin.send(.get, "/api/explain?account=ghost&\(ExplainTests.ticket)")
        #expect(ghost.status == 404)
        for query in [
            "account=anna", "class=ticket&operation=read", "class=a.b&operation=look",
            "class=a.b&operation=read&record=x", "class=a.b&operation=read&who=me",
        ] {
            #expect(await admin.send(.get, "/api/explain?\(query)").code == "invalid-parameter")
        }
    }

    @Test func `the reverse names everybody who may, and nobody else, page by page`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        for index in 0..<7 {
            _ = await admin.send(.put, "/api/accounts/p\(index)", ["name": "P"])
        }
        _ = await admin.send(
            .put, "/api/roles/agent",
            ["name": "Agent", "members": ["p1", "p2", "p4", "p5", "p6"]])
        _ = await admin.send(
            .patch, "/api/accounts/p4", ["enabled": false], headers: ["If-Match": "\"2\""])
        var found: [String] = []
        var cursor: String? = ""
        while let at = cursor {
            let page = await admin.send(
                .get,
                "/api/explain?\(ExplainTests.ticket)&limit=2" + (at.isEmpty ? "" : "&cursor=\(at)"))
            let items = page.json["items"]?.array ?? []
            #expect(items.allSatisfy { $0["allowed"] == true && !codes($0).isEmpty })
            found += items.compactMap { $0["account"]?.string }
            cursor = page.json["next"]?.string
        }
        #expect(found == ["p1", "p2", "p5", "p6"])
    }

    @Test func `a closed instance is a reason too`() async throws {
        let gateway = try await TestGateway(environment: ["GATEWAY_WEB_ACCESS": "off"])
        _ = try await gateway.person("anna", roles: ["agent"])
        let admin = try await gateway.admin()
        let answer = await admin.send(
            .get, "/api/explain?account=anna&\(ExplainTests.ticket)")
        #expect(answer.json["allowed"] == false && codes(answer.json).contains("web-access-off"))
    }
}
