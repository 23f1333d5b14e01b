import CLinux
import Glibc
import HTTP
import ServiceRuntime
import TestSupport

/// A server that runs for one test, with a client to it.
final class RunningServer: Sendable {
    let server: HTTPServer
    let port: Int
    let client: HTTPClient
    private let task: Task<Void, any Error>

    init(
        _ configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
        runtime: Runtime = TestRuntime.make(), connectionLimit: Int = 64,
        respond: @escaping @Sendable (Request) async -> Response
    ) throws {
        let server = HTTPServer(
            name: "test", configuration: configuration, runtime: runtime, respond: respond)
        self.server = server
        port = try server.bind()
        client = HTTPClient(
            host: "127.0.0.1", port: port, runtime: runtime, connectionLimit: connectionLimit)
        task = Task { try await server.run() }
    }

    /// Ends it gracefully and waits for its end.
    func stop() async throws {
        client.close()
        await server.shutdown()
        try await task.value
    }

    func get(_ target: String, headers: Headers = [:]) async throws -> (Int, String) {
        let response = try await client.send(
            ClientRequest(method: .get, target: target, headers: headers))
        return (response.status, try await text(response))
    }

    func text(_ response: ClientResponse) async throws -> String {
        String(decoding: try await response.body.collect(limit: 64 << 20), as: UTF8.self)
    }
}

/// A blocking socket on a thread of its own, to say to a server what no client would.
final class RawConnection: Sendable {
    private let file: Int32
    private let thread = ThreadExecutor(name: "raw")

    init(port: Int, receiveBuffer: Int32? = nil) throws {
        file = try RawConnection.connect(port: port, receiveBuffer: receiveBuffer)
        // A test that waits for ever says nothing.
        geartrain_receive_timeout(file, 20)
    }

    /// A connected socket.
    static func connect(port: Int, receiveBuffer: Int32? = nil) throws -> Int32 {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard file >= 0 else { throw SystemError("socket") }
        if var size = receiveBuffer { setsockopt(file, SOL_SOCKET, SO_RCVBUF, &size, 4) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else {
            let error = SystemError("connect")
            close(file)
            throw error
        }
        return file
    }

    deinit {
        thread.stop()
        close(file)
    }

    /// False where the peer has closed.
    @discardableResult
    func send(_ bytes: [UInt8]) async throws -> Bool {
        let file = file
        return try await thread.run {
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    Glibc.send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }

    @discardableResult
    func send(_ text: String) async throws -> Bool { try await send(Array(text.utf8)) }

    /// Tells the server that nothing more comes.
    func endOutput() { shutdown(file, Int32(SHUT_WR)) }

    /// Up to `count` bytes; empty at the end of the stream. Throws on a reset or after 20 s.
    func receive(_ count: Int = 64 << 10) async throws -> [UInt8] {
        let file = file
        return try await thread.run {
            var result = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, size in
                result = recv(file, buffer.baseAddress, count, 0)
                size = max(0, result)
            }
            guard result >= 0 else { throw SystemError("recv") }
            return bytes
        }
    }

    /// Everything until the server closes.
    func receiveAll() async throws -> String {
        var all: [UInt8] = []
        while true {
            let piece = try await receive()
            guard !piece.isEmpty else { return String(decoding: all, as: UTF8.self) }
            all += piece
        }
    }

    /// Until `end` has come.
    func receive(until end: String) async throws -> String {
        var text = ""
        while !text.contains(end) {
            let piece = try await receive()
            guard !piece.isEmpty else { throw UnexpectedEnd(text: text) }
            text += String(decoding: piece, as: UTF8.self)
        }
        return text
    }
}

struct UnexpectedEnd: Error {
    let text: String
}
