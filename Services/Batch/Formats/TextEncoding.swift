import Glibc

/// The encodings of text files. Those of one byte a character agree on ASCII, so that such a file
/// is split into fields before it is decoded.
public enum TextEncoding: String, Sendable, CaseIterable {
    case utf8 = "utf-8"
    case windows1250 = "windows-1250"
    case windows1251 = "windows-1251"
    case windows1252 = "windows-1252"
    case windows1253 = "windows-1253"
    case windows1254 = "windows-1254"
    case windows1255 = "windows-1255"
    case windows1256 = "windows-1256"
    case windows1257 = "windows-1257"
    case latin1 = "iso-8859-1"
    case latin2 = "iso-8859-2"
    case cyrillic = "iso-8859-5"
    case greek = "iso-8859-7"
    case latin5 = "iso-8859-9"
    case latin7 = "iso-8859-13"
    case latin9 = "iso-8859-15"
    case latin10 = "iso-8859-16"
    case koi8r = "koi8-r"
    case koi8u = "koi8-u"
    case ibm437, ibm850, ibm852
    /// Several bytes a character.
    case shiftJIS = "shift_jis"
    case eucJP = "euc-jp"
    case eucKR = "euc-kr"
    case gb18030, big5
    /// Read: the byte order mark says which, without one it is little-endian. Written:
    /// little-endian with a mark.
    case utf16 = "utf-16"

    /// The text, or nil where a byte means nothing in this encoding.
    public func decode(_ bytes: some Collection<UInt8>) -> String? {
        switch self {
        case .utf8: return String(validating: bytes, as: UTF8.self)
        case .utf16: return nil
        case .shiftJIS, .eucJP, .eucKR, .gb18030, .big5:
            guard let name = multibyteName,
                let transcoder = TextTranscoder(from: name, to: "UTF-8")
            else { return nil }
            var faults = 0
            let text = transcoder.convert(bytes, isLast: true, faults: &faults)
            return faults == 0 ? String(validating: text, as: UTF8.self) : nil
        default:
            var text: [UInt8] = []
            guard table?.append(bytes, to: &text) == true else { return nil }
            return String(decoding: text, as: UTF8.self)
        }
    }

    /// Appends the text's bytes; false (and nothing appended) where a character does not exist in
    /// this encoding.
    public func encode(_ text: String, into bytes: inout [UInt8]) -> Bool {
        if multibyteName != nil {
            guard let made = encoded(text.utf8) else { return false }
            bytes += made
            return true
        }
        guard let table else {
            bytes.append(contentsOf: text.utf8)
            return true
        }
        let before = bytes.count
        for scalar in text.unicodeScalars {
            guard let byte = scalar.isASCII ? UInt8(scalar.value) : table.back[scalar] else {
                bytes.removeSubrange(before...)
                return false
            }
            bytes.append(byte)
        }
        return true
    }

    /// Whether bytes are well-formed UTF-8.
    static func isUTF8(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        do {
            _ = try UTF8Span(validating: bytes.span)
            return true
        } catch {
            return false
        }
    }

    static func isUTF8(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.withUnsafeBufferPointer { isUTF8($0) }
    }

    /// What the bytes of an encoding of one byte a character mean; nil for Unicode's own.
    var table: ByteTable? { ByteTable.all[self] }
}

/// What each byte means.
struct ByteTable: Sendable {
    static let all: [TextEncoding: ByteTable] = {
        var tables: [TextEncoding: ByteTable] = [:]
        for encoding in TextEncoding.allCases where encoding != .utf8 && !encoding.isConverted {
            tables[encoding] = ByteTable(encoding.rawValue)
        }
        return tables
    }()

    /// UTF-8 of each byte; empty where it is not assigned.
    private var forward: [[UInt8]] = []
    private(set) var back: [Unicode.Scalar: UInt8] = [:]

    private init?(_ name: String) {
        guard let handle = iconv_open("utf-8", name), Int(bitPattern: handle) != -1 else {
            return nil
        }
        defer { iconv_close(handle) }
        for byte in UInt8.min...UInt8.max {
            let text = byte < 0x80 ? [byte] : ByteTable.convert(byte, handle)
            forward.append(text)
            if let scalar = String(decoding: text, as: UTF8.self).unicodeScalars.first {
                back[scalar] = byte
            }
        }
    }

    private static func convert(_ byte: UInt8, _ handle: iconv_t) -> [UInt8] {
        var input = [CChar(bitPattern: byte)]
        var output = [CChar](repeating: 0, count: 8)
        let count = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                var from = input.baseAddress
                var to = output.baseAddress
                var (left, room) = (input.count, output.count)
                guard iconv(handle, &from, &left, &to, &room) != -1 else { return 0 }
                // Some wait whether a mark follows that goes with the letter.
                _ = iconv(handle, nil, nil, &to, &room)
                return output.count - room
            }
        }
        return output[..<count].map { UInt8(bitPattern: $0) }
    }

    func isAssigned(_ byte: UInt8) -> Bool { !forward[Int(byte)].isEmpty }

    /// Appends UTF-8; false where a byte means nothing.
    func append(_ bytes: some Collection<UInt8>, to text: inout [UInt8]) -> Bool {
        for byte in bytes {
            if byte < 0x80 {
                text.append(byte)
                continue
            }
            let scalar = forward[Int(byte)]
            if scalar.isEmpty { return false }
            text.append(contentsOf: scalar)
        }
        return true
    }
}
