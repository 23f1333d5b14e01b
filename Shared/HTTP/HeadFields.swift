/// The header fields of a message and what those mean that HTTP itself acts on.
struct HeadFields {
    private(set) var headers = Headers()
    private(set) var contentLength: Int?
    private(set) var isChunked = false
    private(set) var saysClose = false
    private(set) var saysKeepAlive = false
    private(set) var hasHost = false
    private(set) var expectsContinue = false
    private(set) var acceptsGzip = false
    private(set) var requestID: String?
    private(set) var traceparent: String?

    init() { headers.reserve(8) }

    /// Takes one line without its CRLF.
    mutating func add(_ line: UnsafeBufferPointer<UInt8>, countLimit: Int) throws(HTTPFault) {
        guard line[0] != 0x20, line[0] != 0x09 else {
            throw .malformed("A header field is folded over several lines.")
        }
        guard headers.fields.count < countLimit else {
            throw .headTooLarge("A request may have \(countLimit) header fields.")
        }
        var colon = 0
        while colon < line.count, isTokenByte(line[colon]) { colon += 1 }
        guard colon > 0, colon < line.count, line[colon] == UInt8(ascii: ":") else {
            throw .malformed("A header field has no valid name.")
        }
        var (start, end) = (colon + 1, line.count)
        while start < end, isBlank(line[start]) { start += 1 }
        while end > start, isBlank(line[end - 1]) { end -= 1 }
        let name = UnsafeBufferPointer(rebasing: line[..<colon])
        let bytes = UnsafeBufferPointer(rebasing: line[start..<end])
        let value = String(decoding: bytes, as: UTF8.self)
        headers.add(String(decoding: name, as: UTF8.self), value)
        try interpret(name, bytes, value)
    }

    private mutating func interpret(
        _ name: UnsafeBufferPointer<UInt8>, _ bytes: UnsafeBufferPointer<UInt8>, _ value: String
    ) throws(HTTPFault) {
        switch name.count {
        case 4 where isWord(name, "host"):
            guard !hasHost else { throw .malformed("There are two Host fields.") }
            guard bytes.isEmpty || RequestTarget.isHost(bytes[...]) else {
                throw .malformed("The Host field is not valid.")
            }
            hasHost = true
        case 6 where isWord(name, "expect"):
            guard Headers.areEqual(value, "100-continue") else { throw .expectation }
            expectsContinue = true
        case 10 where isWord(name, "connection"):
            saysClose = saysClose || Headers.list(value, has: "close")
            saysKeepAlive = saysKeepAlive || Headers.list(value, has: "keep-alive")
        case 11 where isWord(name, "traceparent"): traceparent = value
        case 12 where isWord(name, "x-request-id"): requestID = value
        case 14 where isWord(name, "content-length"): try takeLength(bytes)
        case 15 where isWord(name, "accept-encoding"):
            acceptsGzip = HeadFields.acceptsGzip(value)
        case 17 where isWord(name, "transfer-encoding"):
            guard !isChunked else { throw .malformed("There are two transfer codings.") }
            guard Headers.areEqual(value, "chunked") else {
                guard !Headers.list(value, has: "chunked") else {
                    throw .notImplemented("The only transfer coding known here is chunked, once.")
                }
                throw .notImplemented("The only transfer coding known here is chunked.")
            }
            isChunked = true
        default: break
        }
    }

    private mutating func takeLength(_ bytes: UnsafeBufferPointer<UInt8>) throws(HTTPFault) {
        guard (1...18).contains(bytes.count),
            bytes.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
        else { throw .malformed("Content-Length is not a number.") }
        let length = bytes.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        guard contentLength == nil || contentLength == length else {
            throw .malformed("There are two Content-Lengths that differ.")
        }
        contentLength = length
    }

    /// Whether gzip is named (or `*`) with a quality above 0.
    static func acceptsGzip(_ value: String) -> Bool {
        for item in value.split(separator: ",") {
            let parts = item.split(separator: ";").map { word in
                word.filter { $0 != " " && $0 != "\t" }.lowercased()
            }
            guard let coding = parts.first, coding == "gzip" || coding == "*" else { continue }
            let isNone = parts.dropFirst().contains { part in
                part.hasPrefix("q=0") && part.dropFirst(3).allSatisfy { $0 == "." || $0 == "0" }
            }
            return !isNone
        }
        return false
    }

    /// Checks what only the whole head shows.
    func checkFraming() throws(HTTPFault) {
        guard !(isChunked && contentLength != nil) else {
            throw .malformed("There are both Content-Length and Transfer-Encoding.")
        }
    }
}

private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

/// Whether the bytes are `word` (lower case), any case.
private func isWord(_ bytes: UnsafeBufferPointer<UInt8>, _ word: StaticString) -> Bool {
    let start = word.utf8Start
    for place in 0..<bytes.count where bytes[place] | 0x20 != start[place] {
        // The hyphen stays itself under the mask; so does every byte of these names.
        return false
    }
    return true
}

/// tchar of RFC 9110.
func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: true
    default: false
    }
}
