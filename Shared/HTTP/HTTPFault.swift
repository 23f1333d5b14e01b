/// Why a message is refused. After one of these the bytes that follow mean nothing: the connection
/// closes.
enum HTTPFault: Error, Hashable {
    /// 400, with what is wrong.
    case malformed(String)
    case targetTooLong(limit: Int)
    case headTooLarge(String)
    case version
    /// A method, a transfer coding, that we do not know.
    case notImplemented(String)
    case expectation
    case headTimeout

    var problem: Problem {
        switch self {
        case .malformed(let detail):
            Problem(
                status: 400, code: "bad-request", title: "Not a valid HTTP request", detail: detail)
        case .targetTooLong(let limit):
            Problem(
                status: 414, code: "target-too-long", title: "The address is too long",
                detail: "Path and query may have \(limit) bytes.")
        case .headTooLarge(let detail):
            Problem(
                status: 431, code: "headers-too-large", title: "The header fields are too large",
                detail: detail)
        case .version:
            Problem(
                status: 505, code: "version-not-supported", title: "Another version of HTTP",
                detail: "This server speaks the versions 1.1 and 1.0.")
        case .notImplemented(let detail):
            Problem(
                status: 501, code: "not-implemented", title: "Not known to this server",
                detail: detail)
        case .expectation:
            Problem(
                status: 417, code: "expectation-failed", title: "An expectation that is not known",
                detail: "The only expectation that this server meets is 100-continue.")
        case .headTimeout:
            Problem(
                status: 408, code: "request-timeout", title: "The request came too slowly",
                detail: "The head of the request was not complete in time.")
        }
    }
}

/// The peer has gone or was too slow while a body was on its way.
enum ConnectionLost: ProblemConvertible {
    case closed
    case slow

    var problem: Problem {
        switch self {
        case .closed:
            Problem(
                status: 400, code: "incomplete-body", title: "The body ended too early",
                detail: "The connection was closed before the whole body had come.")
        case .slow:
            Problem(
                status: 408, code: "request-timeout", title: "The request came too slowly",
                detail: "The body did not go on in time.")
        }
    }
}

extension HTTPFault: ProblemConvertible {}
