import ServiceRuntime

/// The address of an outgoing call, read strictly and written anew, so that nobody after it reads
/// it in another way: `http` or `https`, no user information, a host in ASCII. A host whose last
/// label is a number must be an IPv4 address in four decimal numbers: `0177.0.0.1`, `0x7f.1`,
/// `2130706433` and `127.1` are refused rather than understood.
public struct OutgoingURL: Sendable, Hashable {
    public enum Scheme: String, Sendable { case http, https }

    /// The most bytes of an address.
    public static let byteLimit = 8 << 10
    static let hostLimit = 253
    static let labelLimit = 63

    public let scheme: Scheme
    /// In lower case, without a dot at the end; of IPv6 without brackets.
    public let host: String
    public let port: Int
    /// Path and query; begins with a slash.
    public let target: String
    /// Where the host is an address rather than a name.
    public let address: NetworkAddress?

    /// Throws `OutgoingError.invalid`.
    public init(_ text: String) throws(OutgoingError) {
        let bytes = Array(text.utf8)
        guard bytes.count <= OutgoingURL.byteLimit else {
            throw .invalid("the URL has more than \(OutgoingURL.byteLimit) bytes")
        }
        guard !bytes.contains(where: { $0 < 32 || $0 == 127 || $0 == UInt8(ascii: "\\") }) else {
            throw .invalid("the URL holds a control character or a backslash")
        }
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")),
            let scheme = Scheme(rawValue: text[..<colon].lowercased()),
            text[colon...].hasPrefix("://")
        else { throw .invalid("the URL must begin with http:// or https://") }
        let rest = text[colon...].utf8.dropFirst(3)
        let authority = rest.prefix { byte in !"/?#".utf8.contains(byte) }
        let tail = rest[authority.endIndex...].prefix { $0 != UInt8(ascii: "#") }
        let (host, port) = try OutgoingURL.split(Substring(authority))
        self.scheme = scheme
        self.port = port ?? (scheme == .https ? 443 : 80)
        (self.host, address) = try OutgoingURL.canonical(host)
        let target = OutgoingURL.encoded(tail)
        self.target = target.hasPrefix("/") ? target : "/" + target
    }

    /// What a redirect's `Location` means as seen from here.
    func resolving(_ reference: String) throws(OutgoingError) -> OutgoingURL {
        let text = reference.prefix { $0 != "#" }
        let path = target.prefix { $0 != "?" }
        let isAbsolute = text.prefix { !"/?".contains($0) }.contains(":")
        if isAbsolute { return try OutgoingURL(String(text)) }
        if text.hasPrefix("//") { return try OutgoingURL("\(scheme.rawValue):\(text)") }
        if text.isEmpty { return try OutgoingURL(self.text) }
        if text.hasPrefix("/") { return try OutgoingURL(origin + text) }
        if text.hasPrefix("?") { return try OutgoingURL(origin + path + text) }
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "/"
        return try OutgoingURL(origin + folder + text)
    }

    /// Scheme, host and port: what must be the same for a secret to go along.
    public var origin: String {
        "\(scheme.rawValue)://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    /// The whole, in one way only.
    public var text: String { origin + target }

    // MARK: Reading

    private static func split(
        _ authority: Substring
    ) throws(OutgoingError) -> (host: Substring, port: Int?) {
        guard !authority.contains("@") else {
            throw .invalid("the URL holds a user name or password; use a header with secret:name")
        }
        var host = authority
        var port: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else {
                throw .invalid("the URL's host has no closing bracket")
            }
            host = authority[...end]
            let rest = authority[authority.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else {
                throw .invalid("the URL's host cannot be read")
            }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        }
        guard let port else { return (host, nil) }
        guard (1...5).contains(port.utf8.count), port.utf8.allSatisfy({ (48...57).contains($0) }),
            let number = Int(port), (1...65_535).contains(number)
        else { throw .invalid("the URL's port is not a number from 1 to 65535") }
        return (host, number)
    }

    private static func canonical(
        _ text: Substring
    ) throws(OutgoingError) -> (String, NetworkAddress?) {
        if text.hasPrefix("[") {
            let inner = text.dropFirst().dropLast()
            guard inner.contains(":"), !inner.contains("%"), let address = NetworkAddress(inner)
            else { throw .invalid("the URL's host is no IPv6 address") }
            return (address.text, address)
        }
        guard text.utf8.allSatisfy({ $0 < 128 }) else {
            throw .invalid("the URL's host is not in ASCII; write it as xn--…")
        }
        var host = text.lowercased()
        if host.hasSuffix(".") { host.removeLast() }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard host.utf8.count <= hostLimit, labels.allSatisfy(isLabel) else {
            throw .invalid("the URL's host is no host name")
        }
        guard let last = labels.last, isNumber(last) else { return (host, nil) }
        guard let address = NetworkAddress(host) else {
            throw .invalid("the URL's host is no address in four decimal numbers")
        }
        return (address.text, address)
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...labelLimit).contains(label.utf8.count)
            && label.utf8.allSatisfy {
                (48...57).contains($0) || (97...122).contains($0) || $0 == UInt8(ascii: "-")
                    || $0 == UInt8(ascii: "_")
            }
    }

    /// As the C library may read it: decimal, octal or hexadecimal.
    private static func isNumber(_ label: Substring) -> Bool {
        if label.hasPrefix("0x") { return label.dropFirst(2).allSatisfy(\.isHexDigit) }
        return label.utf8.allSatisfy { (48...57).contains($0) }
    }

    /// What may not stand in a request line, as `%20`.
    private static func encoded(_ bytes: Substring.UTF8View) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        for byte in bytes {
            if (33...126).contains(byte), !"\"<>^`{|}".utf8.contains(byte) {
                text.append(byte)
            } else {
                text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
