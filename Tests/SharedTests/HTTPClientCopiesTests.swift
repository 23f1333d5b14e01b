import CLinux
import Glibc
import ServiceRuntime
import TestSupport
import Testing

@testable import HTTP

/// A name with several addresses, as a service of several copies has.
@Suite struct HTTPClientCopiesTests {
    private let runtime = TestRuntime.make()

    /// A server on an address of the loopback that answers with it.
    private func copy(_ address: String, port: Int = 0) throws -> (
        server: HTTPServer, port: Int, run: Task<Void, any Error>
    ) {
        var configuration = HTTPServerConfiguration()
        configuration.address = address
        configuration.port = port
        let server = HTTPServer(name: address, configuration: configuration, runtime: runtime) {
            _ in Response(body: .bytes(Array(address.utf8)))
        }
        let bound = try server.bind()
        return (server, bound, Task { try await server.run() })
    }

    /// A client of a name that has these addresses, always in this order.
    private func client(of addresses: [String], port: Int) -> HTTPClient {
        HTTPClient(host: "copies", port: port, runtime: runtime) { _, port in
            try addresses.flatMap { try SocketAddress.resolve($0, port, isNumeric: true) }
        }
    }

    /// Who answers each of `count` requests that are under way at the same time.
    private func answers(of client: HTTPClient, count: Int) async throws -> [String] {
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<count {
                group.addTask {
                    let answer = try await client.send(
                        ClientRequest(method: .get, target: "/", timeout: .seconds(10)))
                    return String(
                        decoding: try await answer.body.collect(limit: 1 << 10), as: UTF8.self)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test func `connections are spread over the addresses of a name`() async throws {
        let one = try copy("127.0.0.1")
        let other = try copy("127.0.0.2", port: one.port)
        let client = client(of: ["127.0.0.1", "127.0.0.2"], port: one.port)
        let seen = try await answers(of: client, count: 40)
        #expect(Set(seen) == ["127.0.0.1", "127.0.0.2"])
        client.close()
        for copy in [one, other] {
            await copy.server.shutdown()
            try await copy.run.value
        }
    }

    @Test func `a copy that is gone is passed over`() async throws {
        let one = try copy("127.0.0.1")
        let other = try copy("127.0.0.2", port: one.port)
        let client = client(of: ["127.0.0.1", "127.0.0.2"], port: one.port)
        _ = try await answers(of: client, count: 40)
        await one.server.shutdown()
        try await one.run.value
        let seen = try await answers(of: client, count: 40)
        #expect(Set(seen) == ["127.0.0.2"])
        client.close()
        await other.server.shutdown()
        try await other.run.value
    }

    @Test func `a copy that says nothing costs a second, and only now and then`() async throws {
        let one = try copy("127.0.0.1")
        // A listener whose queue is full: what asks for a connection hears nothing, as where a
        // machine is gone.
        let mute = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(mute) }
        let address = try SocketAddress.resolve("127.0.0.2", one.port, isNumeric: true)[0]
        try address.bind(mute)
        listen(mute, 0)
        let filling = try (0..<4).map { _ in
            let file = try address.makeSocket()
            try address.connect(file)
            return file
        }
        defer { for file in filling { close(file) } }

        let client = client(of: ["127.0.0.2", "127.0.0.1"], port: one.port)
        let begin = ContinuousClock.now
        for _ in 0..<3 {
            #expect(Set(try await answers(of: client, count: 20)) == ["127.0.0.1"])
        }
        #expect(ContinuousClock.now - begin < .seconds(25))
        client.close()
        await one.server.shutdown()
        try await one.run.value
    }
}
