/// Finds the fields of one row in bytes: RFC 4180 and what is met in the world (any separator and
/// quote, LF and CR as line ends, quotes within unquoted fields, blanks behind a closing quote).
struct CSVScanner {
    enum Fault {
        /// Something stands between a closing quote and the next separator.
        case textAfterQuote
        /// The file ends within quotes.
        case openQuote
    }

    struct Field {
        /// Of the content, without quotes around it.
        var start: Int
        var end: Int
        var isQuoted = false
        /// Whether quotes within are doubled.
        var hasQuotes = false
    }

    let separator: UInt8
    let quote: UInt8
    private(set) var fields: [Field] = []
    private(set) var fault: Fault?
    /// Behind the row without its line end.
    private(set) var end = 0
    /// Where the next row begins.
    private(set) var next = 0
    /// Line ends in the row and behind it.
    private(set) var lines = 0
    private(set) var hasTooManyFields = false

    init(separator: UInt8, quote: UInt8) {
        self.separator = separator
        self.quote = quote
    }

    /// Reads the row that begins at `start` (there is at least one byte); false where its end is
    /// not in `text` and more can come.
    mutating func scan(_ text: UnsafeBufferPointer<UInt8>, from start: Int, isLast: Bool) -> Bool {
        fields.removeAll(keepingCapacity: true)
        fault = nil
        lines = 0
        hasTooManyFields = false
        var at = start
        while true {
            if fields.count == CSVLimit.fields {
                hasTooManyFields = true
                return true
            }
            if at < text.count, text[at] == quote {
                at = quoted(text, at + 1)
            } else {
                let first = at
                at = plainEnd(text, at)
                fields.append(Field(start: first, end: at))
            }
            guard at < text.count else {
                end = text.count
                next = text.count
                return isLast
            }
            if text[at] != separator { return finish(text, at, isLast) }
            at += 1
        }
    }

    /// At a line end.
    private mutating func finish(_ text: UnsafeBufferPointer<UInt8>, _ at: Int, _ isLast: Bool)
        -> Bool
    {
        end = at
        next = at + 1
        lines += 1
        guard text[at] == 13 else { return true }
        guard next < text.count else { return isLast }
        if text[next] == 10 { next += 1 }
        return true
    }

    /// The next separator or line end.
    private func plainEnd(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        var at = start
        while at < text.count {
            let byte = text[at]
            if byte == separator || byte == 10 || byte == 13 { return at }
            at += 1
        }
        return at
    }

    /// A field whose content begins at `start`; answers where the separator or line end stands.
    private mutating func quoted(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        var field = Field(start: start, end: start, isQuoted: true)
        var at = start
        while at < text.count {
            let byte = text[at]
            if byte == quote {
                guard at + 1 < text.count, text[at + 1] == quote else { break }
                field.hasQuotes = true
                at += 2
                continue
            }
            if byte == 10 || (byte == 13 && !(at + 1 < text.count && text[at + 1] == 10)) {
                lines += 1
            }
            at += 1
        }
        field.end = at
        fields.append(field)
        guard at < text.count else {
            fault = .openQuote
            return at
        }
        let behind = at + 1
        at = plainEnd(text, behind)
        for place in behind..<at where text[place] != 32 && text[place] != 9 {
            fault = .textAfterQuote
        }
        return at
    }
}
