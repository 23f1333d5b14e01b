import ServiceRuntime

/// What stands between method and version: path and query, checked and decoded.
struct RequestTarget: Sendable {
    let rawPath: String
    let path: [String]
    let query: Query

    init(rawPath: String, path: [String], query: Query) {
        self.rawPath = rawPath
        self.path = path
        self.query = query
    }

    init?(_ text: String) {
        var text = text
        let parsed = text.withUTF8 { RequestTarget($0) }
        guard let parsed else { return nil }
        self = parsed
    }

    /// Origin form, absolute form (its authority is dropped), or `*` (path `*`).
    /// Nil for anything else: bytes that RFC 3986 does not allow, broken escapes, dot segments.
    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        if bytes.count == 1, bytes[0] == UInt8(ascii: "*") {
            self.init(rawPath: "*", path: ["*"], query: .empty)
            return
        }
        var start = 0
        if bytes.first != UInt8(ascii: "/") {
            guard let path = RequestTarget.pathStart(ofAbsolute: bytes) else { return nil }
            start = path
        }
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "?") {
            guard RequestTarget.isPathByte(bytes[end]) else { return nil }
            end += 1
        }
        var parsed = Query.empty
        if end < bytes.count {
            let text = bytes[(end + 1)...]
            guard text.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }),
                let query = Query(String(decoding: text, as: UTF8.self))
            else { return nil }
            parsed = query
        }
        guard let path = RequestTarget.segments(bytes[start..<end]) else { return nil }
        self.init(
            rawPath: start == end ? "/" : String(decoding: bytes[start..<end], as: UTF8.self),
            path: path, query: parsed)
    }

    private static func segments(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> [String]? {
        var path: [String] = []
        guard bytes.count > 1 else { return path }
        path.reserveCapacity(8)
        var start = bytes.startIndex + 1
        var position = start
        while position <= bytes.endIndex {
            if position == bytes.endIndex || bytes[position] == UInt8(ascii: "/") {
                guard let segment = Percent.decode(bytes[start..<position], plusIsSpace: false),
                    segment != ".", segment != ".."
                else { return nil }
                path.append(segment)
                start = position + 1
            }
            position += 1
        }
        return path
    }

    /// Where the path begins in `http://host/path`; nil where it is not of that form.
    private static func pathStart(ofAbsolute bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        let schemes = ["http://", "https://"]
        guard
            let scheme = schemes.first(where: { scheme in
                bytes.count > scheme.utf8.count
                    && zip(scheme.utf8, bytes).allSatisfy { $0 == Headers.lower($1) }
            })
        else { return nil }
        let host = scheme.utf8.count
        var end = host
        while end < bytes.count, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") {
            end += 1
        }
        return RequestTarget.isHost(bytes[host..<end]) ? end : nil
    }

    /// `host`, `host:port`, `[v6]:port` by its bytes; empty is none.
    static func isHost(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        var name = bytes
        if bytes.first == UInt8(ascii: "[") {
            guard let close = bytes.firstIndex(of: UInt8(ascii: "]")) else { return false }
            let address = bytes[(bytes.startIndex + 1)..<close]
            guard !address.isEmpty,
                address.allSatisfy({ hexValue($0) != nil || $0 == 0x3A || $0 == 0x2E })
            else { return false }
            name = bytes[(close + 1)...]
            guard !name.isEmpty else { return true }
            guard name.first == UInt8(ascii: ":") else { return false }
            return isPort(name.dropFirst())
        }
        if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
            guard isPort(bytes[(colon + 1)...]) else { return false }
            name = bytes[..<colon]
        }
        return !name.isEmpty
            && name.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E, 0x25: true
                default: false
                }
            }
    }

    private static func isPort(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        bytes.count <= 5 && bytes.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
    }

    private static func isPathByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x40...0x5A, 0x61...0x7A: true
        case 0x2D, 0x2E, 0x2F, 0x5F, 0x7E, 0x25, 0x21, 0x24, 0x26...0x2C, 0x3A, 0x3B, 0x3D: true
        default: false
        }
    }
}
