import HTTP
import ServiceRuntime
import TestSupport
import Testing

@Suite struct HTTPClientLifeTests {
    private let runtime = TestRuntime.make()

    @Test func `a client may go while its connections are idle or its answer is read`()
        async throws
    {
        let server = HTTPServer(
            name: "test", configuration: HTTPServerConfiguration(), runtime: runtime
        ) { _ in
            Response(
                body: .stream(length: nil) { writer in
                    for _ in 0..<3 { try await writer.write([UInt8](repeating: 97, count: 50_000)) }
                })
        }
        let port = try server.bind()
        let run = Task { try await server.run() }
        for _ in 0..<50 {
            let answer = try await HTTPClient(host: "127.0.0.1", port: port, runtime: runtime)
                .send(ClientRequest(method: .get, target: "/"))
            #expect(try await answer.body.collect(limit: 1 << 20).count == 150_000)
        }
        await server.shutdown()
        try await run.value
    }
}
