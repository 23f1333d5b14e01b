/// Tags and texts of a part of a spreadsheet as ranges of bytes: quicker than a full XML reader,
/// and as strict where it matters. No document type is taken, and no entity but XML's five.
struct SheetTokens {
    enum Kind { case open, close, text }

    private var pieces: ZipPieces
    private(set) var buffer: [UInt8] = []
    private var at = 0
    private var isLast = false
    private var pendingClose = false
    /// Of the name without its prefix, or of the text.
    private(set) var range = 0..<0
    /// Of the attributes of an opening tag.
    private var attributes = 0..<0
    /// Whether the text is CDATA, in which nothing is escaped.
    private var isLiteral = false

    init(_ pieces: ZipPieces) { self.pieces = pieces }

    /// The next token; nil at the end.
    mutating func next() throws -> Kind? {
        if pendingClose {
            pendingClose = false
            return .close
        }
        while try more(1) {
            guard buffer[at] == UInt8(ascii: "<") else {
                let end = try find([UInt8(ascii: "<")], from: at, orEnd: true)
                range = at..<end
                at = end
                isLiteral = false
                return .text
            }
            guard try more(2) else { break }
            switch buffer[at + 1] {
            case UInt8(ascii: "?"): at = try find(Array("?>".utf8), from: at) + 2
            case UInt8(ascii: "!"):
                if try special() { return .text }
            case UInt8(ascii: "/"):
                let end = try find([UInt8(ascii: ">")], from: at)
                range = name(at + 2, end)
                at = end + 1
                return .close
            default: return try openTag()
            }
        }
        return nil
    }

    /// A comment is passed; CDATA is text; true for the latter.
    private mutating func special() throws -> Bool {
        guard try more(4) else { throw Self.broken }
        if buffer[at + 2] == UInt8(ascii: "-"), buffer[at + 3] == UInt8(ascii: "-") {
            at = try find(Array("-->".utf8), from: at + 4) + 3
            return false
        }
        guard try more(9), buffer[at..<at + 9].elementsEqual("<![CDATA[".utf8) else {
            throw FormatError("The file has a document type, which is refused.")
        }
        at += 9
        let end = try find(Array("]]>".utf8), from: at)
        range = at..<end
        at = end + 3
        isLiteral = true
        return true
    }

    private mutating func openTag() throws -> Kind {
        var end = at + 1
        var quote: UInt8 = 0
        while true {
            guard end < buffer.count else {
                let length = end - at
                guard try fill() else { throw Self.broken }
                end = at + length
                continue
            }
            let byte = buffer[end]
            if quote != 0 {
                if byte == quote { quote = 0 }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                break
            }
            end += 1
        }
        let isEmpty = buffer[end - 1] == UInt8(ascii: "/")
        range = name(at + 1, end)
        attributes = range.upperBound..<(isEmpty ? end - 1 : end)
        at = end + 1
        pendingClose = isEmpty
        return .open
    }

    /// The name that begins at `start`, without a prefix.
    private func name(_ start: Int, _ end: Int) -> Range<Int> {
        var first = start
        var last = start
        while last < end, buffer[last] > 32, buffer[last] != UInt8(ascii: "/") {
            if buffer[last] == UInt8(ascii: ":") { first = last + 1 }
            last += 1
        }
        return first..<max(first, last)
    }

    /// Whether the tag has this name.
    func isNamed(_ name: StaticString) -> Bool {
        guard range.count == name.utf8CodeUnitCount else { return false }
        for index in 0..<range.count where buffer[range.lowerBound + index] != name.utf8Start[index]
        {
            return false
        }
        return true
    }

    /// The bytes of an attribute without a prefix, as they are written.
    func attribute(_ name: StaticString) -> ArraySlice<UInt8>? {
        var place = attributes.lowerBound
        let end = attributes.upperBound
        while place < end {
            while place < end, buffer[place] <= 32 { place += 1 }
            let start = place
            while place < end, buffer[place] != UInt8(ascii: "="), buffer[place] > 32 { place += 1 }
            let length = place - start
            while place < end, buffer[place] != UInt8(ascii: "\""),
                buffer[place] != UInt8(ascii: "'")
            { place += 1 }
            guard place < end else { return nil }
            let quote = buffer[place]
            let first = place + 1
            place = first
            while place < end, buffer[place] != quote { place += 1 }
            if length == name.utf8CodeUnitCount,
                (0..<length).allSatisfy({ buffer[start + $0] == name.utf8Start[$0] })
            {
                return buffer[first..<min(place, end)]
            }
            place += 1
        }
        return nil
    }

    /// Appends the text of the token with its entities and `_x000D_` resolved.
    func appendText(to bytes: inout [UInt8]) throws(FormatError) {
        let text = buffer[range]
        guard !isLiteral, text.contains(UInt8(ascii: "&")) else {
            bytes.append(contentsOf: text)
            return
        }
        var place = text.startIndex
        while place < text.endIndex {
            guard text[place] == UInt8(ascii: "&") else {
                bytes.append(text[place])
                place += 1
                continue
            }
            guard let end = text[place...].prefix(12).firstIndex(of: UInt8(ascii: ";")),
                let scalar = Self.entity(text[(place + 1)..<end])
            else { throw FormatError("The file has an entity of its own, which is refused.") }
            bytes.append(contentsOf: String(scalar).utf8)
            place = end + 1
        }
    }

    private static func entity(_ name: ArraySlice<UInt8>) -> Unicode.Scalar? {
        let text = String(decoding: name, as: UTF8.self)
        switch text {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        default:
            guard text.hasPrefix("#") else { return nil }
            let isHex = text.hasPrefix("#x")
            return UInt32(text.dropFirst(isHex ? 2 : 1), radix: isHex ? 16 : 10).flatMap {
                Unicode.Scalar($0)
            }
        }
    }

    /// Where `pattern` begins; more is read until it is found.
    private mutating func find(_ pattern: [UInt8], from start: Int, orEnd: Bool = false) throws
        -> Int
    {
        var place = start
        while true {
            while place + pattern.count <= buffer.count {
                if buffer[place] == pattern[0],
                    pattern.count == 1
                        || buffer[place..<place + pattern.count].elementsEqual(pattern)
                {
                    return place
                }
                place += 1
            }
            let ahead = place - at
            guard try fill() else {
                if orEnd { return buffer.count }
                throw Self.broken
            }
            place = at + ahead
        }
    }

    private mutating func more(_ count: Int) throws -> Bool {
        while buffer.count - at < count { guard try fill() else { return false } }
        return true
    }

    /// Reads another piece behind what is not done with.
    private mutating func fill() throws -> Bool {
        if isLast { return false }
        guard buffer.count - at <= XLSXLimit.tokenBytes else {
            throw FormatError("A text or tag has more than \(XLSXLimit.tokenBytes) bytes.")
        }
        buffer.removeSubrange(..<at)
        at = 0
        let piece = try pieces.next()
        isLast = piece.isEmpty
        buffer += piece
        return !isLast
    }

    static var broken: FormatError { ZipArchive.damaged("a part of it ends too early") }
}
