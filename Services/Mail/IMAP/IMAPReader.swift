/// Cuts the bytes of a server into responses. Literals are taken by their length and never looked
/// into, so that a mail's text cannot pass for the protocol's.
struct IMAPReader {
    struct Limits: Sendable {
        /// Of one response without its literals; a SEARCH over a large mailbox is one.
        var line = 16 << 20
        /// Of all literals of one response.
        var literals = 64 << 20
        /// Lists within lists.
        var depth = 30
        init() {}
    }

    private let limits: Limits
    private var buffer: [UInt8] = []
    /// Where the response that is being read begins.
    private var start = 0
    /// Up to where it was searched for a line end.
    private var scanned = 0
    /// Where its literals lie.
    private var literals: [Range<Int>] = []
    private var literalBytes = 0

    init(limits: Limits = Limits()) { self.limits = limits }

    /// The responses that `bytes` complete, in order.
    mutating func feed(_ bytes: [UInt8]) throws(IMAPProtocolError) -> [IMAPResponse] {
        buffer += bytes
        var responses: [IMAPResponse] = []
        while let end = try responseEnd() {
            var parser = IMAPParser(
                buffer: buffer, position: start, end: end, literals: literals, depth: limits.depth)
            responses.append(try parser.response())
            // Past the CRLF.
            start = end + 2
            scanned = start
            literals.removeAll(keepingCapacity: true)
            literalBytes = 0
        }
        compact()
        return responses
    }

    /// Where the response at `start` ends (its CR), or nil where bytes are missing.
    private mutating func responseEnd() throws(IMAPProtocolError) -> Int? {
        while let lineFeed = nextLineFeed() {
            guard lineFeed > start, buffer[lineFeed - 1] == ASCII.cr else {
                throw IMAPProtocolError("the server ended a line without CRLF")
            }
            let end = lineFeed - 1
            guard mayHoldLiterals, let length = try literalLength(before: end) else { return end }
            let content = lineFeed + 1
            literalBytes += length
            guard literalBytes <= limits.literals else {
                throw IMAPProtocolError(
                    "the server sent more than \(limits.literals) bytes at once")
            }
            literals.append(content..<(content + length))
            scanned = content + length
            if literals.count > 10_000 {
                throw IMAPProtocolError("the server sent more than 10000 literals at once")
            }
        }
        guard buffer.count - start - literalBytes <= limits.line else {
            throw IMAPProtocolError("the server sent a line of more than \(limits.line) bytes")
        }
        return nil
    }

    private mutating func nextLineFeed() -> Int? {
        guard scanned < buffer.count else { return nil }
        let from = scanned
        let found = buffer.withUnsafeBufferPointer { bytes in
            var index = from
            while index < bytes.count, bytes[index] != ASCII.lf { index += 1 }
            return index
        }
        scanned = min(found + 1, buffer.count)
        return found < buffer.count ? found : nil
    }

    /// Free text (status responses, tagged ones, continuations) may end in braces that mean
    /// nothing.
    private var mayHoldLiterals: Bool {
        guard buffer[start] == ASCII.star, start + 2 < buffer.count else { return false }
        let word = buffer[(start + 2)...].prefix { $0 > ASCII.space }.prefix(8)
        return !["OK", "NO", "BAD", "BYE", "PREAUTH"].contains {
            word.elementsEqual($0.utf8, by: { $0 & 0xDF == $1 })
        }
    }

    /// `{n}` at the end of the line.
    private func literalLength(before end: Int) throws(IMAPProtocolError) -> Int? {
        guard buffer[end - 1] == ASCII.closeBrace else { return nil }
        var index = end - 2
        while index > start, ASCII.isDigit(buffer[index]), end - index < 22 { index -= 1 }
        guard index >= start, buffer[index] == ASCII.openBrace, index < end - 2 else { return nil }
        let digits = buffer[(index + 1)..<(end - 1)]
        guard digits.count <= 10 else {
            throw IMAPProtocolError("the server announced a literal beyond all measure")
        }
        return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    }

    /// Drops what was read, not more often than it pays.
    private mutating func compact() {
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: buffer.capacity <= 1 << 20)
        } else if start > 1 << 16 {
            buffer.removeFirst(start)
        } else {
            return
        }
        scanned -= start
        literals = literals.map { ($0.lowerBound - start)..<($0.upperBound - start) }
        start = 0
    }
}

/// Reads one whole response.
private struct IMAPParser {
    let buffer: [UInt8]
    var position: Int
    let end: Int
    let literals: [Range<Int>]
    let depth: Int
    private var nextLiteral = 0

