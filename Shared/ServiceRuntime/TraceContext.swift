/// What ties together the work of one request over all services.
public struct TraceContext: Sendable, Hashable {
    /// Shown to the caller as `X-Request-Id` and `requestId`; 1 to 64 of `[A-Za-z0-9._-]`.
    public var requestID: String
    /// W3C `traceparent`, passed on unchanged but for the parent id; nil where none came.
    public var traceparent: String?

    public init(requestID: String, traceparent: String? = nil) {
        self.requestID = requestID
        self.traceparent = traceparent
    }
}
