/// A mailbox address as a header names it.
struct MailAddress: Sendable, Hashable {
    var name: String
    var address: String
}

/// Address lists of RFC 5322 §3.4 with the obsolete forms: groups are flattened, comments and
/// routes dropped, encoded words in names decoded. What is damaged gives the addresses that can
/// still be seen.
struct AddressParser {
    private var bytes: ArraySlice<UInt8>
    private var text: HeaderText
    private let limits: MIMELimits
    private(set) var over: OverLimits = []

    /// `text` counts encoded words over the message and is given back changed.
    static func parse(
        _ value: [UInt8], limits: MIMELimits, text: inout HeaderText, over: inout OverLimits
    ) -> [MailAddress] {
        var parser = AddressParser(bytes: value[...], text: text, limits: limits)
        let list = parser.list()
        text = parser.text
        over.formUnion(parser.over)
        return list
    }

    /// A word of a phrase or local part.
    private struct Word {
        var bytes: [UInt8]
        var isQuoted: Bool
        var hasBlankBefore: Bool
    }

    private mutating func list() -> [MailAddress] {
        var result: [MailAddress] = []
        while !bytes.isEmpty {
            if result.count >= limits.addresses {
                over.insert(.addresses)
                break
            }
            if let address = next() { result.append(address) }
        }
        return result
    }

    /// One address up to its comma, or nil where nothing stands there.
    private mutating func next() -> MailAddress? {
        var words: [Word] = []
        var hasBlank = false
        while let byte = bytes.first {
            switch byte {
            case ASCII.comma, ASCII.semicolon:
                bytes = bytes.dropFirst()
                return bare(words)
            case ASCII.colon:
                // The name of a group: its members follow as if they stood alone.
                bytes = bytes.dropFirst()
                words.removeAll()
            case ASCII.less:
                let address = angle()
                skipToSeparator()
                return MailAddress(name: name(words), address: address)
            case ASCII.open:
                skipComment()
                hasBlank = true
                continue
            case ASCII.quote:
                words.append(Word(bytes: quoted(), isQuoted: true, hasBlankBefore: hasBlank))
            case _ where ASCII.isSpace(byte):
                bytes = bytes.dropFirst()
                hasBlank = true
                continue
            default:
                words.append(Word(bytes: atom(), isQuoted: false, hasBlankBefore: hasBlank))
            }
            hasBlank = false
        }
        return bare(words)
    }

    /// An address without angle brackets.
    private mutating func bare(_ words: [Word]) -> MailAddress? {
        guard !words.isEmpty else { return nil }
        let joined = words.flatMap { $0.isQuoted ? AddressParser.requoted($0.bytes) : $0.bytes }
        guard joined.contains(ASCII.at) else {
            return MailAddress(name: name(words), address: "")
        }
        return MailAddress(name: "", address: AddressParser.cleaned(joined))
    }

    private mutating func name(_ words: [Word]) -> String {
        var raw: [UInt8] = []
        for (index, word) in words.enumerated() {
            if index > 0, word.hasBlankBefore || word.isQuoted || words[index - 1].isQuoted {
                raw.append(ASCII.space)
            }
            raw += word.bytes
        }
        return text.decode(raw[...]).collapsingSpaces()
    }

    /// `<route:local@domain>`, from its bracket.
    private mutating func angle() -> String {
        var content: [UInt8] = []
        bytes = bytes.dropFirst()
        while let byte = bytes.first, byte != ASCII.greater {
            switch byte {
            case ASCII.quote: content += AddressParser.requoted(quoted())
            case ASCII.open: skipComment()
            case ASCII.comma where content.first != ASCII.at, ASCII.less:
                // A bracket that was never closed.
                return AddressParser.cleaned(content)
            default:
                content.append(byte)
                bytes = bytes.dropFirst()
            }
        }
        bytes = bytes.dropFirst()
        if content.first == ASCII.at, let colon = content.firstIndex(of: ASCII.colon) {
            content.removeSubrange(...colon)
        }
        return AddressParser.cleaned(content)
    }

    private mutating func skipToSeparator() {
        while let byte = bytes.first {
            if byte == ASCII.open {
                skipComment()
                continue
            }
            if byte == ASCII.quote {
                _ = quoted()
                continue
            }
            bytes = bytes.dropFirst()
            if byte == ASCII.comma || byte == ASCII.semicolon { return }
        }
    }

    private mutating func atom() -> [UInt8] {
        let end =
            bytes.firstIndex {
                ASCII.isSpace($0) || $0 == ASCII.comma || $0 == ASCII.semicolon
                    || $0 == ASCII.less || $0 == ASCII.quote || $0 == ASCII.open
                    || $0 == ASCII.colon
            } ?? bytes.endIndex
        // What begins nothing is dropped as a word of its own.
        let stop = max(end, bytes.startIndex + 1)
        let word = Array(bytes[..<stop])
        bytes = bytes[stop...]
        return word
    }

    private mutating func quoted() -> [UInt8] {
        var word: [UInt8] = []
        var index = bytes.startIndex + 1
        while index < bytes.endIndex, bytes[index] != ASCII.quote {
            if bytes[index] == ASCII.backslash, index + 1 < bytes.endIndex { index += 1 }
            word.append(bytes[index])
            index += 1
        }
        bytes = bytes[min(index + 1, bytes.endIndex)...]
        return word
    }

    private mutating func skipComment() {
        var depth = 0
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            if byte == ASCII.backslash { index = min(index + 1, bytes.endIndex) }
            if byte == ASCII.open { depth += 1 }
            if byte == ASCII.close { depth -= 1 }
            if depth == 0 { break }
        }
        bytes = bytes[index...]
    }

    /// A quoted local part keeps its quotes only where it needs them.
    private static func requoted(_ word: [UInt8]) -> [UInt8] {
        let isAtom =
            !word.isEmpty
            && word.allSatisfy {
                ASCII.isLetter($0) || ASCII.isDigit($0) || $0 >= 128
                    || "!#$%&'*+-/=?^_`{|}~.".utf8.contains($0)
            }
        if isAtom { return word }
        var result: [UInt8] = [ASCII.quote]
        for byte in word {
            if byte == ASCII.quote || byte == ASCII.backslash { result.append(ASCII.backslash) }
            result.append(byte)
        }
        return result + [ASCII.quote]
    }

    private static func cleaned(_ bytes: [UInt8]) -> String {
        var isQuoted = false
        let kept = bytes.filter { byte in
            if byte == ASCII.quote { isQuoted.toggle() }
            return isQuoted || !ASCII.isSpace(byte)
        }
        return Charset.guess(kept[...])
    }
}
