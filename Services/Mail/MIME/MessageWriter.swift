import Crypto
import ServiceRuntime

/// A mail to be written: the bytes are made once, at the time it is queued, and sent and audited as
/// they are.
struct MessageDraft: Sendable {
    struct Attachment: Sendable {
        var name: String
        /// `application/pdf`.
        var type: String
        var content: [UInt8]
    }

    /// With its angle brackets.
    var messageID: String
    var date: Timestamp
    var from: MailAddress
    var to: [MailAddress] = []
    var cc: [MailAddress] = []
    var subject = ""
    var text: String?
    var html: String?
    var attachments: [Attachment] = []
    var inReplyTo: String?
    var references: [String] = []
    /// Machines made it: nothing automatic answers it.
    var isAutomatic = false

    /// RFC 5322 and MIME, CRLF, 7 bit but for addresses outside ASCII. Blind recipients are not in
    /// it.
    func bytes() throws(MessageFault) -> [UInt8] {
        var header = HeaderWriter()
        try header.structured("Date", MIMEDate.format(date))
        try header.addresses("From", [from])
        try header.addresses("To", to)
        try header.addresses("Cc", cc)
        // RFC 5322 allows no recipient field at all; some receivers do not.
        if to.isEmpty, cc.isEmpty { try header.structured("To", "undisclosed-recipients:;") }
        try header.text("Subject", subject)
        try header.structured("Message-ID", messageID)
        if let inReplyTo { try header.structured("In-Reply-To", inReplyTo) }
        if !references.isEmpty {
            try header.structured("References", references.suffix(20).joined(separator: " "))
        }
        if isAutomatic {
            try header.structured("Auto-Submitted", "auto-generated")
            try header.structured("X-Auto-Response-Suppress", "All")
        }
        try header.structured("MIME-Version", "1.0")
        let content = try root()
        return try header.bytes + content.written()
    }

    /// A part and those within it.
    private indirect enum Part {
        case leaf(
            type: String, parameters: [(name: String, value: String)], disposition: String?,
            name: String?, content: [UInt8], isText: Bool)
        case multipart(type: String, boundary: String, [Part])
    }

    private func root() throws(MessageFault) -> Content {
        var bodies: [Part] = []
        if let text { bodies.append(MessageDraft.textPart("text/plain", text)) }
        if let html { bodies.append(MessageDraft.textPart("text/html", html)) }
        if bodies.isEmpty, attachments.isEmpty {
            bodies.append(MessageDraft.textPart("text/plain", ""))
        }
        var parts =
            bodies.count == 2
            ? [Part.multipart(type: "alternative", boundary: boundary(2), bodies)] : bodies
        for attachment in attachments {
            guard MessageDraft.isMediaType(attachment.type) else {
                throw MessageFault(field: "attachments", reason: "has a type that is none")
            }
            parts.append(
                .leaf(
                    type: attachment.type, parameters: [], disposition: "attachment",
                    name: FileName.safe(attachment.name), content: attachment.content,
                    isText: false))
        }
        let part =
            attachments.isEmpty && parts.count == 1
            ? parts[0] : .multipart(type: "mixed", boundary: boundary(1), parts)
        return Content(part: part)
    }

    /// From the Message-ID, which nobody knows before.
    private func boundary(_ number: Int) -> String {
        let id = messageID.utf8.filter { ASCII.isLetter($0) || ASCII.isDigit($0) }.prefix(40)
        return "=_\(String(decoding: id, as: UTF8.self))_\(number)"
    }

    private static func textPart(_ type: String, _ text: String) -> Part {
        .leaf(
            type: type, parameters: [], disposition: nil, name: nil,
            content: withCRLF(text), isText: true)
    }