    init(buffer: [UInt8], position: Int, end: Int, literals: [Range<Int>], depth: Int) {
        self.buffer = buffer
        self.position = position
        self.end = end
        self.literals = literals
        self.depth = depth
    }

    mutating func response() throws(IMAPProtocolError) -> IMAPResponse {
        let first = word()
        if first == "+" { return .continuation(rest()) }
        guard first == "*" else {
            guard !first.isEmpty, let status = IMAPResponse.Status(rawValue: word().uppercased())
            else { throw IMAPProtocolError("the server sent a line that is no IMAP response") }
            let (code, text) = try statusText()
            return .tagged(first, status, code: code, text: text)
        }
        var name = word()
        var number: UInt64?
        if let value = UInt64(name) {
            number = value
            name = word()
        }
        guard !name.isEmpty else { throw IMAPProtocolError("the server sent an empty response") }
        if number == nil, let status = IMAPResponse.Status(rawValue: name.uppercased()) {
            let (code, text) = try statusText()
            return .status(status, code: code, text: text)
        }
        return .untagged(number: number, name: name.uppercased(), try values())
    }

    /// Up to the next blank, which is skipped.
    private mutating func word() -> String {
        let from = position
        while position < end, buffer[position] != ASCII.space { position += 1 }
        let text = Charset.guess(buffer[from..<position])
        if position < end { position += 1 }
        return text
    }

    private mutating func rest() -> String {
        let text = Charset.guess(buffer[position..<end].prefix(1_000))
        position = end
        return text
    }

    /// `[CODE …] text`.
    private mutating func statusText() throws(IMAPProtocolError) -> ([IMAPValue], String) {
        guard position < end, buffer[position] == ASCII.openBracket,
            let close = buffer[position..<end].firstIndex(of: ASCII.closeBracket)
        else { return ([], rest()) }
        var inner = IMAPParser(
            buffer: buffer, position: position + 1, end: close, literals: [], depth: depth)
        let code = try inner.values()
        position = close + 1
        if position < end, buffer[position] == ASCII.space { position += 1 }
        return (code, rest())
    }

    /// Values to the end of the response, lists with a stack of their own.
    private mutating func values() throws(IMAPProtocolError) -> [IMAPValue] {
        var stack: [[IMAPValue]] = [[]]
        while position < end {
            switch buffer[position] {
            case ASCII.space: position += 1
            case ASCII.open:
                guard stack.count <= depth else {
                    throw IMAPProtocolError("the server sent lists nested too deep")
                }
                stack.append([])
                position += 1
            case ASCII.close:
                guard stack.count > 1, let list = stack.popLast() else {
                    throw IMAPProtocolError("the server closed a list that it did not open")
                }
                stack[stack.count - 1].append(.list(list))
                position += 1
            case ASCII.quote: stack[stack.count - 1].append(.string(try quoted()))
            case ASCII.openBrace: stack[stack.count - 1].append(try literal())
            default: stack[stack.count - 1].append(atom())
            }
        }
        guard stack.count == 1 else { throw IMAPProtocolError("the server left a list open") }
        return stack[0]
    }

    private mutating func quoted() throws(IMAPProtocolError) -> [UInt8] {
        var result: [UInt8] = []
        position += 1
        while position < end {
            let byte = buffer[position]
            position += 1
            if byte == ASCII.quote { return result }
            if byte == ASCII.backslash, position < end {
                result.append(buffer[position])
                position += 1
            } else {
                result.append(byte)
            }
        }
        throw IMAPProtocolError("the server left a string open")
    }

    private mutating func literal() throws(IMAPProtocolError) -> IMAPValue {
        guard nextLiteral < literals.count else {
            // Braces that announce nothing are an atom.
            return atom()
        }
        let range = literals[nextLiteral]
        let near = buffer[position..<min(end, position + 14)]
        guard let close = near.firstIndex(of: ASCII.closeBrace),
            close + 3 == range.lowerBound
        else { return atom() }
        nextLiteral += 1
        position = range.upperBound
        return .string(Array(buffer[range]))
    }

    /// Up to a blank or a bracket of a list; `BODY[HEADER.FIELDS (A B)]` is one atom.
    private mutating func atom() -> IMAPValue {
        let from = position
        var brackets = 0
        scan: while position < end {
            switch buffer[position] {
            case ASCII.openBracket: brackets += 1
            case ASCII.closeBracket where brackets > 0: brackets -= 1
            case ASCII.space, ASCII.open, ASCII.close:
                if brackets == 0 { break scan }
            default: break
            }
            position += 1
        }
        // Something was read in any case: what begins here is no blank and no list.
        let text = Charset.guess(buffer[from..<position])
        return text.uppercased() == "NIL" ? .null : .atom(text)
    }
}
