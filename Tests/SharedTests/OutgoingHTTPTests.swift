import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Curl

/// Answers what it is told, one answer after another; the last one again and again.
private final class ToldResolver: HostResolver {
    private let answers: Mutex<[String: [[String]]]>
    private let count = Atomic<Int>(0)

    init(_ answers: [String: [[String]]]) { self.answers = Mutex(answers) }

    var lookups: Int { count.load(ordering: .relaxed) }

    func addresses(of host: String, timeout: Duration) async throws -> [NetworkAddress] {
        count.wrappingAdd(1, ordering: .relaxed)
        let found = answers.withLock { answers -> [String]? in
            guard let list = answers[host] else { return nil }
            if list.count > 1 { answers[host] = Array(list.dropFirst()) }
            return list.first
        }
        guard let found else { throw OutgoingError.unknownHost(host) }
        return found.compactMap { NetworkAddress($0) }
    }
}

/// The client against servers that attack it. 127.0.0.1 and 127.0.0.3 are open to it, 127.0.0.2 is
/// the inside that must never be reached.
@Suite struct OutgoingHTTPTests {
    private static let loopback = ["127.0.0.1", "127.0.0.3"]

    private func client(
        _ answers: [String: [[String]]] = [:], resolver: (any HostResolver)? = nil,
        opened: [String] = loopback, timeout: Duration = .seconds(20), authorities: String? = nil
    ) throws -> OutgoingHTTP {
        try OutgoingHTTP(
            configuration: OutgoingConfiguration(
                policy: OutgoingPolicy(opened: opened.compactMap { NetworkRange($0) }),
                authorities: authorities, timeout: timeout),
            runtime: TestRuntime.make(), resolver: resolver ?? ToldResolver(answers))
    }

    private func failure(_ client: OutgoingHTTP, _ request: OutgoingRequest) async
        -> OutgoingError?
    {
        do {
            _ = try await client.send(request)
            return nil
        } catch {
            return error as? OutgoingError
        }
    }

    private func isForbidden(_ error: OutgoingError?) -> Bool {
        if case .forbidden = error { true } else { false }
    }

    private func isUnfit(_ error: OutgoingError?) -> Bool {
        if case .unfit = error { true } else { false }
    }

    // MARK: Addresses

