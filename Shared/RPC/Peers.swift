import HTTP
import ServiceRuntime

/// The peers of a service, made from its settings. None of them needs to run: connections are made
/// by calls.
public struct Peers: Sendable {
    private let peers: [String: Peer]
    private let signer: PrincipalSigner
    private let runtime: Runtime

    public init(_ configuration: RPCConfiguration, signer: PrincipalSigner, runtime: Runtime) {
        let transports = configuration.peers.compactMapValues { url in
            PeerAddress(url).map { HTTPClient(host: $0.host, port: $0.port, runtime: runtime) }
        }
        self.init(transports: transports, signer: signer, runtime: runtime)
    }

    /// For tests and simulations.
    public init(
        transports: [String: any Transport], signer: PrincipalSigner, runtime: Runtime
    ) {
        self.signer = signer
        self.runtime = runtime
        peers = Dictionary(
            uniqueKeysWithValues: transports.map { name, transport in
                (name, Peer(name: name, transport: transport, signer: signer, runtime: runtime))
            })
    }

    /// A peer that the settings did not name answers 503 to every call.
    public subscript(name: String) -> Peer {
        peers[name]
            ?? Peer(name: name, transport: NoTransport(), signer: signer, runtime: runtime)
    }
}

private struct NoTransport: Transport {
    func send(_ request: ClientRequest) async throws -> ClientResponse {
        throw HTTPClient.Failure.notConnected("no address is set")
    }
}
