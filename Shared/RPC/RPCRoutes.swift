import HTTP
import JSON
import ServiceRuntime

/// The routes of a service: its calls under `/rpc/`, and `/livez`, `/readyz`, `/metrics`.
public final class RPCRoutes: Sendable {
    public let router: Router<CallContext>

    /// `service`: its name in paths. `ready` answers why the service is not ready, or nil.
    public init(
        service: String, signer: PrincipalSigner, runtime: Runtime,
        ready: @escaping @Sendable () async -> String?
    ) { fatalError("stub") }

    /// Serves a call; throw a `Problem` or a `ProblemConvertible`.
    public func on<C: Call>(
        _ type: C.Type, bodyLimit: Int = 16 << 20,
        _ handler: @escaping @Sendable (C, CallContext) async throws -> C.Response
    ) { fatalError("stub") }

    /// Serves a stream call.
    public func on<C: StreamCall>(
        _ type: C.Type,
        _ handler: @escaping @Sendable (C, RequestBody, CallContext) async throws -> Response
    ) { fatalError("stub") }
}

/// The settings that every service has for its door and its peers.
public struct RPCConfiguration: Sendable {
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

    /// Reads `<SERVICE>_ADDRESS`, `<SERVICE>_PORT`, `RPC_KEY` (or `RPC_KEY_FILE`), and `<PEER>_URL` for each peer.
    public init(
        reading reader: ConfigurationReader, service: String, defaultPort: Int, peers: [String]
    ) { fatalError("stub") }
}

/// The peers of a service, made from its settings.
public struct Peers: Sendable {
    public init(_ configuration: RPCConfiguration, signer: PrincipalSigner, runtime: Runtime) {
        fatalError("stub")
    }
    /// For tests and simulations.
    public init(
        transports: [String: any Transport], signer: PrincipalSigner, runtime: Runtime
    ) { fatalError("stub") }
    /// A peer that the settings did not name answers 503 to every call.
    public subscript(name: String) -> Peer { fatalError("stub") }
}
