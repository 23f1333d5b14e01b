import CCurl

/// libcurl's code and words, or the system's.
public struct CurlError: Error, Sendable, CustomStringConvertible {
    /// What a caller may want to tell apart.
    public enum Kind: Sendable {
        /// No name, no route, refused, or the server went away.
        case connection
        /// TLS failed: a certificate that does not fit, or none where one is required.
        case tls
        /// The server does not take the user, the password or the token.
        case login
        case timeout
        /// The answer is larger than the limit.
        case tooLarge
        /// Cancelled or closed meanwhile.
        case interrupted
        case other
    }

    /// A `CURLcode`; 0 where the failure is not libcurl's.
    public let code: Int
    public let kind: Kind
    public let message: String
    /// The server's last words before the failure, where it said any.
    public let lastReply: String?
    /// No byte of a request has left.
    var isBeforeSending = false
    public var description: String { lastReply.map { "\(message): \($0)" } ?? message }

    public init(code: Int = 0, kind: Kind = .other, message: String, lastReply: String? = nil) {
        self.code = code
        self.kind = kind
        self.message = message
        self.lastReply = lastReply
    }

    init(_ code: CURLcode, details: String = "", lastReply: String? = nil) {
        let words = String(cString: curl_easy_strerror(code))
        self.init(
            code: Int(code.rawValue), kind: CurlError.kind(of: code),
            message: details.isEmpty ? words : details, lastReply: lastReply)
    }

    private static func kind(of code: CURLcode) -> Kind {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT,
            CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_WEIRD_SERVER_REPLY,
            CURLE_PARTIAL_FILE:
            .connection
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_USE_SSL_FAILED,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_ENGINE_NOTFOUND:
            .tls
        case CURLE_LOGIN_DENIED, CURLE_AUTH_ERROR, CURLE_REMOTE_ACCESS_DENIED: .login
        case CURLE_OPERATION_TIMEDOUT: .timeout
        case CURLE_FILESIZE_EXCEEDED: .tooLarge
        case CURLE_ABORTED_BY_CALLBACK: .interrupted
        default: .other
        }
    }
}
