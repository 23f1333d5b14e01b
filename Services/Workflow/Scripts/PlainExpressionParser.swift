import JSON

/// Reads the expressions that `PlainExpression` knows, and gives up at the first thing that is not
/// among them.
struct PlainExpressionParser {
    private typealias Node = PlainExpression.Node

    private let bytes: [UInt8]
    private var place = 0
    private var depth = 0
    private static let depthLimit = 16

    init(_ source: String) { bytes = Array(source.utf8) }

    mutating func parse() -> PlainExpression.Node? {
        guard let node = or() else { return nil }
        skipSpace()
        return place == bytes.count ? node : nil
    }

    private mutating func or() -> Node? {
        guard var left = and() else { return nil }
        while take("||") {
            guard let right = and() else { return nil }
            left = .or(left, right)
        }
        return left
    }

    private mutating func and() -> Node? {
        guard var left = comparison(PlainExpressionParser.equalities, { $0.order() }) else {
            return nil
        }
        while take("&&") {
            guard let right = comparison(PlainExpressionParser.equalities, { $0.order() }) else {
                return nil
            }
            left = .and(left, right)
        }
        return left
    }

    private static let equalities: [PlainExpression.Comparison] = [
        .same, .different, .equal, .unequal,
    ]
    private static let orders: [PlainExpression.Comparison] = [.atMost, .atLeast, .less, .more]

    private mutating func order() -> Node? {
        comparison(PlainExpressionParser.orders) { $0.unary() }
    }

    /// One of `kinds` at most: what is chained is not plain.
    private mutating func comparison(
        _ kinds: [PlainExpression.Comparison], _ side: (inout PlainExpressionParser) -> Node?
    ) -> Node? {
        guard let left = side(&self) else { return nil }
        for kind in kinds where take(kind.rawValue) {
            guard let right = side(&self) else { return nil }
            return .compare(left, kind, right)
        }
        return left
    }

    private mutating func unary() -> Node? {
        skipSpace()
        depth += 1
        defer { depth -= 1 }
        guard depth <= PlainExpressionParser.depthLimit, let byte = next else { return nil }
        switch byte {
        case UInt8(ascii: "!"):
            place += 1
            // `!=` begins nothing.
            guard next != UInt8(ascii: "=") else { return nil }
            return unary().map { .not($0) }
        case UInt8(ascii: "("):
            place += 1
            guard let node = or(), take(")") else { return nil }
            return node
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return text(byte)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return number()
        default: return path()
        }
    }

    private mutating func text(_ quote: UInt8) -> Node? {
        let start = place + 1
        guard let end = bytes[start...].firstIndex(of: quote) else { return nil }
        let content = bytes[start..<end]
        // Escapes and line breaks have rules of their own.
        guard !content.contains(where: { $0 == UInt8(ascii: "\\") || $0 < 0x20 }) else {
            return nil
        }
        place = end + 1
        return .literal(.string(String(decoding: content, as: UTF8.self)))
    }

    private mutating func number() -> Node? {
        let start = place
        place += 1
        while let byte = next, PlainExpressionParser.isDigit(byte) || byte == UInt8(ascii: ".") {
            place += 1
        }
        // JSON's grammar has no `010` and no `1.`; a letter behind it would make something else.
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        guard let number = JSONNumber(text: text), text != "-0",
            next.map({ !PlainExpressionParser.isName($0) }) ?? true
        else { return nil }
        return .literal(.number(number))
    }

    private mutating func path() -> Node? {
        guard let name = name() else { return nil }
        switch name {
        case "true": return .literal(true)
        case "false": return .literal(false)
        case "null": return .literal(.null)
        default: break
        }
        var members: [String] = []
        while take(".") {
            skipSpace()
            guard let member = self.name() else { return nil }
            members.append(member)
        }
        return .path(name, members)
    }

    private mutating func name() -> String? {
        let start = place
        while let byte = next, PlainExpressionParser.isName(byte) { place += 1 }
        guard start < place, !PlainExpressionParser.isDigit(bytes[start]) else { return nil }
        return String(decoding: bytes[start..<place], as: UTF8.self)
    }

    // MARK: Bytes

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func take(_ word: String) -> Bool {
        skipSpace()
        guard bytes[place...].starts(with: word.utf8) else { return false }
        place += word.utf8.count
        return true
    }

    private mutating func skipSpace() {
        while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { place += 1 }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isName(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$")
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
