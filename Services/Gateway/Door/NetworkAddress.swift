import Glibc

/// An IPv4 or IPv6 address by its bytes; an IPv4 address that came over an IPv6 socket
/// (`::ffff:192.0.2.1`) is the IPv4 one.
struct NetworkAddress: Sendable, Hashable {
    /// 4 or 16.
    let bytes: [UInt8]

    /// Nil where it is none. A zone (`fe80::1%eth0`) is dropped.
    init?(_ text: some StringProtocol) {
        let plain = String(text.prefix { $0 != "%" })
        guard plain.utf8.count <= 45 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, plain, &bytes) == 1 {
            self.bytes = Array(bytes.prefix(4))
        } else if inet_pton(AF_INET6, plain, &bytes) == 1 {
            let isMapped = bytes.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]
            self.bytes = isMapped ? Array(bytes.suffix(4)) : bytes
        } else {
            return nil
        }
    }

    /// Whether the first `count` bits are those of `other`.
    func matches(_ other: NetworkAddress, bits count: Int) -> Bool {
        guard bytes.count == other.bytes.count else { return false }
        let whole = count / 8
        guard bytes.prefix(whole) == other.bytes.prefix(whole) else { return false }
        guard count % 8 != 0 else { return true }
        let mask = UInt8(truncatingIfNeeded: 0xFF00 >> (count % 8))
        return bytes[whole] & mask == other.bytes[whole] & mask
    }

    /// Whose limits it counts for: the address, or for IPv6 its network of 64 bits, of which a
    /// single caller has every address.
    var network: [UInt8] { bytes.count == 4 ? bytes : Array(bytes.prefix(8)) }

    var isLoopback: Bool {
        bytes.count == 4
            ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1
    }
}

/// A network: `10.0.0.0/8`, `fd00::/8`, or one address.
struct NetworkRange: Sendable, Hashable {
    let address: NetworkAddress
    let bits: Int

    /// Nil where it is none.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = NetworkAddress(parts[0]) else { return nil }
        let most = address.bytes.count * 8
        var bits = most
        if parts.count == 2 {
            guard !parts[0].contains("%"), !NetworkRange.isMapped(parts[0]),
                let given = Int(parts[1]), (0...most).contains(given), parts[1].first != "+"
            else { return nil }
            bits = given
        }
        self.address = address
        self.bits = bits
    }

    func contains(_ other: NetworkAddress) -> Bool { address.matches(other, bits: bits) }

    /// The bits of a mapped address would be counted from another place than its bytes.
    private static func isMapped(_ text: Substring) -> Bool {
        text.contains(":") && text.contains(".")
    }
}

/// The proxies before the gateway, whose word about the address of a caller is believed.
struct TrustedProxies: Sendable {
    static let hopLimit = 32

    let ranges: [NetworkRange]

    func contains(_ address: String) -> Bool {
        guard !ranges.isEmpty, let address = NetworkAddress(address) else { return false }
        return ranges.contains { $0.contains(address) }
    }

    /// The address that a request came from: that of the peer, or where it is a trusted proxy, the
    /// last one in `X-Forwarded-For` that is none. What is no address is not believed: then it is
    /// the proxy that said so.
    func client(of remote: String, forwarded: [String]) -> String {
        guard contains(remote) else { return remote }
        var client = remote
        let hops = forwarded.joined(separator: ",").split(separator: ",").suffix(
            TrustedProxies.hopLimit)
        for hop in hops.reversed() {
            guard let address = TrustedProxies.address(in: hop) else { return client }
            client = address
            if !contains(address) { return client }
        }
        return client
    }

    /// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1` or `[2001:db8::1]:4711`, with blanks around.
    private static func address(in hop: Substring) -> String? {
        var text = hop.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { return nil }
            text = text[text.index(after: text.startIndex)..<end]
        } else if text.filter({ $0 == ":" }).count == 1, text.contains(".") {
            text = text.prefix { $0 != ":" }
        }
        return NetworkAddress(text) == nil ? nil : String(text)
    }
}
