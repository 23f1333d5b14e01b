import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Gateway

@Suite struct RecordRouteTests {
    private static let path = "/api/records/helpdesk/ticket"

    private func agent() async throws -> TestGateway.Client {
        let gateway = try await TestGateway()
        return try await gateway.person("anna", roles: ["agent"])
    }

    @Test func `a record is created, read, changed and deleted by its version`() async throws {
        let anna = try await agent()
        let made = await anna.send(.post, RecordRouteTests.path, ["subject": "Fire"])
        #expect(made.status == 201)
        #expect(made.location == RecordRouteTests.path + "/1")
        #expect(made.headers["ETag"] == "\"1\"")
        let read = await anna.send(.get, RecordRouteTests.path + "/1")
        #expect(read.status == 200 && read.headers["ETag"] == "\"1\"")
        #expect(read.json["subject"]?.string == "Fire")
        let blind = await anna.send(.patch, RecordRouteTests.path + "/1", ["subject": "Water"])
        #expect(blind.status == 428)
        let changed = await anna.send(
            .patch, RecordRouteTests.path + "/1", ["subject": "Water"],
            headers: ["If-Match": "\"1\""])
        #expect(changed.status == 200 && changed.headers["ETag"] == "\"2\"")
        let stale = await anna.send(
            .patch, RecordRouteTests.path + "/1", ["subject": "Air"],
            headers: ["If-Match": "\"1\""])
        #expect(stale.status == 412 && stale.code == "version-mismatch")
        let history = await anna.send(.get, RecordRouteTests.path + "/1/history")
        #expect(history.json["items"]?.array?.count == 2)
        #expect(await anna.send(.delete, RecordRouteTests.path + "/1").status == 428)
        let gone = await anna.send(
            .delete, RecordRouteTests.path + "/1", headers: ["If-Match": "\"2\""])
        #expect(gone.status == 204 && gone.bytes.isEmpty)
        #expect(await anna.send(.get, RecordRouteTests.path + "/1").status == 404)
    }

    @Test func `who asks goes with each call, with door and cause`() async throws {
        let anna = try await agent()
        _ = await anna.send(.post, RecordRouteTests.path, ["subject": "Fire"])
        let context = try #require(anna.gateway.owners.calls("records/create").first)
        #expect(context.principal.account == "anna")
        #expect(context.principal.roles == ["agent"])
        #expect(!context.principal.isSystem)
        #expect(context.door == .api)
        #expect(context.cause.root == "request:test-1")
        #expect(context.cause.depth == 0)
        #expect(context.cause.account == context.principal.account)
    }

    @Test func `an id that the caller chose does not make two requests one cause`() async throws {
        let anna = try await agent()
        for _ in 0..<2 {
            _ = await anna.send(
                .post, RecordRouteTests.path, ["subject": "Fire"], headers: ["X-Request-Id": "1"])
        }
        let roots = anna.gateway.owners.calls("records/create").map(\.cause.root)
        #expect(Set(roots).count == 2)
        #expect(roots.allSatisfy { $0.hasPrefix("request:test-1.") })
    }

    @Test func `an idempotency key goes to the owner as the account's own`() async throws {
        let anna = try await agent()
        for _ in 0..<2 {
            let made = await anna.send(
                .post, RecordRouteTests.path, ["subject": "Once"],
                headers: ["Idempotency-Key": "k-1"])
            #expect(made.status == 201 && made.json["id"]?.integer == 1)
        }
        #expect(anna.gateway.owners.store.count("ticket") == 1)
        let keys = anna.gateway.owners.calls("records/create").map(\.idempotencyKey)
        #expect(keys == ["anna:k-1", "anna:k-1"])
        for key in ["", "with blank", "ä", String(repeating: "k", count: 201)] {
            let odd = await anna.send(
                .post, RecordRouteTests.path, ["subject": "x"], headers: ["Idempotency-Key": key])
            #expect(odd.status == 400 && odd.code == "invalid-parameter")
        }
    }

