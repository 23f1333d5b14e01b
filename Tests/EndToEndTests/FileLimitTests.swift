import TestSupport
import Testing

@Suite struct `Out of file descriptors` {
    /// What the service may have open; its databases, loops and listeners need about half.
    static let limit = 64

    private func answers(_ client: LineClient?) -> Bool {
        client?.send("GET /livez HTTP/1.1\r\nHost: test\r\n\r\n")
        guard client?.line() == "HTTP/1.1 200 OK" else { return false }
        while let line = client?.line() {
            // The last line of the answer is its body.
            if line == "ok" { return true }
        }
        return false
    }

    @Test func `a service goes on with the connections it has, and takes new ones when some end`()
        async throws
    {
        let folder = TemporaryFolder()
        let port = FreePort.take(1)[0]
        let service = try ChildProcess(
            "/bin/sh",
            ["-c", "ulimit -n \(Self.limit) && exec \(ChildProcess.product("batch"))"],
            environment: [
                "BATCH_PORT": "\(port)", "GEARTRAIN_DATA": folder.path + "/data",
                "RPC_KEY": "a key of a test, as long as thirty-two bytes or more",
            ], output: folder.path + "/log")
        try await eventually("the service") { self.answers(LineClient(port: port)) }
        var held: [LineClient] = []
        var refused = 0
        // Who is not served is turned away or waits to be accepted; its silence tells.
        while refused < 3, held.count < Self.limit {
            let client = LineClient(port: port, seconds: 4)
            if answers(client), let client { held.append(client) } else { refused += 1 }
        }
        #expect(refused == 3, "the limit was not met: \(held.count) served")
        #expect(!held.isEmpty)
        for client in held { #expect(answers(client)) }
        held.removeAll()
        try await eventually("new connections") { self.answers(LineClient(port: port)) }
        #expect(!service.hasEnded, "\(service.output)")
    }
}
