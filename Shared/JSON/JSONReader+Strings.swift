// Strings: scanning with validation (escapes, surrogates, UTF-8), and undoing escapes.

extension JSONReader {
    /// Reads the string that begins at this quote.
    mutating func string() throws(JSONError) -> String {
        let start = position + 1
        let isEscaped = try scanString()
        let end = position - 1
        if isEscaped { return String(decoding: unescape(start, end), as: UTF8.self) }
        return bytes.withUnsafeBufferPointer {
            String(decoding: UnsafeBufferPointer(rebasing: $0[start..<end]), as: UTF8.self)
        }
    }

    /// Passes over the string that begins at this quote; answers whether it has escapes.
    mutating func scanString() throws(JSONError) -> Bool {
        var place = position + 1
        var isEscaped = false
        let fault: String? = bytes.withUnsafeBufferPointer { text in
            while true {
                place = JSONReader.plainEnd(text, place)
                guard place < text.count else { return "the text ends inside a string" }
                switch text[place] {
                case 0x22:
                    place += 1
                    return nil
                case 0x5C:
                    isEscaped = true
                    guard let end = JSONReader.escapeEnd(text, place) else {
                        return JSONReader.escapeFault(text, place)
                    }
                    place = end
                case 0..<0x20: return "a control character must be written as an escape"
                default:
                    let length = UTF8Validation.length(text, place)
                    guard length > 0 else { return "this is not UTF-8" }
                    place += length
                }
            }
        }
        position = place
        if let fault { throw malformed(fault) }
        return isEscaped
    }

    /// The first place from `start` on that is not plain ASCII: a quote, backslash, control
    /// character or the beginning of a longer sequence. Looks at eight bytes at once.
    static func plainEnd(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        var place = start
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let raw = UnsafeRawBufferPointer(text)
        while place + 8 <= text.count {
            let word = raw.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            let quote = word ^ (ones &* 0x22)
            let backslash = word ^ (ones &* 0x5C)
            let special =
                ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)
                | (word &- (ones &* 0x20)) | word
            if special & highs != 0 { break }
            place += 8
        }
        while place < text.count {
            let byte = text[place]
            if byte == 0x22 || byte == 0x5C || byte < 0x20 || byte >= 0x80 { return place }
            place += 1
        }
        return place
    }

    /// The end of the escape at `place`, or nil where it is none. A surrogate needs its other half.
    private static func escapeEnd(_ text: UnsafeBufferPointer<UInt8>, _ place: Int) -> Int? {
        guard place + 1 < text.count else { return nil }
        switch text[place + 1] {
        case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: return place + 2
        case 0x75:
            guard let unit = hexadecimal(text, place + 2) else { return nil }
            switch unit {
            case 0xD800...0xDBFF:
                guard place + 7 < text.count, text[place + 6] == 0x5C, text[place + 7] == 0x75,
                    let low = hexadecimal(text, place + 8), (0xDC00...0xDFFF).contains(low)
                else { return nil }
                return place + 12
            case 0xDC00...0xDFFF: return nil
            default: return place + 6
            }
        default: return nil
        }
    }

    private static func escapeFault(_ text: UnsafeBufferPointer<UInt8>, _ place: Int) -> String {
        guard place + 1 < text.count else { return "the text ends inside a string" }
        guard text[place + 1] == 0x75 else {
            return "there is no such escape; a backslash is written \\\\"
        }
        return hexadecimal(text, place + 2) == nil
            ? "\\u needs four hexadecimal digits" : "half of a surrogate pair"
    }

    private static func hexadecimal(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> UInt32? {
        guard start + 4 <= text.count else { return nil }
        var value: UInt32 = 0
        for place in start..<start + 4 {
            switch text[place] {
            case let byte where (0x30...0x39).contains(byte):
                value = value << 4 | UInt32(byte - 0x30)
            case let byte where (0x41...0x46).contains(byte):
                value = value << 4 | UInt32(byte - 0x37)
            case let byte where (0x61...0x66).contains(byte):
                value = value << 4 | UInt32(byte - 0x57)
            default: return nil
            }
        }
        return value
    }

    /// The bytes between two quotes without their escapes. Only for what `scanString` has passed.
    func unescape(_ start: Int, _ end: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(end - start)
        bytes.withUnsafeBufferPointer { text in
            var place = start
            while place < end {
                let byte = text[place]
                guard byte == 0x5C else {
                    result.append(byte)
                    place += 1
                    continue
                }
                switch text[place + 1] {
                case 0x62: result.append(0x08)
                case 0x66: result.append(0x0C)
                case 0x6E: result.append(0x0A)
                case 0x72: result.append(0x0D)
                case 0x74: result.append(0x09)
                case 0x75:
                    place += JSONReader.appendUnit(text, place, to: &result)
                    continue
                case let other: result.append(other)
                }
                place += 2
            }
        }
        return result
    }

    /// Appends the character of a `\u` escape (or of a pair); answers how many bytes it took.
    private static func appendUnit(
        _ text: UnsafeBufferPointer<UInt8>, _ place: Int, to result: inout [UInt8]
    ) -> Int {
        let unit = hexadecimal(text, place + 2) ?? 0xFFFD
        guard (0xD800...0xDBFF).contains(unit) else {
            result.append(contentsOf: String(Unicode.Scalar(unit) ?? "\u{FFFD}").utf8)
            return 6
        }
        let low = hexadecimal(text, place + 8) ?? 0xDC00
        let value = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
        result.append(contentsOf: String(Unicode.Scalar(value) ?? "\u{FFFD}").utf8)
        return 12
    }
}

/// Well-formed UTF-8 as Unicode's table 3-7 has it: no overlong forms, no surrogates, at most
/// U+10FFFF.
enum UTF8Validation {
    /// The length of the sequence at `place`; 0 where it is not well-formed.
    static func length(_ text: UnsafeBufferPointer<UInt8>, _ place: Int) -> Int {
        func continues(_ offset: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
            place + offset < text.count && range.contains(text[place + offset])
        }
        switch text[place] {
        case 0..<0x80: return 1
        case 0xC2...0xDF: return continues(1) ? 2 : 0
        case 0xE0: return continues(1, 0xA0...0xBF) && continues(2) ? 3 : 0
        case 0xED: return continues(1, 0x80...0x9F) && continues(2) ? 3 : 0
        case 0xE1...0xEF: return continues(1) && continues(2) ? 3 : 0
        case 0xF0: return continues(1, 0x90...0xBF) && continues(2) && continues(3) ? 4 : 0
        case 0xF1...0xF3: return continues(1) && continues(2) && continues(3) ? 4 : 0
        case 0xF4: return continues(1, 0x80...0x8F) && continues(2) && continues(3) ? 4 : 0
        default: return 0
        }
    }

    static func isValid(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var place = 0
        while place < text.count {
            let length = length(text, place)
            if length == 0 { return false }
            place += length
        }
        return true
    }
}
