import Curl
import HTTP
import ServiceRuntime
import Testing
import TestSupport

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

    @Test func `requests go out as asked and answers come back whole`() async throws {
        try await withServer { base in
            let client = try CurlHTTP()
            let answer = try await client.send(
                .init(
                    method: "POST", url: base + "/echo", headers: [("X-Sent", "yes")],
                    body: [0, 1, 255]))
            #expect(answer.status == 201)
            #expect(answer.body == [0, 1, 255])
            #expect(
                answer.headers.contains { $0.name.lowercased() == "x-got" && $0.value == "yes" })
            let deleted = try await client.send(.init(method: "DELETE", url: base + "/echo"))
            #expect(
                deleted.headers.contains {
                    $0.name.lowercased() == "x-method" && $0.value == "DELETE"
                })
            // A redirect is an answer.
            #expect(try await client.send(.init(url: base + "/moved")).status == 302)
            await client.close()
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
                            .init(method: "PUT", url: base + "/echo", body: body))
                        return answer.body == body ? [] : answer.body
                    }
                }
                for try await wrong in group { #expect(wrong.isEmpty) }
            }
            await client.close()
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
            #expect(await kind(.init(url: base + "/large", responseLimit: 1000)) == .tooLarge)
            #expect(await kind(.init(url: base + "/slow", timeout: .milliseconds(50))) == .timeout)
            #expect(await kind(.init(url: "http://127.0.0.1:\(FreePort.take())/")) == .connection)
            #expect(await kind(.init(url: "file:///etc/passwd")) == .other)
            #expect(await kind(.init(method: "GE T", url: base)) == .other)
            #expect(await kind(.init(url: base, headers: [("A", "b\r\nC: d")])) == .other)
            let slow = Task { try await client.send(.init(url: base + "/slow")) }
            slow.cancel()
            #expect(await slow.result.failureKind == .interrupted)
            await client.close()
            #expect(await kind(.init(url: base + "/echo")) == .interrupted)
        }
    }
}

extension Result {
    fileprivate var failureKind: CurlError.Kind? {
        if case .failure(let error) = self { return (error as? CurlError)?.kind }
        return nil
    }
}
