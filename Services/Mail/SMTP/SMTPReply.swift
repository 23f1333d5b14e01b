/// A reply of an SMTP server, all its lines.
struct SMTPReply: Sendable, Hashable {
    var code: Int
    /// The lines' texts with blanks between them, at most `textLimit` bytes, controls as `?`.
    var text: String

    static let textLimit = 1_000

    var isPositive: Bool { code / 100 == 2 }
    var isIntermediate: Bool { code / 100 == 3 }
    var isTransient: Bool { code / 100 == 4 }
}

/// Puts replies together from bytes as they come.
struct SMTPReplyReader {
    /// A line's bytes without its end (RFC 5321 allows 510).
    static let lineLimit = 4_096
    /// Lines of one reply.
    static let lineCountLimit = 200

    private var line: [UInt8] = []
    private var code: Int?
    private var texts: [UInt8] = []
    private var lineCount = 0

    /// The replies that `bytes` complete.
    mutating func feed(_ bytes: [UInt8]) throws(SMTPProtocolError) -> [SMTPReply] {
        var replies: [SMTPReply] = []
        for byte in bytes {
            if byte == ASCII.lf {
                if line.last == ASCII.cr { line.removeLast() }
                if let reply = try endLine() { replies.append(reply) }
                line.removeAll(keepingCapacity: true)
            } else {
                guard line.count < SMTPReplyReader.lineLimit else {
                    throw SMTPProtocolError("the server sent a line of more than 4096 bytes")
                }
                line.append(byte)
            }
        }
        return replies
    }

    private mutating func endLine() throws(SMTPProtocolError) -> SMTPReply? {
        guard line.count >= 3, line[..<3].allSatisfy(ASCII.isDigit), (50...53).contains(line[0])
        else { throw SMTPProtocolError("the server sent a line that is no SMTP reply") }
        let number = line[..<3].reduce(0) { $0 * 10 + Int($1 - 48) }
        guard code == nil || code == number else {
            throw SMTPProtocolError("the server changed the code within one reply")
        }
        lineCount += 1
        guard lineCount <= SMTPReplyReader.lineCountLimit else {
            throw SMTPProtocolError("the server sent a reply of more than 200 lines")
        }
        code = number
        if texts.count < SMTPReply.textLimit {
            if !texts.isEmpty { texts.append(ASCII.space) }
            texts += line.dropFirst(4)
        }
        guard line.count == 3 || line[3] != ASCII.dash else { return nil }
        let text = Charset.guess(texts.prefix(SMTPReply.textLimit))
        let shown = text.unicodeScalars.map { AddressSyntax.isControl($0) ? "?" : $0 }
        code = nil
        texts = []
        lineCount = 0
        return SMTPReply(code: number, text: String(String.UnicodeScalarView(shown)))
    }
}

/// The server does not speak SMTP as it should.
struct SMTPProtocolError: Error, Hashable {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}
