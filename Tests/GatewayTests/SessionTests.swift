import Crypto
import HTTP
import JSON
import ServiceRuntime
import TestSupport
import Testing

@testable import Gateway

@Suite struct SessionTests {
    private static let start = Timestamp(milliseconds: 1_800_000_000_000)

    @Test func `a right password begins a session whose token works until it is ended`()
        async throws
    {
        let gateway = try await TestGateway()
        let client = await gateway.logIn()
        let me = await client.send(.get, "/api/me")
        #expect(me.status == 200)
        #expect(me.json["account"]?.string == "admin")
        #expect(me.json["permissions"]?.array?.count == Permissions.all.count)
        #expect(me.json["roles"]?.array == [])
        #expect(await client.send(.delete, "/api/sessions/current").status == 204)
        let after = await client.send(.get, "/api/me")
        #expect(after.status == 401 && after.code == "unauthenticated")
    }

    @Test func `a wrong password, an unknown account and a locked one look alike`() async throws {
        let gateway = try await TestGateway()
        let admin = await gateway.logIn()
        _ = try await gateway.person("anna", password: true)
        let locked = await admin.send(
            .patch, "/api/accounts/anna", ["locked": true], headers: ["If-Match": "\"1\""])
        #expect(locked.status == 200)
        var details: Set<String> = []
        for (account, password) in [
            ("anna", "wrong password"), ("nobody", "wrong password"),
            ("anna", TestGateway.password), ("Not A Code", "x"),
        ] {
            let answer = await gateway.send(
                .post, "/api/sessions",
                body: (["account": .string(account), "password": .string(password)] as JSONValue)
                    .bytes)
            #expect(answer.status == 401 && answer.code == "invalid-credentials")
            details.insert(answer.json["detail"]?.string ?? "")
        }
        #expect(details.count == 1)
    }

    @Test func `a session ends when its life is over`() async throws {
        let clock = ManualClock(start: SessionTests.start)
        let gateway = try await TestGateway(
            clock: clock, environment: ["GATEWAY_SESSION_LIFE": "2h"])
        let client = await gateway.logIn()
        clock.advance(by: .seconds(2 * 3600 - 1))
        #expect(await client.send(.get, "/api/me").status == 200)
        clock.advance(by: .seconds(2))
        #expect(await client.send(.get, "/api/me").status == 401)
    }

    @Test func `a locked account's session is refused at once, and does not come back`()
        async throws
    {
        let gateway = try await TestGateway()
        let admin = await gateway.logIn()
        let anna = try await gateway.person("anna", password: true)
        #expect(await anna.send(.get, "/api/me").status == 200)
        _ = await admin.send(
            .patch, "/api/accounts/anna", ["locked": true], headers: ["If-Match": "\"1\""])
        #expect(await anna.send(.get, "/api/me").status == 401)
        _ = await admin.send(
            .patch, "/api/accounts/anna", ["locked": false], headers: ["If-Match": "\"2\""])
        #expect(await anna.send(.get, "/api/me").status == 401)
        #expect(await gateway.logIn("anna").send(.get, "/api/me").status == 200)
    }

    @Test func `a new password ends the sessions of the old one`() async throws {
        let gateway = try await TestGateway()
        let admin = await gateway.logIn()
        let anna = try await gateway.person("anna", password: true)
        _ = await admin.send(
            .patch, "/api/accounts/anna", ["password": "another one"],
            headers: ["If-Match": "\"1\""])
        #expect(await anna.send(.get, "/api/me").status == 401)
        #expect(await gateway.logIn("anna", "another one").send(.get, "/api/me").status == 200)
    }

    @Test func `guessing is slowed down for one account and address, and for no one else`()
        async throws
    {
        let clock = ManualClock(start: SessionTests.start)
        let gateway = try await TestGateway(clock: clock)
        func tryOnce(_ password: String, from address: String, account: String = "admin") async
            -> TestGateway.Answer
        {
            await gateway.send(
                .post, "/api/sessions",
                body: (["account": .string(account), "password": .string(password)] as JSONValue)
                    .bytes, from: address)
        }
        for _ in 0..<LoginLimiter.freeFailures {
            #expect(await tryOnce("wrong", from: "10.0.0.1").status == 401)
        }
        let slowed = await tryOnce(TestGateway.password, from: "10.0.0.1")
        #expect(slowed.status == 429 && slowed.code == "too-many-requests")
        #expect(slowed.headers["Retry-After"] == "2")
        #expect(await tryOnce(TestGateway.password, from: "10.0.0.2").status == 201)
        #expect(await tryOnce("wrong", from: "10.0.0.1", account: "bob").status == 401)
        clock.advance(by: .seconds(2))
        #expect(await tryOnce("wrong", from: "10.0.0.1").status == 401)
        #expect(await tryOnce("wrong", from: "10.0.0.1").headers["Retry-After"] == "3")
        clock.advance(by: .seconds(4))
        #expect(await tryOnce(TestGateway.password, from: "10.0.0.1").status == 201)
        #expect(await tryOnce("wrong", from: "10.0.0.1").status == 401)
    }

