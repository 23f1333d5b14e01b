import CLinux
import Glibc
import ServiceRuntime
import Synchronization

/// An HTTP server that sends what no decent one sends: bytes as they are told, once or without an
/// end. It says nothing after them and holds the connection until the peer goes.
public final class RudeHTTPServer: Sendable {
    public struct Reply: Sendable {
        var head: [UInt8]
        var endless: [UInt8]

        /// `head`, `bytes`, then `endless` again and again as long as the peer takes it.
        public init(_ head: String, bytes: [UInt8] = [], endless: [UInt8] = []) {
            self.head = Array(head.utf8) + bytes
            self.endless = endless
        }

        public static func text(_ text: String, status: Int = 200, headers: String = "") -> Reply {
            Reply(
                "HTTP/1.1 \(status) X\r\nContent-Length: \(text.utf8.count)\r\n\(headers)\r\n\(text)"
            )
        }

        public static func redirect(_ place: String, status: Int = 302) -> Reply {
            text("moved", status: status, headers: "Location: \(place)\r\n")
        }
    }

    public let port: Int
    private let listener: Int32
    private let heads = Mutex<[String]>([])
    private let isStopped = Atomic<Bool>(false)
    private let sockets = Mutex<Set<Int32>>([])

    /// Listens on `address` (of 127.0.0.0/8). A request's head is its first line and its headers.
    public init?(
        address: String = "127.0.0.1", port: Int = 0,
        reply: @escaping @Sendable (String) -> Reply
    ) {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard listener >= 0, let bound = RudeHTTPServer.bind(listener, address, port) else {
            return nil
        }
        self.port = bound
        let thread = ThreadExecutor(name: "rude")
        Task.detached { [self] in
            try? await thread.run { self.accept(reply) }
            thread.stop()
        }
    }

    /// The heads of the requests so far.
    public var requests: [String] { heads.withLock { $0 } }

    /// Ends every connection; no more is accepted.
    public func stop() {
        isStopped.store(true, ordering: .relaxed)
        shutdown(listener, Int32(SHUT_RDWR))
        sockets.withLock { for socket in $0 { shutdown(socket, Int32(SHUT_RDWR)) } }
    }

    private static func bind(_ socket: Int32, _ address: String, _ port: Int) -> Int? {
        var on: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = in_port_t(port).bigEndian
        inet_pton(AF_INET, address, &place.sin_addr)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                Glibc.bind(socket, pointer, size) == 0 && listen(socket, 64) == 0
                    && getsockname(socket, pointer, &size) == 0
            }
        }
        return result ? Int(in_port_t(bigEndian: place.sin_port)) : nil
    }

    private func accept(_ reply: @escaping @Sendable (String) -> Reply) {
        while !isStopped.load(ordering: .relaxed) {
            let connection = Glibc.accept(listener, nil, nil)
            guard connection >= 0 else { break }
            sockets.withLock { _ = $0.insert(connection) }
            let thread = ThreadExecutor(name: "rude-peer")
            Task.detached { [self] in
                try? await thread.run { self.serve(connection, reply) }
                thread.stop()
            }
        }
        close(listener)
    }

    private func serve(_ connection: Int32, _ reply: (String) -> Reply) {
        defer {
            sockets.withLock { _ = $0.remove(connection) }
            close(connection)
        }
        var pending: [UInt8] = []
        while true {
            let text = String(decoding: pending, as: UTF8.self)
            if let end = text.firstRange(of: "\r\n\r\n") {
                let head = String(text[..<end.lowerBound])
                pending = Array(text[end.upperBound...].utf8)
                heads.withLock { $0.append(head) }
                let answer = reply(head)
                guard send(answer.head, to: connection) else { return }
                while !answer.endless.isEmpty {
                    guard send(answer.endless, to: connection) else { return }
                }
                continue
            }
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            let count = read(connection, &buffer, buffer.count)
            guard count > 0 else { return }
            pending += buffer[..<count]
        }
    }

    private func send(_ bytes: [UInt8], to connection: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}
