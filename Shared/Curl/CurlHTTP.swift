import ServiceRuntime

/// HTTP to the outside through libcurl, on its own thread (one multi handle).
public final class CurlHTTP: Sendable {
    public struct Request: Sendable {
        public var method: String
        public var url: String
        public var headers: [(String, String)]
        public var body: [UInt8]
        public var timeout: Duration
        /// The most bytes of an answer.
        public var responseLimit: Int

        public init(
            method: String = "GET", url: String, headers: [(String, String)] = [],
            body: [UInt8] = [], timeout: Duration = .seconds(30), responseLimit: Int = 10 << 20
        ) {
            self.method = method
            self.url = url
            self.headers = headers
            self.body = body
            self.timeout = timeout
            self.responseLimit = responseLimit
        }
    }

    public struct Response: Sendable {
        public let status: Int
        public let headers: [(name: String, value: String)]
        public let body: [UInt8]
    }

    public init() throws { fatalError("stub") }
    /// Only `http` and `https`; redirects are answered, not followed.
    public func send(_ request: Request) async throws -> Response { fatalError("stub") }
    public func close() async { fatalError("stub") }
}

/// libcurl's code and words, and where the connection was.
public struct CurlError: Error, Sendable, CustomStringConvertible {
    public let code: Int
    public let message: String
    public var description: String { message }

    public init(code: Int, message: String) {
        self.code = code
        self.message = message
    }
}
