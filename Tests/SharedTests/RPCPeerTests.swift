import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

/// A call for tests.
struct Echo: Call, Codable {
    struct Response: Sendable, Codable, JSONReadable, JSONWritable {
        var text: String
    }
    static let path = "test/echo"
    var text: String
}

/// The same, and safe.
struct SafeEcho: Call, Codable {
    typealias Response = Echo.Response
    static let path = "test/safe-echo"
    static let isSafe = true
    var text: String
}

/// Answers as a test says, call by call, and keeps what was sent.
final class ScriptedTransport: Transport {
    typealias Answer = @Sendable (ClientRequest) throws -> ClientResponse
    private struct State {
        var answers: [Answer] = []
        var requests: [ClientRequest] = []
    }
    private let state = Mutex(State())

    init(_ answers: [Answer]) { state.withLock { $0.answers = answers } }

    var requests: [ClientRequest] { state.withLock { $0.requests } }

    func then(_ answers: Answer...) { state.withLock { $0.answers += answers } }

    func send(_ request: ClientRequest) async throws -> ClientResponse {
        let answer = state.withLock { state in
            state.requests.append(request)
            return state.answers.isEmpty ? nil : state.answers.removeFirst()
        }
        guard let answer else { throw HTTPClient.Failure.notConnected("no answer is left") }
        return try answer(request)
    }

    static let echo: Answer = { _ in json(200, "{\"text\":\"hello\"}") }
    static let notConnected: Answer = { _ in throw HTTPClient.Failure.notConnected("refused") }
    static let noAnswer: Answer = { _ in throw HTTPClient.Failure.noAnswer("closed") }
    static let timeout: Answer = { _ in throw HTTPClient.Failure.timeout }

    @Sendable static func json(_ status: Int, _ text: String) -> ClientResponse {
        ClientResponse(status: status, headers: [:], body: RequestBody(Array(text.utf8)))
    }
}

@Suite struct RPCPeerTests {
    private let clock = ManualClock(start: Timestamp(milliseconds: 1_700_000_000_000))

    private func peer(_ transport: ScriptedTransport) -> Peer {
        Peer(
            name: "test", transport: transport,
            signer: PrincipalSigner(key: [UInt8](repeating: 7, count: 32), clock: clock),
            runtime: TestRuntime.make(clock: clock))
    }

    private func context(timeout: Duration? = nil, key: String? = nil) -> CallContext {
        CallContext(
            principal: Principal(account: "anna"), door: .api, cause: Cause(root: "request:1"),
            trace: TraceContext(requestID: "r-1"), timeout: timeout, idempotencyKey: key)
    }

    private func problem(_ body: () async throws -> Void) async -> Problem? {
        await #expect(throws: Problem.self) { try await body() }
    }

    /// Turns the clock each time somebody sleeps.
    private func withTime<T: Sendable>(_ body: @Sendable @escaping () async throws -> T)
        async throws -> T
    {
        let work = Task { try await body() }
        let turning = Task {
            while !Task.isCancelled {
                if clock.sleepers > 0 { clock.advance(by: .milliseconds(10)) }
                await Task.yield()
            }
        }
        defer { turning.cancel() }
        return try await work.value
    }

    @Test func `a call goes out with its context and comes back`() async throws {
        let transport = ScriptedTransport([ScriptedTransport.echo])
        var context = context(timeout: .seconds(5), key: "k-1")
        context.cause = Cause(
            root: "mail:support/12", via: "rule:žába \n", depth: 3, account: "žofie")
        context.trace.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let answer = try await peer(transport).call(Echo(text: "hi"), as: context)
        #expect(answer.text == "hello")
        let request = try #require(transport.requests.first)
        #expect(request.method == .post && request.target == "/rpc/test/echo")
        #expect(try await request.body.collect(limit: 100) == Array("{\"text\":\"hi\"}".utf8))
        #expect(request.headers["Geartrain-Door"] == "api")
        #expect(request.headers["Geartrain-Timeout"] == "5000")
        #expect(request.headers["Idempotency-Key"] == "k-1")
        #expect(request.headers["X-Request-Id"] == "r-1")
        #expect(request.headers["traceparent"] == context.trace.traceparent)
        let cause = request.headers["Geartrain-Cause"] ?? ""
        #expect(cause.utf8.allSatisfy { (0x20...0x7E).contains($0) })
        #expect(try JSONValue(parsing: Array(cause.utf8))["via"]?.string == "rule:žába \n")
    }

    @Test func `what was not sent is tried again, whatever the call`() async throws {
        let transport = ScriptedTransport([
            ScriptedTransport.notConnected, ScriptedTransport.notConnected, ScriptedTransport.echo,
        ])
        let (peer, context) = (peer(transport), context())
        let answer = try await withTime { try await peer.call(Echo(text: ""), as: context) }
        #expect(answer.text == "hello" && transport.requests.count == 3)
    }

