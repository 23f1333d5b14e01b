import Crypto

/// Writes the parts of a message, each with its header fields, in pieces.
struct MIMEWriter {
    /// A part and those within it.
    indirect enum Part {
        case text(type: String, String)
        case file(MessageDraft.Attachment)
        case multipart(type: String, _ boundary: String, [Part])
    }

    let put: ([UInt8]) throws -> Void

    func write(_ part: Part) throws {
        var header = HeaderWriter()
        switch part {
        case .multipart(let type, let boundary, let parts):
            try header.parameters("Content-Type", "multipart/\(type)", [("boundary", boundary)])
            try put(header.bytes)
            for part in parts {
                try put(Array("\r\n--\(boundary)\r\n".utf8))
                try write(part)
            }
            try put(Array("\r\n--\(boundary)--\r\n".utf8))
        case .text(let type, let text):
            let content = MIMEWriter.withCRLF(text)
            let encoding = BodyEncoding(choosingFor: content)
            let isASCII = content.allSatisfy { $0 < 128 }
            try header.parameters(
                "Content-Type", type, [("charset", isASCII ? "us-ascii" : "utf-8")])
            try header.structured("Content-Transfer-Encoding", encoding.rawValue)
            try put(header.bytes + [ASCII.cr, ASCII.lf] + encoding.encode(content))
        case .file(let file): try write(file)
        }
    }

    private func write(_ file: MessageDraft.Attachment) throws {
        var header = HeaderWriter()
        let name = FileName.safe(file.name)
        try header.parameters("Content-Type", file.type, [])
        try header.structured("Content-Transfer-Encoding", BodyEncoding.base64.rawValue)
        if let id = file.contentID { try header.structured("Content-ID", "<\(id)>") }
        try header.parameters(
            "Content-Disposition", file.contentID == nil ? "attachment" : "inline",
            name.isEmpty ? [] : [("filename", name)])
        try put(header.bytes + [ASCII.cr, ASCII.lf])
        // Whole lines, so that the pieces join.
        let length = BodyEncoding.bytesPerLine * 1024
        for start in stride(from: 0, to: file.content.size, by: length) {
            let count = min(length, file.content.size - start)
            let piece =
                switch file.content {
                case .bytes(let bytes): Array(bytes[start..<start + count])
                case .file(let file, _): try file.read(at: start, count: count)
                }
            try put(BodyEncoding.base64.encode(piece))
        }
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
}

/// How the writer puts a body into 7 bits.
enum BodyEncoding: String {
    case sevenBit = "7bit"
    case quotedPrintable = "quoted-printable"
    case base64 = "base64"

    private static let lineLength = 76
    /// Of base64: 57 bytes are 76 characters.
    static let bytesPerLine = 57

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
        case .base64: result = Base64.encode(content, bytesPerLine: BodyEncoding.bytesPerLine)
        }
        if !result.isEmpty, result.last != ASCII.lf { result += [ASCII.cr, ASCII.lf] }
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
