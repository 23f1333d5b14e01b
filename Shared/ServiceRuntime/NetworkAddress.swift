import Glibc

/// An IPv4 or IPv6 address by its bytes; an IPv4 address that came over an IPv6 socket
/// (`::ffff:192.0.2.1`) is the IPv4 one.
public struct NetworkAddress: Sendable, Hashable {
    /// 4 or 16.
    public let bytes: [UInt8]

    /// Nil where it is none. A zone (`fe80::1%eth0`) is dropped.
    public init?(_ text: some StringProtocol) {
        let plain = String(text.prefix { $0 != "%" })
        guard plain.utf8.count <= 45 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, plain, &bytes) == 1 {
            self.bytes = Array(bytes.prefix(4))
        } else if inet_pton(AF_INET6, plain, &bytes) == 1 {
            self.bytes = NetworkAddress.unmapped(bytes)
        } else {
            return nil
        }
    }

    /// From 4 or 16 bytes as they stand in a packet; nil for another count.
    public init?(bytes: [UInt8]) {
        switch bytes.count {
        case 4: self.bytes = bytes
        case 16: self.bytes = NetworkAddress.unmapped(bytes)
        default: return nil
        }
    }

    private static func unmapped(_ bytes: [UInt8]) -> [UInt8] {
        let isMapped = bytes.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]
        return isMapped ? Array(bytes.suffix(4)) : bytes
    }

    /// Whether the first `count` bits are those of `other`.
    public func matches(_ other: NetworkAddress, bits count: Int) -> Bool {
        guard bytes.count == other.bytes.count else { return false }
        let whole = count / 8
        guard bytes.prefix(whole) == other.bytes.prefix(whole) else { return false }
        guard count % 8 != 0 else { return true }
        let mask = UInt8(truncatingIfNeeded: 0xFF00 >> (count % 8))
        return bytes[whole] & mask == other.bytes[whole] & mask
    }

    /// Whose limits it counts for: the address, or for IPv6 its network of 64 bits, of which a
    /// single caller has every address.
    public var network: [UInt8] { bytes.count == 4 ? bytes : Array(bytes.prefix(8)) }

    /// `192.0.2.1` or `2001:db8::1`.
    public var text: String {
        var buffer = [CChar](repeating: 0, count: 46)
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        _ = inet_ntop(family, bytes, &buffer, socklen_t(buffer.count))
        return String(
            decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    public var isLoopback: Bool {
        bytes.count == 4
            ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1
    }
}
