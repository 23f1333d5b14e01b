import ServiceRuntime

/// Why an outgoing call has no answer. The words name the host of the URL and never what it
/// resolves to, nor a header, a body or a query.
public enum OutgoingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The call can never go out as it is.
    case invalid(String)
    /// The host, its network or its port is not open to outgoing calls, or a redirect leads there.
    case forbidden(String)
    case unknownHost(String)
    /// No connection, or it was lost. `isBeforeSending`: nothing of the request has left.
    case unreachable(String, isBeforeSending: Bool)
    /// The certificate does not fit the host, or there is no TLS.
    case insecure(String)
    case timeout(String)
    /// The answer is more than what was asked for.
    case unfit(String)
    /// Too many calls are under way.
    case busy(limit: Int)
    /// The task was cancelled or the client closed.
    case interrupted

    /// Whether the same call may go right another time.
    public var isTransient: Bool {
        switch self {
        case .invalid, .forbidden, .unfit: false
        case .unknownHost, .unreachable, .insecure, .timeout, .busy, .interrupted: true
        }
    }

    public var description: String {
        switch self {
        case .invalid(let why), .forbidden(let why), .insecure(let why), .timeout(let why),
            .unfit(let why), .unreachable(let why, _):
            why
        case .unknownHost(let host): "the host \(host) is not known"
        case .busy(let limit): "\(limit) outgoing calls are under way already; try again"
        case .interrupted: "the call was stopped before it was answered"
        }
    }

    init(_ error: CurlError, host: String) {
        switch error.kind {
        case .connection, .login, .other:
            self = .unreachable(
                "the connection to \(host) failed: \(error.message)",
                isBeforeSending: error.isBeforeSending)
        case .tls: self = .insecure("TLS with \(host) failed: \(error.message)")
        case .timeout: self = .timeout("\(host) did not answer in time")
        case .tooLarge: self = .unfit("\(host): \(error.message)")
        case .interrupted: self = .interrupted
        }
    }
}
