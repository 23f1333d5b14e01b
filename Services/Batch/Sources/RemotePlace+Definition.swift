import Contracts
import Curl
import JSON
import RPC
import ServiceRuntime

extension RemotePlace {
    /// The kinds that a definition may name.
    static let words = Kind.allCases.map(\.rawValue)

    /// Reads `url`, `user`, `password`, `hostKey` and `region`; nil after a fault, which is among
    /// the reader's problems. The password may be `secret:name`.
    static func read(_ item: ObjectReader, _ kind: String) -> RemotePlace? {
        let text = item.string("url", required: true) ?? ""
        let user = item.string("user") ?? ""
        let password = item.string("password") ?? ""
        let hostKey = item.string("hostKey")
        let region = item.string("region")
        do {
            var place = try RemotePlace(text)
            guard place.kind.rawValue == kind else {
                item.fault("url", "invalid-address", "This is no address of the kind \(kind).")
                return nil
            }
            place.user = user
            place.password = password
            place.hostKey = hostKey
            if let region { place.region = region }
            if kind == "sftp", hostKey?.hasPrefix("SHA256:") != true {
                item.fault(
                    "hostKey", "required",
                    "Name the host's key: SHA256:…, as `ssh-keygen -l` prints it.")
                return nil
            }
            return place
        } catch {
            item.fault("url", "invalid-address", error.description)
            return nil
        }
    }
}

/// Other machines that definitions name, with their passwords read at the moment of use.
struct OtherMachines: Sendable {
    let records: Peer
    let outgoing: OutgoingConfiguration
    let runtime: Runtime

    func open(_ place: RemotePlace) async throws -> RemoteFiles {
        var place = place
        let secrets = BatchSecrets(records: records, runtime: runtime)
        if let secret = try await secrets.value(namedBy: place.password, .import) {
            place.password = secret
        }
        return RemoteFiles(
            place, policy: outgoing.policy, authorities: outgoing.authorities,
            clock: runtime.clock)
    }
}
