/// The limits of a head.
struct HeadLimits: Sendable {
    var head: Int
    var target: Int
    var count: Int
}

/// The first line of a message.
enum StartLine {
    case request(Method, RequestTarget)
    case response(status: Int)
}

/// Reads the head of a request or an answer. A pure state machine: it is given what has come so
/// far, again and again, and looks at each byte once; faults do not depend on how the bytes were
/// cut.
struct HeadParser {
    enum Kind { case request, response }

    private let kind: Kind
    private let limits: HeadLimits
    private var lineStart = 0
    private var scanned = 0
    private var hasSkippedLine = false
    private(set) var startLine: StartLine?
    private(set) var isVersion11 = true
    private(set) var fields = HeadFields()

    init(_ kind: Kind, limits: HeadLimits) {
        self.kind = kind
        self.limits = limits
    }

    /// The number of bytes of the head, once it is complete. `bytes` begins where it began the last
    /// time.
    mutating func parse(_ bytes: UnsafeBufferPointer<UInt8>) throws(HTTPFault) -> Int? {
        while scanned < bytes.count {
            let byte = bytes[scanned]
            let isAfterCR = scanned > lineStart && bytes[scanned - 1] == 0x0D
            scanned += 1
            if byte == 0x0A {
                guard isAfterCR else { throw .malformed("A line ends without a carriage return.") }
                let line = UnsafeBufferPointer(rebasing: bytes[lineStart..<(scanned - 2)])
                lineStart = scanned
                if try take(line) { return scanned }
            } else {
                guard !isAfterCR else { throw .malformed("A carriage return stands alone.") }
                guard byte >= 0x20 && byte != 0x7F || byte == 0x0D || byte == 0x09 else {
                    throw .malformed("A control character stands in the head.")
                }
            }
            if startLine == nil, scanned - lineStart > limits.target + HeadParser.lineSlack {
                throw .targetTooLong(limit: limits.target)
            }
            guard scanned <= limits.head else {
                throw .headTooLarge("The head of a message may have \(limits.head) bytes.")
            }
        }
        return nil
    }

    /// What a request line has beside the target.
    private static let lineSlack = 64

    /// Whether a part of a head has come.
    var hasBegun: Bool { scanned > 0 }

    /// Whether the peer keeps the connection.
    var keepsAlive: Bool {
        isVersion11 ? !fields.saysClose : fields.saysKeepAlive && !fields.saysClose
    }

    /// True at the end of the head.
    private mutating func take(_ line: UnsafeBufferPointer<UInt8>) throws(HTTPFault) -> Bool {
        guard startLine != nil else {
            // One empty line before a request is forgiven (RFC 9112, 2.2).
            if line.isEmpty, kind == .request, !hasSkippedLine {
                hasSkippedLine = true
            } else if kind == .request {
                try takeRequestLine(line)
            } else {
                try takeStatusLine(line)
            }
            return false
        }
        guard line.isEmpty else {
            try fields.add(line, countLimit: limits.count)
            return false
        }
        try checkWhole()
        return true
    }

    private func checkWhole() throws(HTTPFault) {
        try fields.checkFraming()
        guard kind == .request else { return }
        guard fields.hasHost || !isVersion11 else { throw .malformed("There is no Host field.") }
        guard isVersion11 || !fields.isChunked else {
            throw .malformed("HTTP/1.0 has no transfer codings.")
        }
    }

    private mutating func takeRequestLine(
        _ line: UnsafeBufferPointer<UInt8>
    ) throws(HTTPFault) {
        guard let space = line.firstIndex(of: 0x20), let last = line.lastIndex(of: 0x20),
            space > 0, last > space + 1,
            line[..<space].allSatisfy(isTokenByte),
            line[(space + 1)..<last].allSatisfy({ $0 != 0x20 && $0 != 0x09 })
        else { throw .malformed("The request line is not method, target and version.") }
        try takeVersion(line[(last + 1)...])
        guard last - space - 1 <= limits.target else {
            throw .targetTooLong(limit: limits.target)
        }
        let bytes = UnsafeBufferPointer(rebasing: line[(space + 1)..<last])
        guard let target = RequestTarget(bytes) else {
            throw .malformed("The target is not a valid path and query.")
        }
        guard let method = HeadParser.method(line[..<space]) else {
            throw .notImplemented("The method of this request is not known here.")
        }
        guard target.rawPath != "*" || method == .options else {
            throw .malformed("The target * goes with OPTIONS only.")
        }
        startLine = .request(method, target)
    }

    private mutating func takeStatusLine(_ line: UnsafeBufferPointer<UInt8>) throws(HTTPFault) {
        guard line.count >= 12, line[8] == 0x20 else { throw .malformed("Not a status line.") }
        try takeVersion(line[..<8])
        let digits = line[9..<12]
        guard digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), line.count == 12 || line[12] == 0x20
        else { throw .malformed("The status is not a number of three digits.") }
        let status = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        guard (100...599).contains(status) else { throw .malformed("There is no such status.") }
        startLine = .response(status: status)
    }

    private mutating func takeVersion(
        _ bytes: Slice<UnsafeBufferPointer<UInt8>>
    ) throws(HTTPFault) {
        let start = bytes.startIndex
        guard bytes.count == 8, bytes.starts(with: "HTTP/".utf8),
            isDigit(bytes[start + 5]), bytes[start + 6] == UInt8(ascii: "."),
            isDigit(bytes[start + 7])
        else { throw .malformed("The version of HTTP cannot be read.") }
        guard bytes[start + 5] == UInt8(ascii: "1"), bytes[start + 7] <= UInt8(ascii: "1") else {
            throw .version
        }
        isVersion11 = bytes[start + 7] == UInt8(ascii: "1")
    }

    private static func method(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Method? {
        switch bytes.count {
        case 3 where bytes.elementsEqual("GET".utf8): .get
        case 3 where bytes.elementsEqual("PUT".utf8): .put
        case 4 where bytes.elementsEqual("POST".utf8): .post
        case 4 where bytes.elementsEqual("HEAD".utf8): .head
        case 5 where bytes.elementsEqual("PATCH".utf8): .patch
        case 5 where bytes.elementsEqual("TRACE".utf8): .trace
        case 5 where bytes.elementsEqual("QUERY".utf8): .query
        case 6 where bytes.elementsEqual("DELETE".utf8): .delete
        case 7 where bytes.elementsEqual("OPTIONS".utf8): .options
        default: nil
        }
    }
}

private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
