import Database
import HTTP
import JSON
import ServiceRuntime
import TestSupport
import Testing

@testable import Gateway

/// Two gateways on one PostgreSQL.
@Suite struct CopyTests {
    private static let start = Timestamp(milliseconds: 1_800_000_000_000)

    /// Both count each other, so that each hears the other too.
    private func pair(clock: ManualClock = ManualClock(start: CopyTests.start)) async throws
        -> (TestGateway, TestGateway)
    {
        let folder = TemporaryFolder()
        let place = try await StoreEngine.postgresql.place("gateway", in: folder.path)
        let first = try await TestGateway(clock: clock, folder: folder) { $0.database = place }
        let second = try await TestGateway(clock: clock, folder: folder) { $0.database = place }
        try await copies(2, of: [first, second], clock)
        return (first, second)
    }

    private func copies(_ count: Int, of gateways: [TestGateway], _ clock: ManualClock)
        async throws
    {
        try await eventually("\(count) copies are counted") {
            clock.advance(by: .seconds(3))
            return gateways.allSatisfy { $0.service.database.copies == count }
        }
    }

    @Test func `a gateway that is killed right after a change has told the other of it`()
        async throws
    {
        let (first, second) = try await pair()
        let (accounts, sessions) = (first.service.people.accounts, first.service.people.sessions)
        _ = try await first.person(
            "anna", roles: ["auditor"], permissions: [Permissions.operationsRead])
        let anna = try #require(try await accounts.account("anna")).id
        let token = try #require(
            try await sessions.createToken(
                account: anna, "anna", name: "robot", scopes: ["read"], expires: nil,
                by: .platform))
        /// What is changed by the stores alone, as the first gateway does before it does anything
        /// else, is refused by the second, which knew the caller.
        func refused(
            _ status: Int, _ secret: String, _ what: String, _ change: () async throws -> Void
        ) async throws {
            let there = TestGateway.Client(gateway: second, token: secret)
            #expect(await there.send(.get, "/api/audit").status == 200)
            #expect(second.service.people.cache.find("Bearer \(secret)") != nil)
            try await change()
            try await eventually("\(what) is known") {
                await there.send(.get, "/api/audit").status == status
            }
        }
        func permit(_ permissions: [String]) async throws {
            let version = try #require(try await accounts.role("auditor")).version
            _ = try await accounts.save(
                role: "auditor", .init(permissions: permissions), mode: .patch,
                if: .matches(version), by: .platform)
        }
        func session() async throws -> String { try await first.session("anna").token }
        try await refused(401, try await session(), "an ended session") {
            _ = try await sessions.end(of: anna, "anna", by: .platform) { _ in true }
        }
        try await refused(401, token.secret, "a deleted token") {
            _ = try await sessions.deleteToken(token.token.id, of: anna, "anna", by: .platform)
        }
        try await refused(401, try await session(), "a changed password") {
            let owner = PasswordStore.Owner(id: anna, code: "anna", email: nil, language: "en")
            try await first.service.people.passwords.store.change(
                owner, hash: "none", keeping: nil, by: .platform)
        }
        try await refused(403, try await session(), "a role that lost a permission") {
            try await permit([])
        }
        try await permit([Permissions.operationsRead])
        try await refused(401, try await session(), "a locked account") {
            let version = try #require(try await accounts.account("anna")).version
            _ = try await accounts.save(
                account: "anna", .init(locked: true), mode: .patch, if: .matches(version),
                by: .platform)
        }
        await first.service.database.close()
        await second.service.database.close()
    }

    /// How many answers of `gateways` have `status` before each answers 429.
    private func answers(
        _ status: Int, of gateways: [TestGateway], _ ask: (TestGateway) async -> Int
    ) async -> Int {
        var count = 0
        for gateway in gateways {
            var answer = await ask(gateway)
            while answer == status, count < 1000 {
                count += 1
                answer = await ask(gateway)
            }
            #expect(answer == 429)
        }
        return count
    }

    @Test func `copies share log-ins that fail and links that are mailed; one takes over the rest`()
        async throws
    {
        let clock = ManualClock(start: CopyTests.start)
        let (first, second) = try await pair(clock: clock)
        func logIns(_ gateways: [TestGateway], _ address: String) async -> Int {
            let login: JSONValue = ["account": "nobody", "password": "wrong"]
            return await answers(401, of: gateways) {
                await $0.send(.post, "/api/sessions", body: login.bytes, from: address).status
            }
        }
        func links(_ gateways: [TestGateway], _ address: String) async -> Int {
            let account: JSONValue = ["account": "nobody"]
            return await answers(202, of: gateways) {
                await $0.send(
                    .post, "/api/password/forgotten", body: account.bytes, from: address
                ).status
            }
        }
        let both = [first, second]
        #expect(await logIns(both, "192.0.2.1") == LoginLimiter.freeFailures / 2 * 2)
        #expect(await links(both, "192.0.2.1") == Passwords.addressLimit)
        await second.service.database.close()
        try await copies(1, of: [first], clock)
        #expect(await logIns([first], "192.0.2.2") == LoginLimiter.freeFailures)
        #expect(await links([first], "192.0.2.2") == Passwords.addressLimit)
        await first.service.database.close()
    }

    @Test func `copies share a rate; one takes over the rest`() async throws {
        let clock = ManualClock(start: CopyTests.start)
        let folder = TemporaryFolder()
        let place = try await StoreEngine.postgresql.place("gateway", in: folder.path)
        var gateways: [TestGateway] = []
        for _ in 0..<2 {
            gateways.append(
                try await TestGateway(
                    clock: clock, environment: ["GATEWAY_RATE_ADDRESS": "1"], folder: folder
                ) { $0.database = place })
        }
        try await copies(2, of: gateways, clock)
        func taken(_ gateways: [TestGateway], _ address: String) async -> Int {
            await answers(200, of: gateways) {
                await $0.send(.get, "/login", from: address).status
            }
        }
        #expect(await taken(gateways, "192.0.2.1") == RateLimits.burstSeconds)
        let refused = await gateways[0].send(.get, "/login", from: "192.0.2.1")
        #expect(refused.headers["Retry-After"] == "3")
        await gateways[1].service.database.close()
        try await copies(1, of: [gateways[0]], clock)
        #expect(await taken([gateways[0]], "192.0.2.2") == RateLimits.burstSeconds)
        await gateways[0].service.database.close()
    }
}
