import CLinux
import Glibc
import ServiceRuntime

/// The connections of a client on one loop; confined to it.
final class ClientPool: @unchecked Sendable {
    let loop: EventLoop
    let blocks = BlockPool(size: ClientConnection.limits.head + 1)
    /// `host:port` for the field `Host`.
    let authority: String
    /// Where heads are built; whoever uses it does so without a pause.
    var writer = HeadWriter()
    private let host: String
    private let port: Int
    private let limit: Int
    private var idle: [ClientConnection] = []
    private var count = 0
    private var waiters: [Waiter] = []
    private var isClosed = false
    private var addresses: ClientAddresses
    private let lookUp: LookUp

    /// What finds the addresses of a name; it may block.
    typealias LookUp = @Sendable (_ name: String, _ port: Int) throws -> [SocketAddress]
    /// A connection to a name is made anew after it, so that a copy that comes gets its share.
    private static let lifeTime: UInt64 = 60_000_000_000
    /// Less than a server's, so that it is us who close.
    private static let idleTime: UInt64 = 50_000_000_000
    /// Names are resolved off the loops.
    private static let resolver = ThreadExecutor(name: "resolver")

    /// A connection; nil for one that is to be made.
    private typealias Taken = Result<ClientConnection?, HTTPClient.Failure>

    /// Somebody who waits for a connection.
    private final class Waiter {
        var continuation: UnsafeContinuation<Taken, Never>?
    }

    init(
        loop: EventLoop, host: String, port: Int, limit: Int, start: Int, lookUp: @escaping LookUp
    ) {
        self.loop = loop
        addresses = ClientAddresses(start: start)
        self.lookUp = lookUp
        self.host = host
        self.port = port
        self.limit = max(1, limit)
        authority = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// A connection, and whether it was used before.
    func take(until deadline: UInt64) async throws -> (ClientConnection, isReused: Bool) {
        if let connection = idle.popLast() {
            connection.leaveIdle()
            return (connection, true)
        }
        if count >= limit {
            if let connection = try await wait(until: deadline).get() { return (connection, true) }
        } else {
            count += 1
        }
        do {
            return (try await connect(until: deadline), false)
        } catch {
            freePlace()
            throw error
        }
    }

    private func wait(until deadline: UInt64) async -> Taken {
        let waiter = Waiter()
        let timer = LoopTimer { [unowned self, unowned waiter] in
            waiters.removeAll { $0 === waiter }
            waiter.continuation?.resume(returning: .failure(.notConnected("all are in use")))
        }
        let result = await withUnsafeContinuation {
            (continuation: UnsafeContinuation<Taken, Never>) in
            // Looked at here, since any call may be a pause in which a place became free.
            if let connection = idle.popLast() {
                connection.leaveIdle()
                return continuation.resume(returning: .success(connection))
            }
            if count < limit {
                count += 1
                return continuation.resume(returning: .success(nil))
            }
            waiter.continuation = continuation
            waiters.append(waiter)
            loop.set(timer, at: deadline)
        }
        loop.remove(timer)
        return result
    }

    /// Takes back a connection that can be used again.
    func give(_ connection: ClientConnection) {
        if isClosed || !connection.isUsable || connection.isOld(at: loop.now) {
            discard(connection)
        } else if !waiters.isEmpty {
            waiters.removeFirst().continuation?.resume(returning: .success(connection))
        } else {
            idle.append(connection)
            connection.enterIdle(until: loop.now + ClientPool.idleTime)
        }
    }

    /// Closes a connection that cannot be used again.
    func discard(_ connection: ClientConnection) {
        guard connection.close() else { return }
        freePlace()
    }

    private func freePlace() {
        // Its place goes to who waits first.
        if waiters.isEmpty {
            count -= 1
        } else {
            waiters.removeFirst().continuation?.resume(returning: .success(nil))
        }
    }

    /// The peer closed it, or it was idle for too long.
    func dropIdle(_ connection: ClientConnection) {
        idle.removeAll { $0 === connection }
        discard(connection)
    }

    func dropIdle() {
        let idle = idle
        self.idle = []
        for connection in idle { discard(connection) }
    }

    func close() {
        isClosed = true
        dropIdle()
    }

    // MARK: Connecting

    private func connect(until deadline: UInt64) async throws -> ClientConnection {
        do {
            var failure = HTTPClient.Failure.notConnected("\(authority): no address")
            let (found, end) = try await resolve()
            let ordered = addresses.ordered(found, now: loop.now)
            for (index, address) in ordered.enumerated() {
                // One that says nothing leaves time for the others.
                let isLast = index == ordered.count - 1
                let patience = isLast ? deadline : loop.now + ClientAddresses.patience
                do {
                    let socket = try await connect(to: address, min(deadline, patience))
                    return ClientConnection(socket, pool: self, end: end)
                } catch let error as HTTPClient.Failure {
                    addresses.failed(address, now: loop.now)
                    failure = error
                }
            }
            throw failure
        } catch let failure as HTTPClient.Failure {
            throw failure
        } catch {
            throw HTTPClient.Failure.notConnected("\(authority): \(error)")
        }
    }

    private func connect(to address: SocketAddress, _ deadline: UInt64) async throws -> Socket {
        let file = try address.makeSocket()
        setOption(file, Int32(IPPROTO_TCP), TCP_NODELAY)
        do {
            try address.connect(file)
        } catch {
            Glibc.close(file)
            throw HTTPClient.Failure.notConnected("\(authority): \(error)")
        }
        let socket = try Socket(file, loop: loop, pool: blocks, isConnecting: true)
        let isInTime = await socket.waitToWrite(until: deadline)
        if let reason = isInTime ? socket.connectFailure : "no connection in time" {
            socket.close()
            throw HTTPClient.Failure.notConnected("\(authority): \(reason)")
        }
        return socket
    }

    /// The addresses, and when a connection to them is made anew.
    private func resolve() async throws -> ([SocketAddress], end: UInt64) {
        if let address = try? SocketAddress.resolve(host, port, isNumeric: true) {
            return (address, end: .max)
        }
        let (host, port, lookUp) = (host, port, lookUp)
        let found = try await ClientPool.resolver.run { try lookUp(host, port) }
        return (found, end: loop.now + ClientPool.lifeTime)
    }
}
