import Glibc
import HTTP
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

/// What becomes of requests that come while a server ends.
@Suite struct HTTPDrainTests {
    private static let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

    private static func graced(_ grace: Duration) -> HTTPServerConfiguration {
        var configuration = HTTPServerConfiguration()
        configuration.drainGrace = grace
        return configuration
    }

    /// Its answer has come, and it is idle.
    private static func idle(at server: RunningServer) async throws -> RawConnection {
        let connection = try RawConnection(port: server.port)
        try await connection.send(request)
        _ = try await connection.receive(until: "done")
        return connection
    }

    private static func nobodyIsAccepted(at server: RunningServer) async throws {
        try await eventually("nobody is accepted any more") {
            (try? RawConnection.connect(port: server.port)).map { close($0) } == nil
        }
    }

    @Test func `a request that comes on an idle connection while the server ends is answered`()
        async throws
    {
        let running = try RunningServer(Self.graced(.seconds(60))) { _ in .text("done") }
        let connection = try await Self.idle(at: running)
        await running.server.shutdown()
        try await Self.nobodyIsAccepted(at: running)
        try await connection.send(Self.request)
        let answer = try await connection.receiveAll()
        #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.contains("\r\nConnection: close\r\n"))
        try await running.stop()
    }

    @Test func `a connection that stays idle is closed after the grace`() async throws {
        let running = try RunningServer(Self.graced(.milliseconds(50))) { _ in .text("done") }
        let connection = try await Self.idle(at: running)
        try await running.stop()
        #expect(try await connection.receive().isEmpty)
    }

    /// Each sends the next as soon as the last is answered, so that one is on its way at any time.
    @Test func `a server that ends under load loses no request`() async throws {
        let runtime = TestRuntime.make()
        for _ in 0..<20 {
            let handled = Counted()
            let running = try RunningServer(runtime: runtime) { _ in
                handled.add()
                return .text("done")
            }
            let callers = (0..<16).map { _ in Counted() }
            let lost = try await withThrowingTaskGroup(of: String?.self) { group in
                for (number, caller) in callers.enumerated() {
                    let loop = runtime.loops.loops[number % runtime.loops.loops.count]
                    group.addTask(executorPreference: loop) {
                        await Self.call(running.client, caller)
                    }
                }
                try await eventually("each was answered") {
                    callers.allSatisfy { $0.count >= 20 }
                }
                await running.server.shutdown()
                return try await group.reduce(into: [String]()) { all, text in
                    if let text { all.append(text) }
                }
            }
            #expect(lost == [])
            #expect(handled.count == callers.reduce(0) { $0 + $1.count })
            try await running.stop()
        }
    }

    /// Until nobody is there any more; answers how a request was lost.
    private static func call(_ client: HTTPClient, _ caller: Counted) async -> String? {
        while true {
            do {
                let answer = try await client.send(
                    ClientRequest(method: .patch, target: "/", body: RequestBody([1])))
                _ = try await answer.body.collect(limit: 100)
                caller.add()
            } catch HTTPClient.Failure.notConnected {
                return nil
            } catch {
                return "\(error)"
            }
        }
    }

    // MARK: Clients

    @Test func `what a server cannot have had is sent again, whatever it is`() async throws {
        let heard = Mutex<[String]>([])
        let server = try SocketServer { connection in
            while let line = connection.line() {
                heard.withLock { $0.append(line) }
                while let field = connection.line(), !field.isEmpty {}
                _ = connection.bytes(1)
                connection.put("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            }
        }
        let runtime = TestRuntime.make()
        let client = HTTPClient(host: "127.0.0.1", port: server.port, runtime: runtime)
        let loop = runtime.loops.loops[0]
        let statuses = try await withTaskExecutorPreference(loop) {
            var statuses: [Int] = []
            for _ in 0..<20 {
                let answer = try await client.send(
                    ClientRequest(method: .patch, target: "/", body: RequestBody([1])))
                _ = try await answer.body.collect(limit: 100)
                statuses.append(answer.status)
                // The loop does not learn of it before the next request is out.
                server.dropConnections()
            }
            return statuses
        }
        #expect(statuses == Array(repeating: 200, count: 20))
        #expect(heard.withLock { $0 } == Array(repeating: "PATCH / HTTP/1.1", count: 20))
        #expect(server.connections == 20)
        client.close()
        server.stop()
    }

    @Test func `what a server had and did not answer is not sent again`() async throws {
        let heard = Mutex(0)
        let server = try SocketServer { connection in
            // The second is read, or left unread, and the connection closed.
            _ = connection.line()
            while let field = connection.line(), !field.isEmpty {}
            _ = connection.bytes(1)
            connection.put("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            guard connection.number % 2 == 0 else { return connection.waitForMore() }
            if connection.line() != nil { heard.withLock { $0 += 1 } }
        }
        let runtime = TestRuntime.make()
        let client = HTTPClient(host: "127.0.0.1", port: server.port, runtime: runtime)
        let request = ClientRequest(method: .patch, target: "/", body: RequestBody([1]))
        try await withTaskExecutorPreference(runtime.loops.loops[0]) {
            for _ in 0..<2 {
                _ = try await client.send(request)
                await #expect {
                    try await client.send(request)
                } throws: {
                    if case HTTPClient.Failure.noAnswer = $0 { true } else { false }
                }
            }
        }
        #expect(heard.withLock { $0 } == 1)
        client.close()
        server.stop()
    }
}

/// A number that tasks count up.
private final class Counted: Sendable {
    private let value = Atomic(0)
    var count: Int { value.load(ordering: .relaxed) }
    func add() { value.add(1, ordering: .relaxed) }
}
