import Curl
import ServiceRuntime

/// Where and as whom a mailbox logs in; the secret is read each time, so that a new one is used at
/// once.
struct IMAPAccount: Sendable {
    /// `host:port`: whose connections are counted together.
    var server: String { definition.server }
    private let definition: MailboxDefinition.IMAP
    private let secrets: MailboxSecrets
    private let authorities: String?

    init(
        _ definition: MailboxDefinition.IMAP, secrets: MailboxSecrets, authorities: String?
    ) {
        self.definition = definition
        self.secrets = secrets
        self.authorities = authorities
    }

    func target() async throws -> CurlConnection.Target {
        guard
            let url = MailServerURL(definition.url, schemes: ["imap", "imaps"])
        else { throw SourceError("the URL of the server is not valid") }
        var tls = url.startTLS(definition.tls)
        // A mailbox always logs in: never in the clear over a network unless the definition says
        // so.
        if definition.tls == "auto", !url.isLoopback { tls = .required }
        let secret = try await secrets.password(definition.password)
        return CurlConnection.Target(
            url: definition.url, user: definition.user,
            password: definition.hasToken ? nil : secret,
            bearer: definition.hasToken ? secret : nil,
            startTLS: tls, authorities: authorities, loginOptions: definition.loginOptions)
    }
}
