import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Gateway

/// The door itself: who may come how often, from where, and what every answer carries.
@Suite struct DoorTests {
    private static let start = Timestamp(milliseconds: 1_795_000_000_000)

    // MARK: Addresses

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.1", false),
        ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false),
        ("192.0.2.0/25", "192.0.2.127", true), ("192.0.2.0/25", "192.0.2.128", false),
        ("fd00::/8", "fd12:3456::1", true), ("fd00::/8", "fe80::1", false),
        ("2001:db8::/33", "2001:db8:7fff::", true), ("2001:db8::/33", "2001:db8:8000::", false),
        ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("::/0", "10.0.0.1", false),
        ("0.0.0.0/0", "203.0.113.9", true), ("::1", "0:0:0:0:0:0:0:1", true),
    ]) func `a network holds its addresses and no others`(
        _ network: String, _ address: String, _ isIn: Bool
    ) throws {
        let range = try #require(NetworkRange(network))
        #expect(range.contains(try #require(NetworkAddress(address))) == isIn)
    }

    @Test(arguments: [
        "", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "fd00::/129", "10.0.0", "x",
        "10.0.0.0/8/8", "::ffff:10.0.0.0/104", "1.2.3.4.5", "fe80::1%eth0/64",
    ]) func `what is no network stops the start`(_ text: String) {
        #expect(NetworkRange(text) == nil)
        let reader = ConfigurationReader(
            service: "gateway", environment: ["GATEWAY_TRUSTED_PROXIES": "10.0.0.1,\(text)x"])
        _ = DoorConfiguration(reading: reader)
        #expect(reader.problems.count == 1)
    }

    @Test(arguments: [
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.0.0.9", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "", "10.0.0.1"), ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, <script>", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("fd00::1", "[2001:db8::5]:443", "2001:db8::5"), ("fd00::1", "2001:db8::5", "2001:db8::5"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.2,10.0.0.3", "10.0.0.2"),
    ]) func `a proxy on the list says whose request it is, nobody else`(
        _ remote: String, _ forwarded: String, _ client: String
    ) throws {
        let proxies = TrustedProxies(
            ranges: try ["10.0.0.0/8", "fd00::/8"].map { try #require(NetworkRange($0)) })
        #expect(proxies.client(of: remote, forwarded: [forwarded]) == client)
    }

    // MARK: Rates

    private func limited(
        _ name: String, _ rate: Int, clock: ManualClock, more: [String: String] = [:]
    ) async throws -> TestGateway {
        var environment = [
            "GATEWAY_RATE_ACCOUNT": "0", "GATEWAY_RATE_TOKEN": "0", "GATEWAY_RATE_ADDRESS": "0",
        ]
        environment[name] = String(rate)
        environment.merge(more) { $1 }
        return try await TestGateway(clock: clock, environment: environment)
    }

    @Test func `an account has so many requests a second, whatever its addresses and tokens`()
        async throws
    {
        let clock = ManualClock(start: DoorTests.start)
        let gateway = try await limited("GATEWAY_RATE_ACCOUNT", 2, clock: clock)
        let first = try await gateway.admin()
        let second = try await gateway.admin()
        for count in 0..<(2 * RateLimits.burstSeconds) {
            let client = count.isMultiple(of: 2) ? first : second
            #expect(await client.send(.get, "/api/me").status == 200)
        }
        let refused = await first.send(.get, "/api/me")
        #expect(refused.status == 429 && refused.code == "too-many-requests")
        #expect(refused.headers["Retry-After"] == "1")
        #expect(await second.send(.get, "/api/me").status == 429)
        // Others are not held up, and health is always told.
        #expect(await gateway.send(.get, "/login").status == 200)
        clock.advance(by: .milliseconds(500))
        #expect(await first.send(.get, "/api/me").status == 200)
        #expect(await first.send(.get, "/api/me").status == 429)
    }

    @Test func `an API token has a limit of its own`() async throws {
        let clock = ManualClock(start: DoorTests.start)
        let gateway = try await limited("GATEWAY_RATE_TOKEN", 1, clock: clock)
        let admin = try await gateway.admin()
        func token() async -> TestGateway.Client {
            let made = await admin.send(.post, "/api/tokens", ["name": "robot"])
            return .init(gateway: gateway, token: made.json["token"]?.string ?? "")
        }
        let (one, other) = (await token(), await token())
        for _ in 0..<RateLimits.burstSeconds {
            #expect(await one.send(.get, "/api/me").status == 200)
        }
        #expect(await one.send(.get, "/api/me").status == 429)
        #expect(await other.send(.get, "/api/me").status == 200)
        #expect(await admin.send(.get, "/api/me").status == 200)
    }

    @Test func `an address has a limit before anybody is known, and IPv6 counts by network`()
        async throws
    {
        let clock = ManualClock(start: DoorTests.start)
        let gateway = try await limited(
            "GATEWAY_RATE_ADDRESS", 1, clock: clock, more: ["GATEWAY_TRUSTED_PROXIES": "10.0.0.0/8"]
        )
        for place in 0..<RateLimits.burstSeconds {
            let address = "2001:db8:0:1::\(place + 1)"
            #expect(await gateway.send(.get, "/api/me", from: address).status == 401)
        }
        let refused = await gateway.send(.get, "/api/me", from: "2001:db8:0:1:ffff::1")
        #expect(refused.status == 429)
        #expect(refused.headers["X-Content-Type-Options"] == "nosniff")
        #expect(await gateway.send(.get, "/api/me", from: "2001:db8:0:2::1").status == 401)
        // A page says it as a page; what a supervisor asks is answered.
        let page = await gateway.send(.get, "/login", from: "2001:db8:0:1::1")
        #expect(page.status == 429 && page.text.contains("<h1>"))
        #expect(await gateway.send(.get, "/livez", from: "2001:db8:0:1::1").status == 200)
        // Behind a proxy each client counts for itself.
        for place in 0..<(2 * RateLimits.burstSeconds) {
            let answer = await gateway.send(
                .get, "/api/me", headers: ["X-Forwarded-For": "198.51.100.\(place)"],
                from: "10.0.0.1")
            #expect(answer.status == 401)
        }
    }

    @Test func `copies share a rate, and one that leaves gives its share back`() {
        let second: UInt64 = 1_000_000_000
        let copies = [BucketTable(rate: 2), BucketTable(rate: 2), BucketTable(rate: 2)]
        /// How many requests `tables` let through at once.
        func taken(_ tables: ArraySlice<BucketTable>, at now: UInt64) -> Int {
            var count = 0
            for table in tables {
                while table.take(1, of: "a", at: now, among: tables.count) == nil { count += 1 }
            }
            return count
        }
        // Twenty tokens, of which three have six each.
        #expect(taken(copies[...], at: second) == 18)
        let wait = copies[0].take(1, of: "a", at: second, among: 3)
        #expect(wait.map { $0 / 1_000_000 } == 500)
        // Six more come in for all in three seconds.
        #expect(taken(copies[...], at: 4 * second) == 6)
        // The third is gone: the others fill at half the rate each, and hold half of it.
        #expect(taken(copies[..<2], at: 100 * second) == 20)
        #expect(taken(copies[..<1], at: 100 * second) == 0)
        #expect(taken(copies[..<1], at: 200 * second) == 20)
        // Who comes in beside a full bucket takes its share of what that may hold.
        #expect(taken(copies[..<2], at: 300 * second) == 20)
        // More copies than tokens: each lets one through, in its time.
        let slow = BucketTable(rate: 1)
        #expect(slow.take(1, of: "a", at: second, among: 40) == nil)
        #expect(slow.take(1, of: "a", at: second, among: 40) == 40 * second)
    }

    @Test func `a large body costs more, and never more than a bucket can hold`() {
        let table = BucketTable(rate: 8)
        let second: UInt64 = 1_000_000_000
        // 80 tokens: a request never takes more than 20 of them.
        for _ in 0..<4 { #expect(table.take(1_000_000, of: "a", at: second) == nil) }
        #expect(table.take(1, of: "a", at: second) != nil)
        #expect(table.take(1, of: "a", at: second + second / 8) == nil)
        #expect(table.take(1_000_000, of: "a", at: .max / 2) == nil)
        for key in 0...BucketTable.limit { _ = table.take(1, of: "\(key)", at: second) }
    }

    // MARK: Three levels

    @Test func `GATEWAY_WEB_ACCESS off closes class data and leaves administration open`()
        async throws
    {
        let gateway = try await TestGateway(environment: ["GATEWAY_WEB_ACCESS": "off"])
        let admin = try await gateway.admin()
        for route in gateway.service.table.router.routes
        where OutsideAccess.isNeeded(route.path) && !route.path.hasPrefix("/e/") {
            let target = RouteTests.target(route.path)
            let answer = await admin.send(
                route.method, target, route.bodyTypes.isEmpty ? nil : [:],
                headers: route.bodyTypes.first.map { ["Content-Type": $0] } ?? [:])
            #expect(answer.status == 403, "\(route.method) \(route.path): \(answer)")
            let isAPI = target.hasPrefix("/api/")
            #expect(!isAPI || answer.code == "web-access-off", "\(route.path)")
        }
        #expect(gateway.owners.calls("records/list").isEmpty)
        for path in ["/api/me", "/api/accounts", "/api/models", "/api/instances"] {
            #expect(await admin.send(.get, path).status == 200, "\(path)")
        }
        // Who is nobody learns nothing of it.
        #expect(await gateway.send(.get, "/api/records/helpdesk/ticket").status == 401)
    }

    // MARK: Other origins

    @Test func `pages of an origin on the list may call the API, with a token and no cookie`()
        async throws
    {
        let gateway = try await TestGateway(
            environment: ["GATEWAY_CORS_ORIGINS": "https://app.example, http://localhost:3000"])
        let preflight: Headers = [
            "Origin": "https://app.example", "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "authorization,if-match",
        ]
        let asked = await gateway.send(.options, "/api/records/a/b/1", headers: preflight)
        #expect(asked.status == 204)
        #expect(asked.headers["Access-Control-Allow-Origin"] == "https://app.example")
        #expect(asked.headers["Access-Control-Allow-Methods"]?.contains("PATCH") == true)
        #expect(asked.headers["Access-Control-Allow-Headers"]?.contains("If-Match") == true)
        #expect(asked.headers["Access-Control-Allow-Credentials"] == nil)
        let answer = await gateway.send(
            .get, "/api/me", headers: ["Origin": "http://localhost:3000"])
        #expect(answer.status == 401)
        #expect(answer.headers["Access-Control-Allow-Origin"] == "http://localhost:3000")
        #expect(answer.headers["Vary"]?.contains("Origin") == true)
        #expect(answer.headers["Access-Control-Allow-Credentials"] == nil)
    }

    @Test(arguments: [
        "https://evil.example", "https://app.example.evil.example", "null", "*",
        "http://app.example", "https://app.example:8443",
    ]) func `no other origin is let in`(_ origin: String) async throws {
        let gateway = try await TestGateway(
            environment: ["GATEWAY_CORS_ORIGINS": "https://app.example"])
        for (method, path) in [
            (HTTP.Method.options, "/api/me"), (.get, "/api/me"), (.get, "/login"),
        ] {
            let answer = await gateway.send(
                method, path,
                headers: ["Origin": origin, "Access-Control-Request-Method": "GET"])
            #expect(answer.headers["Access-Control-Allow-Origin"] == nil)
        }
        let own = await gateway.send(.get, "/login", headers: ["Origin": "https://app.example"])
        #expect(own.headers["Access-Control-Allow-Origin"] == nil, "pages are nobody else's")
    }

    @Test(arguments: ["*", "app.example", "https://", "https://a/b", "https://*.example", "null"])
    func `a list of origins takes no wildcard and no paths`(_ origin: String) {
        let reader = ConfigurationReader(
            service: "gateway", environment: ["GATEWAY_CORS_ORIGINS": origin])
        _ = DoorConfiguration(reading: reader)
        #expect(reader.problems.count == 1, "\(origin)")
    }

    // MARK: Headers

    @Test func `every answer is safe in a browser, and over TLS stays there`() async throws {
        let gateway = try await TestGateway(
            environment: ["GEARTRAIN_PUBLIC_URL": "https://desk.example"])
        let plain = try await TestGateway()
        let paths = [
            "/", "/login", "/api/me", "/api/nothing", "/livez", "/assets/icon.svg", "/m/a/b",
        ]
        for path in paths {
            let answer = await gateway.send(.get, path)
            #expect(answer.headers["X-Content-Type-Options"] == "nosniff", "\(path)")
            #expect(answer.headers["Cache-Control"] != nil, "\(path)")
            #expect(answer.headers["Referrer-Policy"] != nil, "\(path)")
            let policy = answer.headers["Content-Security-Policy"] ?? ""
            #expect(policy.contains("default-src 'none'"), "\(path)")
            #expect(!policy.contains("unsafe") && !policy.contains("*"), "\(path)")
            #expect(
                answer.headers["Strict-Transport-Security"]?.contains("max-age=") == true, "\(path)"
            )
            let open = await plain.send(.get, path)
            #expect(open.headers["Strict-Transport-Security"] == nil, "\(path)")
        }
        for cookie in await gateway.send(.get, "/login").headers.all("Set-Cookie") {
            #expect(cookie.hasPrefix("__Host-") && cookie.contains("; Secure"))
            #expect(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax"))
        }
    }

    @Test(arguments: [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example",
        "/%0d%0aSet-Cookie:a=b", "javascript:alert(1)", "http:/evil.example", "/\t/evil.example",
        "/\n/evil.example", " //evil.example", "///evil.example", "data:text/html,x", "",
        String(repeating: "/a", count: 4000),
    ]) func `a returnUrl leads to own pages only`(_ link: String) async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let query = Link(query: [("returnUrl", link)]).text.dropFirst()
        let answer = await gateway.send(
            .get, "/login\(query)", headers: ["Cookie": "geartrain=\(admin.token)"])
        #expect(answer.status == 303)
        let isOwn = answer.location.hasPrefix("/") && !answer.location.hasPrefix("//")
        #expect(isOwn && !answer.location.contains("\\"), "\(answer.location)")
        #expect(answer.location == "/" || link.hasPrefix("/%0d"), "\(answer.location)")
        #expect(!answer.location.contains("\n") && !answer.location.contains("\r"))
    }
}
