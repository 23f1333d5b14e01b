import CLinux
import Glibc
import HTTP
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@Suite struct HTTPClientTests {
    /// A server that says, for each connection in turn, what it is told, and counts
    /// the connections.
    private final class Scripted: Sendable {
        let port: Int
        let count = Mutex(0)
        private let listener: Int32
        private let thread = ThreadExecutor(name: "scripted")

        /// Each answer is given after one read; then the connection closes, if it says so.
        init(_ answers: [(text: String, closes: Bool)]) throws {
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let port = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    guard bind(listener, address, size) == 0, listen(listener, 8) == 0,
                        getsockname(listener, address, &size) == 0
                    else { return 0 }
                    return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                        Int(in_port_t(bigEndian: $0.pointee.sin_port))
                    }
                }
            }
            guard port > 0 else { throw SystemError("bind") }
            self.listener = listener
            self.port = port
            Task { [self] in try? await thread.run { self.serve(answers) } }
        }

        deinit { thread.stop() }

        private func serve(_ answers: [(text: String, closes: Bool)]) {
            var file: Int32 = -1
            var bytes = [UInt8](repeating: 0, count: 4096)
            for answer in answers {
                if file < 0 {
                    file = accept(listener, nil, nil)
                    count.withLock { $0 += 1 }
                }
                guard recv(file, &bytes, bytes.count, 0) > 0 else { break }
                _ = answer.text.withCString { send(file, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
                if answer.closes {
                    close(file)
                    file = -1
                }
            }
            if file >= 0 { close(file) }
            close(listener)
        }
    }

    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    private func client(_ port: Int, limit: Int = 4, loops: EventLoopGroup? = nil) -> HTTPClient {
        var runtime = TestRuntime.make()
        if let loops { runtime.loops = loops }
        return HTTPClient(host: "127.0.0.1", port: port, runtime: runtime, connectionLimit: limit)
    }

    private static func oneLoop() throws -> EventLoopGroup { try EventLoopGroup(count: 1) }

    @Test func `nobody there is not connected`() async throws {
        let port = try RunningServer { _ in Response() }
        try await port.stop()
        await #expect {
            try await self.client(port.port).send(ClientRequest(method: .get, target: "/"))
        } throws: { error in
            if case HTTPClient.Failure.notConnected = error { true } else { false }
        }
    }

    @Test func `a name is resolved`() async throws {
        let running = try RunningServer { _ in .text("ok") }
        let client = HTTPClient(host: "localhost", port: running.port, runtime: TestRuntime.make())
        let response = try await client.send(ClientRequest(method: .get, target: "/"))
        #expect(response.status == 200)
        client.close()
        try await running.stop()
    }

    @Test func `connections are kept and callers beyond the limit wait`() async throws {
        let loops = try HTTPClientTests.oneLoop()
        defer { loops.stop() }
        let now = Mutex(0)
        let most = Mutex(0)
        let running = try RunningServer { _ in
            let count = now.withLock { number in
                number += 1
                return number
            }
            most.withLock { $0 = max($0, count) }
            await Task.yield()
            now.withLock { $0 -= 1 }
            return .text("ok")
        }
        let client = client(running.port, limit: 3, loops: loops)
        try await withThrowingTaskGroup(of: Int.self) { tasks in
            for _ in 0..<100 {
                tasks.addTask {
                    try await client.send(ClientRequest(method: .get, target: "/")).status
                }
            }
            for try await status in tasks { #expect(status == 200) }
        }
        #expect(most.withLock { $0 } <= 3)
        client.close()
        try await running.stop()
    }

    @Test func `a connection that went stale is replaced, where that is safe`() async throws {
        let loops = try HTTPClientTests.oneLoop()
        defer { loops.stop() }
        // The second request on the first connection gets no answer.
        let server = try Scripted([
            (HTTPClientTests.ok, false), ("", true), (HTTPClientTests.ok, true),
        ])
        let client = client(server.port, loops: loops)
        for _ in 0..<2 {
            let response = try await client.send(ClientRequest(method: .get, target: "/"))
            #expect(response.status == 200)
        }
        #expect(server.count.withLock { $0 } == 2)
        client.close()
    }

    @Test func `what may have been done is not sent again`() async throws {
        let loops = try HTTPClientTests.oneLoop()
        defer { loops.stop() }
        let server = try Scripted([(HTTPClientTests.ok, false), ("", true)])
        let client = client(server.port, loops: loops)
        _ = try await client.send(ClientRequest(method: .get, target: "/"))
        await #expect {
            try await client.send(
                ClientRequest(method: .post, target: "/", body: RequestBody([1])))
        } throws: { error in
            if case HTTPClient.Failure.noAnswer = error { true } else { false }
        }
        client.close()
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "HTTP/1.1 200",
        "not HTTP at all\r\n\r\n", "HTTP/1.1 999 Odd\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ])
    func `an answer that is broken is no answer`(_ text: String) async throws {
        let server = try Scripted([(text, true)])
        let client = client(server.port)
        await #expect {
            let response = try await client.send(ClientRequest(method: .get, target: "/"))
            _ = try await response.body.collect(limit: 100)
        } throws: { error in
            if case HTTPClient.Failure.noAnswer = error { true } else { false }
        }
        client.close()
    }

    @Test func `a body without a length ends with the connection`() async throws {
        let server = try Scripted([
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nall of it", true)
        ])
        let client = client(server.port)
        let response = try await client.send(ClientRequest(method: .get, target: "/"))
        let body = try await response.body.collect(limit: 100)
        #expect(String(decoding: body, as: UTF8.self) == "all of it")
        client.close()
    }

    @Test func `no answer in time is a timeout`() async throws {
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let running = try RunningServer { _ in
            for await _ in gate { break }
            return .text("late")
        }
        await #expect {
            try await running.client.send(
                ClientRequest(method: .get, target: "/", timeout: .milliseconds(100)))
        } throws: { error in
            if case HTTPClient.Failure.timeout = error { true } else { false }
        }
        open.finish()
        try await running.stop()
    }

    @Test func `a body may take longer than the timeout while its pieces come`() async throws {
        let running = try RunningServer { request in
            .text("\((try? await request.body.collect(limit: 100).count) ?? -1)")
        }
        let count = Mutex(0)
        let body = RequestBody(next: {
            let number = count.withLock { count in
                count += 1
                return count
            }
            let next = SystemClock().monotonicNanoseconds() + 300_000_000
            while SystemClock().monotonicNanoseconds() < next { await Task.yield() }
            return number > 5 ? nil : [1]
        })
        let response = try await running.client.send(
            ClientRequest(method: .put, target: "/", body: body, timeout: .seconds(1)))
        #expect(try await response.body.collect(limit: 100) == Array("5".utf8))
        try await running.stop()
    }

    @Test func `a cancelled caller does not wait`() async throws {
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let begun = Mutex(false)
        let running = try RunningServer { _ in
            begun.withLock { $0 = true }
            for await _ in gate { break }
            return .text("late")
        }
        let task = Task {
            try await running.client.send(ClientRequest(method: .get, target: "/"))
        }
        try await eventually("the request is there") { begun.withLock { $0 } }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        open.finish()
        try await running.stop()
    }

    @Test func `an early refusal of a streamed body is heard`() async throws {
        let running = try RunningServer { _ in .text("no", status: 403) }
        let response = try await running.client.send(
            ClientRequest(
                method: .post, target: "/",
                body: RequestBody { [UInt8](repeating: 0, count: 64 << 10) }))
        #expect(response.status == 403)
        try await running.stop()
    }

    @Test func `a body that fails to come is the caller's error`() async throws {
        struct Broken: Error {}
        let running = try RunningServer { request in
            _ = try? await request.body.collect(limit: 1 << 20)
            return .text("ok")
        }
        await #expect(throws: Broken.self) {
            try await running.client.send(
                ClientRequest(
                    method: .post, target: "/", body: RequestBody { throw Broken() }))
        }
        try await running.stop()
    }
}