    @Test func `redirects into closed networks are not followed`() async throws {
        let outside = try #require(
            RudeHTTPServer { head in
                let place = head.split(separator: " ")[1].dropFirst("/?".count)
                return .redirect(String(place))
            })
        defer { outside.stop() }
        let inside = try #require(
            RudeHTTPServer(address: "127.0.0.2", port: outside.port) { _ in .text("secret") })
        defer { inside.stop() }
        let client = try client(["inside.example": [["127.0.0.2"]], "six.example": [["::1"]]])
        defer { client.close() }
        let port = outside.port
        for place in [
            "http://127.0.0.2:\(port)/", "//127.0.0.2:\(port)/", "http://inside.example:\(port)/",
            "http://INSIDE.example.:\(port)/", "http://[::ffff:127.0.0.2]:\(port)/",
            "http://[::127.0.0.2]:\(port)/", "http://[64:ff9b::7f00:2]:\(port)/",
            "http://[2002:7f00:2::]:\(port)/", "http://0177.0.0.2:\(port)/",
            "http://2130706434:\(port)/", "http://0x7f.2:\(port)/", "http://127.2:\(port)/",
            "http://a@127.0.0.2:\(port)/", "http://169.254.169.254/latest/meta-data/",
            "http://[fd00:ec2::254]/latest/", "http://six.example:\(port)/", "http://0:\(port)/",
            "http://127.0.0.1:\(port)@127.0.0.2:\(port)/", "file:///etc/passwd",
        ] {
            let error = await failure(client, .init(url: "http://127.0.0.1:\(port)/?\(place)"))
            #expect(isForbidden(error), "\(place): \(String(describing: error))")
            // What it resolves to is nobody's business.
            if place.contains("inside") { #expect(error?.description.contains("127.0") == false) }
        }
        #expect(inside.requests.isEmpty)
        #expect(outside.requests.count == 19)
    }

    @Test func `one closed address among a host's addresses closes it`() async throws {
        let server = try #require(RudeHTTPServer { _ in .text("ok") })
        defer { server.stop() }
        let client = try client([
            "mixed.example": [["127.0.0.1", "127.0.0.2"]], "none.example": [[]],
            "mapped.example": [["::ffff:127.0.0.2"]], "good.example": [["127.0.0.1"]],
        ])
        defer { client.close() }
        for host in ["mixed.example", "none.example", "mapped.example"] {
            #expect(
                isForbidden(await failure(client, .init(url: "http://\(host):\(server.port)/"))))
        }
        let url = "http://good.example:\(server.port)/"
        #expect(try await client.send(.init(url: url)).body == Array("ok".utf8))
        #expect(server.requests.count == 1)
        // The server hears the name that it was called by.
        #expect(server.requests[0].contains("Host: good.example:\(server.port)"))
    }

    @Test func `a name that changes its answer is called at the address that was checked`()
        async throws
    {
        let outside = try #require(RudeHTTPServer { _ in .text("outside") })
        defer { outside.stop() }
        let port = outside.port
        let inside = try #require(
            RudeHTTPServer(address: "127.0.0.2", port: port) { _ in .text("inside") })
        defer { inside.stop() }
        let resolver = ToldResolver(["rebind.example": [["127.0.0.1"], ["127.0.0.2"]]])
        let client = try client(resolver: resolver)
        defer { client.close() }
        let url = "http://rebind.example:\(port)/"
        #expect(try await client.send(.init(url: url)).body == Array("outside".utf8))
        #expect(resolver.lookups == 1)
        // The second look-up is another call, and the kept connection does not excuse it.
        #expect(isForbidden(await failure(client, .init(url: url))))
        #expect(inside.requests.isEmpty)
        #expect(outside.requests.count == 1)
    }

    @Test func `a kept connection is used for its own address only`() async throws {
        let first = try #require(RudeHTTPServer { _ in .text("first") })
        defer { first.stop() }
        let third = try #require(
            RudeHTTPServer(address: "127.0.0.3", port: first.port) { _ in .text("third") })
        defer { third.stop() }
        let client = try client(["moves.example": [["127.0.0.1"], ["127.0.0.3"]]])
        defer { client.close() }
        let url = "http://moves.example:\(first.port)/"
        #expect(try await client.send(.init(url: url)).body == Array("first".utf8))
        #expect(try await client.send(.init(url: url)).body == Array("third".utf8))
    }

    @Test func `an address that takes no connection is followed by the next`() async throws {
        let server = try #require(RudeHTTPServer { _ in .text("ok") })
        defer { server.stop() }
        let client = try client(["two.example": [["127.0.0.3", "127.0.0.1"]]])
        defer { client.close() }
        let answer = try await client.send(.init(url: "http://two.example:\(server.port)/"))
        #expect(answer.body == Array("ok".utf8))
        let error = await failure(client, .init(url: "http://127.0.0.3:\(server.port)/"))
        guard case .unreachable(_, let isBeforeSending) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(isBeforeSending)
    }

    @Test func `this machine is closed unless it was opened, by whatever name`() async throws {
        let server = try #require(RudeHTTPServer { _ in .text("ok") })
        defer { server.stop() }
        let resolver = SystemResolver(clock: SystemClock())
        let client = try client(resolver: resolver, opened: [])
        defer { client.close() }
        for host in ["localhost", "LOCALHOST.", "127.0.0.1", "[::1]", "[::]", "0.0.0.0"] {
            let error = await failure(client, .init(url: "http://\(host):\(server.port)/"))
            #expect(isForbidden(error), "\(host): \(String(describing: error))")
        }
        #expect(server.requests.isEmpty)
        let error = await failure(client, .init(url: "http://nothing.invalid/"))
        #expect(error == .unknownHost("nothing.invalid"))
    }

    // MARK: Redirects

    @Test func `redirects end`() async throws {
        let server = try #require(
            RudeHTTPServer { head in
                head.hasPrefix("GET /a") ? .redirect("/b") : .redirect("/a", status: 307)
            })
        defer { server.stop() }
        let client = try client()
        defer { client.close() }
        #expect(isForbidden(await failure(client, .init(url: "http://127.0.0.1:\(server.port)/a"))))
        #expect(server.requests.count == OutgoingHTTP.redirectLimit + 1)
        // Who does not want them gets the answer.
        let answer = try await client.send(
            .init(url: "http://127.0.0.1:\(server.port)/a", followsRedirects: false))
        #expect(answer.status == 302)
        #expect(answer.body == Array("moved".utf8))
    }

    @Test func `another host hears no credentials`() async throws {
        let third = try #require(
            RudeHTTPServer(address: "127.0.0.3") { _ in .text("third") })
        defer { third.stop() }
        let place = "http://127.0.0.3:\(third.port)/there"
        let first = try #require(
            RudeHTTPServer { head in
                head.contains("/here") ? .redirect("/again") : .redirect(place)
            })
        defer { first.stop() }
        let client = try client()
        defer { client.close() }
        let answer = try await client.send(
            .init(
                url: "http://127.0.0.1:\(first.port)/here",
                headers: [
                    .init("Authorization", "Bearer abc"), .init("X-Key", "abc", isSecret: true),
                    .init("X-Plain", "def"),
                ]))
        #expect(answer.body == Array("third".utf8))
        #expect(first.requests.count == 2)
        #expect(first.requests.allSatisfy { $0.contains("Authorization: Bearer abc") })
        #expect(third.requests.count == 1)
        #expect(third.requests[0].contains("X-Plain: def"))
        #expect(!third.requests[0].contains("abc"))
    }

    // MARK: Limits

    private func failure(_ reply: RudeHTTPServer.Reply) async throws -> OutgoingError? {
        let server = try #require(RudeHTTPServer { _ in reply })
        defer { server.stop() }
        let client = try client()
        defer { client.close() }
        return await failure(
            client, .init(url: "http://127.0.0.1:\(server.port)/", responseLimit: 1 << 20))
    }

    @Test(arguments: [
        RudeHTTPServer.Reply(
            "HTTP/1.1 200 OK\r\n\r\n", endless: [UInt8](repeating: 65, count: 65536)),
        .init(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            endless: Array("4\r\nAAAA\r\n".utf8)),
        .init(
            "HTTP/1.1 302 X\r\nLocation: /\r\n\r\n", endless: [UInt8](repeating: 65, count: 65536)),
        .init("HTTP/1.1 200 OK\r\n", endless: Array("X-More: 0123456789\r\n".utf8)),
        .init("", endless: Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)),
    ]) func `what has no end is cut off at its limit`(_ reply: RudeHTTPServer.Reply) async throws {
        let error = try await failure(reply)
        #expect(isUnfit(error), "\(String(describing: error))")
    }

    /// These libcurl ends itself.
    @Test(arguments: [
        RudeHTTPServer.Reply(
            "HTTP/1.1 200 OK\r\nX-Long: ", endless: Array("0123456789".utf8)),
        .init(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
            endless: Array("X-T: 01\r\n".utf8)),
        .init("", endless: Array("SSH-2.0-OpenSSH\r\n".utf8)),
    ]) func `what is no answer and has no end is cut off`(_ reply: RudeHTTPServer.Reply)
        async throws
    {
        let error = try await failure(reply)
        #expect(error != nil)
        #expect(error != .timeout("127.0.0.1 did not answer in time"))
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nA", "HTTP/1.1 200 OK\r\nX-More: ", "",
    ]) func `who says nothing more is not waited for`(_ head: String) async throws {
        let server = try #require(RudeHTTPServer { _ in .init(head) })
        defer { server.stop() }
        let client = try client(timeout: .milliseconds(150))
        defer { client.close() }
        let error = await failure(client, .init(url: "http://127.0.0.1:\(server.port)/"))
        #expect(error == .timeout("127.0.0.1 did not answer in time"))
    }

    @Test func `compressed answers are not unpacked`() async throws {
        let server = try #require(
            RudeHTTPServer { _ in .text("bomb", headers: "Content-Encoding: gzip, gzip\r\n") })
        defer { server.stop() }
        let client = try client()
        defer { client.close() }
        #expect(isUnfit(await failure(client, .init(url: "http://127.0.0.1:\(server.port)/"))))
        #expect(!server.requests[0].lowercased().contains("accept-encoding"))
    }

    @Test func `what would break the request is refused before it`() async throws {
        let client = try client()
        defer { client.close() }
        for request in [
            OutgoingRequest(method: "CONNECT", url: "http://127.0.0.1/"),
            .init(method: "GET /x HTTP/1.1\r\nA: b", url: "http://127.0.0.1/"),
            .init(url: "http://127.0.0.1/", headers: [.init("A", "b\r\nC: d")]),
            .init(url: "http://127.0.0.1/", headers: [.init("A\r\nC", "b")]),
            .init(url: "http://127.0.0.1/", headers: [.init("Host", "inside")]),
            .init(url: "http://127.0.0.1/", headers: [.init("Transfer-Encoding", "chunked")]),
            .init(url: "http://127.0.0.1/", headers: [.init("content-length", "0")]),
            .init(
                url: "http://127.0.0.1/",
                headers: Array(repeating: .init("A", "b"), count: 101)),
            .init(
                url: "http://127.0.0.1/",
                body: [UInt8](repeating: 0, count: OutgoingRequest.bodyLimit + 1)),
        ] {
            guard case .invalid = await failure(client, request) else {
                Issue.record("\(request.method) \(request.headers) was sent")
                continue
            }
        }
    }

    @Test func `a cancelled call ends at once`() async throws {
        let server = try #require(RudeHTTPServer { _ in .init("") })
        defer { server.stop() }
        let client = try client()
        defer { client.close() }
        let task = Task { await failure(client, .init(url: "http://127.0.0.1:\(server.port)/")) }
        try await eventually("the request arrives") { server.requests.count == 1 }
        task.cancel()
        #expect(await task.value == .interrupted)
    }

    // MARK: TLS

    @Test func `certificates are checked against the host's name`() async throws {
        let folder = TemporaryFolder()
        let (key, certificate) = (folder.path + "/key.pem", folder.path + "/cert.pem")
        let openssl = "/usr/bin/openssl"
        let made = try ChildProcess(
            openssl,
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out",
                certificate, "-days", "2", "-subj", "/CN=good.example", "-addext",
                "subjectAltName=DNS:good.example",
            ], output: folder.path + "/req")
        #expect(try await made.waitForExit() == 0)
        let port = FreePort.take()
        let server = try ChildProcess(
            openssl,
            [
                "s_server", "-accept", "127.0.0.1:\(port)", "-key", key, "-cert", certificate,
                "-www",
            ],
            output: folder.path + "/server")
        defer { server.kill(9) }
        let names = ["good.example": [["127.0.0.1"]], "other.example": [["127.0.0.1"]]]
        let trusting = try client(names, authorities: certificate)
        let plain = try client(names)
        defer {
            trusting.close()
            plain.close()
        }
        func isInsecure(_ client: OutgoingHTTP, _ host: String) async -> Bool {
            let error = await failure(client, .init(url: "https://\(host):\(port)/"))
            if case .insecure = error { return true }
            return false
        }
        try await eventually("the server answers") {
            await failure(trusting, .init(url: "https://good.example:\(port)/")) == nil
        }
        #expect(await isInsecure(trusting, "other.example"))
        #expect(await isInsecure(trusting, "127.0.0.1"))
        #expect(await isInsecure(plain, "good.example"))
    }
}
