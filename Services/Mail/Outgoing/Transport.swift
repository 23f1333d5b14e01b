import ServiceRuntime

/// A way out for mail.
protocol Transport: Sendable {
    /// `host:port` or `folder`, for the audit.
    var server: String { get }
    /// Sends to the recipients in order; `beginFinalDot` gets the positions of those that the
    /// server takes, and must have them in writing before it returns. Never throws: whatever
    /// happens is a verdict on each recipient.
    func deliver(
        _ delivery: Delivery,
        beginFinalDot: @escaping @Sendable ([Int]) async throws -> Void
    ) async -> [SMTPDialogue.Verdict]
    /// Says farewell to servers.
    func close() async
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
            try await files.run {
                try Files.makeFolder(folder)
                try Files.writeDurably(delivery.raw, to: "\(folder)/\(name)")
            }
            verdict = .sent(SMTPReply(code: 250, text: "written to \(name)"))
        } catch {
            verdict = .deferred(SMTPReply(code: 451, text: "\(error)"))
        }
        return delivery.recipients.map { _ in verdict }
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
