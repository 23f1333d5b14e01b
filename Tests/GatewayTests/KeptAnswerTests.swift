import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Gateway

/// `Idempotency-Key` on what the gateway serves itself.
@Suite struct KeptAnswerTests {
    private static let key: Headers = ["Idempotency-Key": "once-1"]

    private func tokens(_ client: TestGateway.Client) async -> Int {
        await client.send(.get, "/api/tokens").json["items"]?.array?.count ?? -1
    }

    @Test func `the same key and body answer the first answer again, over restarts`() async throws {
        let folder = TemporaryFolder()
        let gateway = try await TestGateway(folder: folder)
        let admin = try await gateway.admin()
        let first = await admin.send(
            .post, "/api/tokens", ["name": "robot"], headers: KeptAnswerTests.key)
        #expect(first.status == 201)
        let again = await admin.send(
            .post, "/api/tokens", ["name": "robot"], headers: KeptAnswerTests.key)
        #expect(again.bytes == first.bytes && again.status == 201)
        #expect(again.location == first.location)
        #expect(await tokens(admin) == 1)
        let restarted = try await TestGateway(folder: folder)
        let later = try await restarted.admin()
        let third = await later.send(
            .post, "/api/tokens", ["name": "robot"], headers: KeptAnswerTests.key)
        #expect(third.bytes == first.bytes)
        #expect(await tokens(later) == 1)
        // The log-in too: the session is the same one.
        let login: JSONValue = ["account": "admin", "password": .string(TestGateway.password)]
        let one = await restarted.send(
            .post, "/api/sessions", body: login.bytes, headers: KeptAnswerTests.key)
        let two = await restarted.send(
            .post, "/api/sessions", body: login.bytes, headers: KeptAnswerTests.key)
        #expect(one.status == 201 && one.bytes == two.bytes)
    }

    @Test func `another body under the same key is refused, another account's key is its own`()
        async throws
    {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let anna = try await gateway.person("anna")
        _ = await admin.send(.post, "/api/tokens", ["name": "a"], headers: KeptAnswerTests.key)
        let other = await admin.send(
            .post, "/api/tokens", ["name": "b"], headers: KeptAnswerTests.key)
        #expect(other.status == 409 && other.code == "idempotency-key-reused")
        #expect(await tokens(admin) == 1)
        let hers = await anna.send(
            .post, "/api/tokens", ["name": "b"], headers: KeptAnswerTests.key)
        #expect(hers.status == 201)
        for bad in ["", "has blank", "ü", String(repeating: "k", count: 201)] {
            let answer = await admin.send(
                .post, "/api/tokens", ["name": "c"], headers: ["Idempotency-Key": bad])
            #expect(answer.status == 400 && answer.code == "invalid-parameter", "\(bad)")
        }
    }

