import Contracts
import Database
import ServiceRuntime

/// A way out for mail.
protocol Transport: Sendable {
    /// `host:port` or `folder`, for the audit.
    var server: String { get }
    /// Sends to the delivery's `targets` in order; `beginFinalDot` gets the positions of those that
    /// the server takes, and must have them in writing before it returns. Never throws: whatever
    /// happens is a verdict on each of them.
    func deliver(
        _ delivery: Delivery,
        beginFinalDot: @escaping @Sendable ([Int]) async throws -> Void
    ) async -> [SMTPDialogue.Verdict]
    /// Says farewell to servers.
    func close() async
}

/// The way out of each account; accounts of one server share its connections.
struct Transports: Sendable {
    private let byAccount: [String: any Transport]

    init(
        _ configuration: MailConfiguration, files: ThreadExecutor, runtime: Runtime,
        secrets: MailboxSecrets
    ) {
        var byAccount: [String: any Transport] = [:]
        let accounts = configuration.outgoing.all
        let lines = Transports.lines(accounts, clock: runtime.clock)
        for account in accounts {
            guard let smtp = account.smtp, let lines = lines[smtp.server] else {
                byAccount[account.code] = FolderTransport(
                    folder: configuration.data + "/mail/out", files: files)
                continue
            }
            byAccount[account.code] = SMTPTransport(
                account, smtp, lines: lines, authorities: configuration.authorities,
                timeout: configuration.serverTimeout
            ) { text in
                try await secrets.password(text)
            }
        }
        self.byAccount = byAccount
    }

    /// By server, with the largest cap that an account there has.
    private static func lines(_ accounts: [MailConfiguration.Account], clock: any WallClock)
        -> [String: SMTPLines]
    {
        var caps: [String: Int] = [:]
        for account in accounts {
            guard let server = account.smtp?.server else { continue }
            caps[server] = max(caps[server] ?? 0, account.connections)
        }
        return caps.mapValues { cap in
            var limits = SMTPLines.Limits()
            limits.connections = cap
            return SMTPLines(limits: limits, clock: clock)
        }
    }

    subscript(account: String) -> (any Transport)? { byAccount[account] }

    func close() async {
        for transport in byAccount.values { await transport.close() }
    }
}

/// Files `<message-id>.eml` in a folder: the same mail is the same file, so that doing it twice is
/// doing it once.
struct FolderTransport: Transport {
    let folder: String
    let files: ThreadExecutor
    var server: String { "folder" }

    func deliver(
        _ delivery: Delivery,
        beginFinalDot: @escaping @Sendable ([Int]) async throws -> Void
    ) async -> [SMTPDialogue.Verdict] {
        let name = FolderTransport.fileName(delivery.messageID)
        let verdict: SMTPDialogue.Verdict
        do {
            let file = try await files.run {
                try Files.makeFolder(folder)
                return try WorkFile(for: "\(folder)/\(name)")
            }
            for number in 0..<delivery.content.pieces {
                let piece = try await delivery.content.piece(number)
                try await files.run { try file.write(piece) }
            }
            try await files.run { try file.commit() }
            verdict = .sent(SMTPReply(code: 250, text: "written to \(name)"))
        } catch {
            verdict = .deferred(SMTPReply(code: 451, text: "\(error)"))
        }
        return delivery.targets.map { _ in verdict }
    }

    func close() async {}

    /// Our own Message-IDs hold nothing that a file system minds.
    static func fileName(_ messageID: String) -> String {
        let kept = messageID.utf8.filter {
            ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == ASCII.dash || $0 == ASCII.dot
                || $0 == ASCII.at || $0 == ASCII.underscore
        }
        return String(decoding: kept.prefix(200), as: UTF8.self) + ".eml"
    }
}
