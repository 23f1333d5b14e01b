import Glibc
import ServiceRuntime
import Synchronization

/// Every limit of a server, named.
public struct HTTPServerConfiguration: Sendable {
    public var address = "127.0.0.1"
    /// 0 takes any free port.
    public var port = 0
    public var headLimit = 16 << 10
    public var targetLimit = 8 << 10
    public var headerCountLimit = 100
    /// For bodies whose route says nothing.
    public var bodyLimit = 64 << 20
    public var headTimeout = Duration.seconds(10)
    /// Between two pieces of a body, and without progress of an answer to a slow reader.
    public var bodyTimeout = Duration.seconds(30)
    public var idleTimeout = Duration.seconds(75)
    /// For how long an idle connection must have been idle before it is closed since the server
    /// ends: a request may be on its way to it, the likelier the sooner after the last. So much the
    /// end of a server may take at least.
    public var drainGrace = Duration.milliseconds(250)
    public var connectionLimit = 10_000
    public init() {}
}

/// Why a server does not start.
public enum HTTPServerError: Error, Sendable, CustomStringConvertible {
    /// What `check()` found.
    case routes([String])
    case address(String, port: Int, reason: String)

    public var description: String {
        switch self {
        case .routes(let problems): "the routes are not right: \(problems.joined(separator: "; "))"
        case .address(let address, let port, let reason):
            "cannot listen on \(address), port \(port): \(reason)"
        }
    }
}

/// An HTTP/1.1 server on the event loops (RFC 9110, 9112).
public final class HTTPServer: Service {
    public let name: String
    private let configuration: HTTPServerConfiguration
    private let runtime: Runtime
    private let problems: [String]
    private let respond: @Sendable (Request) async -> Response
    private let state = Mutex(State())

    private struct State {
        var port: Int?
        var members: [ServerLoop] = []
        var running = 0
        /// Members that accept connections.
        var accepting = 0
        var isShutDown = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    public init(
        name: String, configuration: HTTPServerConfiguration, runtime: Runtime,
        respond: @escaping @Sendable (Request) async -> Response
    ) {
        self.name = name
        self.configuration = configuration
        self.runtime = runtime
        self.respond = respond
        problems = []
    }

    /// A server of these routes; it does not bind while `routes.check()` finds something.
    public init(
        name: String, configuration: HTTPServerConfiguration, runtime: Runtime,
        routes: some Routes
    ) {
        self.name = name
        self.configuration = configuration
        self.runtime = runtime
        respond = { await routes.respond(to: $0) }
        problems = routes.check()
    }

    /// Binds and listens; answers the port. `run()` calls it where it was not called before.
    public func bind() throws -> Int {
        guard problems.isEmpty else { throw HTTPServerError.routes(problems) }
        return try state.withLock { state in
            if let port = state.port { return port }
            let (listeners, port) = try listen()
            let count = ConnectionCount(limit: configuration.connectionLimit)
            state.members = zip(runtime.loops.loops, listeners).map { loop, listener in
                ServerLoop(
                    loop, listener: listener, configuration: configuration, runtime: runtime,
                    count: count, respond: respond,
                    closed: { [weak self] in self?.memberClosed() },
                    ended: { [weak self] in self?.memberEnded() })
            }
            state.running = state.members.count
            state.accepting = state.members.count
            state.port = port
            return port
        }
    }

    /// One listener for each loop, over which the kernel spreads the connections.
    private func listen() throws -> ([Int32], Int) {
        var (address, port) = (configuration.address, configuration.port)
        var listeners: [Int32] = []
        do {
            // First without SO_REUSEPORT, so that a port which another process serves is refused.
            let probe = try HTTPServer.bound(address, port, isShared: false)
            port = try SocketAddress.port(of: probe)
            close(probe)
            for _ in runtime.loops.loops {
                listeners.append(try HTTPServer.bound(address, port, isShared: true))
            }
            for listener in listeners {
                guard Glibc.listen(listener, HTTPServer.backlog) == 0 else {
                    throw SystemError("listen")
                }
            }
            return (listeners, port)
        } catch {
            for listener in listeners { close(listener) }
            throw HTTPServerError.address(
                configuration.address, port: configuration.port, reason: "\(error)")
        }
    }

    private static let backlog: Int32 = 1024

    private static func bound(_ host: String, _ port: Int, isShared: Bool) throws -> Int32 {
        guard let address = try SocketAddress.resolve(host, port, isNumeric: false).first else {
            throw AddressError(host: host, reason: "it has none")
        }
        let file = try address.makeSocket()
        setOption(file, SOL_SOCKET, SO_REUSEADDR)
        if isShared { setOption(file, SOL_SOCKET, SO_REUSEPORT) }
        do {
            try address.bind(file)
        } catch {
            close(file)
            throw error
        }
        return file
    }

    public func run() async throws {
        _ = try bind()
        let members = state.withLock { $0.isShutDown ? [] : $0.members }
        for member in members { member.loop.execute { member.start() } }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.running == 0 { return true }
                    state.waiter = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            for member in state.withLock(\.members) { member.loop.execute { member.abort() } }
        }
    }

    /// Stops accepting. What still comes on open connections is answered, with `Connection: close`;
    /// those on which nothing comes are closed after `drainGrace`.
    public func shutdown() async {
        let members = state.withLock { state in
            state.isShutDown = true
            return state.members
        }
        for member in members { member.loop.execute { member.stopAccepting() } }
    }

    /// Whoever is told to close a connection makes a new one, which must find no door that is about
    /// to be shut: that would take the request and lose it.
    private func memberClosed() {
        let members = state.withLock { state in
            state.accepting -= 1
            return state.accepting == 0 ? state.members : []
        }
        for member in members { member.loop.execute { member.drain() } }
    }

    private func memberEnded() {
        let waiter = state.withLock { state in
            state.running -= 1
            guard state.running == 0 else { return nil as CheckedContinuation<Void, Never>? }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}

/// The connections of a server over all its loops.
final class ConnectionCount: Sendable {
    private let open = Atomic<Int>(0)
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// False where there are too many; call `remove()` all the same.
    func add() -> Bool { open.wrappingAdd(1, ordering: .relaxed).newValue <= limit }

    func remove() { open.wrappingSubtract(1, ordering: .relaxed) }

    var value: Int { open.load(ordering: .relaxed) }
}
