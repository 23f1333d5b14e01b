/// The encodings of text files. All three agree on ASCII, so a file is split into fields before it
/// is decoded.
public enum TextEncoding: String, Sendable, CaseIterable {
    case utf8 = "utf-8"
    case windows1252 = "windows-1252"
    case latin1 = "iso-8859-1"

    /// The text, or nil where a byte means nothing in this encoding.
    public func decode(_ bytes: some Sequence<UInt8>) -> String? {
        switch self {
        case .utf8:
            return String(validating: bytes, as: UTF8.self)
        case .latin1:
            var text = String.UnicodeScalarView()
            for byte in bytes { text.append(Unicode.Scalar(byte)) }
            return String(text)
        case .windows1252:
            var text = String.UnicodeScalarView()
            for byte in bytes {
                guard let scalar = TextEncoding.scalar(ofWindows1252: byte) else { return nil }
                text.append(scalar)
            }
            return String(text)
        }
    }

    /// Appends the text's bytes; false (and nothing appended) where a character does not exist in
    /// this encoding.
    public func encode(_ text: String, into bytes: inout [UInt8]) -> Bool {
        if self == .utf8 {
            bytes.append(contentsOf: text.utf8)
            return true
        }
        let before = bytes.count
        for scalar in text.unicodeScalars {
            guard let byte = byte(of: scalar) else {
                bytes.removeSubrange(before...)
                return false
            }
            bytes.append(byte)
        }
        return true
    }

    private func byte(of scalar: Unicode.Scalar) -> UInt8? {
        switch scalar.value {
        case 0..<0x80, 0xa0..<0x100: return UInt8(scalar.value)
        case 0x80..<0xa0: return self == .latin1 ? UInt8(scalar.value) : nil
        default:
            guard self == .windows1252, scalar.value <= 0xffff,
                let index = TextEncoding.windows1252High.firstIndex(of: UInt16(scalar.value))
            else { return nil }
            return UInt8(0x80 + index)
        }
    }

    private static func scalar(ofWindows1252 byte: UInt8) -> Unicode.Scalar? {
        guard (0x80..<0xa0).contains(byte) else { return Unicode.Scalar(byte) }
        let value = windows1252High[Int(byte) - 0x80]
        return value == 0 ? nil : Unicode.Scalar(value)
    }

    /// What 0x80 to 0x9f mean in windows-1252; 0 where a byte is not assigned.
    private static let windows1252High: [UInt16] = [
        0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
        0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0,
        0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
        0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
    ]
}
