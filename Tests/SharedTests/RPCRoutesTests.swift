import Contracts
import Crypto
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

/// A stream call for tests.
private struct Reverse: StreamCall, Codable {
    static let path = "reverse"
    var suffix: String
}

/// Both ends of RPC: in memory, and over a real connection.
@Suite struct RPCRoutesTests {
    enum Way: CaseIterable, Sendable { case memory, socket }

    private static let key = [UInt8](repeating: 7, count: 32)
    private let runtime = TestRuntime.make()

    private struct Mine: ProblemConvertible {
        var problem: Problem {
            Problem(status: 409, code: "conflict", title: "That does not fit what is")
        }
    }

    private func routes() -> RPCRoutes {
        let signer = PrincipalSigner(key: RPCRoutesTests.key, clock: runtime.clock)
        let routes = RPCRoutes(service: "test", signer: signer, runtime: runtime) { nil }
        routes.on(Echo.self) { call, context in
            switch call.text {
            case "conflict": throw Mine()
            case "fail": throw CryptoError.authentication
            default:
                let key = context.idempotencyKey ?? "-"
                return Echo.Response(
                    text: "\(call.text) \(context.principal.account) \(context.door) "
                        + "\(context.cause.root)/\(context.cause.depth) \(key) "
                        + "\(context.trace.requestID)")
            }
        }
        routes.on(GetRecord.self) { call, _ in
            JSONBytes(Array("{\"id\": \(call.id),  \"as\": \"written\"}".utf8))
        }
        routes.on(Reverse.self) { call, body, _ in
            let bytes = try await body.collect(limit: 1 << 20)
            return Response(
                body: .stream(length: nil) { writer in
                    for byte in bytes.reversed() { try await writer.write([byte]) }
                    try await writer.write(Array(call.suffix.utf8))
                })
        }
        return routes
    }

    private func withTransport(
        _ way: Way, _ body: (any Transport) async throws -> Void
    ) async throws {
        let routes = routes()
        #expect(routes.router.check() == [])
        switch way {
        case .memory: try await body(RouterTransport(routes.router))
        case .socket:
            let server = HTTPServer(
                name: "test", configuration: HTTPServerConfiguration(), runtime: runtime,
                respond: { await routes.router.respond(to: $0) })
            let port = try server.bind()
            let run = Task { try await server.run() }
            let client = HTTPClient(host: "127.0.0.1", port: port, runtime: runtime)
            do { try await body(client) } catch {
                Issue.record(error)
            }
            client.close()
            await server.shutdown()
            try await run.value
        }
    }

    private func peer(_ transport: any Transport, key: [UInt8] = key) -> Peer {
        Peer(
            name: "test", transport: transport,
            signer: PrincipalSigner(key: key, clock: runtime.clock), runtime: runtime)
    }

    private func context(key: String? = nil) -> CallContext {
        CallContext(
            principal: Principal(account: "anna"), door: .api,
            cause: Cause(root: "request:1", via: "a", depth: 2),
            trace: TraceContext(requestID: "r-1"), idempotencyKey: key)
    }

    @Test(arguments: Way.allCases)
    func `a call arrives with all that goes with it`(way: Way) async throws {
        try await withTransport(way) { transport in
            let answer = try await peer(transport).call(Echo(text: "hi"), as: context(key: "k"))
            #expect(answer.text == "hi anna api request:1/2 k r-1")
        }
    }

    @Test(arguments: Way.allCases)
    func `an answer that is passed on stays as it was written`(way: Way) async throws {
        try await withTransport(way) { transport in
            let call = GetRecord(FullCode(model: "helpdesk", code: "ticket"), id: 14)
            let bytes = try await peer(transport).forward(call, as: context())
            let text = "{\"id\": 14,  \"as\": \"written\"}"
            #expect(bytes.bytes == Array(text.utf8))
            #expect(try await peer(transport).call(call, as: context()) == bytes)
        }
    }

    @Test(arguments: Way.allCases)
    func `errors come as problems, and unknown ones show no cause`(way: Way) async throws {
        try await withTransport(way) { transport in
            let conflict = await #expect(throws: Problem.self) {
                _ = try await peer(transport).call(Echo(text: "conflict"), as: context())
            }
            #expect(conflict?.status == 409 && conflict?.code == "conflict")
            let failed = await #expect(throws: Problem.self) {
                _ = try await peer(transport).call(Echo(text: "fail"), as: context())
            }
            #expect(failed?.status == 500 && failed?.code == "internal-error")
            #expect(failed?.detail == nil)
            let unknown = await #expect(throws: Problem.self) {
                _ = try await peer(transport).call(SafeEcho(text: ""), as: context())
            }
            #expect(unknown?.status == 404)
        }
    }

    @Test(arguments: Way.allCases)
    func `streams go both ways`(way: Way) async throws {
        try await withTransport(way) { transport in
            let response = try await peer(transport).stream(
                Reverse(suffix: "žába"), body: RequestBody(Array("abc".utf8)), as: context())
            #expect(
                try await response.body.collect(limit: 100) == Array("cbažába".utf8))
        }
    }

    @Test(arguments: Way.allCases)
    func `without the key nobody is let in`(way: Way) async throws {
        try await withTransport(way) { transport in
            let foreign = await #expect(throws: Problem.self) {
                _ = try await peer(transport, key: [UInt8](repeating: 1, count: 32))
                    .call(Echo(text: "hi"), as: context())
            }
            #expect(foreign?.status == 401)
            let bare = try await transport.send(
                ClientRequest(
                    method: .post, target: "/rpc/test/echo",
                    headers: ["Content-Type": "application/json"],
                    body: RequestBody(Array("{\"text\":\"\"}".utf8))))
            #expect(bare.status == 401)
        }
    }

    @Test(arguments: [
        ("", 400), ("{", 400), ("{\"text\":\"a\"}x", 400), ("[]", 422), ("{}", 422),
        ("{\"text\":1}", 422), ("{\"text\":\"a\",\"more\":1}", 422),
    ]) func `a body that is no such call is refused`(body: String, status: Int) async throws {
        try await withTransport(.memory) { transport in
            let headers: Headers = [
                "Content-Type": "application/json", "Geartrain-Door": "api",
                "Geartrain-Cause": "{\"root\":\"r\"}",
                "Geartrain-Principal": PrincipalSigner(
                    key: RPCRoutesTests.key, clock: runtime.clock
                ).sign(Principal(account: "anna")),
            ]
            let response = try await transport.send(
                ClientRequest(
                    method: .post, target: "/rpc/test/echo", headers: headers,
                    body: RequestBody(Array(body.utf8))))
            #expect(response.status == status)
            for (name, value) in [("Geartrain-Door", "window"), ("Geartrain-Cause", "{}")] {
                var wrong = headers
                wrong[name] = value
                let refused = try await transport.send(
                    ClientRequest(
                        method: .post, target: "/rpc/test/echo", headers: wrong,
                        body: RequestBody(Array("{\"text\":\"\"}".utf8))))
                #expect(refused.status == 400, "\(name)")
            }
        }
    }

    @Test func `health says whether it can serve`() async throws {
        let signer = PrincipalSigner(key: RPCRoutesTests.key, clock: runtime.clock)
        for (reason, status) in [(nil, 200), ("the database is closed", 503)] as [(String?, Int)] {
            let routes = RPCRoutes(service: "test", signer: signer, runtime: runtime) { reason }
            for (path, expected) in [("/livez", 200), ("/readyz", status), ("/metrics", 200)] {
                let response = await routes.router.respond(to: Request(method: .get, target: path))
                #expect(response.status == expected, "\(path)")
            }
        }
    }
}
