import ServiceRuntime

/// A request to another service.
public struct ClientRequest: Sendable {
    public var method: Method
    /// Path and query.
    public var target: String
    public var headers: Headers
    public var body: RequestBody
    /// For the whole exchange up to the head of the answer; then between two pieces of its body.
    public var timeout: Duration

    public init(
        method: Method, target: String, headers: Headers = [:], body: RequestBody = .empty,
        timeout: Duration = .seconds(30)
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.timeout = timeout
    }

    /// Whether its body can be sent once more.
    var isWhole: Bool { if case .bytes = body.storage { true } else { false } }

    /// Whether sending it twice does no more than once: by its method, or by an `Idempotency-Key`.
    var isReplayable: Bool {
        guard isWhole else { return false }
        return switch method {
        case .get, .head, .put, .delete, .options, .trace, .query: true
        case .post, .patch: headers["Idempotency-Key"] != nil
        }
    }
}

/// Its answer; the body is read as it comes.
public struct ClientResponse: Sendable {
    public var status: Int
    public var headers: Headers
    public var body: RequestBody

    public init(status: Int, headers: Headers, body: RequestBody) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// How a request gets to a server: over a socket, or straight into another router in tests.
public protocol Transport: Sendable {
    func send(_ request: ClientRequest) async throws -> ClientResponse
}

/// Keep-alive connections to one server, a pool per event loop. A call from a loop uses that loop's
/// connections and never leaves its thread. Callers beyond the limit wait in order. Where the name
/// has several addresses, connections are spread over them, and one that fails is passed over.
public final class HTTPClient: Transport {
    public enum Failure: Error, Sendable {
        /// Nothing was sent: safe to try again.
        case notConnected(String)
        /// Sent, perhaps handled, no answer.
        case noAnswer(String)
        case timeout
    }

    private let loops: EventLoopGroup
    private let pools: [ClientPool]

    /// `connectionLimit` per loop.
    public convenience init(
        host: String, port: Int, runtime: Runtime, connectionLimit: Int = 64
    ) {
        self.init(host: host, port: port, runtime: runtime, connectionLimit: connectionLimit) {
            try SocketAddress.resolve($0, $1, isNumeric: false)
        }
    }

    init(
        host: String, port: Int, runtime: Runtime, connectionLimit: Int = 64,
        lookUp: @escaping ClientPool.LookUp
    ) {
        loops = runtime.loops
        let start = Int(runtime.random.bytes(1)[0])
        pools = runtime.loops.loops.map {
            ClientPool(
                loop: $0, host: host, port: port, limit: connectionLimit, start: start + $0.index,
                lookUp: lookUp)
        }
    }

    deinit { close() }

    public func send(_ request: ClientRequest) async throws -> ClientResponse {
        let loop = loops.next()
        let pool = pools[loop.index]
        if loop.isCurrent { return try await HTTPClient.send(request, over: pool) }
        return try await withTaskExecutorPreference(loop) {
            try await HTTPClient.send(request, over: pool)
        }
    }

    /// Closes idle connections; those in use close when they are done.
    public func close() {
        for pool in pools { pool.loop.execute { pool.close() } }
    }

    private static func send(
        _ request: ClientRequest, over pool: ClientPool
    ) async throws -> ClientResponse {
        let deadline = EventLoop.monotonicNow() + max(request.timeout, .zero).nanoseconds
        var mayRetry = request.isReplayable
        while true {
            let (connection, isReused) = try await pool.take(until: deadline)
            let exchange = connection.exchanges
            do {
                return try await withTaskCancellationHandler {
                    try await connection.exchange(request, until: deadline)
                } onCancel: {
                    pool.loop.execute { connection.breakOff(exchange) }
                }
            } catch ClientConnection.Broken.untaken {
                // Closed by the peer while the request was on its way. One that closes as soon as
                // it stands is none: a balancer without anybody behind it does so.
                guard isReused, !Task.isCancelled else {
                    throw Failure.noAnswer("the connection was closed without an answer")
                }
                pool.dropIdle()
            } catch ClientConnection.Broken.unanswered(let reason) {
                // Likely closed by the peer just now, and so are the others that were idle.
                guard isReused, mayRetry, !Task.isCancelled else {
                    throw Failure.noAnswer(reason)
                }
                mayRetry = false
                pool.dropIdle()
            }
        }
    }
}
