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
        switch file.content {
        case .bytes(let bytes): try put(BodyEncoding.base64.encode(bytes))
        case .file(let size, let read):
            // Whole lines, so that the pieces join.
            let length = BodyEncoding.bytesPerLine * 1024
            for offset in stride(from: 0, to: size, by: length) {
                try put(BodyEncoding.base64.encode(read(offset, min(length, size - offset))))
            }
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
        case .base64: result = BodyEncoding.base64(content)
        }
        if !result.isEmpty, result.last != ASCII.lf { result += [ASCII.cr, ASCII.lf] }
        return result
    }

    private static let digits = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func base64(_ content: [UInt8]) -> [UInt8] {
        let lines = (content.count + bytesPerLine - 1) / bytesPerLine
        let count = (content.count + 2) / 3 * 4 + lines * 2
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            var column = 0
            func put(_ byte: UInt8) {
                buffer[filled] = byte
                filled += 1
            }
            func endLine() {
                put(ASCII.cr)
                put(ASCII.lf)
                column = 0
            }
            content.withUnsafeBufferPointer { bytes in
                digits.withUnsafeBufferPointer { digits in
                    for index in stride(from: 0, to: bytes.count, by: 3) {
                        let left = bytes.count - index
                        let group =
                            UInt32(bytes[index]) << 16
                            | (left > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
                            | (left > 2 ? UInt32(bytes[index + 2]) : 0)
                        put(digits[Int(group >> 18)])
                        put(digits[Int(group >> 12 & 63)])
                        put(left > 1 ? digits[Int(group >> 6 & 63)] : ASCII.equals)
                        put(left > 2 ? digits[Int(group & 63)] : ASCII.equals)
                        column += 4
                        if column == lineLength { endLine() }
                    }
                    if column > 0 { endLine() }
                }
            }
        }
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
