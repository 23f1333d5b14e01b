import JSON

/// An answer; `Content-Length`, `Date`, `X-Request-Id` come by themselves.
public struct Response: Sendable {
    public var status: Int
    public var headers: Headers
    public var body: Body

    public enum Body: Sendable {
        case empty
        case bytes([UInt8])
        /// Written while it is made; `length` nil is chunked. Waits where the peer reads slowly.
        case stream(length: Int?, @Sendable (BodyWriter) async throws -> Void)
    }

    public init(status: Int = 200, headers: Headers = [:], body: Body = .empty) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    public static func json(_ bytes: [UInt8], status: Int = 200, headers: Headers = [:]) -> Response
    { fatalError("stub") }
    public static func json(_ value: some JSONWritable, status: Int = 200, headers: Headers = [:])
        -> Response
    { fatalError("stub") }
    public static func html(_ text: String, status: Int = 200) -> Response { fatalError("stub") }
    public static func text(_ text: String, status: Int = 200) -> Response { fatalError("stub") }
    /// Server-Sent Events: `next` gives event after event until nil.
    public static func events(
        _ next: @escaping @Sendable () async throws -> ServerSentEvent?
    ) -> Response { fatalError("stub") }
}

/// Takes a streamed body.
public struct BodyWriter: Sendable {
    /// Returns when there is room for more; throws when the peer has gone.
    public func write(_ bytes: [UInt8]) async throws { fatalError("stub") }
}

/// One event of a `text/event-stream`.
public struct ServerSentEvent: Sendable {
    public var event: String?
    public var id: String?
    public var data: String
    public init(event: String? = nil, id: String? = nil, data: String) {
        self.event = event
        self.id = id
        self.data = data
    }
}
