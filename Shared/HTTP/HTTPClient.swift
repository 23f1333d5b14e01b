import ServiceRuntime

/// A request to another service.
public struct ClientRequest: Sendable {
    public var method: Method
    /// Path and query.
    public var target: String
    public var headers: Headers
    public var body: RequestBody
    /// For the whole exchange up to the head of the answer.
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

/// Keep-alive connections to one server, a pool per event loop.
public final class HTTPClient: Transport {
    public enum Failure: Error, Sendable {
        /// Nothing was sent: safe to try again.
        case notConnected(String)
        /// Sent, perhaps handled, no answer.
        case noAnswer(String)
        case timeout
    }

    /// `connectionLimit` per loop.
    public init(host: String, port: Int, runtime: Runtime, connectionLimit: Int = 64) {
        fatalError("stub")
    }
    public func send(_ request: ClientRequest) async throws -> ClientResponse { fatalError("stub") }
    /// Closes idle connections; those in use close when they are done.
    public func close() { fatalError("stub") }
}
