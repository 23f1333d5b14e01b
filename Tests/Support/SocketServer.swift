import CLinux
import Glibc
import Synchronization

/// A server for tests that must say what no honest server says: a loopback port, and a thread for
/// each connection.
public final class SocketServer: Sendable {
    /// One connection, on its thread.
    public final class Connection {
        private let descriptor: Int32
        private var pending: [UInt8] = []
        private var taken = 0
        /// The connection was taken up as number so and so, from 1.
        public let number: Int

        fileprivate init(_ descriptor: Int32, number: Int) {
            self.descriptor = descriptor
            self.number = number
        }

        /// The next line without its end; nil at the end of the stream.
        public func line() -> String? {
            while true {
                if let end = pending[taken...].firstIndex(of: 10) {
                    let line = pending[taken..<end]
                    taken = end + 1
                    return String(
                        decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
                }
                guard fill() else { return nil }
            }
        }

        /// So many bytes; nil at the end of the stream.
        public func bytes(_ count: Int) -> [UInt8]? {
            while pending.count - taken < count { guard fill() else { return nil } }
            defer { taken += count }
            return Array(pending[taken..<(taken + count)])
        }

        private func fill() -> Bool {
            pending.removeFirst(taken)
            taken = 0
            var buffer = [UInt8](repeating: 0, count: 65536)
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return false }
            pending += buffer[..<count]
            return true
        }

        /// Answers whether the other side is still there.
        @discardableResult public func put(_ bytes: [UInt8]) -> Bool {
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }

        @discardableResult public func put(_ text: String) -> Bool { put(Array(text.utf8)) }

        public enum Poll { case nothing, bytes, end }

        /// Whether there is something to read, within so long.
        public func poll(milliseconds: Int32) -> Poll {
            guard taken == pending.count else { return .bytes }
            var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard Glibc.poll(&item, 1, milliseconds) > 0 else { return .nothing }
            return fill() ? .bytes : .end
        }

        /// Returns when there is something to read, and leaves it there.
        public func waitForMore() {
            var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            while Glibc.poll(&item, 1, -1) < 0 {}
        }

        /// Says nothing until the other side goes.
        public func hang() { while fill() { taken = pending.count } }
    }

    private struct State {
        var open: Set<Int32> = []
        var count = 0
        var most = 0
        var isClosed = false
    }

    public let port: Int
    private let listener: Int32
    private let state = Mutex(State())

    /// `serve` has a connection until it returns.
    public init(_ serve: @escaping @Sendable (Connection) -> Void) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard result else { throw NoSocket() }
        port = Int(in_port_t(bigEndian: address.sin_port))
        SocketServer.inThread { [self] in
            while case let client = accept(descriptor, nil, nil), client >= 0 {
                guard let number = take(client) else {
                    close(client)
                    return
                }
                SocketServer.inThread { [self] in
                    serve(Connection(client, number: number))
                    state.withLock { _ = $0.open.remove(client) }
                    close(client)
                }
            }
        }
    }

    public struct NoSocket: Error {}

    /// Connections so far.
    public var connections: Int { state.withLock(\.count) }
    /// Those that are open.
    public var open: Int { state.withLock(\.open.count) }

    /// The most that were open together.
    public var most: Int { state.withLock(\.most) }

    private func take(_ client: Int32) -> Int? {
        state.withLock { state in
            guard !state.isClosed else { return nil }
            state.open.insert(client)
            state.count += 1
            state.most = max(state.most, state.open.count)
            return state.count
        }
    }

    /// Nobody gets in any more, and who is in is thrown out.
    public func stop() {
        state.withLock { state in
            state.isClosed = true
            for client in state.open { shutdown(client, Int32(SHUT_RDWR)) }
        }
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// Throws everybody out, and lets them in again.
    public func dropConnections() {
        state.withLock { state in
            for client in state.open { shutdown(client, Int32(SHUT_RDWR)) }
        }
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    static func inThread(_ body: @escaping @Sendable () -> Void) {
        let context = Unmanaged.passRetained(Body(body))
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { pointer in
                guard let pointer else { return nil }
                Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        pthread_detach(thread)
    }
}
