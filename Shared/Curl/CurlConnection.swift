import ServiceRuntime

/// A connection for a protocol of our own (SMTP, IMAP) over `CURLOPT_CONNECT_ONLY`: libcurl does
/// TCP, TLS, greeting, STARTTLS and SASL login; then bytes go both ways. Each has a thread of its
/// own, so that a slow server keeps nobody else waiting; who opens many bounds their number.
///
/// Cancelling the task that waits ends the wait with `CurlError` of kind `interrupted`.
public final class CurlConnection: Sendable {
    public struct Target: Sendable {
        /// `smtp://host:port`, `smtps://`, `imap://`, `imaps://`; of SMTP, the path is the name for
        /// EHLO.
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

    private let thread: ThreadExecutor
    private let session: ConnectSession
    /// What the server said before the connection was handed over (greeting, capabilities), line by
    /// line.
    public let greeting: [String]

    private init(thread: ThreadExecutor, session: ConnectSession, greeting: [String]) {
        self.thread = thread
        self.session = session
        self.greeting = greeting
    }

    /// Connects and logs in; `CurlError` says why not (`lastReply` has the server's words where
    /// known).
    public static func open(_ target: Target, timeout: Duration) async throws -> CurlConnection {
        let session = try ConnectSession()
        let thread = ThreadExecutor(name: "curl")
        do {
            let greeting = try await interruptible(session) {
                try await thread.run { try session.connect(target, timeout: timeout) }
            }
            return CurlConnection(thread: thread, session: session, greeting: greeting)
        } catch {
            thread.stop()
            throw error
        }
    }

    /// Sends all of it or throws. `timeout` bounds each wait for the peer to take more, not the
    /// whole.
    public func send(_ bytes: [UInt8], timeout: Duration) async throws {
        let session = session
        try await CurlConnection.interruptible(session) {
            try await self.thread.run { try session.send(bytes, timeout: timeout) }
        }
    }

    /// At least one byte, at most `limit`; empty at the end of the stream.
    public func receive(limit: Int, timeout: Duration) async throws -> [UInt8] {
        let session = session
        return try await CurlConnection.interruptible(session) {
            try await self.thread.run { try session.receive(limit: limit, timeout: timeout) }
        }
    }

    /// Ends what waits and frees the connection. The protocol's own farewell is the caller's.
    public func close() async {
        session.interrupt()
        let session = session
        try? await thread.run { session.free() }
        thread.stop()
    }

    deinit {
        let (thread, session) = (thread, session)
        session.interrupt()
        // A handle belongs to its thread to the end.
        Task.detached {
            try? await thread.run { session.free() }
            thread.stop()
        }
    }

    private static func interruptible<T: Sendable>(
        _ session: ConnectSession, _ body: @Sendable () async throws -> T
    ) async throws -> T {
        try await withTaskCancellationHandler(operation: body) { session.interrupt() }
    }
}
