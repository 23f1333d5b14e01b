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

    /// From what a caller sent: an id or traceparent that is not well-formed is replaced or
    /// dropped.
    public init(
        requestID: String?, traceparent: String?, random: any RandomSource, now: Timestamp
    ) {
        if let requestID, TraceContext.isValid(requestID: requestID) {
            self.requestID = requestID
        } else {
            self.requestID = random.identifier(at: now)
        }
        self.traceparent = traceparent.flatMap { TraceContext.isValid(traceparent: $0) ? $0 : nil }
    }

    /// The 32 hexadecimal digits of the trace id, where there is one.
    public var traceID: String? {
        traceparent.map { String(decoding: $0.utf8.dropFirst(3).prefix(32), as: UTF8.self) }
    }

    /// The same trace with a new parent id, for a call to another service.
    public func child(random: any RandomSource) -> TraceContext {
        guard let traceparent else { return self }
        var utf8 = Array(traceparent.utf8)
        let digits = Array("0123456789abcdef".utf8)
        // The last byte is never 0: a parent id of zeros is invalid.
        var parent = random.bytes(8)
        parent[7] |= 1
        for (place, byte) in parent.enumerated() {
            utf8[36 + 2 * place] = digits[Int(byte >> 4)]
            utf8[37 + 2 * place] = digits[Int(byte & 15)]
        }
        return TraceContext(
            requestID: requestID, traceparent: String(decoding: utf8, as: UTF8.self))
    }

    /// 1 to 64 of `[A-Za-z0-9._-]`.
    public static func isValid(requestID: String) -> Bool {
        let utf8 = requestID.utf8
        return (1...64).contains(utf8.count)
            && utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
                default: false
                }
            }
    }

    /// Version 00: `00-<32 hex>-<16 hex>-<2 hex>`, neither id all zeros.
    public static func isValid(traceparent: String) -> Bool {
        let utf8 = Array(traceparent.utf8)
        guard utf8.count == 55, utf8[0] == 0x30, utf8[1] == 0x30 else { return false }
        for (place, byte) in utf8.enumerated() {
            let isDash = place == 2 || place == 35 || place == 52
            let isHex = (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
            guard isDash ? byte == 0x2D : isHex else { return false }
        }
        return utf8[3..<35].contains { $0 != 0x30 } && utf8[36..<52].contains { $0 != 0x30 }
    }
}

extension TraceContext {
    /// The id of the request that began it all, so that one search finds everything in the logs.
    public init(following root: String) {
        let id = root.hasPrefix("request:") ? root.dropFirst("request:".count) : root[...]
        let kept = id.unicodeScalars.map { scalar -> Character in
            let isPlain =
                scalar.isASCII
                && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            return isPlain || "._-".unicodeScalars.contains(scalar) ? Character(scalar) : "-"
        }
        self.init(requestID: kept.isEmpty ? "-" : String(kept.prefix(64)))
    }
}
