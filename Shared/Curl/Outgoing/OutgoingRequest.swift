import ServiceRuntime

/// A call to the outside, before anything of it is checked.
public struct OutgoingRequest: Sendable {
    public struct Header: Sendable {
        public var name: String
        public var value: String
        /// Goes to the first host only, whatever redirects say.
        public var isSecret: Bool

        public init(_ name: String, _ value: String, isSecret: Bool = false) {
            self.name = name
            self.value = value
            self.isSecret = isSecret
        }
    }

    public var method: String
    public var url: String
    public var headers: [Header]
    public var body: [UInt8]
    /// The body goes to the first host only.
    public var isBodySecret: Bool
    /// Redirects are followed; where not, they are the answer.
    public var followsRedirects: Bool
    /// For the whole; the client's own limit holds too.
    public var timeout: Duration?
    /// The most bytes of the answer; the client's own limit holds too.
    public var responseLimit: Int?

    public init(
        method: String = "GET", url: String, headers: [Header] = [], body: [UInt8] = [],
        isBodySecret: Bool = false, followsRedirects: Bool = true, timeout: Duration? = nil,
        responseLimit: Int? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.isBodySecret = isBodySecret
        self.followsRedirects = followsRedirects
        self.timeout = timeout
        self.responseLimit = responseLimit
    }

    public static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    public static let bodyLimit = 10 << 20
    static let headerLimit = 100
    static let headerByteLimit = 32 << 10

    /// What frames the message or decides about the connection is ours.
    static let reserved = [
        "host", "content-length", "transfer-encoding", "connection", "expect", "upgrade", "te",
        "trailer", "keep-alive", "proxy-authorization", "proxy-connection",
    ]

    func check() throws(OutgoingError) {
        guard OutgoingRequest.methods.contains(method) else {
            throw .invalid(
                "the method must be one of \(OutgoingRequest.methods.joined(separator: ", "))")
        }
        guard body.count <= OutgoingRequest.bodyLimit else {
            throw .invalid("the body has more than \(OutgoingRequest.bodyLimit) bytes")
        }
        let bytes = headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
        guard headers.count <= OutgoingRequest.headerLimit,
            bytes <= OutgoingRequest.headerByteLimit
        else {
            throw .invalid(
                "the headers have more than \(OutgoingRequest.headerByteLimit) bytes or"
                    + " \(OutgoingRequest.headerLimit) lines")
        }
        for header in headers {
            guard !header.name.isEmpty, header.name.utf8.allSatisfy(OutgoingRequest.isToken) else {
                throw .invalid("a header's name holds a character that it may not hold")
            }
            guard header.value.utf8.allSatisfy({ ($0 >= 32 && $0 != 127) || $0 == 9 }) else {
                throw .invalid("the header \(header.name) holds a line break or another control")
            }
            if OutgoingRequest.reserved.contains(header.name.lowercased()) {
                throw .invalid("the header \(header.name) is set by the platform itself")
            }
        }
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            || "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}

/// What came back.
public struct OutgoingResponse: Sendable {
    public let status: Int
    public let headers: [(name: String, value: String)]
    public let body: [UInt8]

    /// The first header of that name, in any case.
    public func header(_ name: String) -> String? {
        let name = name.lowercased()
        return headers.first { $0.name.lowercased() == name }?.value
    }
}
