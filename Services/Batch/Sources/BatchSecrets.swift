import Contracts
import RPC
import ServiceRuntime

/// The passwords that sources, targets and syncs name, each read at the moment of use.
struct BatchSecrets: Sendable {
    private static let timeout = Duration.seconds(10)

    let records: Peer
    let runtime: Runtime

    /// The secret that a text names as `secret:name`; nil where it names none. `door` is what it
    /// is needed for.
    func value(namedBy text: String, _ door: Door) async throws -> String? {
        guard let name = SecretName.named(by: text) else { return nil }
        let context = CallContext(
            principal: .system, door: door, cause: Cause(root: "\(door.rawValue):secret"),
            trace: TraceContext(requestID: runtime.random.identifier(at: runtime.clock.now())),
            timeout: BatchSecrets.timeout)
        return try await records.call(ReadSecrets(names: [name]), as: context).values.first ?? ""
    }
}
