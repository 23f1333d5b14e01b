/// Encoded words of RFC 2047 (with RFC 2231's language), read: neighbours of one character set are
/// joined as bytes before they are decoded, since senders cut characters in two.
struct EncodedWord {
    var charset: String
    var bytes: [UInt8]

    /// The word that begins at `start` (at its `=?`) and where it ends; nil where there is none.
    static func read(_ text: ArraySlice<UInt8>, at start: Int) -> (EncodedWord, end: Int)? {
        guard start + 6 < text.endIndex, text[start] == ASCII.equals,
            text[start + 1] == ASCII.question
        else { return nil }
        var index = start + 2
        // A character set's name is short; looking no further keeps the search linear.
        let charsetEnd = min(text.endIndex, index + 80)
        while index < charsetEnd, text[index] != ASCII.question, !ASCII.isSpace(text[index]) {
            index += 1
        }
        guard index + 2 < text.endIndex, text[index] == ASCII.question,
            text[index + 2] == ASCII.question, index > start + 2
        else { return nil }
        let charset = text[start + 2..<index].prefix { $0 != ASCII.star }
        let encoding = text[index + 1] | 32
        guard encoding == 98 || encoding == 113 else { return nil }
        let content = index + 3
        var end = content
        let limit = min(text.endIndex, content + 4096)
        while end < limit, text[end] != ASCII.question {
            if encoding == 98, ASCII.isSpace(text[end]) { return nil }
            end += 1
        }
        guard end + 1 < text.endIndex, end < limit, text[end + 1] == ASCII.equals else {
            return nil
        }
        let bytes =
            encoding == 98
            ? TransferEncoding.decodeBase64(text[content..<end])
            : TransferEncoding.decodeQuotedPrintable(text[content..<end], header: true)
        let word = EncodedWord(charset: ASCII.lowercased(charset), bytes: bytes)
        return (word, end + 2)
    }
}

/// Decodes header text, counting encoded words over a whole message.
struct HeaderText {
    private(set) var wordsLeft: Int
    private(set) var isOverLimit = false

    init(limits: MIMELimits) { wordsLeft = limits.encodedWords }

    /// Unstructured text: runs of encoded words are decoded, blanks between two of them dropped.
    mutating func decode(_ value: ArraySlice<UInt8>) -> String {
        var result = ""
        var plain: [UInt8] = []
        var pending: EncodedWord?
        /// Blanks since the last encoded word; they count only if no other one follows.
        var blanks: [UInt8] = []
        func flushWord(_ result: inout String) {
            guard let word = pending else { return }
            result += Charset.decode(word.bytes[...], word.charset)
            pending = nil
        }
        func flushPlain(_ result: inout String) {
            if !plain.isEmpty { result += Charset.guess(plain[...]) }
            plain.removeAll(keepingCapacity: true)
        }
        var index = value.startIndex
        while index < value.endIndex {
            let byte = value[index]
            if byte == ASCII.equals, let (word, end) = take(value, at: index) {
                if plain.isEmpty, let before = pending, before.charset == word.charset {
                    pending?.bytes += word.bytes
                } else {
                    flushWord(&result)
                    flushPlain(&result)
                    pending = word
                }
                blanks.removeAll(keepingCapacity: true)
                index = end
                continue
            }
            if pending != nil, ASCII.isSpace(byte) {
                blanks.append(byte)
            } else {
                flushWord(&result)
                plain += blanks
                blanks.removeAll(keepingCapacity: true)
                plain.append(byte)
            }
            index += 1
        }
        flushWord(&result)
        plain += blanks
        flushPlain(&result)
        return result
    }

    private mutating func take(_ value: ArraySlice<UInt8>, at index: Int) -> (EncodedWord, Int)? {
        guard let found = EncodedWord.read(value, at: index) else { return nil }
        guard wordsLeft > 0 else {
            isOverLimit = true
            return nil
        }
        wordsLeft -= 1
        return (found.0, found.end)
    }
}
