import ServiceRuntime

/// What goes with every call between services, signed.
public struct CallContext: Sendable {
    public var principal: Principal
    public var door: Door
    public var cause: Cause
    public var trace: TraceContext
    /// The caller waits no longer than this; nil is the peer's default.
    public var timeout: Duration?
    /// The same key does the effect once and answers the same again (24 h).
    public var idempotencyKey: String?

    public init(
        principal: Principal, door: Door, cause: Cause, trace: TraceContext,
        timeout: Duration? = nil, idempotencyKey: String? = nil
    ) {
        self.principal = principal
        self.door = door
        self.cause = cause
        self.trace = trace
        self.timeout = timeout
        self.idempotencyKey = idempotencyKey
    }
}
