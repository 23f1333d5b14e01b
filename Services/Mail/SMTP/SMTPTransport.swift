import Curl
import ServiceRuntime

/// Mail over SMTP, as one account.
struct SMTPTransport: Transport {
    /// RFC 5321 §4.5.3.1.8: what every server must take in one transaction.
    static let recipientsPerTransaction = 100

    let account: MailConfiguration.Account
    let smtp: MailConfiguration.SMTP
    let lines: SMTPLines
    let authorities: String?
    /// The most that the server may keep us waiting for an answer.
    let timeout: Duration
    /// The password or token that a setting names, at the time of use.
    let password: @Sendable (String) async throws -> String
    let server: String

    init(
        _ account: MailConfiguration.Account, _ smtp: MailConfiguration.SMTP, lines: SMTPLines,
        authorities: String?, timeout: Duration,
        password: @escaping @Sendable (String) async throws -> String
    ) {
        self.account = account
        self.smtp = smtp
        self.lines = lines
        self.authorities = authorities
        self.timeout = timeout
        self.password = password
        server = smtp.server
    }

    func deliver(
        _ delivery: Delivery,
        beginFinalDot: @escaping @Sendable ([Int]) async throws -> Void
    ) async -> [SMTPDialogue.Verdict] {
        var verdicts: [SMTPDialogue.Verdict] = []
        let addresses = delivery.targets
        while verdicts.count < addresses.count {
            let first = verdicts.count
            let end = min(first + SMTPTransport.recipientsPerTransaction, addresses.count)
            verdicts += await transaction(
                delivery, Array(addresses[first..<end])
            ) { positions in try await beginFinalDot(positions.map { $0 + first }) }
        }
        return verdicts
    }

    func close() async { await lines.close() }

    private func transaction(
        _ delivery: Delivery, _ addresses: [String],
        beginFinalDot: @escaping @Sendable ([Int]) async throws -> Void
    ) async -> [SMTPDialogue.Verdict] {
        let mail = SMTPDialogue.Mail(
            sender: delivery.sender, recipients: addresses, size: delivery.content.size,
            hasEightBit: delivery.hasEightBit, needsUTF8: delivery.needsUTF8)
        // A kept connection may have been closed by the server meanwhile: then once more over
        // another one.
        while true {
            let line: SMTPLine
            let kept = await lines.take(for: account.code)
            do {
                if let kept { line = kept } else { line = try await open() }
            } catch {
                await lines.giveBack(nil)
                let reply = SMTPReply(code: 0, text: words(of: error))
                return addresses.map { _ in .deferred(reply) }
            }
            let (dialogue, isStale) = await run(mail, delivery.content, over: line, beginFinalDot)
            if !isStale { return dialogue.verdicts }
        }
    }

    private func open() async throws -> SMTPLine {
        var target = CurlConnection.Target(
            url: "\(smtp.url)/\(account.helloName)", user: smtp.user, startTLS: smtp.startTLS,
            authorities: authorities, loginOptions: smtp.loginOptions)
        if let text = smtp.password {
            let value = try await password(text)
            if smtp.loginOptions == MailConfiguration.SMTP.tokenLogin {
                target.bearer = value
            } else {
                target.password = value
            }
        }
        let connection = try await CurlConnection.open(target, timeout: timeout)
        return SMTPLine(
            connection: connection, extensions: SMTPExtensions(lines: connection.greeting),
            account: account.code)
    }

    /// Runs one mail and gives the line back; `isStale` where the connection was gone before the
    /// server said anything.
    private func run(
        _ mail: SMTPDialogue.Mail, _ content: MailContent, over line: SMTPLine,
        _ beginFinalDot: @Sendable ([Int]) async throws -> Void
    ) async -> (SMTPDialogue, isStale: Bool) {
        var dialogue = SMTPDialogue(mail, extensions: line.extensions)
        var hasAnswered = false
        do {
            loop: while true {
                switch dialogue.next() {
                case .send(let bytes): try await line.connection.send(bytes, timeout: timeout)
                case .sendContent: try await send(content, line, &dialogue)
                case .sendFinalDot:
                    try await beginFinalDot(dialogue.acceptedRecipients)
                    // A server that is gone by now did not take the mail, and that can still be
                    // known.
                    try await listen(line, &dialogue)
                    guard dialogue.next() == .sendFinalDot else { continue loop }
                    dialogue.finalDotSent()
                    try await line.connection.send(SMTPDialogue.finalDot, timeout: timeout)
                case .receive:
                    let bytes = try await line.connection.receive(limit: 16 << 10, timeout: timeout)
                    if bytes.isEmpty { dialogue.lost("the server closed the connection") }
                    hasAnswered = hasAnswered || !bytes.isEmpty
                    dialogue.feed(bytes)
                case .finished: break loop
                }
            }
        } catch {
            await hearLastWords(line, &dialogue)
            dialogue.lost(words(of: error))
        }
        let isStale = line.mails > 0 && !hasAnswered && !dialogue.isReusable
        await giveBack(line, isReusable: dialogue.isReusable)
        return (dialogue, isStale)
    }

    /// Piece by piece; a server that breaks off between two of them is heard.
    private func send(_ content: MailContent, _ line: SMTPLine, _ dialogue: inout SMTPDialogue)
        async throws
    {
        var stuffing = DotStuffing()
        for number in 0..<content.pieces {
            if number > 0 {
                try await listen(line, &dialogue)
                guard dialogue.isOpen else { return }
            }
            let piece = try await content.piece(number)
            var bytes = stuffing.stuffed(piece)
            if number == content.pieces - 1 { bytes += stuffing.end }
            try await line.connection.send(bytes, timeout: timeout)
        }
    }

    /// Takes what the server has said already; throws where the connection is lost.
    private func listen(_ line: SMTPLine, _ dialogue: inout SMTPDialogue) async throws {
        do {
            let bytes = try await line.connection.receive(limit: 4096, timeout: .zero)
            if bytes.isEmpty { dialogue.lost("the server closed the connection") }
            dialogue.feed(bytes)
        } catch let error as CurlError where error.kind == .timeout {
            // Silent, as it should be.
        }
    }

    /// A server that breaks off often says why; it is read if it is there already.
    private func hearLastWords(_ line: SMTPLine, _ dialogue: inout SMTPDialogue) async {
        let wait = Duration.milliseconds(1)
        guard let bytes = try? await line.connection.receive(limit: 4096, timeout: wait),
            !bytes.isEmpty
        else { return }
        dialogue.feed(bytes)
    }

    private func giveBack(_ line: SMTPLine, isReusable: Bool) async {
        guard isReusable else {
            await line.connection.close()
            return await lines.giveBack(nil)
        }
        var line = line
        line.mails += 1
        await lines.giveBack(line)
    }

    /// For the audit: what went wrong, and with whom.
    private func words(of error: any Error) -> String {
        switch error {
        case let error as CurlError:
            switch error.kind {
            case .tls: "no trusted TLS with \(server), so nothing was sent: \(error)"
            case .login: "\(server) does not take the log-in: \(error)"
            default: error.description
            }
        case let error as SourceError: "no log-in at \(server): \(error)"
        case is HeldMeanwhile: "held by a person before the content was sent"
        default: "\(error)"
        }
    }
}
