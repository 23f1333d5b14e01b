import ServiceRuntime

/// The settings that every service has for its door and its peers.
public struct RPCConfiguration: Sendable {
    /// The least length of the key that signs principals, in bytes.
    public static let keyMinimum = 32

    public var address: String
    public var port: Int
    public var key: [UInt8]
    /// Base URL by peer name (`http://127.0.0.1:8081`).
    public var peers: [String: String]

    public init(address: String, port: Int, key: [UInt8], peers: [String: String]) {
        self.address = address
        self.port = port
        self.key = key
        self.peers = peers
    }

    /// Where each service listens unless told otherwise.
    public static let defaultPorts = [
        "gateway": 8080, "records": 8081, "mail": 8082, "workflow": 8083, "batch": 8084,
    ]

    /// Reads `<SERVICE>_ADDRESS`, `<SERVICE>_PORT`, `RPC_KEY` (or `RPC_KEY_FILE`), and `<PEER>_URL`
    /// for each peer.
    public init(
        reading reader: ConfigurationReader, service: String, defaultPort: Int, peers: [String]
    ) {
        let prefix = service.uppercased()
        address = reader.string(
            "\(prefix)_ADDRESS", default: "127.0.0.1", help: "IPv4 or IPv6 address to listen on")
        port = reader.integer(
            "\(prefix)_PORT", default: defaultPort, in: 0...65535,
            help: "port to listen on; 0 takes a free one")
        key = Array(
            reader.string(
                "RPC_KEY", default: nil,
                help: "key between the services, at least \(RPCConfiguration.keyMinimum) bytes,"
                    + " the same for all", secret: true
            ).utf8)
        if !key.isEmpty && key.count < RPCConfiguration.keyMinimum {
            reader.problem("RPC_KEY has fewer than \(RPCConfiguration.keyMinimum) bytes")
        }
        self.peers = [:]
        for peer in peers {
            let name = "\(peer.uppercased())_URL"
            let url = reader.string(
                name, default: "http://127.0.0.1:\(RPCConfiguration.defaultPorts[peer] ?? 8080)",
                help: "where \(peer) listens")
            if PeerAddress(url) == nil {
                reader.problem("\(name) is not of the form http://host:port")
            }
            self.peers[peer] = url
        }
    }
}

/// `http://host:port`, with IPv6 in brackets.
struct PeerAddress {
    let host: String
    let port: Int

    init?(_ url: String) {
        let scheme = "http://"
        guard url.hasPrefix(scheme) else { return nil }
        var rest = url.dropFirst(scheme.count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        var host = rest
        var port = 80
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("]") {
            guard let number = Int(rest[rest.index(after: colon)...]), (1...65535).contains(number)
            else { return nil }
            host = rest[..<colon]
            port = number
        }
        if host.hasPrefix("[") {
            guard host.hasSuffix("]") else { return nil }
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, !host.contains(where: { "/?#@ []".contains($0) }) else { return nil }
        self.host = String(host)
        self.port = port
    }
}
