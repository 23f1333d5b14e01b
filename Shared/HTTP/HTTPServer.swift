import ServiceRuntime

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
    /// Between two pieces of a body.
    public var bodyTimeout = Duration.seconds(30)
    public var idleTimeout = Duration.seconds(75)
    public var connectionLimit = 10_000
    /// Answers waiting for a slow reader, per connection.
    public var writeBufferLimit = 256 << 10
    public init() {}
}

/// An HTTP/1.1 server on the event loops (RFC 9110, 9112).
public final class HTTPServer: Service {
    public let name: String

    public init(
        name: String, configuration: HTTPServerConfiguration, runtime: Runtime,
        respond: @escaping @Sendable (Request) async -> Response
    ) { fatalError("stub") }

    /// Binds and listens; answers the port. `run()` calls it where it was not called before.
    public func bind() throws -> Int { fatalError("stub") }
    public func run() async throws { fatalError("stub") }
    /// Stops accepting; connections end after the request that they are at.
    public func shutdown() async { fatalError("stub") }
}
