import Crypto
import JSON
import ServiceRuntime

/// What mappings and scripts see as `mail` (API.md §10).
enum MailBindings {
    /// Of each text; a longer one is cut, and `mail.truncated` says so.
    static let textBytes = 4 << 20
    /// Of all headers together.
    static let headerBytes = 256 << 10

    /// `record`: the record that the mail this one answers was about.
    static func value(_ message: Message, received: String, record: String?) -> JSONValue {
        let text = message.text ?? message.html.map(PlainText.from(html:))
        let (shortText, isTextCut) = cut(text)
        let (shortHTML, isHTMLCut) = cut(message.html)
        return [
            "messageId": optional(message.messageID),
            "inReplyTo": optional(message.inReplyTo.first),
            "references": .array(message.references.map { .string($0) }),
            "from": message.from.first.map(address) ?? .null,
            "to": .array(message.to.map(address)), "cc": .array(message.cc.map(address)),
            "replyTo": message.replyTo.first.map(address) ?? .null,
            "date": optional(message.date?.text), "received": .string(received),
            "subject": .string(message.subject ?? ""), "text": optional(shortText),
            "html": optional(shortHTML),
            "attachments": .array(message.attachments.map(attachment)),
            "headers": headers(message), "automatic": .boolean(message.automatic != nil),
            "record": optional(record),
            "overLimits": .array(message.overLimits.names.map { .string($0) }),
            "damaged": .boolean(message.isDamaged),
            "truncated": .boolean(isTextCut || isHTMLCut),
        ]
    }

    private static func optional(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

    private static func cut(_ text: String?) -> (String?, Bool) {
        guard let text, text.utf8.count > textBytes else { return (text, false) }
        // A cut character becomes a replacement: it was the last one of very many.
        return (String(decoding: text.utf8.prefix(textBytes), as: UTF8.self), true)
    }

    private static func address(_ address: MailAddress) -> JSONValue {
        ["name": .string(address.name), "address": .string(address.address)]
    }

    private static func attachment(_ attachment: Message.Attachment) -> JSONValue {
        [
            "name": .string(attachment.name), "type": .string(attachment.type),
            "bytes": .number(JSONNumber(Int64(attachment.content.count))),
            "sha256": .string(SHA256.hex(attachment.content)),
        ]
    }

    private static func headers(_ message: Message) -> JSONValue {
        var left = headerBytes
        var members: [(String, JSONValue)] = []
        for (name, value) in message.headers {
            left -= name.utf8.count + value.utf8.count
            if left < 0 { break }
            members.append((name, .string(value)))
        }
        return .object(JSONObject(members))
    }
}

/// The text of an HTML mail that brought none: tags dropped, blocks as lines, the common entities
/// read. For reading and searching only; the HTML itself is kept as it came.
enum PlainText {
    private static let blocks: Set<String> = [
        "br", "p", "div", "tr", "li", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6",
        "blockquote", "pre", "hr",
    ]
    private static let entities: [String: String] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ",
        "ndash": "–", "mdash": "—", "hellip": "…", "euro": "€", "copy": "©",
    ]

    static func from(html: String) -> String {
        let bytes = Array(html.utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count / 2)
        var index = 0
        /// `script` or `style`, whose content is no text.
        var hidden: String?
        while index < bytes.count {
            let byte = bytes[index]
            if byte == ASCII.less {
                let (name, isClosing, end) = tag(bytes, at: index)
                index = end
                if let open = hidden {
                    if (isClosing && name == open) || name == "body" { hidden = nil }
                } else if !isClosing, ["script", "style", "head", "title"].contains(name) {
                    hidden = name
                } else if blocks.contains(name), result.last != ASCII.lf {
                    result.append(ASCII.lf)
                }
                continue
            }
            if hidden != nil {
                index += 1
            } else if byte == 38, let (text, end) = entity(bytes, at: index) {
                result += text.utf8
                index = end
            } else {
                if !ASCII.isSpace(byte) {
                    result.append(byte)
                } else if let last = result.last, !ASCII.isSpace(last) {
                    result.append(ASCII.space)
                }
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self).trimmingSpaces()
    }

    /// The tag at `start` and where it ends.
    private static func tag(_ bytes: [UInt8], at start: Int) -> (String, Bool, Int) {
        var index = start + 1
        let isClosing = index < bytes.count && bytes[index] == 47
        if isClosing { index += 1 }
        let from = index
        while index < bytes.count, ASCII.isLetter(bytes[index]) || ASCII.isDigit(bytes[index]) {
            index += 1
        }
        let name = ASCII.lowercased(bytes[from..<min(index, from + 20)])
        while index < bytes.count, bytes[index] != ASCII.greater { index += 1 }
        return (name, isClosing, min(index + 1, bytes.count))
    }

    private static func entity(_ bytes: [UInt8], at start: Int) -> (String, Int)? {
        let end = bytes[start...].prefix(12).firstIndex(of: ASCII.semicolon)
        guard let end else { return nil }
        let name = String(decoding: bytes[(start + 1)..<end], as: UTF8.self)
        if let text = entities[name] { return (text, end + 1) }
        guard name.hasPrefix("#") else { return nil }
        let digits = name.dropFirst()
        let number =
            digits.first == "x" || digits.first == "X"
            ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        guard let number, let scalar = Unicode.Scalar(number), number > 0 else { return nil }
        return (String(scalar), end + 1)
    }
}
