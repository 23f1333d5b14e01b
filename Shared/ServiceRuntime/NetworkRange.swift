/// A network: `10.0.0.0/8`, `fd00::/8`, or one address.
public struct NetworkRange: Sendable, Hashable {
    public let address: NetworkAddress
    public let bits: Int

    /// Nil where it is none.
    public init?(_ text: String) {
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

    public func contains(_ other: NetworkAddress) -> Bool { address.matches(other, bits: bits) }

    /// The bits of a mapped address would be counted from another place than its bytes.
    private static func isMapped(_ text: Substring) -> Bool {
        text.contains(":") && text.contains(".")
    }
}