    @Test func `attempts made at the same time do not slip past the limit`() async throws {
        let gateway = try await TestGateway(clock: ManualClock(start: SessionTests.start))
        let body = (["account": "admin", "password": "wrong"] as JSONValue).bytes
        let answers = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<30 {
                group.addTask {
                    await gateway.send(.post, "/api/sessions", body: body).status
                }
            }
            return await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(answers.filter { $0 == 401 }.count <= LoginLimiter.freeFailures)
        #expect(answers.allSatisfy { $0 == 401 || $0 == 429 })
    }

    @Test func `the address is that of the caller behind a trusted proxy`() async throws {
        let gateway = try await TestGateway(
            clock: ManualClock(start: SessionTests.start),
            environment: ["GATEWAY_TRUSTED_PROXIES": "10.1.1.1"])
        func tryOnce(_ forwarded: String, via address: String) async -> Int {
            await gateway.send(
                .post, "/api/sessions",
                body: (["account": "admin", "password": "wrong"] as JSONValue).bytes,
                headers: ["X-Forwarded-For": forwarded], from: address
            ).status
        }
        for _ in 0..<LoginLimiter.freeFailures {
            #expect(await tryOnce("1.1.1.1, 2.2.2.2", via: "10.1.1.1") == 401)
        }
        #expect(await tryOnce("9.9.9.9, 2.2.2.2", via: "10.1.1.1") == 429)
        #expect(await tryOnce("2.2.2.2, 3.3.3.3", via: "10.1.1.1") == 401)
        // Who is no trusted proxy says what it likes, and is itself all the same.
        for _ in 0..<LoginLimiter.freeFailures {
            _ = await tryOnce("7.7.7.7", via: "10.9.9.9")
        }
        #expect(await tryOnce("8.8.8.8", via: "10.9.9.9") == 429)
    }

