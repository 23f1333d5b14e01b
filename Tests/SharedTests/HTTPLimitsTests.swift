import CLinux
import Glibc
import HTTP
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@Suite struct HTTPLimitsTests {
    private static func configured(
        _ change: (inout HTTPServerConfiguration) -> Void
    ) -> HTTPServerConfiguration {
        var configuration = HTTPServerConfiguration()
        change(&configuration)
        return configuration
    }

    @Test func `a head that comes too slowly is answered 408`() async throws {
        let running = try RunningServer(
            HTTPLimitsTests.configured { $0.headTimeout = .milliseconds(100) }
        ) { _ in .text("ok") }
        let raw = try RawConnection(port: running.port)
        try await raw.send("GET / HTTP/1.1\r\nHo")
        let answer = try await raw.receiveAll()
        #expect(answer.hasPrefix("HTTP/1.1 408 ") && answer.contains("request-timeout"))
        try await running.stop()
    }

    @Test func `bytes that trickle do not stretch the time for the head`() async throws {
        let running = try RunningServer(
            HTTPLimitsTests.configured { $0.headTimeout = .milliseconds(150) }
        ) { _ in .text("ok") }
        let raw = try RawConnection(port: running.port)
        try await raw.send("GET / HTTP/1.1\r\n")
        // It ends only when the server closes.
        while try await raw.send("A: b\r\n") { await Task.yield() }
        try await running.stop()
    }

    @Test func `a body that stops is answered 408`() async throws {
        let running = try RunningServer(
            HTTPLimitsTests.configured { $0.bodyTimeout = .milliseconds(100) }
        ) { request in
            do {
                return .text("\(try await request.body.collect(limit: 100).count)")
            } catch {
                return Problem(error).response(requestID: "x")
            }
        }
        let raw = try RawConnection(port: running.port)
        try await raw.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
        #expect(try await raw.receiveAll().hasPrefix("HTTP/1.1 408 "))
        try await running.stop()
    }

    @Test func `an idle connection is closed without a word`() async throws {
        let running = try RunningServer(
            HTTPLimitsTests.configured { $0.idleTimeout = .milliseconds(100) }
        ) { _ in .text("ok") }
        let raw = try RawConnection(port: running.port)
        try await raw.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await raw.receiveAll().hasSuffix("\r\n\r\nok"))
        try await running.stop()
    }

    @Test func `a reader that stands still is given up, and holds nobody`() async throws {
        let hasGivenUp = Mutex(false)
        let running = try RunningServer(
            HTTPLimitsTests.configured { $0.bodyTimeout = .milliseconds(200) }
        ) { request in
            guard request.path == ["big"] else { return .text("ok") }
            return Response(
                body: .stream(length: 64 << 20) { writer in
                    do {
                        try await writer.write([UInt8](repeating: 1, count: 64 << 20))
                    } catch {
                        hasGivenUp.withLock { $0 = true }
                        throw error
                    }
                })
        }
        let raw = try RawConnection(port: running.port, receiveBuffer: 4096)
        try await raw.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await running.get("/").0 == 200)
        try await eventually("the reader is given up") { hasGivenUp.withLock { $0 } }
        await #expect(throws: SystemError.self) { try await raw.receiveAll() }
        try await running.stop()
    }

    @Test func `a slow reader slows the writer, not the memory`() async throws {
        let written = Mutex(0)
        let running = try RunningServer { _ in
            Response(
                body: .stream(length: nil) { writer in
                    for _ in 0..<512 {
                        try await writer.write([UInt8](repeating: 1, count: 64 << 10))
                        written.withLock { $0 += 64 << 10 }
                    }
                })
        }
        let response = try await running.client.send(ClientRequest(method: .get, target: "/"))
        var read = 0
        for try await piece in response.body {
            read += piece.count
            // What is ahead of the reader is in the kernel's buffers only.
            #expect(written.withLock { $0 } - read < 16 << 20)
        }
        #expect(read == 32 << 20)
        try await running.stop()
    }

    @Test func `a handler that does not read stops the sender`() async throws {
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let running = try RunningServer { request in
            for await _ in gate { break }
            var count = 0
            do {
                for try await piece in request.body { count += piece.count }
            } catch { return Problem(error).response(requestID: "x") }
            return .text("\(count)")
        }
        let sent = Mutex(0)
        let pieces = 1024
        async let response = running.client.send(
            ClientRequest(
                method: .post, target: "/",
                body: RequestBody {
                    let number = sent.withLock { number in
                        number += 1
                        return number
                    }
                    return number > pieces ? nil : [UInt8](repeating: 1, count: 64 << 10)
                }))
        var last = -1
        try await eventually("the sender stands still") {
            let now = sent.withLock { $0 }
            defer { last = now }
            return now > 0 && now == last
        }
        #expect(sent.withLock { $0 } < pieces)
        open.yield()
        #expect(try await running.text(response) == "\(pieces * 64 << 10)")
        try await running.stop()
    }

    @Test func `connections beyond the limit are answered 503`() async throws {
        let running = try RunningServer(
            HTTPLimitsTests.configured { $0.connectionLimit = 2 }
        ) { _ in .text("ok") }
        let held = [
            try RawConnection(port: running.port), try RawConnection(port: running.port),
        ]
        for raw in held {
            try await raw.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try await raw.receive(until: "ok")
        }
        let third = try RawConnection(port: running.port)
        let answer = try await third.receiveAll()
        #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("\r\nRetry-After: 1\r\n"))
        // One goes, another may come.
        held[0].endOutput()
        _ = try await held[0].receiveAll()
        try await eventually("there is room again") { try await running.get("/").0 == 200 }
        try await running.stop()
    }

    @Test func `a thousand idle connections do not hold up the others`() async throws {
        geartrain_raise_file_limit()
        let running = try RunningServer { _ in .text("ok") }
        var idle: [Int32] = []
        defer { for file in idle { close(file) } }
        for _ in 0..<1_000 { idle.append(try RawConnection.connect(port: running.port)) }
        for file in idle.prefix(500) { _ = send(file, "GET", 3, Int32(MSG_NOSIGNAL)) }
        for _ in 0..<200 { #expect(try await running.get("/").0 == 200) }
        try await running.stop()
    }

    @Test func `a shutdown lets requests finish and idle connections go`() async throws {
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let begun = Mutex(false)
        let running = try RunningServer { request in
            if request.path == ["slow"] {
                begun.withLock { $0 = true }
                for await _ in gate { break }
            }
            return .text("done")
        }
        let idle = try RawConnection(port: running.port)
        try await idle.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        _ = try await idle.receive(until: "done")
        let busy = try RawConnection(port: running.port)
        try await busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        try await eventually("the request is being answered") { begun.withLock { $0 } }
        await running.server.shutdown()
        #expect(try await idle.receive().isEmpty, "the idle one is closed")
        try await eventually("nobody is accepted any more") {
            (try? RawConnection.connect(port: running.port)).map { close($0) } == nil
        }
        open.yield()
        let answer = try await busy.receiveAll()
        #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.contains("\r\nConnection: close\r\n"))
        #expect(answer.hasSuffix("done"))
        try await running.stop()
    }

    @Test func `a server that is shut down before it runs ends`() async throws {
        let server = HTTPServer(
            name: "brief", configuration: HTTPServerConfiguration(), runtime: TestRuntime.make()
        ) { _ in .text("no") }
        let port = try server.bind()
        await server.shutdown()
        try await server.run()
        #expect(throws: SystemError.self) { try RawConnection.connect(port: port) }
    }

    @Test func `a port that another serves is refused`() async throws {
        let running = try RunningServer { _ in .text("ok") }
        var configuration = HTTPServerConfiguration()
        configuration.port = running.port
        let second = HTTPServer(
            name: "second", configuration: configuration, runtime: TestRuntime.make()
        ) { _ in .text("no") }
        #expect(throws: HTTPServerError.self) { try second.bind() }
        try await running.stop()
    }
}
