import HTTP
import ServiceRuntime
import TestSupport
import Testing

@Suite struct HTTPServerTests {
    @Test func `a server may be ended while it begins`() async throws {
        for _ in 0..<200 {
            let server = HTTPServer(
                name: "test", configuration: HTTPServerConfiguration(), runtime: TestRuntime.make()
            ) { _ in .text("hello") }
            _ = try server.bind()
            async let run: Void = server.run()
            await server.shutdown()
            try await run
        }
    }

    @Test func `a request is answered and the connection goes on`() async throws {
        let running = try RunningServer { request in
            let body = (try? await request.body.collect(limit: 1 << 20)) ?? []
            let path = request.path.joined(separator: "|")
            return .text(
                "\(request.method.rawValue) \(path) \(request.query["q"] ?? "-") \(body.count)")
        }
        let (status, text) = try await running.get("/a/b%20c?q=d+e")
        #expect(status == 200)
        #expect(text == "GET a|b c d e 0")
        for size in [1, 1_000, 20_000, 300_000] {
            let response = try await running.client.send(
                ClientRequest(
                    method: .post, target: "/x",
                    body: RequestBody([UInt8](repeating: 7, count: size))))
            #expect(try await running.text(response) == "POST x - \(size)")
        }
        try await running.stop()
    }

    @Test func `an answer has its length, a date and a request id`() async throws {
        let running = try RunningServer { _ in .text("hello") }
        let raw = try RawConnection(port: running.port)
        try await raw.send("GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: abc-1\r\n\r\n")
        let text = try await raw.receive(until: "hello")
        #expect(text.hasPrefix("HTTP/1.1 200 OK\r\nDate: "))
        #expect(text.contains("\r\nContent-Length: 5\r\n"))
        #expect(text.contains("\r\nX-Request-Id: abc-1\r\n"))
        #expect(text.contains(" GMT\r\n"))
        try await running.stop()
    }

    @Test func `bodies stream both ways`() async throws {
        let running = try RunningServer { request in
            Response(
                body: .stream(length: nil) { writer in
                    for try await piece in request.body { try await writer.write(piece) }
                })
        }
        let total = 3 << 20
        let counter = Metrics().counter("sent", help: "")
        let response = try await running.client.send(
            ClientRequest(
                method: .post, target: "/",
                body: RequestBody {
                    guard counter.value < total else { return nil }
                    counter.increment(by: 64 << 10)
                    return [UInt8](repeating: UInt8(ascii: "x"), count: 64 << 10)
                }))
        var count = 0
        for try await piece in response.body { count += piece.count }
        #expect(count == total)
        try await running.stop()
    }
}
