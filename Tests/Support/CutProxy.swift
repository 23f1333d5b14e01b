import CLinux
import Glibc
import Synchronization

/// A port of loopback in front of others, whose connections a test cuts or holds up. A new one goes
/// to the targets in turn, and to the next where one refuses.
public final class CutProxy: Sendable {
    public enum Mode: Sendable {
        case open
        /// Who is in is thrown out, and nobody gets in.
        case cut
        /// Nothing comes through, and nobody is told.
        case held
    }

    private struct State {
        var mode = Mode.open
        var sockets: Set<Int32> = []
        var next = 0
    }

    public let port: Int
    private let targets: [Int]
    private let listener: Int32
    private let state = Mutex(State())
    /// How long a connection looks at nothing but its sockets, in milliseconds.
    private static let look: Int32 = 50

    public init(to targets: [Int]) throws {
        self.targets = targets
        guard let (port, listener) = CutProxy.listening() else { throw SocketServer.NoSocket() }
        self.port = port
        self.listener = listener
        SocketServer.inThread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                if client >= 0 {
                    SocketServer.inThread { [self] in serve(client) }
                } else if errno != EINTR && errno != ECONNABORTED {
                    return
                }
            }
        }
    }

    /// A program that is just being started holds for a moment what its parent held, among that a
    /// port that was tried.
    private static func listening() -> (Int, Int32)? {
        for _ in 0..<attempts {
            let port = FreePort.take()
            let listener = socket(port) { place, size, socket in
                var on: Int32 = 1
                setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, 4)
                return bind(socket, place, size) == 0 && listen(socket, 256) == 0
            }
            if let listener { return (port, listener) }
        }
        return nil
    }

    private static let attempts = 20

    public var mode: Mode { state.withLock(\.mode) }

    public func set(_ mode: Mode) {
        state.withLock { state in
            state.mode = mode
            guard mode == .cut else { return }
            for socket in state.sockets { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    /// For good.
    public func stop() {
        set(.cut)
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private func serve(_ client: Int32) {
        defer { close(client) }
        while mode == .held { usleep(UInt32(CutProxy.look) * 1000) }
        guard mode == .open, let server = connected() else { return }
        defer { close(server) }
        state.withLock { $0.sockets.formUnion([client, server]) }
        // Whoever cuts holds the lock: it finds only sockets that are open.
        defer { state.withLock { $0.sockets.subtract([client, server]) } }
        pump(client, server)
    }

    private func pump(_ client: Int32, _ server: Int32) {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            var places = [client, server].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            let count = poll(&places, 2, CutProxy.look)
            switch mode {
            case .cut: return
            case .held:
                usleep(UInt32(CutProxy.look) * 1000)
                continue
            case .open: break
            }
            guard count > 0 else { continue }
            for (place, other) in [(places[0], server), (places[1], client)]
            where place.revents != 0 {
                let got = read(place.fd, &buffer, buffer.count)
                guard got > 0, CutProxy.put(buffer[..<got], to: other) else { return }
            }
        }
    }

    private static func put(_ bytes: ArraySlice<UInt8>, to socket: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }

    private func connected() -> Int32? {
        let first = state.withLock { state in
            state.next += 1
            return state.next
        }
        for step in 0..<targets.count {
            let port = targets[(first + step) % targets.count]
            if let socket = CutProxy.socket(port, { connect($2, $0, $1) == 0 }) { return socket }
        }
        return nil
    }

    /// A socket of loopback that `use` has bound or connected.
    private static func socket(
        _ port: Int, _ use: (UnsafePointer<sockaddr>, socklen_t, Int32) -> Bool
    ) -> Int32? {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let socket = Glibc.socket(AF_INET, kind, 0)
        guard socket >= 0 else { return nil }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var on: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
        let isUsed = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                use($0, socklen_t(MemoryLayout<sockaddr_in>.size), socket)
            }
        }
        guard isUsed else {
            close(socket)
            return nil
        }
        return socket
    }
}
