import HTTP
import ServiceRuntime
import TestSupport
import Testing

@testable import Curl

/// libcurl against our own HTTP server.
@Suite struct CurlHTTPTests {
    /// Serves while `body` runs.
    private func withServer(_ body: (String) async throws -> Void) async throws {
        let server = HTTPServer(
            name: "test", configuration: HTTPServerConfiguration(), runtime: TestRuntime.make()
        ) { request in
            switch request.rawPath {
            case "/echo":
                let bytes = (try? await request.body.collect(limit: 1 << 20)) ?? []
                return Response(
                    status: 201,
                    headers: [
                        "X-Method": request.method.rawValue,
                        "X-Got": request.headers["X-Sent"] ?? "",
                    ], body: .bytes(bytes))
            case "/large": return Response(body: .bytes([UInt8](repeating: 65, count: 100_000)))
            case "/moved": return Response(status: 302, headers: ["Location": "/echo"])
            case "/slow":
                try? await SystemClock().sleep(for: .seconds(30))
                return Response()
            default: return Response(status: 404)
            }
        }
        let port = try server.bind()
        let running = Task { try await server.run() }
        try await body("http://127.0.0.1:\(port)")
        await server.shutdown()
        running.cancel()
        _ = await running.result
    }

    private func ask(
        _ url: String, method: String = "GET", headers: [(String, String)] = [],
        body: [UInt8] = []
    ) throws -> CurlHTTP.Request {
        let port = url.split(separator: ":").last?.prefix { $0.isNumber }
        return CurlHTTP.Request(
            method: method, peer: try #require(NetworkAddress("127.0.0.1")),
            port: port.flatMap { Int($0) } ?? 0, url: url, headers: headers, body: body)
    }

    @Test func `requests go out as asked and answers come back whole`() async throws {
        try await withServer { base in
            let client = try CurlHTTP()
            let answer = try await client.send(
                ask(
                    base + "/echo", method: "POST", headers: [("X-Sent", "yes")],
                    body: [0, 1, 255]))
            #expect(answer.status == 201)
            #expect(answer.body == [0, 1, 255])
            #expect(
                answer.headers.contains { $0.name.lowercased() == "x-got" && $0.value == "yes" })
            let deleted = try await client.send(ask(base + "/echo", method: "DELETE"))
            #expect(
                deleted.headers.contains {
                    $0.name.lowercased() == "x-method" && $0.value == "DELETE"
                })
            // A redirect is an answer.
            #expect(try await client.send(ask(base + "/moved")).status == 302)
            client.close()
        }
    }

    @Test func `many at a time`() async throws {
        try await withServer { base in
            let client = try CurlHTTP()
            try await withThrowingTaskGroup(of: [UInt8].self) { group in
                for number in 0..<50 {
                    group.addTask {
                        let body = Array("\(number)".utf8)
                        let answer = try await client.send(
                            ask(base + "/echo", method: "PUT", body: body))
                        return answer.body == body ? [] : answer.body
                    }
                }
                for try await wrong in group { #expect(wrong.isEmpty) }
            }
            client.close()
        }
    }

    @Test func `limits, timeouts, cancelling and bad requests are errors of their kind`()
        async throws
    {
        try await withServer { base in
            let client = try CurlHTTP()
            func kind(_ request: CurlHTTP.Request) async -> CurlError.Kind? {
                do {
                    _ = try await client.send(request)
                    return nil
                } catch {
                    return (error as? CurlError)?.kind
                }
            }
            var large = try ask(base + "/large")
            large.responseLimit = 1000
            #expect(await kind(large) == .tooLarge)
            var brief = try ask(base + "/slow")
            brief.timeout = .milliseconds(50)
            #expect(await kind(brief) == .timeout)
            #expect(try await kind(ask("http://127.0.0.1:\(FreePort.take())/")) == .connection)
            #expect(try await kind(ask("file:///etc/passwd")) == .other)
            #expect(try await kind(ask(base, method: "GE T")) == .other)
            #expect(try await kind(ask(base, headers: [("A", "b\r\nC: d")])) == .other)
            let slow = Task { try await client.send(ask(base + "/slow")) }
            slow.cancel()
            #expect(await slow.result.failureKind == .interrupted)
            client.close()
            #expect(try await kind(ask(base + "/echo")) == .interrupted)
        }
    }
}

extension Result {
    fileprivate var failureKind: CurlError.Kind? {
        if case .failure(let error) = self { return (error as? CurlError)?.kind }
        return nil
    }
}
