import JSON
import ServiceRuntime

/// Cuts a filter into its words.
struct FilterLexer {
    enum Token: Hashable {
        case open, close, comma, slash
        case word(String)
        case text(String)
        case number(String)
        case date(CalendarDate)
        case datetime(Timestamp)
        case end
    }

    private let bytes: [UInt8]
    private(set) var position = 0
    /// Where the last token began.
    private(set) var start = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    mutating func next() throws(FilterFault) -> Token {
        while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 {
            position += 1
        }
        start = position
        guard position < bytes.count else { return .end }
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "("): return single(.open)
        case UInt8(ascii: ")"): return single(.close)
        case UInt8(ascii: ","): return single(.comma)
        case UInt8(ascii: "/"): return single(.slash)
        case UInt8(ascii: "'"): return try text()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "_"):
            return word()
        default:
            throw FilterFault(detail: "has a character that means nothing here", offset: position)
        }
    }

    private mutating func single(_ token: Token) -> Token {
        position += 1
        return token
    }

    private mutating func word() -> Token {
        while position < bytes.count, FilterLexer.isWord(bytes[position]) { position += 1 }
        return .word(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte)
            || byte == 95
    }

    /// `'it''s'`.
    private mutating func text() throws(FilterFault) -> Token {
        var value: [UInt8] = []
        position += 1
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "'") {
                guard position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "'") else {
                    position += 1
                    if value.contains(0) {
                        throw FilterFault(detail: "has U+0000 in a text", offset: start)
                    }
                    return .text(String(decoding: value, as: UTF8.self))
                }
                position += 1
            }
            value.append(bytes[position])
            position += 1
        }
        throw FilterFault(detail: "has a text without its closing quote", offset: start)
    }

    /// A number, a date or a time: all begin with a digit (or a minus).
    private mutating func number() throws(FilterFault) -> Token {
        while position < bytes.count, isNumberByte(bytes[position]) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if let number = JSONNumber(text: text) { return .number(number.text) }
        if let date = CalendarDate(text) { return .date(date) }
        if let time = Timestamp(text) { return .datetime(time) }
        throw FilterFault(detail: "has \(text), which is no number, date or time", offset: start)
    }

    private func isNumberByte(_ byte: UInt8) -> Bool {
        FilterLexer.isWord(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
            || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":")
    }
}