    @Test func `what may have been done is tried again only if twice is as good as once`()
        async throws
    {
        for (failure, status) in [
            (ScriptedTransport.noAnswer, 504), (ScriptedTransport.timeout, 504),
        ] {
            let once = ScriptedTransport([failure, ScriptedTransport.echo])
            let found = await problem {
                _ = try await peer(once).call(Echo(text: ""), as: context())
            }
            #expect(found?.status == status && found?.code == "peer-timeout")
            #expect(once.requests.count == 1)

            let keyed = ScriptedTransport([failure, ScriptedTransport.echo])
            let (first, key) = (peer(keyed), context(key: "k"))
            _ = try await withTime { try await first.call(Echo(text: ""), as: key) }
            #expect(keyed.requests.count == 2)

            let safe = ScriptedTransport([failure, ScriptedTransport.echo])
            let (second, plain) = (peer(safe), context())
            _ = try await withTime { try await second.call(SafeEcho(text: ""), as: plain) }
            #expect(safe.requests.count == 2)
        }
    }

    @Test func `a retry has only the time that is left`() async throws {
        let transport = ScriptedTransport([
            ScriptedTransport.notConnected, ScriptedTransport.notConnected,
            ScriptedTransport.notConnected, ScriptedTransport.echo,
        ])
        let (peer, context) = (peer(transport), context(timeout: .milliseconds(100)))
        _ = try? await withTime { try await peer.call(Echo(text: ""), as: context) }
        let left = transport.requests.compactMap {
            $0.headers["Geartrain-Timeout"].flatMap { Int($0) }
        }
        #expect(left.first == 100)
        #expect(zip(left, left.dropFirst()).allSatisfy { $0 > $1 })
        #expect(left.allSatisfy { $0 > 0 })
    }

    @Test func `a problem comes back as it was said`() async throws {
        let said = Problem(
            status: 412, code: "version-mismatch", title: "Changed meanwhile",
            detail: "Read again.",
            errors: [FieldProblem(pointer: "/a", code: "changed", detail: "is another")],
            retryAfter: nil, extra: JSONObject([("changed", ["a"])]))
        let response = said.response(requestID: "r-1")
        guard case .bytes(let bytes) = response.body else {
            Issue.record("the problem has no body")
            return
        }
        let transport = ScriptedTransport([
            { _ in ClientResponse(status: 412, headers: [:], body: RequestBody(bytes)) }
        ])
        let found = await problem {
            _ = try await peer(transport).call(SafeEcho(text: ""), as: context())
        }
        #expect(found == said)
        #expect(transport.requests.count == 1)
    }

    @Test(arguments: [
        (500, "oops"), (302, ""), (200, "{\"text\":1}"), (200, "{}"), (200, "{\"text\":\"a\"} x"),
        (404, "{\"status\":\"no\"}"),
    ]) func `an answer that nobody understands is 502`(status: Int, text: String) async throws {
        let transport = ScriptedTransport([{ _ in ScriptedTransport.json(status, text) }])
        let found = await problem {
            _ = try await peer(transport).call(Echo(text: ""), as: context())
        }
        #expect(found?.status == 502 && found?.code == "peer-misbehaved")
    }

    @Test func `after five failed connections the circuit opens, and closes with an answer`()
        async throws
    {
        let transport = ScriptedTransport([])
        let (peer, context) = (peer(transport), context())
        func refused() async -> Int? {
            let found = await problem {
                _ = try await withTime { try await peer.call(Echo(text: ""), as: context) }
            }
            #expect(found?.status == 503 && found?.code == "peer-unavailable")
            return found?.retryAfter
        }
        #expect(await refused() == 1)
        #expect(transport.requests.count == 4)
        _ = await refused()
        #expect(transport.requests.count == 5)
        // Open: nothing goes out.
        #expect(await refused() == 1)
        #expect(transport.requests.count == 5)
        // Half a minute of failures: open ever longer, at most ten seconds.
        for (wait, next) in [(1, 2), (2, 4), (4, 8), (8, 10), (10, 10)] {
            clock.advance(by: .seconds(wait))
            let before = transport.requests.count
            #expect(await refused() == next)
            #expect(transport.requests.count == before + 1)
        }
        clock.advance(by: .seconds(10))
        transport.then(ScriptedTransport.echo)
        _ = try await peer.call(Echo(text: ""), as: context)
        // Closed, and patient again.
        let before = transport.requests.count
        _ = await refused()
        #expect(transport.requests.count == before + 4)
    }

    @Test func `a peer that was not named is not there`() async throws {
        let peers = Peers(
            transports: [:],
            signer: PrincipalSigner(key: [UInt8](repeating: 7, count: 32), clock: clock),
            runtime: TestRuntime.make(clock: clock))
        let (peer, context) = (peers["nobody"], context())
        let found = await problem {
            _ = try await withTime { try await peer.call(Echo(text: ""), as: context) }
        }
        #expect(found?.status == 503)
    }
}
