import ServiceRuntime

public enum Method: String, Sendable, Hashable, CaseIterable {
    case get = "GET", head = "HEAD", post = "POST", put = "PUT", patch = "PATCH", delete = "DELETE"
    case options = "OPTIONS"
}

/// A request as a handler sees it: head parsed and checked, body still on the wire.
public struct Request: Sendable {
    public var method: Method
    /// Decoded segments are in `path`; this is as it came, without the query.
    public var rawPath: String
    /// Percent-decoded segments.
    public var path: [String]
    public var query: Query
    public var headers: Headers
    public var body: RequestBody
    /// Values of the `{names}` in the route.
    public var parameters: [String: String]
    public var trace: TraceContext
    /// The peer's address without port.
    public var remoteAddress: String

    public init(
        method: Method, target: String, headers: Headers = [:], body: RequestBody = .empty,
        trace: TraceContext = TraceContext(requestID: "-"), remoteAddress: String = "127.0.0.1"
    ) { fatalError("stub") }
}

/// `?a=1&b=2`, percent and plus decoded, in order.
public struct Query: Sendable {
    public let items: [(name: String, value: String)]
    /// Nil where it is not valid percent-encoded UTF-8.
    public init?(_ text: String) { fatalError("stub") }
    public subscript(name: String) -> String? { fatalError("stub") }
}

/// A body: read once, whole or chunk by chunk; reading is what asks the peer for more.
public struct RequestBody: Sendable, AsyncSequence {
    public typealias Element = [UInt8]
    public static var empty: RequestBody { fatalError("stub") }
    public init(_ bytes: [UInt8]) { fatalError("stub") }
    /// From `Content-Length`, where it was given.
    public var length: Int? { fatalError("stub") }
    /// All of it; 413 `payload-too-large` over `limit`.
    public func collect(limit: Int) async throws -> [UInt8] { fatalError("stub") }

    public struct AsyncIterator: AsyncIteratorProtocol {
        public mutating func next() async throws -> [UInt8]? { fatalError("stub") }
    }
    public func makeAsyncIterator() -> AsyncIterator { fatalError("stub") }
}
