/// Base64 (standard and URL alphabets) and hex.
public enum Base64 {
    public static func encode(_ bytes: [UInt8]) -> String {
        encode(bytes, alphabet: standardAlphabet, isPadded: true)
    }

    /// Standard alphabet, padding needed; blanks and line ends are skipped where `lenient`.
    public static func decode(_ text: String, lenient: Bool = false) -> [UInt8]? {
        var digits = Array(text.utf8)
        if lenient { digits.removeAll { $0 == 32 || $0 == 9 || $0 == 13 || $0 == 10 } }
        guard digits.count % 4 == 0 else { return nil }
        let padding = digits.reversed().prefix { $0 == 61 }.count
        guard padding <= 2 else { return nil }
        return decode(digits.dropLast(padding), values: standardValues)
    }

    /// URL alphabet without padding.
    public static func encodeURL(_ bytes: [UInt8]) -> String {
        encode(bytes, alphabet: urlAlphabet, isPadded: false)
    }

    public static func decodeURL(_ text: String) -> [UInt8]? {
        decode(Array(text.utf8)[...], values: urlValues)
    }

    private static let letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    private static let standardAlphabet = Array((letters + "+/").utf8)
    private static let urlAlphabet = Array((letters + "-_").utf8)
    private static let standardValues = values(of: standardAlphabet)
    private static let urlValues = values(of: urlAlphabet)
    private static let invalid: UInt8 = 255

    private static func values(of alphabet: [UInt8]) -> [UInt8] {
        var values = [UInt8](repeating: invalid, count: 256)
        for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
        return values
    }

    /// Lines of `bytesPerLine` bytes each (a multiple of 3), every one with CRLF at its end.
    public static func encode(_ bytes: [UInt8], bytesPerLine: Int) -> [UInt8] {
        let lines = (bytes.count + bytesPerLine - 1) / bytesPerLine
        let size = (bytes.count + 2) / 3 * 4 + lines * 2
        return [UInt8](unsafeUninitializedCapacity: size) { text, length in
            for start in stride(from: 0, to: bytes.count, by: bytesPerLine) {
                let line = start..<min(start + bytesPerLine, bytes.count)
                encode(bytes[line], alphabet: standardAlphabet, isPadded: true, text, &length)
                (text[length], text[length + 1]) = (13, 10)
                length += 2
            }
        }
    }

    private static func encode(_ bytes: [UInt8], alphabet: [UInt8], isPadded: Bool) -> String {
        String(unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { text in
            var length = 0
            encode(bytes[...], alphabet: alphabet, isPadded: isPadded, text, &length)
            return length
        }
    }

    /// Writes into `text` from `length` on.
    private static func encode(
        _ bytes: ArraySlice<UInt8>, alphabet: [UInt8], isPadded: Bool,
        _ text: UnsafeMutableBufferPointer<UInt8>, _ length: inout Int
    ) {
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let left = bytes.endIndex - index
            let group =
                UInt32(bytes[index]) << 16
                | (left > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
                | (left > 2 ? UInt32(bytes[index + 2]) : 0)
            text[length] = alphabet[Int(group >> 18)]
            text[length + 1] = alphabet[Int(group >> 12 & 63)]
            length += 2
            for (place, shift) in [(1, 6), (2, 0)] as [(Int, UInt32)] {
                guard left > place || isPadded else { break }
                text[length] = left > place ? alphabet[Int(group >> shift & 63)] : 61
                length += 1
            }
            index += 3
        }
    }

    /// Digits without padding; nil for a foreign digit, an impossible length, or bits that encode
    /// nothing.
    private static func decode(_ digits: ArraySlice<UInt8>, values: [UInt8]) -> [UInt8]? {
        guard digits.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 4 * 3 + 2)
        var bits: UInt32 = 0
        var count = 0
        for digit in digits {
            let value = values[Int(digit)]
            guard value != invalid else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        // Two texts for the same bytes would let a signature be written in two ways.
        guard bits & (1 << UInt32(count) - 1) == 0 else { return nil }
        return bytes
    }
}

public enum Hex {
    /// Two lower-case digits a byte.
    public static func encode(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: bytes.count * 2) { text in
            for (index, byte) in bytes.enumerated() {
                text[index * 2] = digit(byte >> 4)
                text[index * 2 + 1] = digit(byte & 15)
            }
            return bytes.count * 2
        }
    }

    /// Digits of either case; nil for anything else.
    public static func decode(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 48...57: digit - 48
        case 65...70: digit - 55
        case 97...102: digit - 87
        default: nil
        }
    }
}
