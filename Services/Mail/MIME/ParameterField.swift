/// A value with parameters: `text/plain; charset=utf-8` (RFC 2045), with RFC 2231's pieces,
/// character sets and percent codes put together, and the encoded words that many senders put there
/// instead.
struct ParameterField: Sendable, Hashable {
    /// What stands before the first semicolon, in lower case.
    var value: String
    private(set) var parameters: [(name: String, value: String)] = []

    subscript(name: String) -> String? {
        parameters.first { $0.name == name }?.value
    }

    static func == (a: ParameterField, b: ParameterField) -> Bool {
        a.value == b.value && a.parameters.elementsEqual(b.parameters, by: ==)
    }

    func hash(into hasher: inout Hasher) { hasher.combine(value) }

    init(_ bytes: [UInt8], limits: MIMELimits, text: inout HeaderText, over: inout OverLimits) {
        var scanner = Scanner(bytes: bytes[...])
        value = ASCII.lowercased(ASCII.trimmed(scanner.untilSemicolon()))
        var pieces: [Piece] = []
        while let (name, raw) = scanner.parameter() {
            guard pieces.count < limits.parameterSegments else {
                over.insert(.parameters)
                break
            }
            pieces.append(Piece(name: name, raw: raw))
        }
        var seen: Set<String> = []
        for piece in pieces where seen.insert(piece.base).inserted {
            let value = ParameterField.joined(
                pieces.filter { $0.base == piece.base }, text: &text)
            parameters.append((piece.base, value))
        }
    }

    /// One `name*1*=value` of a parameter.
    private struct Piece {
        var base: String
        var section: Int?
        var isEncoded: Bool
        var raw: [UInt8]

        init(name: String, raw: [UInt8]) {
            var rest = name[...]
            isEncoded = rest.hasSuffix("*")
            if isEncoded { rest.removeLast() }
            if let star = rest.lastIndex(of: "*"),
                let number = Int(rest[rest.index(after: star)...])
            {
                section = number
                rest = rest[..<star]
            }
            base = String(rest)
            self.raw = raw
        }
    }

    /// Pieces in the order of their numbers; the plain form counts only where there is no other.
    private static func joined(_ pieces: [Piece], text: inout HeaderText) -> String {
        let numbered = pieces.filter { $0.section != nil || $0.isEncoded }
            .sorted { ($0.section ?? 0) < ($1.section ?? 0) }
        guard !numbered.isEmpty else {
            return pieces.first.map { text.decode($0.raw[...]) } ?? ""
        }
        var charset = ""
        var bytes: [UInt8] = []
        var last = -1
        for (index, piece) in numbered.enumerated() {
            let section = piece.section ?? 0
            if section == last { continue }
            last = section
            var raw = piece.raw[...]
            if piece.isEncoded {
                if index == 0, let (name, rest) = splitCharset(raw) {
                    charset = name
                    raw = rest
                }
                bytes += percentDecoded(raw)
            } else {
                bytes += raw
            }
        }
        return Charset.decode(bytes[...], charset)
    }

    /// `utf-8'en'text`.
    private static func splitCharset(_ raw: ArraySlice<UInt8>) -> (String, ArraySlice<UInt8>)? {
        guard let first = raw.firstIndex(of: ASCII.apostrophe),
            let second = raw[(first + 1)...].firstIndex(of: ASCII.apostrophe)
        else { return nil }
        return (ASCII.lowercased(raw[..<first]), raw[(second + 1)...])
    }

    private static func percentDecoded(_ raw: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var index = raw.startIndex
        while index < raw.endIndex {
            if raw[index] == ASCII.percent, index + 2 < raw.endIndex,
                let high = ASCII.hex(raw[index + 1]), let low = ASCII.hex(raw[index + 2])
            {
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(raw[index])
                index += 1
            }
        }
        return result
    }
}

/// Splits a field at its semicolons, minding quotes and comments.
private struct Scanner {
    var bytes: ArraySlice<UInt8>

    mutating func untilSemicolon() -> ArraySlice<UInt8> {
        let end = bytes.firstIndex(of: ASCII.semicolon) ?? bytes.endIndex
        let value = bytes[..<end].prefix { $0 != ASCII.open }
        bytes = bytes[end...].dropFirst()
        return value
    }

    /// The next parameter: its name in lower case and its value without quotes.
    mutating func parameter() -> (String, [UInt8])? {
        while true {
            skipBlanks()
            while bytes.first == ASCII.semicolon {
                bytes = bytes.dropFirst()
                skipBlanks()
            }
            guard !bytes.isEmpty else { return nil }
            let nameEnd =
                bytes.firstIndex { $0 == ASCII.equals || $0 == ASCII.semicolon } ?? bytes.endIndex
            let name = ASCII.lowercased(ASCII.trimmed(bytes[..<nameEnd]))
            bytes = bytes[nameEnd...]
            guard bytes.first == ASCII.equals else { continue }
            bytes = bytes.dropFirst()
            skipBlanks()
            let value = bytes.first == ASCII.quote ? quoted() : token()
            if !name.isEmpty { return (name, value) }
        }
    }

    private mutating func quoted() -> [UInt8] {
        var value: [UInt8] = []
        var index = bytes.startIndex + 1
        while index < bytes.endIndex, bytes[index] != ASCII.quote {
            if bytes[index] == ASCII.backslash, index + 1 < bytes.endIndex { index += 1 }
            value.append(bytes[index])
            index += 1
        }
        let rest = bytes[min(index + 1, bytes.endIndex)...]
        let end = rest.firstIndex(of: ASCII.semicolon) ?? rest.endIndex
        bytes = rest[end...]
        return value
    }

    private mutating func token() -> [UInt8] {
        let end = bytes.firstIndex(of: ASCII.semicolon) ?? bytes.endIndex
        var value = bytes[..<end]
        // A comment may follow a token, and only after a blank: names hold brackets as they are.
        if let comment = value.indices.first(where: {
            value[$0] == ASCII.open && $0 > value.startIndex && ASCII.isSpace(value[$0 - 1])
        }) {
            value = value[..<comment]
        }
        bytes = bytes[end...]
        return Array(ASCII.trimmed(value))
    }

    private mutating func skipBlanks() {
        while let first = bytes.first {
            if ASCII.isSpace(first) {
                bytes = bytes.dropFirst()
            } else if first == ASCII.open {
                skipComment()
            } else {
                return
            }
        }
    }

    private mutating func skipComment() {
        var depth = 0
        var index = bytes.startIndex
        while index < bytes.endIndex {
            switch bytes[index] {
            case ASCII.backslash: index += 1
            case ASCII.open: depth += 1
            case ASCII.close: depth -= 1
            default: break
            }
            index += 1
            if depth == 0 { break }
        }
        bytes = bytes[min(index, bytes.endIndex)...]
    }
}
