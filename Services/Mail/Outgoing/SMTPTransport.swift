import Curl
import ServiceRuntime

/// Mail over SMTP: keeps connections for the next mail, at most as many as the queue's worker uses
/// at a time.
actor SMTPTransport: Transport {
    struct Limits: Sendable {
        /// RFC 5321 §4.5.3.1.8: what every server must take.
        var recipientsPerTransaction = 100
        /// Mails over one connection.
        var mailsPerConnection = 100
        /// An idle connection is closed after this.
        var idle = Duration.seconds(10)
        init() {}
    }

    private struct Line {
        let connection: CurlConnection
        let extensions: SMTPExtensions
        var mails = 0
        let number: Int
    }

    nonisolated let server: String
    private let configuration: MailConfiguration.SMTP
    private let helloName: String
    private let authorities: String?
    private let timeout: Duration
    private let limits: Limits
    private let clock: any WallClock
    private var idle: [Line] = []
    private var opened = 0
    private var isClosed = false

    /// `helloName`: how we greet.
    init(
        _ configuration: MailConfiguration.SMTP, helloName: String, authorities: String?,
        timeout: Duration, clock: any WallClock, limits: Limits = Limits()
    ) {
        self.configuration = configuration
        self.helloName = helloName
        self.authorities = authorities
        self.timeout = timeout
        self.clock = clock
        self.limits = limits
        server = MailServerURL(configuration.url, schemes: ["smtp", "smtps"])?.server ?? ""
    }

    func deliver(
        _ delivery: Delivery,
        beginFinalDot: @escaping @Sendable ([Int]) async throws -> Void
    ) async -> [SMTPDialogue.Verdict] {
        var verdicts: [SMTPDialogue.Verdict] = []
        let addresses = delivery.recipients.map(\.address)
        while verdicts.count < addresses.count {
            let first = verdicts.count
            let end = min(first + limits.recipientsPerTransaction, addresses.count)
            verdicts += await transaction(
                delivery, Array(addresses[first..<end])
            ) { positions in try await beginFinalDot(positions.map { $0 + first }) }
        }
        return verdicts
    }

    func close() async {
        isClosed = true
        let lines = idle
        idle.removeAll()
        for line in lines { await farewell(line) }
    }

    private func transaction(
        _ delivery: Delivery, _ addresses: [String],
        beginFinalDot: @escaping @Sendable ([Int]) async throws -> Void
    ) async -> [SMTPDialogue.Verdict] {
        let mail = SMTPDialogue.Mail(
            sender: delivery.sender, recipients: addresses, size: delivery.raw.count,
            hasEightBit: delivery.raw.contains { $0 >= 128 },
            needsUTF8: SMTPTransport.needsUTF8(delivery, addresses))
        // A kept connection may have been closed by the server meanwhile: then once more over a new
        // one.
        while let line = idle.popLast() {
            let (dialogue, isStale) = await run(mail, delivery.raw, over: line, beginFinalDot)
            if !isStale { return dialogue.verdicts }
        }
        let line: Line
        do {
            line = try await open()
        } catch {
            let reply = SMTPReply(code: 0, text: SMTPTransport.words(of: error))
            return addresses.map { _ in .deferred(reply) }
        }
        return await run(mail, delivery.raw, over: line, beginFinalDot).0.verdicts
    }

    private func open() async throws -> Line {
        let target = CurlConnection.Target(
            url: "\(configuration.url)/\(helloName)", user: configuration.user,
            password: configuration.password, startTLS: configuration.startTLS,
            authorities: authorities, loginOptions: configuration.loginOptions)
        let connection = try await CurlConnection.open(target, timeout: timeout)
        opened += 1
        return Line(
            connection: connection, extensions: SMTPExtensions(lines: connection.greeting),
            number: opened)
    }

    /// Runs one mail; `isStale` where the connection was gone before the server said anything.
    private func run(
        _ mail: SMTPDialogue.Mail, _ raw: [UInt8], over line: Line,
        _ beginFinalDot: @Sendable ([Int]) async throws -> Void
    ) async -> (SMTPDialogue, isStale: Bool) {
        var dialogue = SMTPDialogue(mail, extensions: line.extensions)
        var hasAnswered = false
        do {
            loop: while true {
                switch dialogue.next() {
                case .send(let bytes): try await line.connection.send(bytes, timeout: timeout)
                case .sendContent:
                    try await line.connection.send(SMTPDialogue.stuffed(raw), timeout: timeout)
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
            dialogue.lost(SMTPTransport.words(of: error))
        }
        await putBack(line, isReusable: dialogue.isReusable)
        return (dialogue, line.mails > 0 && !hasAnswered && !dialogue.isReusable)
    }

    /// Takes what the server has said already; throws where the connection is lost.
    private func listen(_ line: Line, _ dialogue: inout SMTPDialogue) async throws {
        do {
            let bytes = try await line.connection.receive(limit: 4096, timeout: .zero)
            if bytes.isEmpty { dialogue.lost("the server closed the connection") }
            dialogue.feed(bytes)
        } catch let error as CurlError where error.kind == .timeout {
            // Silent, as it should be.
        }
    }

    /// A server that breaks off often says why; it is read if it is there already.
    private func hearLastWords(_ line: Line, _ dialogue: inout SMTPDialogue) async {
        let wait = Duration.milliseconds(1)
        guard let bytes = try? await line.connection.receive(limit: 4096, timeout: wait),
            !bytes.isEmpty
        else { return }
        dialogue.feed(bytes)
    }

    private func putBack(_ line: Line, isReusable: Bool) async {
        var line = line
        line.mails += 1
        guard isReusable, !isClosed, line.mails < limits.mailsPerConnection else {
            if isReusable { return await farewell(line) }
            return await line.connection.close()
        }
        idle.append(line)
        let (number, mails) = (line.number, line.mails)
        Task { [limits, clock] in
            try? await clock.sleep(for: limits.idle)
            await self.closeIfIdle(number: number, mails: mails)
        }
    }

    private func closeIfIdle(number: Int, mails: Int) async {
        guard let index = idle.firstIndex(where: { $0.number == number && $0.mails == mails })
        else { return }
        await farewell(idle.remove(at: index))
    }

    private func farewell(_ line: Line) async {
        try? await line.connection.send(Array("QUIT\r\n".utf8), timeout: .seconds(2))
        await line.connection.close()
    }

    /// SMTPUTF8 is for addresses and header fields; 8-bit bodies do without.
    private static func needsUTF8(_ delivery: Delivery, _ addresses: [String]) -> Bool {
        if addresses.contains(where: { $0.utf8.contains { $0 >= 128 } }) { return true }
        if delivery.sender.utf8.contains(where: { $0 >= 128 }) { return true }
        var previous: UInt8 = 0
        for byte in delivery.raw where byte != ASCII.cr {
            if byte >= 128 { return true }
            if byte == ASCII.lf, previous == ASCII.lf { return false }
            previous = byte
        }
        return false
    }

    static func words(of error: any Error) -> String {
        switch error {
        case let error as CurlError: error.description
        case is HeldMeanwhile: "held by a person before the content was sent"
        default: "\(error)"
        }
    }
}
