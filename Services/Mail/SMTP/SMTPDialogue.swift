/// One mail over a connection that is greeted and logged in, without I/O: `next()` says what to do,
/// and `feed`, `finalDotSent` and `lost` say what came of it. Nothing is taken for delivered
/// without the server's word.
struct SMTPDialogue {
    struct Mail: Sendable {
        var sender: String
        var recipients: [String]
        var size: Int
        var hasEightBit: Bool
        /// The sender or a header field outside ASCII.
        var needsUTF8: Bool
    }

    enum Step: Equatable {
        case send([UInt8])
        /// The content with its dots stuffed, without the final dot.
        case sendContent
        /// Keep in writing that the final dot goes out now, then send `finalDot` and call
        /// `finalDotSent`.
        case sendFinalDot
        case receive
        case finished
    }

    /// What became of one recipient.
    enum Verdict: Sendable, Hashable {
        case sent(SMTPReply)
        /// Not now.
        case deferred(SMTPReply)
        case failed(SMTPReply)
        /// The connection was lost after the final dot: nobody can tell.
        case uncertain(String)
    }

    static let finalDot = Array(".\r\n".utf8)

    private enum Expected: Equatable { case mail, recipient(Int), data, content, reset, ignored }
    private enum Phase { case envelope, content, finalDot, waiting, finished }

    private let mail: Mail
    private let extensions: SMTPExtensions
    private var phase = Phase.envelope
    private var reader = SMTPReplyReader()
    private var commands: [(bytes: [UInt8], expected: Expected)] = []
    private var expected: [Expected] = []
    private var mailReply: SMTPReply?
    private var recipientReplies: [SMTPReply?]
    /// To DATA where it refused, or after the final dot.
    private var contentReply: SMTPReply?
    private var isFinalDotOut = false
    private var lossReason: String?
    /// The connection can carry another mail.
    private(set) var isReusable = true
    var isOpen: Bool { phase != .finished }

    init(_ mail: Mail, extensions: SMTPExtensions) {
        self.mail = mail
        self.extensions = extensions
        recipientReplies = Array(repeating: nil, count: mail.recipients.count)
        if let limit = extensions.size, mail.size > limit {
            refuse(552, "the message has \(mail.size) bytes, and the server takes \(limit)")
        } else if mail.needsUTF8, !extensions.utf8 {
            refuse(553, SMTPDialogue.noUTF8)
        } else {
            if !extensions.utf8 { refuseForeignRecipients() }
            if asked.isEmpty { phase = .finished } else { commands = envelope() }
        }
    }

    private static let noUTF8 = "the server takes no addresses outside ASCII (SMTPUTF8)"

    /// The others get the mail.
    private mutating func refuseForeignRecipients() {
        for (index, recipient) in mail.recipients.enumerated()
        where recipient.utf8.contains(where: { $0 >= 128 }) {
            recipientReplies[index] = SMTPReply(code: 553, text: SMTPDialogue.noUTF8)
        }
    }

    /// Positions of those that the server is asked about.
    private var asked: [Int] {
        let isASCII = { (text: String) in text.utf8.allSatisfy { $0 < 128 } }
        return mail.recipients.indices.filter { extensions.utf8 || isASCII(mail.recipients[$0]) }
    }

    private mutating func refuse(_ code: Int, _ text: String) {
        mailReply = SMTPReply(code: code, text: text)
        phase = .finished
    }

    private func envelope() -> [(bytes: [UInt8], expected: Expected)] {
        var parameters = extensions.size != nil ? " SIZE=\(mail.size)" : ""
        if mail.hasEightBit, extensions.eightBit { parameters += " BODY=8BITMIME" }
        let isForeign = { (text: String) in text.utf8.contains { $0 >= 128 } }
        if mail.needsUTF8 || extensions.utf8 && mail.recipients.contains(where: isForeign) {
            parameters += " SMTPUTF8"
        }
        var list: [(bytes: [UInt8], expected: Expected)] = [
            (Array("MAIL FROM:<\(mail.sender)>\(parameters)\r\n".utf8), .mail)
        ]
        for index in asked {
            let line = "RCPT TO:<\(mail.recipients[index])>\r\n"
            list.append((Array(line.utf8), .recipient(index)))
        }
        list.append((Array("DATA\r\n".utf8), .data))
        return list
    }

