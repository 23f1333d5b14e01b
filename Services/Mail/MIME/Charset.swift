import Glibc

/// Bytes in a named character set to text. Never fails: what cannot be read becomes U+FFFD, an
/// unknown name is read as UTF-8 where that is valid, else as windows-1252.
enum Charset {
    /// Names that mails use and iconv does not know, or knows too narrowly (`gb2312` mails hold
    /// GBK).
    private static let aliases: [String: String] = [
        "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "hz-gb-2312": "hz",
        "ks_c_5601-1987": "cp949", "ks_c_5601-1989": "cp949", "euc-kr": "cp949", "korean": "cp949",
        "iso-8859-8-i": "iso-8859-8", "iso-8859-8-e": "iso-8859-8", "iso-8859-6-i": "iso-8859-6",
        "iso-8859-6-e": "iso-8859-6", "unicode-1-1-utf-7": "utf-7", "x-unicode-2-0-utf-7": "utf-7",
        "x-mac-cyrillic": "mac-cyrillic", "x-mac-roman": "macintosh", "x-sjis": "cp932",
        "shift_jis": "cp932", "shift-jis": "cp932", "ms_kanji": "cp932", "windows-31j": "cp932",
        "x-euc-jp": "euc-jp", "x-big5": "big5-hkscs", "big5": "big5-hkscs", "cn-big5": "big5-hkscs",
        "x-windows-949": "cp949", "cp-850": "cp850", "unicode": "utf-16", "ansi": "windows-1252",
        "win-1251": "windows-1251", "ascii": "us-ascii", "ansi_x3.4-1968": "us-ascii",
        "utf8": "utf-8", "unicode-1-1-utf-8": "utf-8", "latin1": "iso-8859-1",
        "latin-1": "iso-8859-1", "iso8859-1": "iso-8859-1", "iso_8859-1": "iso-8859-1",
        "l1": "iso-8859-1", "cp1252": "windows-1252", "x-cp1252": "windows-1252",
    ]

    static func decode(_ bytes: ArraySlice<UInt8>, _ name: String) -> String {
        let key = name.lowercased().trimmingSpaces()
        let charset = aliases[key] ?? key
        switch charset {
        case "utf-8": return utf8(bytes)
        case "iso-8859-1": return latin1(bytes)
        case "windows-1252": return windows1252(bytes)
        case "us-ascii", "": return ascii(bytes)
        case "unknown", "unknown-8bit", "x-unknown", "8bit", "default", "none":
            return guess(bytes)
        default: return converted(bytes, charset) ?? guess(bytes)
        }
    }

    /// A declared or default US-ASCII: what is not ASCII is not known.
    private static func ascii(_ bytes: ArraySlice<UInt8>) -> String {
        if bytes.allSatisfy({ $0 < 128 }) { return String(decoding: bytes, as: UTF8.self) }
        return String(
            decoding: bytes.lazy.map { $0 < 128 ? UInt16($0) : 0xFFFD }, as: UTF16.self)
    }

    /// Text whose character set nobody says.
    static func guess(_ bytes: ArraySlice<UInt8>) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return windows1252(bytes)
    }

    private static func utf8(_ bytes: ArraySlice<UInt8>) -> String {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        return String(
            decoding: bytes.starts(with: mark) ? bytes.dropFirst(3) : bytes, as: UTF8.self)
    }

    private static func latin1(_ bytes: ArraySlice<UInt8>) -> String {
        if bytes.allSatisfy({ $0 < 128 }) { return String(decoding: bytes, as: UTF8.self) }
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count + bytes.count / 4)
        for byte in bytes {
            if byte < 128 {
                text.append(byte)
            } else {
                text.append(0xC0 | byte >> 6)
                text.append(0x80 | byte & 0x3F)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static let windowsHigh: [UInt16] = [
        0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178,
    ]

    private static func windows1252(_ bytes: ArraySlice<UInt8>) -> String {
        String(
            decoding: bytes.lazy.map {
                (0x80...0x9F).contains($0) ? windowsHigh[Int($0) - 0x80] : UInt16($0)
            }, as: UTF16.self)
    }

    /// By iconv; nil where it does not know the name.
    private static func converted(_ bytes: ArraySlice<UInt8>, _ charset: String) -> String? {
        // A name is put into a C call: only what names are made of.
        guard charset.utf8.count <= 40,
            charset.utf8.allSatisfy({
                ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == 45 || $0 == 95 || $0 == 46
                    || $0 == 58
            })
        else { return nil }
        guard let descriptor = iconv_open("UTF-8", charset), descriptor != iconv_t(bitPattern: -1)
        else { return nil }
        defer { iconv_close(descriptor) }
        let text = convert(bytes, descriptor)
        return withoutMarks(text, charset)
    }

    private static func convert(_ bytes: ArraySlice<UInt8>, _ descriptor: iconv_t) -> String {
        var input = Array(bytes)
        var output: [UInt8] = []
        output.reserveCapacity(input.count * 2)
        var chunk = [CChar](repeating: 0, count: 8192)
        input.withUnsafeMutableBytes { source in
            var rest = source.count
            var from = source.baseAddress?.assumingMemoryBound(to: CChar.self)
            var finished = rest == 0
            while !finished {
                var failure: Int32 = 0
                let isFlush = rest == 0
                chunk.withUnsafeMutableBufferPointer { buffer in
                    var to = buffer.baseAddress
                    var room = buffer.count
                    let result =
                        isFlush
                        ? iconv(descriptor, nil, nil, &to, &room)
                        : iconv(descriptor, &from, &rest, &to, &room)
                    failure = result == -1 ? errno : 0
                    // The last call, without input, gives what the decoder still held back.
                    if result != -1, isFlush { finished = true }
                    for index in 0..<(buffer.count - room) {
                        output.append(UInt8(bitPattern: buffer[index]))
                    }
                }
                if failure == EILSEQ || failure == EINVAL {
                    output.append(contentsOf: [0xEF, 0xBF, 0xBD])
                    from = from?.advanced(by: 1)
                    rest -= 1
                    // A truncated last character ends the text.
                    finished = failure == EINVAL
                } else if failure != 0, failure != E2BIG {
                    finished = true
                }
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func withoutMarks(_ text: String, _ charset: String) -> String {
        // Joined encoded words may each have brought a byte order mark: none is part of the text.
        guard charset.hasPrefix("utf-16") || charset.hasPrefix("utf-32") else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != "\u{FEFF}" }))
    }
}

extension String {
    /// Each run of blanks and line ends as one space.
    func collapsingSpaces() -> String {
        var result: [UInt8] = []
        result.reserveCapacity(utf8.count)
        for byte in utf8 {
            if !ASCII.isSpace(byte) {
                result.append(byte)
            } else if result.last != ASCII.space {
                result.append(ASCII.space)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Without ASCII blanks at both ends.
    func trimmingSpaces() -> String {
        let bytes = ASCII.trimmed(Array(utf8)[...])
        return bytes.count == utf8.count ? self : String(decoding: bytes, as: UTF8.self)
    }
}
