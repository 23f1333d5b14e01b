import ServiceRuntime

/// Which addresses an outgoing call may reach: the public internet, and what the operator opened.
public struct OutgoingPolicy: Sendable {
    /// What the operator opened, in spite of the lists below.
    public let opened: [NetworkRange]

    public init(opened: [NetworkRange] = []) { self.opened = opened }

    /// Not the public internet: this host, private, carrier, link-local (with clouds' metadata),
    /// protocol assignments, documentation, 6to4 relays, benchmarks, multicast, reserved; and the
    /// address at which one cloud's machines reach their host.
    static let forbidden = ranges(
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12"
            + " 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15"
            + " 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 168.63.129.16")
    /// The only IPv6 that is public, and what of it is not: protocol assignments (Teredo, ORCHID,
    /// benchmarks), documentation, 6to4. So loopback, mapped, compatible, unique local, link-local,
    /// site-local and multicast need no line.
    static let unicast = ranges("2000::/3")
    static let forbiddenUnicast = ranges("2001::/23 2001:db8::/32 2002::/16 3fff::/20")
    /// Whose last four bytes are an IPv4 address that a translator on the way connects to.
    static let translated = ranges("64:ff9b::/96")

    /// Ports of the system other than those of the web are for other protocols: only in networks
    /// that the operator opened.
    static let systemPorts = 1..<1024
    static let webPorts = [80, 443]

    public func isOpen(_ address: NetworkAddress, port: Int) -> Bool {
        if OutgoingPolicy.contains(opened, address) { return true }
        if OutgoingPolicy.contains(OutgoingPolicy.translated, address) {
            return NetworkAddress(bytes: Array(address.bytes.suffix(4))).map {
                isOpen($0, port: port)
            } ?? false
        }
        if OutgoingPolicy.systemPorts.contains(port), !OutgoingPolicy.webPorts.contains(port) {
            return false
        }
        guard address.bytes.count == 16 else {
            return !OutgoingPolicy.contains(OutgoingPolicy.forbidden, address)
        }
        return OutgoingPolicy.contains(OutgoingPolicy.unicast, address)
            && !OutgoingPolicy.contains(OutgoingPolicy.forbiddenUnicast, address)
    }

    private static func contains(_ ranges: [NetworkRange], _ address: NetworkAddress) -> Bool {
        ranges.contains { $0.contains(address) }
    }

    private static func ranges(_ text: String) -> [NetworkRange] {
        text.split(separator: " ").map {
            guard let range = NetworkRange(String($0)) else {
                preconditionFailure("\($0) is no network")
            }
            return range
        }
    }
}