    @Test func `an array answers what became of each item`() async throws {
        let anna = try await agent()
        let answer = await anna.send(
            .post, RecordRouteTests.path + "?atomic=true", [["subject": "a"], ["subject": "b"]])
        #expect(answer.status == 200)
        #expect(answer.json["results"]?.array?.count == 2)
    }

    @Test(arguments: [
        "", "{", "{\"a\":1}}", "{\"subject\":\"x\"},\"type\":\"helpdesk.customer\"", "[1,]",
        "{\"a\":1,\"a\":2}", "nul", "\u{FEFF}{}", "{\"a\":\"\\ud800\"}", "{\"a\":01}",
        String(repeating: "[", count: 10_000),
    ])
    func `a body that is not one JSON value goes nowhere`(_ body: String) async throws {
        let anna = try await agent()
        let answer = await anna.gateway.send(
            .post, RecordRouteTests.path, body: Array(body.utf8),
            headers: ["Authorization": "Bearer \(anna.token)"])
        #expect(answer.status == 400 && answer.code == "malformed-json", "\(answer)")
        #expect(anna.gateway.owners.calls("records/create").isEmpty)
    }

    @Test func `a body of another type is refused`() async throws {
        let anna = try await agent()
        let answer = await anna.gateway.send(
            .post, RecordRouteTests.path, body: Array("<a/>".utf8), type: "application/xml",
            headers: ["Authorization": "Bearer \(anna.token)"])
        #expect(answer.status == 415 && answer.code == "unsupported-media-type")
    }

    @Test(arguments: [
        "limit=0", "limit=1001", "limit=ten", "limit=-1", "count=yes", "order=x",
        "filter=a&filter=b",
    ])
    func `a parameter that cannot be read is named`(_ query: String) async throws {
        let anna = try await agent()
        let answer = await anna.send(.get, RecordRouteTests.path + "?" + query)
        #expect(answer.status == 400 && answer.code == "invalid-parameter")
        let name = query.split(separator: "=").first.map(String.init) ?? ""
        #expect(answer.json["detail"]?.string?.contains(name) == true)
    }

    @Test(arguments: [
        "/api/records/helpdesk/ticket/99999999999999999999", "/api/records/Help/ticket/1",
        "/api/records/helpdesk/tick.et", "/api/records/helpdesk/ticket'--/1",
        "/api/records/helpdesk/ticket/1x", "/api/records/helpdesk/ticket/-1",
        "/api/records/helpdesk/ticket/1/nothing",
    ])
    func `an address that names nothing is not found`(_ path: String) async throws {
        let anna = try await agent()
        let answer = await anna.send(.get, path)
        #expect(answer.status == 404 && answer.code == "not-found", "\(answer)")
    }

    @Test func `a problem of the owner passes unchanged`() async throws {
        let anna = try await agent()
        let answer = await anna.send(.post, RecordRouteTests.path, ["body": "no subject"])
        #expect(answer.status == 422 && answer.code == "validation-failed")
        #expect(answer.json["errors"]?.array?.first?["pointer"]?.string == "/subject")
        #expect(answer.json["requestId"]?.string == "test-1")
        let filter = await anna.send(.get, RecordRouteTests.path + "?filter=nonsense")
        #expect(filter.status == 400 && filter.code == "invalid-filter")
    }

    @Test func `a service that is down is 503 with a time to wait`() async throws {
        let anna = try await agent()
        anna.gateway.owners.state.withLock { $0.down = ["records"] }
        let answer = await anna.send(.get, RecordRouteTests.path)
        #expect(answer.status == 503 && answer.code == "peer-unavailable")
        #expect((answer.headers["Retry-After"].flatMap { Int($0) } ?? 0) >= 1)
        #expect(await anna.send(.get, "/api/me").status == 200)
    }
}
