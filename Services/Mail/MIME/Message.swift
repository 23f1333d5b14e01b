import ServiceRuntime

/// A mail as it was read: what mappings and the audit see. Made once; the raw bytes are kept
/// elsewhere.
public struct Message: Sendable {
    struct Attachment: Sendable {
        /// Safe to show and to store: no path, no controls, at most 255 bytes.
        var name: String
        var type: String
        /// Content-ID without brackets, for images within HTML.
        var contentID: String?
        var content: [UInt8]
    }

    var header = HeaderBlock()
    var messageID: String?
    var inReplyTo: [String] = []
    var references: [String] = []
    var from: [MailAddress] = []
    var to: [MailAddress] = []
    var cc: [MailAddress] = []
    var replyTo: [MailAddress] = []
    var date: Timestamp?
    /// Nil where there is no such field.
    var subject: String?
    /// The plain text body with LF line ends.
    var text: String?
    /// The HTML body as it came.
    var html: String?
    var attachments: [Attachment] = []
    /// Why it is automatic (`auto-submitted`, `precedence`, …), or nil for a person's mail.
    var automatic: String?
    var overLimits: OverLimits = []
    /// Not by the grammar: read as far as it could be.
    var isDamaged = false

    /// Every header once, by lower-case name: the first of each, decoded.
    var headers: [(name: String, value: String)] = []
}

extension Message {
    /// Reads a message under the limits of `MIMELimits`. Never fails.
    public init(parsing bytes: [UInt8]) { self.init(parsing: bytes, limits: MIMELimits()) }

    /// Reads a message. Never fails: `overLimits` and `isDamaged` say what is missing.
    init(parsing bytes: [UInt8], limits: MIMELimits) {
        let isTooLong = bytes.count > limits.messageBytes
        let parser = MIMEParser(
            isTooLong ? Array(bytes.prefix(limits.messageBytes)) : bytes, limits: limits)
        var text = parser.text
        overLimits = parser.over
        isDamaged = parser.isDamaged
        if isTooLong { overLimits.insert(.message) }
        readHeader(parser.parts[0].header, limits: limits, text: &text)
        var content = ContentReader(
            bytes: bytes, parts: parser.parts, limits: limits, text: text)
        content.read()
        self.text = content.plain
        html = content.html
        attachments = content.attachments
        overLimits.formUnion(content.over)
        if content.text.isOverLimit || text.isOverLimit { overLimits.insert(.encodedWords) }
        automatic = AutomaticMail.reason(header, rootType: parser.parts[0].mediaType)
    }

    private mutating func readHeader(
        _ header: HeaderBlock, limits: MIMELimits, text: inout HeaderText
    ) {
        self.header = header
        func addresses(_ name: String, _ text: inout HeaderText) -> [MailAddress] {
            header.all(name).flatMap {
                AddressParser.parse($0, limits: limits, text: &text, over: &overLimits)
            }
        }
        from = addresses("from", &text)
        to = addresses("to", &text)
        cc = addresses("cc", &text)
        replyTo = addresses("reply-to", &text)
        subject = header.first("subject").map {
            text.decode($0[...]).collapsingSpaces().trimmingSpaces()
        }
        date = header.first("date").flatMap(MIMEDate.parse)
        messageID = header.first("message-id").flatMap { MessageIDs.read($0).first }
        inReplyTo = header.all("in-reply-to").flatMap(MessageIDs.read)
        references = header.all("references").flatMap(MessageIDs.read)
        var seen: Set<String> = []
        for field in header.fields where seen.insert(field.name).inserted {
            headers.append((field.name, text.decode(ASCII.trimmed(field.value[...]))))
        }
    }
}

/// Message-IDs with their brackets.
enum MessageIDs {
    /// Every `<…>` of a field, in order, at most 1,000.
    static func read(_ value: [UInt8]) -> [String] {
        var result: [String] = []
        var start: Int?
        for (index, byte) in value.enumerated() {
            if byte == ASCII.less {
                start = index
            } else if byte == ASCII.greater, let from = start {
                let id = value[from...index].filter { !ASCII.isSpace($0) }
                if id.count > 2, id.count <= 998 { result.append(Charset.guess(id[...])) }
                start = nil
                if result.count == 1000 { break }
            }
        }
        return result
    }
}
