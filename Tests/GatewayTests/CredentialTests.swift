import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// Sessions seen and ended, API tokens and their scopes, roles per model, and guessing.
@Suite struct CredentialTests {
    private static let start = Timestamp(milliseconds: 1_800_000_000_000)

    private func items(_ answer: TestGateway.Answer) -> [JSONValue] {
        answer.json["items"]?.array ?? []
    }

    // MARK: Sessions

    @Test func `one sees one's sessions, and ends another one`() async throws {
        let gateway = try await TestGateway()
        let anna = try await gateway.person("anna")
        let other = try await gateway.session("anna")
        let list = items(await anna.send(.get, "/api/sessions"))
        #expect(list.count == 2 && list.filter { $0["current"] == true }.count == 1)
        let id = try #require(list.first { $0["current"] == false }?["id"]?.string)
        #expect(!other.token.contains(id))
        #expect(await anna.send(.delete, "/api/sessions/\(id)").status == 204)
        #expect(await other.send(.get, "/api/me").status == 401)
        #expect(await anna.send(.delete, "/api/sessions/\(id)").status == 404)
        let bob = try await gateway.person("bob")
        let own = try #require(
            items(await anna.send(.get, "/api/sessions")).first?["id"]?.string)
        #expect(await bob.send(.delete, "/api/sessions/\(own)").status == 404)
    }

    @Test func `an administrator ends the sessions of others who hold no more`() async throws {
        let gateway = try await TestGateway()
        let anna = try await gateway.person("anna")
        let clerk = try await gateway.person(
            "clerk", roles: ["clerks"], permissions: ["accounts:write"])
        let path = "/api/accounts/anna/sessions"
        #expect(items(await clerk.send(.get, path)).count == 1)
        #expect(await clerk.send(.delete, path).status == 204)
        #expect(await anna.send(.get, "/api/me").status == 401)
        #expect(await clerk.send(.delete, "/api/accounts/admin/sessions").status == 403)
        #expect(await anna.send(.get, path).status == 401)
        let again = try await gateway.session("anna")
        let id = try #require(items(await clerk.send(.get, path)).first?["id"]?.string)
        #expect(await clerk.send(.delete, path + "/" + id).status == 204)
        #expect(await again.send(.get, "/api/me").status == 401)
        #expect(await clerk.send(.get, "/api/accounts/nobody/sessions").status == 404)
    }

    @Test func `the last use of a session and of a token is kept to the minute`() async throws {
        let clock = ManualClock(start: CredentialTests.start)
        let gateway = try await TestGateway(clock: clock)
        let anna = try await gateway.person("anna")
        let made = await anna.send(.post, "/api/tokens", ["name": "robot"])
        #expect(made.json["lastUsed"] == .some(.null))
        let robot = TestGateway.Client(
            gateway: gateway, token: made.json["token"]?.string ?? "")
        clock.advance(by: .seconds(600))
        let now = clock.now().text
        #expect(await robot.send(.get, "/api/me").status == 200)
        try await eventually("the last use is kept") {
            let token = items(await anna.send(.get, "/api/tokens")).first
            let session = items(await anna.send(.get, "/api/sessions")).first
            return token?["lastUsed"]?.string == now && session?["lastUsed"]?.string == now
        }
    }

    // MARK: Tokens

    @Test func `a token may no more than the models and permissions that its scopes name`()
        async throws
    {
        let gateway = try await TestGateway()
        let anna = try await gateway.person(
            "anna", roles: ["agent"], permissions: ["mail:read", "workflow:operate"])
        func principal(_ scopes: JSONValue) async throws -> Principal {
            let made = await anna.send(
                .post, "/api/tokens", ["name": "t", "scopes": scopes])
            let robot = TestGateway.Client(
                gateway: gateway, token: made.json["token"]?.string ?? "\(made)")
            _ = await robot.send(.get, "/api/records/helpdesk/ticket")
            return try #require(gateway.owners.calls("records/list").last?.principal)
        }
        let whole = try await principal(["read", "write"])
        #expect(whole.models == nil && whole.permissions == ["mail:read", "workflow:operate"])
        let model = try await principal(["read", "model:helpdesk"])
        #expect(model.roles(in: "helpdesk") == ["agent"] && model.roles(in: "crm") == [])
        #expect(model.permissions == [])
        let mail = try await principal(["read", "mail:read", "accounts:write"])
        #expect(mail.permissions == ["mail:read"] && mail.roles(in: "helpdesk") == [])
        let odd = await anna.send(
            .post, "/api/tokens",
            ["name": "t", "scopes": ["model:helpdesk", "model:", "everything"]])
        let faults = (odd.json["errors"]?.array ?? []).compactMap { $0["pointer"]?.string }
        #expect(odd.status == 422 && Set(faults) == ["/scopes", "/scopes/1", "/scopes/2"])
    }

    @Test func `tokens of service accounts are made by who may, those of people by themselves`()
        async throws
    {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        _ = await admin.send(
            .put, "/api/accounts/robot", ["name": "Robot", "kind": "service"])
        _ = try await gateway.person("anna")
        let made = await admin.send(
            .post, "/api/accounts/robot/tokens", ["name": "feed", "scopes": ["read"]])
        #expect(made.status == 201, "\(made)")
        let robot = TestGateway.Client(
            gateway: gateway, token: made.json["token"]?.string ?? "")
        #expect(await robot.send(.get, "/api/me").json["account"]?.string == "robot")
        let persons = await admin.send(.post, "/api/accounts/anna/tokens", ["name": "feed"])
        #expect(persons.status == 403)
        let list = await admin.send(.get, "/api/accounts/robot/tokens")
        #expect(items(list).count == 1 && !list.text.contains(robot.token))
        #expect(made.location == "/api/accounts/robot/tokens/\(made.json["id"]?.integer ?? 0)")
        #expect(await admin.send(.delete, made.location).status == 204)
        #expect(await robot.send(.get, "/api/me").status == 401)
        // Who holds less makes nobody's tokens that hold more.
        _ = await admin.send(
            .put, "/api/roles/operators",
            ["name": "O", "permissions": ["batch:operate"], "members": ["robot"]])
        let clerk = try await gateway.person(
            "clerk", roles: ["clerks"], permissions: ["accounts:write"])
        let more = await clerk.send(.post, "/api/accounts/robot/tokens", ["name": "x"])
        #expect(more.status == 403)
    }

    // MARK: Roles

    @Test func `a role is switched off for one model, and nobody loses it`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let anna = try await gateway.person("anna", roles: ["agent"])
        let off = await admin.send(
            .patch, "/api/roles/agent", ["disabledModels": ["helpdesk"]],
            headers: ["If-Match": "\"2\""])
        #expect(off.status == 200, "\(off)")
        _ = await anna.send(.get, "/api/records/helpdesk/ticket")
        let principal = try #require(gateway.owners.calls("records/list").last?.principal)
        #expect(principal.roles == ["agent"])
        #expect(principal.roles(in: "helpdesk") == [] && principal.roles(in: "crm") == ["agent"])
        let me = await anna.send(.get, "/api/me")
        #expect(me.json["rolesOff"] == ["helpdesk/agent"])
        let role = await admin.send(.get, "/api/roles/agent")
        #expect(role.json["members"] == ["anna"])
        let odd = await admin.send(
            .patch, "/api/roles/agent", ["disabledModels": ["Help Desk"]],
            headers: ["If-Match": "\"3\""])
        #expect(odd.status == 422)
        _ = await admin.send(
            .patch, "/api/roles/agent", ["disabledModels": []], headers: ["If-Match": "\"3\""])
        #expect(await anna.send(.get, "/api/me").json["rolesOff"] == [])
    }

    @Test func `an account has at most so many roles, seen from both sides`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        _ = try await gateway.person("anna")
        let limit = Int(AccountStore.roleLimit)
        let store = gateway.service.people.accounts
        _ = try await store.createMissingRoles(
            (0...limit).map { "r\($0)" }, member: nil, by: .platform)
        let most = (0..<limit).map { JSONValue.string("r\($0)") }
        let full = await admin.send(
            .patch, "/api/accounts/anna", ["roles": .array(most)],
            headers: ["If-Match": "\"1\""])
        #expect(full.status == 200)
        let over = await admin.send(
            .patch, "/api/roles/r\(limit)", ["members": ["anna"]],
            headers: ["If-Match": "\"1\""])
        #expect(over.status == 409 && over.code == "conflict", "\(over)")
        let own = await admin.send(
            .patch, "/api/accounts/anna",
            ["roles": .array(most + [.string("r\(limit)")])], headers: ["If-Match": "\"2\""])
        #expect(own.status == 409)
        #expect(await admin.send(.get, "/api/roles/r\(limit)").json["members"] == [])
    }

    // MARK: Guessing

    private func tryOnce(
        _ gateway: TestGateway, _ account: String, _ password: String, from address: String
    ) async -> TestGateway.Answer {
        await gateway.send(
            .post, "/api/sessions",
            body: (["account": .string(account), "password": .string(password)] as JSONValue)
                .bytes, from: address)
    }

    @Test func `guessing from everywhere is slowed down, and does not lock out who is known`()
        throws
    {
        let clock = ManualClock(start: CredentialTests.start)
        let limiter = LoginLimiter(clock: clock)
        func attempt(_ address: String, isKnown: Bool = false) -> LoginLimiter.Attempt {
            LoginLimiter.Attempt(account: "anna", address: address, isKnown: isKnown)
        }
        for index in 0..<LoginLimiter.accountLimit {
            try limiter.begin(attempt("192.0.2.\(index)"))
        }
        #expect(throws: Problem.self) { try limiter.begin(attempt("198.51.100.1")) }
        try limiter.begin(attempt("203.0.113.1", isKnown: true))
        clock.advance(by: LoginLimiter.memory + .seconds(1))
        try limiter.begin(attempt("198.51.100.1"))
    }

    @Test func `copies share the failures that are free`() throws {
        let clock = ManualClock(start: CredentialTests.start)
        let copies = Mutex(2)
        let limiter = LoginLimiter(
            clock: clock, share: CopyShare { copies.withLock { $0 } })
        func attempts(_ address: String) -> Int {
            var count = 0
            while count < 100,
                (try? limiter.begin(
                    .init(account: "anna", address: address, isKnown: true))) != nil
            { count += 1 }
            return count
        }
        #expect(attempts("192.0.2.1") == LoginLimiter.freeFailures / 2)
        copies.withLock { $0 = 1 }
        #expect(attempts("192.0.2.2") == LoginLimiter.freeFailures)
        copies.withLock { $0 = 50 }
        #expect(attempts("192.0.2.3") == 1)
    }

    @Test func `one address that tries many accounts is slowed down`() throws {
        let limiter = LoginLimiter(clock: ManualClock(start: CredentialTests.start))
        for index in 0..<LoginLimiter.addressLimit {
            try limiter.begin(.init(account: "a\(index)", address: "192.0.2.1", isKnown: false))
        }
        let next = LoginLimiter.Attempt(account: "b", address: "192.0.2.1", isKnown: false)
        #expect(throws: Problem.self) { try limiter.begin(next) }
        // An account of one's own does not end the wait.
        let own = LoginLimiter.Attempt(account: "own", address: "192.0.2.1", isKnown: true)
        try limiter.begin(own)
        limiter.succeeded(own)
        #expect(throws: Problem.self) { try limiter.begin(next) }
        try limiter.begin(.init(account: "b", address: "192.0.2.2", isKnown: false))
    }

    @Test func `an address and a browser are known once somebody logged in from there`()
        async throws
    {
        let gateway = try await TestGateway()
        let store = gateway.service.people.accounts
        let origins = KnownOrigins(database: store.database, clock: store.clock)
        let admin = try #require(try await store.account("admin"))
        func visit(_ address: String, _ device: String? = nil) -> Visit {
            Visit(address: address, agent: "", device: device, requestID: "")
        }
        #expect(try await !origins.knows(admin.id, visit("192.0.2.1")))
        #expect(
            await tryOnce(gateway, "admin", TestGateway.password, from: "192.0.2.1").status == 201)
        #expect(try await origins.knows(admin.id, visit("192.0.2.1")))
        let browser = Browser(gateway)
        await browser.logIn("admin")
        let device = try #require(browser.cookies["geartrain-device"])
        #expect(try await origins.knows(admin.id, visit("198.51.100.7", device)))
        #expect(try await !origins.knows(admin.id, visit("198.51.100.7", "another")))
    }
}
