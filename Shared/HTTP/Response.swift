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

    private init(_ status: Int, _ type: String, _ headers: Headers, _ bytes: [UInt8]) {
        var headers = headers
        headers["Content-Type"] = type
        self.init(status: status, headers: headers, body: .bytes(bytes))
    }

    public static func json(
        _ bytes: [UInt8], status: Int = 200, headers: Headers = [:]
    ) -> Response {
        Response(status, "application/json", headers, bytes)
    }

    public static func json(
        _ value: some JSONWritable, status: Int = 200, headers: Headers = [:]
    ) -> Response {
        var writer = JSONWriter()
        value.write(json: &writer)
        return Response(status, "application/json", headers, writer.bytes)
    }

    public static func html(_ text: String, status: Int = 200) -> Response {
        Response(status, "text/html; charset=utf-8", [:], Array(text.utf8))
    }

    public static func text(_ text: String, status: Int = 200) -> Response {
        Response(status, "text/plain; charset=utf-8", [:], Array(text.utf8))
    }

    /// Server-Sent Events: `next` gives event after event until nil. It is cancelled when the peer
    /// goes.
    public static func events(
        _ next: @escaping @Sendable () async throws -> ServerSentEvent?
    ) -> Response {
        Response(
            headers: ["Content-Type": eventStreamType, "Cache-Control": "no-store"],
            body: .stream(length: nil) { writer in
                while let event = try await next() { try await writer.write(event.bytes) }
            })
    }

    static let eventStreamType = "text/event-stream"
}

/// Takes a streamed body.
public struct BodyWriter: Sendable {
    private let put: @Sendable ([UInt8]) async throws -> Void

    /// A writer whose bytes go to `put`; for answers that go elsewhere than to a socket.
    public init(_ put: @escaping @Sendable ([UInt8]) async throws -> Void) { self.put = put }

    /// Returns when there is room for more; throws when the peer has gone.
    public func write(_ bytes: [UInt8]) async throws { try await put(bytes) }
}

/// One event of a `text/event-stream`.
public struct ServerSentEvent: Sendable {
    /// Its type and id; a line break in one is dropped, since it would end the field.
    public var event: String?
    public var id: String?
    public var data: String

    public init(event: String? = nil, id: String? = nil, data: String) {
        self.event = event
        self.id = id
        self.data = data
    }

    /// As it goes over the wire.
    var bytes: [UInt8] {
        var text = ""
        for (name, value) in [("event", event), ("id", id)] {
            guard let value else { continue }
            text += "\(name): \(value.filter { !$0.isNewline && $0 != "\0" })\n"
        }
        for line in data.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            text += "data: \(line)\n"
        }
        return Array((text + "\n").utf8)
    }
}
