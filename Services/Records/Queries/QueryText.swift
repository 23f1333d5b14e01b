import Database

/// The SQL of a query, cut at its parameters. What it may do the engine decides when it compiles
/// it; here it is only made sure that it is one statement, that it stays in the parentheses that it
/// is put into, and which names it has. What is a text, a name and a comment differs between
/// engines; of what PostgreSQL has, that which hides where a text ends is refused.
struct QueryText: Sendable, Hashable {
    static let lengthLimit = 20_000
    static let depthLimit = 50

    /// What stands before, between and after the parameters: one more than these.
    private(set) var pieces: [String] = []
    private(set) var parameters: [String] = []
    /// Every identifier in lower case: the views that it reads are among them.
    private(set) var names: Set<String> = []

    static let empty = QueryText()

    private init() {}

    init(_ sql: String, _ dialect: Dialect) throws(FilterFault) {
        guard sql.utf8.count <= QueryText.lengthLimit else {
            throw FilterFault(
                detail: "is longer than \(QueryText.lengthLimit) bytes",
                offset: QueryText.lengthLimit)
        }
        var scanner = QueryScanner(sql, dialect)
        try scanner.scan()
        pieces = scanner.pieces
        parameters = scanner.parameters
        names = scanner.names
    }
}

/// Reads SQL token by token.
private struct QueryScanner {
    private let bytes: [UInt8]
    private let isSQLite: Bool
    private var place = 0
    private var depth = 0
    private var pieceStart = 0
    /// Of the piece that is read, without the comments before `pieceStart`.
    private var pieceBegin = ""
    private var hasBegun = false
    private(set) var pieces: [String] = []
    private(set) var parameters: [String] = []
    private(set) var names: Set<String> = []

    init(_ sql: String, _ dialect: Dialect) {
        bytes = Array(sql.utf8)
        isSQLite = dialect.isSQLite
    }

    private func fault(_ detail: String, at offset: Int? = nil) -> FilterFault {
        FilterFault(detail: detail, offset: offset ?? place)
    }

    private func byte(_ ahead: Int = 0) -> UInt8? {
        bytes.indices.contains(place + ahead) ? bytes[place + ahead] : nil
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    mutating func scan() throws(FilterFault) {
        while let next = byte() {
            switch next {
            case 0: throw fault("has a zero byte")
            case UInt8(ascii: "'"): _ = try quoted(by: next)
            case UInt8(ascii: "`") where !isSQLite: throw fault("has a ` that quotes nothing")
            case UInt8(ascii: "\""), UInt8(ascii: "`"):
                names.insert(try quoted(by: next).lowercased())
            case UInt8(ascii: "[") where isSQLite:
                names.insert(try quoted(by: UInt8(ascii: "]")).lowercased())
            case UInt8(ascii: "-") where byte(1) == next:
                let start = place
                skipLine()
                leaveOut(from: start)
            case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "*"):
                let start = place
                try skipComment()
                leaveOut(from: start)
            case UInt8(ascii: "("):
                depth += 1
                guard depth <= QueryText.depthLimit else {
                    throw fault("is nested deeper than \(QueryText.depthLimit) levels")
                }
                place += 1
            case UInt8(ascii: ")"):
                depth -= 1
                guard depth >= 0 else { throw fault("closes a parenthesis that is not open") }
                place += 1
            case UInt8(ascii: ";"): throw fault("is one statement, without a semicolon")
            case UInt8(ascii: "?"), UInt8(ascii: "@"), UInt8(ascii: "$"), UInt8(ascii: "#"):
                throw fault("names a parameter by :code only")
            case UInt8(ascii: ":") where !isSQLite && byte(1) == next: place += 2
            case UInt8(ascii: ":"): try parameter()
            case let next where QueryScanner.isWord(next): try word()
            default: place += 1
            }
        }
        guard depth == 0 else { throw fault("lacks a closing parenthesis") }
        guard hasBegun else { throw fault("needs a SELECT") }
        endPiece(at: bytes.count)
    }

    private mutating func endPiece(at end: Int) {
        pieces.append(pieceBegin + text(pieceStart..<end))
        pieceBegin = ""
        pieceStart = place
    }

    /// A comment of PostgreSQL's is a blank: whoever looks for quotes in what is left finds those
    /// of texts and names only.
    private mutating func leaveOut(from start: Int) {
        guard !isSQLite else { return }
        pieceBegin += text(pieceStart..<start) + " "
        pieceStart = place
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte >= 0x80 || byte == UInt8(ascii: "_") || (48...57).contains(byte)
            || (65...90).contains(byte) || (97...122).contains(byte)
    }

    /// The inside of a quoted text; a doubled quote is one.
    private mutating func quoted(by end: UInt8) throws(FilterFault) -> String {
        let start = place
        if !isSQLite, let before = byte(-1) {
            let isUnicode = before == UInt8(ascii: "&") && (byte(-2) ?? 0) | 0x20 == 0x75
            guard !isUnicode, !QueryScanner.isWord(before) else {
                throw fault("has a quotation mark right after a letter, digit or U&", at: start)
            }
        }
        place += 1
        var inside: [UInt8] = []
        while let next = byte() {
            place += 1
            guard next == end else {
                guard next != 0 else { throw fault("has a zero byte") }
                inside.append(next)
                continue
            }
            guard byte() == end, end != UInt8(ascii: "]") else {
                return String(decoding: inside, as: UTF8.self)
            }
            inside.append(next)
            place += 1
        }
        throw fault("has a quote that does not end", at: start)
    }

    private mutating func skipLine() {
        while let next = byte(), next != 10, isSQLite || next != 13 { place += 1 }
    }

    private mutating func skipComment() throws(FilterFault) {
        let start = place
        place += 2
        var depth = 1
        while let next = byte() {
            if next == UInt8(ascii: "*"), byte(1) == UInt8(ascii: "/") {
                place += 2
                depth -= 1
                if depth == 0 { return }
                continue
            }
            if !isSQLite, next == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
                place += 2
                depth += 1
                continue
            }
            guard next != 0 else { break }
            place += 1
        }
        throw fault("has a comment that does not end", at: start)
    }

    private mutating func parameter() throws(FilterFault) {
        let start = place
        place += 1
        while let next = byte(), QueryScanner.isWord(next) { place += 1 }
        guard place > start + 1 else { throw fault("has a colon without a parameter", at: start) }
        parameters.append(text(start + 1..<place))
        endPiece(at: start)
    }

    private mutating func word() throws(FilterFault) {
        let start = place
        while let next = byte(), QueryScanner.isWord(next) { place += 1 }
        let word = text(start..<place).lowercased()
        names.insert(word)
        guard !hasBegun else { return }
        hasBegun = true
        guard ["select", "with", "values"].contains(word) else {
            throw fault("must begin with SELECT or WITH", at: start)
        }
    }
}