    @Test func `what failed is not kept, so that it can be mended and sent again`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let bad = await admin.send(.post, "/api/tokens", [:], headers: KeptAnswerTests.key)
        #expect(bad.status == 422)
        let good = await admin.send(
            .post, "/api/tokens", ["name": "robot"], headers: KeptAnswerTests.key)
        #expect(good.status == 201)
    }

    @Test func `two at once are one`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let answers = await withTaskGroup(of: TestGateway.Answer.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    await admin.send(
                        .post, "/api/tokens", ["name": "robot"], headers: KeptAnswerTests.key)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(await tokens(admin) == 1)
        let made = answers.filter { $0.status == 201 }
        #expect(!made.isEmpty && Set(made.map(\.text)).count == 1)
        for answer in answers where answer.status != 201 {
            #expect(answer.code == "idempotency-key-in-use")
            #expect(answer.headers["Retry-After"] == "1")
        }
    }

    @Test func `a key is free again after a day`() async throws {
        let clock = ManualClock(start: Timestamp(milliseconds: 1_795_000_000_000))
        let gateway = try await TestGateway(clock: clock)
        let first = await (try await gateway.admin()).send(
            .post, "/api/tokens", ["name": "a"], headers: KeptAnswerTests.key)
        #expect(first.status == 201)
        clock.advance(by: .seconds(24 * 3600 + 1))
        let admin = try await gateway.admin()
        let second = await admin.send(
            .post, "/api/tokens", ["name": "b"], headers: KeptAnswerTests.key)
        #expect(second.status == 201)
        #expect(await tokens(admin) == 2)
    }

    /// A handler that ends the run in the middle is one whose row is never ended.
    @Test func `where the service ended in between nobody does it twice`() async throws {
        let folder = TemporaryFolder()
        let runtime = TestRuntime.make()
        let database = try await Database.open(
            DatabaseConfiguration(location: folder.path + "/kept.db"), runtime: runtime)
        try await database.migrate([KeptAnswers.migration])
        let key = Array(repeating: UInt8(7), count: 32)
        let request = Request(
            method: .post, target: "/api/x", headers: KeptAnswerTests.key,
            body: RequestBody(Array("{}".utf8)))
        let begun = KeptAnswers(database: database, key: key, runtime: runtime)
        let stuck = begun.keeping({ _, _ in try await waitForEver() }, bodyLimit: 100) { _, _ in "a"
        }
        let task = Task { try await stuck(request, .nobody) }
        try await eventually("the row") {
            try await database.read { try $0.count("select count(*) from kept_answer") } == 1
        }
        let next = KeptAnswers(database: database, key: key, runtime: runtime)
        let retried = next.keeping({ _, _ in Response(status: 201) }, bodyLimit: 100) { _, _ in "a"
        }
        await #expect(throws: Problem.outcomeUnknown) { _ = try await retried(request, .nobody) }
        // Who goes away leaves nothing behind.
        task.cancel()
        _ = await task.result
        #expect(try await retried(request, .nobody).status == 201)
    }

    @Test func `what another gateway is doing is under way`() async throws {
        let place = try await StoreEngine.postgresql.place("kept", in: TemporaryFolder().path)
        let runtime = TestRuntime.make()
        let databases = [
            try await Database.open(place, runtime: runtime),
            try await Database.open(place, runtime: runtime),
        ]
        try await databases[0].migrate([KeptAnswers.migration])
        let key = Array(repeating: UInt8(7), count: 32)
        let request = Request(
            method: .post, target: "/api/x", headers: KeptAnswerTests.key,
            body: RequestBody(Array("{}".utf8)))
        let doors = databases.map { KeptAnswers(database: $0, key: key, runtime: runtime) }
        let stuck = doors[0].keeping({ _, _ in try await waitForEver() }, bodyLimit: 100) {
            _, _ in "a"
        }
        let task = Task { try await stuck(request, .nobody) }
        try await eventually("the row") {
            try await databases[1].read { try $0.count("select count(*) from kept_answer") } == 1
        }
        let other = doors[1].keeping({ _, _ in Response(status: 201) }, bodyLimit: 100) {
            _, _ in "a"
        }
        await #expect(throws: Problem.keyInUse) { _ = try await other(request, .nobody) }
        // Of one that ended in the middle nobody knows.
        try await databases[1].write {
            try $0.run("update kept_answer set run = '7'")
        }
        await #expect(throws: Problem.outcomeUnknown) { _ = try await other(request, .nobody) }
        task.cancel()
        _ = await task.result
        for database in databases { await database.close() }
    }

    @Test(.ofFile) func `the database alone shows neither keys nor passwords nor tokens`()
        async throws
    {
        let folder = TemporaryFolder()
        let gateway = try await TestGateway(folder: folder)
        let admin = try await gateway.admin()
        let made = await admin.send(
            .post, "/api/tokens", ["name": "robot"], headers: ["Idempotency-Key": "my-known-key"])
        let secret = made.json["token"]?.string ?? "none"
        let login: JSONValue = ["account": "admin", "password": .string(TestGateway.password)]
        let session = await gateway.send(
            .post, "/api/sessions", body: login.bytes,
            headers: ["Idempotency-Key": "my-known-key"])
        let token = session.json["token"]?.string ?? "none"
        #expect(secret.count > 20 && token.count > 20)
        for name in ["gateway.db", "gateway.db-wal"] {
            let bytes = (try? Files.read(folder.path + "/" + name, limit: 64 << 20)) ?? []
            let text = String(decoding: bytes, as: UTF8.self)
            for word in [secret, token, "my-known-key", TestGateway.password] {
                #expect(!text.contains(word), "\(name)")
            }
        }
    }
}

/// Ends only when its task is cancelled.
private func waitForEver() async throws -> Response {
    let (stream, _) = AsyncStream<Never>.makeStream()
    for await _ in stream {}
    throw CancellationError()
}
