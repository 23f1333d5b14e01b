import HTTP
import JSON
import ServiceRuntime
import TestSupport
import Testing

@testable import Gateway

@Suite struct AuditTests {
    private static let start = Timestamp(milliseconds: 1_800_000_000_000)

    private func entries(_ gateway: TestGateway, _ query: String) async throws -> [JSONValue] {
        let answer = await (try await gateway.admin()).send(.get, "/api/audit?\(query)")
        #expect(answer.status == 200, "\(answer)")
        return answer.json["items"]?.array ?? []
    }

    @Test func `log-ins and refused ones are in the audit, and no secret is`() async throws {
        let gateway = try await TestGateway()
        _ = await gateway.logIn()
        for (account, password) in [("admin", "wrong one"), ("my-secret-password", "x")] {
            _ = await gateway.send(
                .post, "/api/sessions",
                body: (["account": .string(account), "password": .string(password)] as JSONValue)
                    .bytes, from: "192.0.2.1")
        }
        let began = try await entries(gateway, "kind=session.began&account=admin")
        #expect(began.contains { $0["address"]?.string == "127.0.0.1" })
        let refused = try await entries(gateway, "kind=session.refused")
        #expect(refused.map { $0["subject"]?.string } == [nil, "admin"])
        #expect(
            refused.map { $0["detail"]?.string } == ["no such account", "wrong password"])
        let all = await (try await gateway.admin()).send(.get, "/api/audit?limit=1000").text
        #expect(!all.contains("my-secret-password") && !all.contains("wrong one"))
    }

    @Test func `a change of rights says who, what was before and what after`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        _ = await admin.send(
            .put, "/api/accounts/anna",
            ["name": "Anna", "password": .string(TestGateway.password)])
        _ = await admin.send(
            .patch, "/api/accounts/anna", ["locked": true, "password": "a fresh password"],
            headers: ["If-Match": "\"1\""])
        _ = await admin.send(
            .put, "/api/roles/agent",
            ["name": "Agent", "permissions": ["mail:read"], "members": ["anna"]])
        _ = await admin.send(
            .put, "/api/org-structures/c",
            ["name": "C", "kind": "unit", "units": [["code": "it", "members": ["anna"]]]])
        _ = await admin.send(
            .patch, "/api/org-structures/c", ["units": [["code": "it"], ["code": "hr"]]],
            headers: ["If-Match": "\"1\""])
        _ = await admin.send(
            .delete, "/api/org-structures/c", headers: ["If-Match": "\"2\""])
        let account = try #require(
            try await entries(gateway, "kind=account.changed&subject=anna").first)
        #expect(account["account"]?.string == "admin" && account["requestId"]?.string == "test-1")
        #expect(
            account["changes"] == [
                ["field": "locked", "old": false, "new": true],
                ["field": "password", "old": "…", "new": "…"],
            ])
        let role = try #require(try await entries(gateway, "kind=role.created").first)
        #expect(
            role["changes"]?.array?.contains(
                ["field": "members", "old": nil, "new": ["anna"]]) == true)
        let moved = try #require(try await entries(gateway, "kind=structure.changed").first)
        let fields = (moved["changes"]?.array ?? []).compactMap { $0["field"]?.string }
        #expect(fields == ["units/it", "units/hr"])
        #expect(try await entries(gateway, "kind=structure.deleted&subject=c").count == 1)
        let text = await admin.send(.get, "/api/audit?limit=1000").text
        #expect(!text.contains("a fresh password") && !text.contains("scrypt"))
    }

    @Test func `what was refused to somebody is in the audit`() async throws {
        let gateway = try await TestGateway()
        let anna = try await gateway.person("anna")
        _ = await anna.send(.get, "/api/accounts?cursor=secret")
        let denied = try await entries(gateway, "kind=request.denied&account=anna")
        #expect(denied.map { $0["subject"]?.string } == ["GET /api/accounts"])
        _ = await gateway.send(.get, "/api/me", headers: ["Authorization": "Bearer gts_forged"])
        #expect(try await entries(gateway, "kind=request.refused").count == 1)
    }

    @Test func `sessions, tokens, passwords and models leave their entries`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let made = await admin.send(.post, "/api/tokens", ["name": "robot"])
        _ = await admin.send(.delete, made.location)
        _ = await admin.send(.put, "/api/models/demo", ["code": "demo", "classes": []])
        _ = await admin.send(.delete, "/api/sessions/current")
        for kind in ["token.created", "token.deleted", "model.applied", "session.ended"] {
            #expect(try await entries(gateway, "kind=\(kind)&account=admin").count == 1, "\(kind)")
        }
    }

    @Test func `the audit is read by who operates, page by page`() async throws {
        let gateway = try await TestGateway()
        let anna = try await gateway.person("anna")
        #expect(await anna.send(.get, "/api/audit").status == 403)
        let admin = try await gateway.admin()
        for index in 0..<4 {
            _ = await admin.send(.put, "/api/accounts/p\(index)", ["name": "P"])
        }
        var subjects: [String] = []
        var cursor: String? = ""
        while let at = cursor {
            let query = "kind=account.created&limit=2" + (at.isEmpty ? "" : "&cursor=\(at)")
            let page = await admin.send(.get, "/api/audit?\(query)")
            subjects += (page.json["items"]?.array ?? []).compactMap { $0["subject"]?.string }
            cursor = page.json["next"]?.string
        }
        #expect(subjects == ["p3", "p2", "p1", "p0", "anna", "admin"])
        for query in ["kind=nothing", "from=now", "until=1"] {
            #expect(
                await admin.send(.get, "/api/audit?\(query)").code == "invalid-parameter")
        }
        #expect(await admin.send(.get, "/api/audit?cursor=x").code == "invalid-cursor")
        #expect(try await entries(gateway, "from=2999-01-01T00:00:00Z").isEmpty)
    }

    @Test func `who knocks all night is counted, not listed`() async throws {
        let clock = ManualClock(start: AuditTests.start)
        let gateway = try await TestGateway(clock: clock)
        let forged: Headers = ["Authorization": "Bearer gts_forged"]
        for _ in 0..<(AuditThrottle.addressLimit + 30) {
            _ = await gateway.send(.get, "/api/me", headers: forged, from: "192.0.2.1")
        }
        let listed = try await entries(gateway, "kind=request.refused&limit=1000")
        #expect(listed.count == AuditThrottle.addressLimit)
        let audit = gateway.service.people.audit
        _ = try await audit.sweep(life: .seconds(3600))
        let counted = try await entries(gateway, "kind=request.refused&limit=1")
        #expect(counted.first?["detail"]?.string == AuditThrottle.words(30))
        #expect(counted.first?["address"]?.string == "192.0.2.1")
        // What is older than the setting says is gone.
        clock.advance(by: .seconds(7200))
        #expect(try await audit.sweep(life: .seconds(3600)) > AuditThrottle.addressLimit)
        #expect(try await entries(gateway, "kind=request.refused").isEmpty)
    }

    @Test func `however many addresses knock, the audit grows by so much only`() {
        let throttle = AuditThrottle(clock: ManualClock(start: AuditTests.start))
        let written = (0..<20_000).filter {
            throttle.take(.sessionRefused, address: "address \($0)") != nil
        }
        #expect(written.count == AuditThrottle.totalLimit)
        let missed = throttle.drain()
        #expect(missed.reduce(0) { $0 + $1.missed } == 20_000 - AuditThrottle.totalLimit)
        #expect(missed.count <= AuditThrottle.pairLimit + 1)
    }
}
