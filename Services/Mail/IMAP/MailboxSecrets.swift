import Contracts
import HTTP
import RPC
import ServiceRuntime

/// The passwords that mailboxes name: `secret:name` is asked of Records, and where it is not there
/// read from the operator's folder. Each is read at the moment of use.
struct MailboxSecrets: Sendable {
    private static let byteLimit = 64 << 10
    private static let timeout = Duration.seconds(10)

    let records: Peer
    /// A file for each secret.
    let folder: String
    let files: ThreadExecutor
    let runtime: Runtime

    /// The password itself, where the text names none.
    func password(_ text: String) async throws -> String {
        guard let name = SecretName.named(by: text) else { return text }
        let context = CallContext(
            principal: .system, door: .mail, cause: Cause(root: "mail:secret"),
            trace: TraceContext(requestID: runtime.random.identifier(at: runtime.clock.now())),
            timeout: MailboxSecrets.timeout)
        do {
            return try await records.call(ReadSecrets(names: [name]), as: context).values.first
                ?? ""
        } catch {
            if let kept = try? await inFolder(name) { return kept }
            throw SourceError(
                (error as? Problem)?.detail ?? "the secret “\(name)” cannot be read just now")
        }
    }

    private func inFolder(_ name: String) async throws -> String {
        let path = "\(folder)/\(name)"
        let bytes = try await files.run {
            try Files.read(path, limit: MailboxSecrets.byteLimit)
        }
        return String(decoding: bytes, as: UTF8.self).trimmingSpaces()
    }
}