    @Test func `Basic works from the loopback address, and elsewhere over TLS only`() async throws {
        let header = "Basic " + Base64.encode(Array("admin:\(TestGateway.password)".utf8))
        let wrong = "Basic " + Base64.encode(Array("admin:wrong".utf8))
        let plain = try await TestGateway()
        let local = await plain.send(.get, "/api/me", headers: ["Authorization": header])
        #expect(local.status == 200)
        #expect(
            await plain.send(.get, "/api/me", headers: ["Authorization": wrong]).status == 401)
        let far = await plain.send(
            .get, "/api/me", headers: ["Authorization": header], from: "192.0.2.1")
        #expect(far.status == 401)
        let secure = try await TestGateway(
            environment: ["GEARTRAIN_PUBLIC_URL": "https://gear.example"])
        let tls = await secure.send(
            .get, "/api/me", headers: ["Authorization": header], from: "192.0.2.1")
        #expect(tls.status == 200)
    }

    @Test(arguments: [
        "Bearer", "Bearer ", "Bearer x", "Bearer gts_x", "Bearer gtk_x", "Basic !!!", "Basic YQ==",
        "Digest x", "gts_", "Bearer gts_" + String(repeating: "x", count: 7000),
    ])
    func `a credential that is none is refused`(_ header: String) async throws {
        let gateway = try await TestGateway()
        let answer = await gateway.send(.get, "/api/me", headers: ["Authorization": header])
        #expect(answer.status == 401)
        #expect(answer.headers["WWW-Authenticate"]?.hasPrefix("Bearer") == true)
    }

    // MARK: Tokens

    @Test func `a token is shown once, acts within its scopes, and can be deleted`() async throws {
        let gateway = try await TestGateway()
        let admin = await gateway.logIn()
        let made = await admin.send(.post, "/api/tokens", ["name": "robot", "scopes": ["read"]])
        #expect(made.status == 201)
        let secret = try #require(made.json["token"]?.string)
        let robot = TestGateway.Client(gateway: gateway, token: secret)
        #expect(await robot.send(.get, "/api/me").json["scopes"] == ["read"])
        let write = await robot.send(.post, "/api/mail/messages", ["to": ["a@b.c"]])
        #expect(write.status == 403)
        let list = await admin.send(.get, "/api/tokens")
        #expect(list.json["items"]?.array?.count == 1)
        #expect(!list.text.contains(secret))
        let more = await robot.send(.get, "/api/tokens")
        #expect(more.status == 403)
        let id = try #require(made.json["id"]?.integer)
        #expect(await admin.send(.delete, "/api/tokens/\(id)").status == 204)
        #expect(await robot.send(.get, "/api/me").status == 401)
        #expect(await admin.send(.delete, "/api/tokens/\(id)").status == 404)
    }

    @Test func `nobody deletes another's token`() async throws {
        let gateway = try await TestGateway()
        let admin = await gateway.logIn()
        let made = await admin.send(.post, "/api/tokens", ["name": "robot"])
        let anna = try await gateway.person("anna", password: true)
        let id = try #require(made.json["id"]?.integer)
        #expect(await anna.send(.delete, "/api/tokens/\(id)").status == 404)
        #expect(await anna.send(.get, "/api/tokens").json["items"]?.array == [])
    }

    @Test func `a token ends at its time`() async throws {
        let clock = ManualClock(start: SessionTests.start)
        let gateway = try await TestGateway(clock: clock)
        let admin = await gateway.logIn()
        let expires = SessionTests.start.advanced(by: .seconds(60)).text
        let made = await admin.send(
            .post, "/api/tokens", ["name": "short", "expires": .string(expires)])
        let robot = TestGateway.Client(
            gateway: gateway, token: made.json["token"]?.string ?? "")
        #expect(await robot.send(.get, "/api/me").status == 200)
        clock.advance(by: .seconds(61))
        #expect(await robot.send(.get, "/api/me").status == 401)
    }

    @Test func `every fault of a token's input is named`() async throws {
        let gateway = try await TestGateway()
        let admin = await gateway.logIn()
        let answer = await admin.send(
            .post, "/api/tokens",
            ["scopes": ["read", "all"], "expires": "2001-01-01T00:00:00Z", "colour": "red"])
        #expect(answer.status == 422)
        let pointers = (answer.json["errors"]?.array ?? []).compactMap { $0["pointer"]?.string }
        #expect(Set(pointers) == ["/name", "/scopes/1", "/expires", "/colour"])
    }

    // MARK: First start

    @Test func `the first start prints a random password once, and only the first`() async throws {
        let folder = TemporaryFolder()
        let first = try await TestGateway(folder: folder, withAdmin: false)
        let line = try #require(first.printed.first { $0.hasPrefix("admin password: ") })
        let password = String(line.dropFirst("admin password: ".count))
        #expect(password.count >= 20)
        #expect(await first.logIn("admin", password).send(.get, "/api/me").status == 200)
        let second = try await TestGateway(folder: folder, withAdmin: false)
        #expect(second.printed.isEmpty)
        #expect(await second.logIn("admin", password).send(.get, "/api/me").status == 200)
    }

    @Test func `sessions and tokens outlive a restart`() async throws {
        let folder = TemporaryFolder()
        let first = try await TestGateway(folder: folder)
        let session = await first.logIn()
        let made = await session.send(.post, "/api/tokens", ["name": "robot"])
        let second = try await TestGateway(folder: folder)
        for token in [session.token, made.json["token"]?.string ?? ""] {
            let client = TestGateway.Client(gateway: second, token: token)
            #expect(await client.send(.get, "/api/me").status == 200)
        }
    }

    @Test(.ofFile) func `no secret stands in the database`() async throws {
        let folder = TemporaryFolder()
        let gateway = try await TestGateway(folder: folder)
        let client = await gateway.logIn()
        let made = await client.send(.post, "/api/tokens", ["name": "robot"])
        for name in try Files.list(folder.path) where name.hasPrefix("gateway.db") {
            let text = String(decoding: try Files.read(folder.path + "/" + name), as: UTF8.self)
            #expect(!text.contains(TestGateway.password))
            #expect(!text.contains(client.token))
            #expect(!text.contains(made.json["token"]?.string ?? "?"))
        }
    }

    @Test func `a short admin password is a problem of the settings`() {
        let reader = ConfigurationReader(
            service: "gateway",
            environment: [
                "RPC_KEY": String(repeating: "k", count: 32), "GATEWAY_ADMIN_PASSWORD": "short",
            ])
        _ = GatewayConfiguration(reading: reader)
        #expect(throws: ConfigurationError.self) { try reader.finish() }
        #expect(!reader.problems.joined().contains("short "))
    }
}
