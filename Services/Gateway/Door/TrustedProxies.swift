import ServiceRuntime

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
