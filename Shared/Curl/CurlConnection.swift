import ServiceRuntime

/// A connection for a protocol of our own (SMTP, IMAP) over `CURLOPT_CONNECT_ONLY`: libcurl does TCP, TLS,
/// greeting, STARTTLS and SASL login; then bytes go both ways. Each lives on one thread of a small pool.
public final class CurlConnection: Sendable {
    public struct Target: Sendable {
        /// `smtp://host:port`, `smtps://`, `imap://`, `imaps://`.
        public var url: String
        public var user: String?
        public var password: String?
        public var bearer: String?
        /// `never`, `try` or `required`: STARTTLS for the plain schemes.
        public enum TLS: String, Sendable { case never, `try`, required }
        public var startTLS: TLS
        /// A PEM file of certificate authorities instead of the system's.
        public var authorities: String?
        /// `AUTH=PLAIN` and the like; nil lets libcurl choose.
        public var loginOptions: String?

        public init(
            url: String, user: String? = nil, password: String? = nil, bearer: String? = nil,
            startTLS: TLS = .try, authorities: String? = nil, loginOptions: String? = nil
        ) {
            self.url = url
            self.user = user
            self.password = password
            self.bearer = bearer
            self.startTLS = startTLS
            self.authorities = authorities
            self.loginOptions = loginOptions
        }
    }

    /// Connects and logs in; `CurlError` says why not (`lastReply` has the server's words where known).
    public static func open(_ target: Target, timeout: Duration) async throws -> CurlConnection {
        fatalError("stub")
    }

    /// What the server said before the connection was handed over (greeting, capabilities), line by line.
    public var greeting: [String] { fatalError("stub") }

    /// Sends all of it or throws.
    public func send(_ bytes: [UInt8], timeout: Duration) async throws { fatalError("stub") }

    /// At least one byte, at most `limit`; empty at the end of the stream.
    public func receive(limit: Int, timeout: Duration) async throws -> [UInt8] {
        fatalError("stub")
    }

    public func close() async { fatalError("stub") }
}