    /// Every line end as CRLF.
    private static func withCRLF(_ text: String) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count + text.utf8.count / 40)
        var wasCR = false
        for byte in text.utf8 {
            if byte == ASCII.cr {
                result += [ASCII.cr, ASCII.lf]
            } else if byte == ASCII.lf {
                if !wasCR { result += [ASCII.cr, ASCII.lf] }
            } else {
                result.append(byte)
            }
            wasCR = byte == ASCII.cr
        }
        return result
    }

    /// `type/subtype` of RFC 2045's tokens.
    static func isMediaType(_ type: String) -> Bool {
        let halves = type.split(separator: "/", omittingEmptySubsequences: false)
        return halves.count == 2 && type.utf8.count <= 127
            && halves.allSatisfy { half in
                !half.isEmpty
                    && half.utf8.allSatisfy {
                        ASCII.isLetter($0) || ASCII.isDigit($0) || "!#$&-^_.+".utf8.contains($0)
                    }
            }
    }

    /// The part with its own header fields in front.
    private struct Content {
        let part: Part

        func written() throws(MessageFault) -> [UInt8] {
            var header = HeaderWriter()
            switch part {
            case .multipart(let type, let boundary, let parts):
                try header.parameters(
                    "Content-Type", "multipart/\(type)", [("boundary", boundary)])
                var bytes = header.bytes
                for part in parts {
                    bytes += "\r\n--\(boundary)\r\n".utf8
                    bytes += try Content(part: part).written()
                }
                return bytes + "\r\n--\(boundary)--\r\n".utf8
            case .leaf(
                let type, var parameters, let disposition, let name, let content, let isText):
                let encoding = isText ? BodyEncoding(choosingFor: content) : .base64
                if isText {
                    let isASCII = content.allSatisfy { $0 < 128 }
                    parameters.append(("charset", isASCII ? "us-ascii" : "utf-8"))
                }
                try header.parameters("Content-Type", type, parameters)
                try header.structured("Content-Transfer-Encoding", encoding.rawValue)
                if let disposition {
                    let names = name.map { $0.isEmpty ? [] : [(name: "filename", value: $0)] } ?? []
                    try header.parameters("Content-Disposition", disposition, names)
                }
                return header.bytes + [ASCII.cr, ASCII.lf] + encoding.encode(content)
            }
        }
    }
}

/// How the writer puts a body into 7 bits.
enum BodyEncoding: String {
    case sevenBit = "7bit"
    case quotedPrintable = "quoted-printable"
    case base64 = "base64"

    private static let lineLength = 76

    /// 7 bit where every line is short ASCII; quoted-printable for mostly ASCII; else base64.
    init(choosingFor content: [UInt8]) {
        var others = 0
        var column = 0
        var longest = 0
        for byte in content {
            let isPrintable = byte == ASCII.tab || (32..<127).contains(byte)
            if byte == ASCII.lf {
                column = 0
            } else if byte != ASCII.cr {
                column += 1
                longest = max(longest, column)
                if !isPrintable { others += 1 }
            }
        }
        if others == 0, longest <= BodyEncoding.lineLength + 2 {
            self = .sevenBit
        } else {
            self = others * 4 > content.count ? .base64 : .quotedPrintable
        }
    }

    /// The encoded body, always with a line end at its end.
    func encode(_ content: [UInt8]) -> [UInt8] {
        var result: [UInt8]
        switch self {
        case .sevenBit: result = content
        case .quotedPrintable: result = BodyEncoding.quotedPrintable(content)
        case .base64: result = BodyEncoding.base64(content)
        }
        if !result.isEmpty, result.last != ASCII.lf { result += [ASCII.cr, ASCII.lf] }
        return result
    }

    private static func base64(_ content: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(content.count / 57 * 78 + 80)
        var index = 0
        // 57 bytes are 76 characters.
        while index < content.count {
            let end = min(index + 57, content.count)
            result += Base64.encode(Array(content[index..<end])).utf8
            result += [ASCII.cr, ASCII.lf]
            index = end
        }
        return result
    }

    private static func quotedPrintable(_ content: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(content.count + content.count / 4)
        var column = 0
        for (index, byte) in content.enumerated() {
            if byte == ASCII.cr { continue }
            if byte == ASCII.lf {
                result += [ASCII.cr, ASCII.lf]
                column = 0
                continue
            }
            let atLineEnd = index + 1 == content.count || content[index + 1] == ASCII.cr
            let isLiteral =
                (33..<127).contains(byte) && byte != ASCII.equals
                || (ASCII.isBlank(byte) && !atLineEnd)
            let width = isLiteral ? 1 : 3
            if column + width > lineLength - 1 {
                result += [ASCII.equals, ASCII.cr, ASCII.lf]
                column = 0
            }
            if isLiteral {
                result.append(byte)
            } else {
                result += [
                    ASCII.equals, ASCII.hexDigits[Int(byte >> 4)],
                    ASCII.hexDigits[Int(byte & 15)],
                ]
            }
            column += width
        }
        return result
    }
}
