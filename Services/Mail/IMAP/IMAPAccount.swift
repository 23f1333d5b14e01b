import Curl
import ServiceRuntime

/// Where and as whom a mailbox logs in; the secret is read each time, so that a new one is used at
/// once.
struct IMAPAccount: Sendable {
    private static let secretBytes = 64 << 10

    private let definition: MailboxDefinition.IMAP
    private let secrets: String
    private let authorities: String?
    private let files: ThreadExecutor

    init(
        _ definition: MailboxDefinition.IMAP, secrets: String, authorities: String?,
        files: ThreadExecutor
    ) {
        self.definition = definition
        self.secrets = secrets
        self.authorities = authorities
        self.files = files
    }

    func target() async throws -> CurlConnection.Target {
        guard
            let url = MailServerURL(definition.url, schemes: ["imap", "imaps"])
        else { throw SourceError("the URL of the server is not valid") }
        var tls = url.startTLS(definition.tls)
        // A mailbox always logs in: never in the clear over a network unless the definition says
        // so.
        if definition.tls == "auto", !url.isLoopback { tls = .required }
        return CurlConnection.Target(
            url: definition.url, user: definition.user, password: try await password(),
            startTLS: tls, authorities: authorities, loginOptions: definition.loginOptions)
    }

    private func password() async throws -> String {
        let prefix = "secret:"
        guard definition.password.hasPrefix(prefix) else { return definition.password }
        let name = String(definition.password.dropFirst(prefix.count))
        let path = "\(secrets)/\(name)"
        let bytes: [UInt8]
        do {
            bytes = try await files.run { try Files.read(path, limit: IMAPAccount.secretBytes) }
        } catch {
            throw SourceError("the secret “\(name)” cannot be read; put it into \(path)")
        }
        return String(decoding: bytes, as: UTF8.self).trimmingSpaces()
    }
}
