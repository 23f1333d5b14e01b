/// Chooses the bodies and attachments of a message from its parts.
struct ContentReader {
    let bytes: [UInt8]
    let parts: [MIMEPart]
    let limits: MIMELimits
    private(set) var text: HeaderText
    private(set) var plain: String?
    private(set) var html: String?
    private(set) var attachments: [Message.Attachment] = []
    private(set) var over: OverLimits = []

    init(bytes: [UInt8], parts: [MIMEPart], limits: MIMELimits, text: HeaderText) {
        self.bytes = bytes
        self.parts = parts
        self.limits = limits
        self.text = text
    }

    /// The first text and the first HTML that are no attachments are the bodies; every other leaf
    /// is an attachment.
    mutating func read() {
        for part in parts where !part.isMultipart {
            if part.disposition?.value != "attachment", takeBody(part) { continue }
            attach(part)
        }
    }

    private mutating func takeBody(_ part: MIMEPart) -> Bool {
        switch part.mediaType {
        case "text/html" where html == nil:
            html = decodedText(part)
        case "text/plain" where plain == nil:
            plain = decodedText(part)
        case _ where part.mediaType.hasPrefix("multipart/"):
            // Its boundary never came: all there is to read is the text.
            guard plain == nil else { return false }
            plain = decodedText(part)
        default:
            return false
        }
        return true
    }

    private mutating func decodedText(_ part: MIMEPart) -> String {
        var content = part.transferEncoding.decode(bytes[part.body])[...]
        if content.count > limits.textBytes {
            over.insert(.text)
            content = content.prefix(limits.textBytes)
        }
        return ContentReader.normalized(Charset.decode(content, part.charset))
    }

    /// Line ends as LF; NUL, which no text column takes, as U+FFFD.
    static func normalized(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == ASCII.cr || $0 == 0 }) else { return text }
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count)
        var wasCR = false
        for byte in text.utf8 {
            switch byte {
            case ASCII.cr: result.append(ASCII.lf)
            case ASCII.lf where wasCR: break
            case 0: result += [0xEF, 0xBF, 0xBD]
            default: result.append(byte)
            }
            wasCR = byte == ASCII.cr
        }
        return String(decoding: result, as: UTF8.self)
    }

    private mutating func attach(_ part: MIMEPart) {
        let name = part.disposition?["filename"] ?? part.contentType?["name"] ?? ""
        let contentID = part.header.first("content-id").flatMap { MessageIDs.read($0).first }
        attachments.append(
            Message.Attachment(
                name: FileName.safe(text.decode(Array(name.utf8)[...])), type: part.mediaType,
                contentID: contentID.map { String($0.dropFirst().dropLast()) },
                content: part.transferEncoding.decode(bytes[part.body])))
    }
}

/// Names of attachments, which senders choose.
enum FileName {
    static let byteLimit = 255

    /// Without path, controls and bidirectional overrides, at most 255 bytes.
    static func safe(_ name: String) -> String {
        let scalars = name.unicodeScalars.filter { scalar in
            switch scalar.value {
            case 0..<32, 127..<160, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069, 0xFEFF:
                false
            default: true
            }
        }
        var result = String(String.UnicodeScalarView(scalars))
        if let slash = result.lastIndex(where: { $0 == "/" || $0 == "\\" }) {
            result = String(result[result.index(after: slash)...])
        }
        result = result.trimmingSpaces()
        while result.utf8.count > byteLimit { result.removeLast() }
        return result == "." || result == ".." ? "" : result
    }
}
