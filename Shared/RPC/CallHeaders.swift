import Crypto
import HTTP
import JSON
import ServiceRuntime

/// How a call's context travels.
enum CallHeader {
    static let principal = "Geartrain-Principal"
    static let door = "Geartrain-Door"
    static let cause = "Geartrain-Cause"
    /// Milliseconds that the caller still waits.
    static let timeout = "Geartrain-Timeout"
    /// A stream call's value: JSON in base64url.
    static let call = "Geartrain-Call"
    static let idempotencyKey = "Idempotency-Key"
    static let requestID = "X-Request-Id"
    static let traceparent = "traceparent"
    static let contentType = "Content-Type"
}

/// `/rpc/records/create`; a path without a slash is served under the service's name.
func target<Path: StringProtocol>(of path: Path, service: String) -> String {
    path.utf8.contains(0x2F) ? "/rpc/\(path)" : "/rpc/\(service)/\(path)"
}

extension CallContext {
    func headers(signer: PrincipalSigner, timeout: Duration, contentType: String) -> Headers {
        var headers = Headers()
        headers.add(CallHeader.contentType, contentType)
        headers.add(CallHeader.principal, signer.sign(principal))
        headers.add(CallHeader.door, door.rawValue)
        headers.add(CallHeader.cause, cause.headerText)
        headers.add(CallHeader.timeout, String(timeout.milliseconds))
        if let idempotencyKey { headers.add(CallHeader.idempotencyKey, idempotencyKey) }
        headers.add(CallHeader.requestID, trace.requestID)
        if let traceparent = trace.traceparent {
            headers.add(CallHeader.traceparent, traceparent)
        }
        return headers
    }

    /// Reads a request's headers; throws 401 without a valid principal, 400 for the rest.
    init(_ request: Request, signer: PrincipalSigner) throws {
        guard let token = request.headers[CallHeader.principal],
            let principal = signer.verify(token)
        else { throw Problem.unauthenticated("The call carries no valid principal.") }
        guard let door = request.headers[CallHeader.door].flatMap(Door.init(rawValue:)),
            let cause = request.headers[CallHeader.cause].flatMap(Cause.init(headerText:))
        else {
            throw Problem(
                status: 400, code: "malformed-call", title: "The call's headers cannot be read")
        }
        self.init(
            principal: principal, door: door, cause: cause, trace: request.trace,
            timeout: request.headers[CallHeader.timeout].flatMap { Int64($0) }
                .map { .milliseconds($0) },
            idempotencyKey: request.headers[CallHeader.idempotencyKey])
    }
}

extension Cause: JSONReadable, JSONWritable {
    public init(json reader: inout JSONReader) throws(JSONError) {
        var root: String?
        var via = ""
        var depth: Int64 = 0
        var account: String?
        try reader.beginObject()
        while let key = try reader.nextKey() {
            switch key {
            case "root": root = try reader.readString()
            case "via": via = try reader.readString()
            case "depth": depth = try reader.readInteger()
            case "account": account = try reader.readString()
            default: try reader.skip()
            }
        }
        guard let root else { throw reader.unexpected("a cause has a root") }
        self.init(root: root, via: via, depth: Int(depth), account: account)
    }

    public func write(json writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("root")
        writer.string(root)
        writer.key("via")
        writer.string(via)
        writer.key("depth")
        writer.integer(Int64(depth))
        if let account {
            writer.key("account")
            writer.string(account)
        }
        writer.endObject()
    }

    /// JSON in ASCII, since a header may hold nothing else.
    var headerText: String {
        var writer = JSONWriter(capacity: 128)
        write(json: &writer)
        let text = String(decoding: writer.bytes, as: UTF8.self)
        if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return text }
        var escaped = ""
        for unit in text.utf16 {
            if (0x20...0x7E).contains(unit), let scalar = Unicode.Scalar(unit) {
                escaped.unicodeScalars.append(scalar)
            } else {
                let digits = String(unit, radix: 16)
                escaped += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            }
        }
        return escaped
    }

    init?(headerText: String) {
        var reader = JSONReader(Array(headerText.utf8))
        guard let cause = try? Cause(json: &reader), (try? reader.finish()) != nil else {
            return nil
        }
        self = cause
    }
}