    mutating func next() -> Step {
        switch phase {
        case .finished: return .finished
        case .content:
            phase = .finalDot
            return .sendContent
        case .finalDot: return .sendFinalDot
        case .waiting: return .receive
        case .envelope:
            guard expected.isEmpty else { return .receive }
            guard !commands.isEmpty else { return .finished }
            let count = extensions.pipelining ? commands.count : 1
            let batch = commands.prefix(count)
            commands.removeFirst(count)
            expected = batch.map(\.expected)
            return .send(batch.flatMap(\.bytes))
        }
    }

    /// The final dot is on its way, and from now on a lost connection is uncertain.
    mutating func finalDotSent() {
        isFinalDotOut = true
        phase = .waiting
        expected = [.content]
    }

    /// The bytes that came; a server that does not speak SMTP is as good as a lost connection.
    mutating func feed(_ bytes: [UInt8]) {
        do throws(SMTPProtocolError) {
            for reply in try reader.feed(bytes) where phase != .finished { try handle(reply) }
        } catch {
            lost(error.reason)
        }
    }

    mutating func lost(_ reason: String) {
        guard phase != .finished else {
            isReusable = false
            return
        }
        lossReason = reason
        end(reusable: false)
    }

    private mutating func end(reusable: Bool) {
        phase = .finished
        isReusable = isReusable && reusable
    }

    private mutating func handle(_ reply: SMTPReply) throws(SMTPProtocolError) {
        guard !expected.isEmpty else {
            // A word before its time: the server breaks off while the content goes out.
            contentReply = reply.isPositive ? SMTPReply(code: 451, text: reply.text) : reply
            return end(reusable: false)
        }
        let question = expected.removeFirst()
        if reply.code == 421, question != .content {
            return closing(reply, at: question)
        }
        switch question {
        case .mail:
            mailReply = reply
            if !reply.isPositive, !extensions.pipelining { end(reusable: true) }
        case .recipient(let index):
            recipientReplies[index] = reply
            let isLast = index == asked.last
            if isLast, !extensions.pipelining, acceptedRecipients.isEmpty {
                commands = [(Array("RSET\r\n".utf8), .reset)]
            }
        case .data: try handleData(reply)
        case .content:
            guard !reply.isIntermediate else { throw SMTPProtocolError("354 after the content") }
            contentReply = reply
            end(reusable: reply.code != 421)
        case .reset, .ignored: end(reusable: reply.code / 100 != 4)
        }
    }

    private mutating func handleData(_ reply: SMTPReply) throws(SMTPProtocolError) {
        let isAccepted = mailReply?.isPositive == true && !acceptedRecipients.isEmpty
        if reply.isIntermediate {
            if isAccepted {
                phase = .content
            } else {
                // Pipelined before we knew: RFC 2920 has us send an empty mail, whatever comes of
                // it.
                commands = [(SMTPDialogue.finalDot, .ignored)]
            }
        } else {
            guard !reply.isPositive else { throw SMTPProtocolError("2xx to DATA") }
            contentReply = reply
            end(reusable: true)
        }
    }

    /// 421: the server closes, and whoever has no answer yet has this one.
    private mutating func closing(_ reply: SMTPReply, at question: Expected) {
        if question == .mail { mailReply = reply }
        for index in recipientReplies.indices where recipientReplies[index] == nil {
            recipientReplies[index] = reply
        }
        contentReply = contentReply ?? reply
        end(reusable: false)
    }

    /// Positions of the recipients that the server took, as far as it has answered.
    var acceptedRecipients: [Int] {
        recipientReplies.indices.filter { recipientReplies[$0]?.isPositive == true }
    }

    /// Of each recipient, after `.finished` (before it, as if the connection were lost now).
    var verdicts: [Verdict] {
        recipientReplies.map { reply in
            if let mailReply, !mailReply.isPositive { return judged(mailReply) }
            if let reply, !reply.isPositive { return judged(reply) }
            if let contentReply { return judged(contentReply) }
            let reason = lossReason ?? "the connection was lost"
            if isFinalDotOut, reply != nil { return .uncertain(reason) }
            return .deferred(SMTPReply(code: 0, text: reason))
        }
    }

    private func judged(_ reply: SMTPReply) -> Verdict {
        switch reply.code / 100 {
        case 2: .sent(reply)
        case 5: .failed(reply)
        default: .deferred(reply)
        }
    }
}
