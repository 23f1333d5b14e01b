import JSON

/// An expression of a computed column as it was written: `qty * price`. It looks like JavaScript
/// and is a small part of it, so that it can be SQL.
indirect enum Formula: Sendable, Hashable {
    case number(JSONNumber)
    case text(String)
    case boolean(Bool)
    case null
    case column(String, at: Int)
    case unary(Operator, Formula, at: Int)
    case binary(Operator, Formula, Formula, at: Int)
    case choice(Formula, Formula, Formula, at: Int)
    /// `a.length`.
    case member(Formula, String, at: Int)
    /// `a.slice(0, 3)`.
    case method(Formula, String, [Formula], at: Int)
    /// `Math.abs(a)`, `String(a)`.
    case function(String, [Formula], at: Int)

    enum Operator: String, Sendable, Hashable {
        case add = "+", subtract = "-", multiply = "*", divide = "/", remainder = "%"
        case equal = "==", differ = "!=", below = "<", atMost = "<=", above = ">", atLeast = ">="
        case and = "&&", or = "||", not = "!", otherwise = "??"

        /// What binds tighter is higher.
        fileprivate var strength: Int {
            switch self {
            case .otherwise: 1
            case .or: 2
            case .and: 3
            case .equal, .differ: 4
            case .below, .atMost, .above, .atLeast: 5
            case .add, .subtract: 6
            case .multiply, .divide, .remainder: 7
            case .not: 8
            }
        }
    }

    /// Why an expression is none, and where.
    struct Fault: Error, Hashable {
        let detail: String
        /// Bytes from 0.
        let offset: Int
    }

    static let lengthLimit = 2000
    static let depthLimit = 50
    /// Values and columns in it.
    static let termLimit = 200

    /// Reads an expression; it may begin with `=`.
    init(_ text: String) throws(Fault) {
        guard text.utf8.count <= Formula.lengthLimit else {
            throw Fault(detail: "is longer than \(Formula.lengthLimit) bytes", offset: 0)
        }
        var parser = FormulaParser(text)
        self = try parser.formula()
    }
}

/// Reads by strength of operators, one token at a time.
private struct FormulaParser {
    private var lexer: FormulaLexer
    private var token = FormulaLexer.Token.end
    private var offset = 0
    private var terms = 0

    init(_ text: String) { lexer = FormulaLexer(text) }

    mutating func formula() throws(Formula.Fault) -> Formula {
        try advance()
        let result = try choice(depth: 0)
        guard token == .end else { throw fault("has something after its end") }
        return result
    }

    private mutating func advance() throws(Formula.Fault) {
        token = try lexer.next()
        offset = lexer.start
    }

    private func fault(_ detail: String) -> Formula.Fault {
        Formula.Fault(detail: detail, offset: offset)
    }

    private mutating func choice(depth: Int) throws(Formula.Fault) -> Formula {
        guard depth < Formula.depthLimit else {
            throw fault("is nested deeper than \(Formula.depthLimit) levels")
        }
        let condition = try binary(above: 0, depth: depth)
        guard token == .sign("?") else { return condition }
        let start = offset
        try advance()
        let yes = try choice(depth: depth + 1)
        try expect(":")
        return .choice(condition, yes, try choice(depth: depth + 1), at: start)
    }

    private mutating func binary(above strength: Int, depth: Int) throws(Formula.Fault) -> Formula {
        var left = try unary(depth: depth)
        while case .sign(let sign) = token, let word = Formula.Operator(rawValue: sign),
            word != .not, word.strength > strength
        {
            let start = offset
            try advance()
            let right = try binary(above: word.strength, depth: depth + 1)
            left = .binary(word, left, right, at: start)
        }
        return left
    }

    private mutating func unary(depth: Int) throws(Formula.Fault) -> Formula {
        guard depth < Formula.depthLimit else {
            throw fault("is nested deeper than \(Formula.depthLimit) levels")
        }
        for word in [Formula.Operator.subtract, .not] where token == .sign(word.rawValue) {
            let start = offset
            try advance()
            return .unary(word, try unary(depth: depth + 1), at: start)
        }
        return try postfix(depth: depth)
    }

    private mutating func postfix(depth: Int) throws(Formula.Fault) -> Formula {
        var value = try primary(depth: depth)
        while token == .sign(".") {
            try advance()
            let start = offset
            guard case .word(let name) = token else { throw fault("needs a name after the point") }
            try advance()
            if token == .sign("(") {
                value = .method(value, name, try arguments(depth: depth), at: start)
            } else if case .column("record", _) = value {
                // `record.qty` is `qty`.
                value = .column(name, at: start)
            } else {
                value = .member(value, name, at: start)
            }
        }
        return value
    }

    private mutating func primary(depth: Int) throws(Formula.Fault) -> Formula {
        terms += 1
        guard terms <= Formula.termLimit else {
            throw fault("has more than \(Formula.termLimit) values")
        }
        let start = offset
        let first = token
        try advance()
        switch first {
        case .number(let number): return .number(number)
        case .text(let text): return .text(text)
        case .word("true"): return .boolean(true)
        case .word("false"): return .boolean(false)
        case .word("null"): return .null
        case .word("Math"):
            try expect(".")
            guard case .word(let name) = token else { throw fault("needs a name after Math.") }
            try advance()
            return .function("Math.\(name)", try arguments(depth: depth), at: start)
        case .word(let name):
            guard token == .sign("(") else { return .column(name, at: start) }
            return .function(name, try arguments(depth: depth), at: start)
        case .sign("("):
            let inner = try choice(depth: depth + 1)
            try expect(")")
            return inner
        case .end: throw Formula.Fault(detail: "ends where a value is needed", offset: start)
        case .sign(let sign):
            throw Formula.Fault(detail: "has \(sign) where a value is needed", offset: start)
        }
    }

    private mutating func arguments(depth: Int) throws(Formula.Fault) -> [Formula] {
        try expect("(")
        var items: [Formula] = []
        while token != .sign(")") {
            if !items.isEmpty { try expect(",") }
            items.append(try choice(depth: depth + 1))
        }
        try advance()
        return items
    }

    private mutating func expect(_ sign: String) throws(Formula.Fault) {
        guard token == .sign(sign) else { throw fault("needs \(sign) here") }
        try advance()
    }
}

private struct FormulaLexer {
    enum Token: Hashable {
        case number(JSONNumber)
        case text(String)
        case word(String)
        case sign(String)
        case end
    }

    private let bytes: [UInt8]
    private var place = 0
    /// Where the last token begins.
    private(set) var start = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
        if bytes.first == UInt8(ascii: "=") { place = 1 }
    }

    private static let signs = [
        "===", "!==", "==", "!=", "<=", ">=", "&&", "||", "??", "<", ">", "+", "-", "*", "/", "%",
        "!", "?", ":", "(", ")", ",", ".",
    ]

    mutating func next() throws(Formula.Fault) -> Token {
        while place < bytes.count, [32, 9, 10, 13].contains(bytes[place]) { place += 1 }
        start = place
        guard place < bytes.count else { return .end }
        let byte = bytes[place]
        if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") { return try text(byte) }
        if isDigit(byte) { return try number() }
        if isLetter(byte) {
            while place < bytes.count, isLetter(bytes[place]) || isDigit(bytes[place]) {
                place += 1
            }
            return .word(String(decoding: bytes[start..<place], as: UTF8.self))
        }
        for sign in FormulaLexer.signs where bytes[place...].starts(with: sign.utf8) {
            place += sign.utf8.count
            // Values of different types never meet, so that there is nothing to convert.
            return .sign(sign == "===" ? "==" : sign == "!==" ? "!=" : sign)
        }
        throw Formula.Fault(
            detail: "has a character that an expression cannot have here", offset: place)
    }

    private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private func isLetter(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte | 0x20) || byte == 0x5F
    }

    private mutating func number() throws(Formula.Fault) -> Token {
        while place < bytes.count, isDigit(bytes[place]) { place += 1 }
        if place + 1 < bytes.count, bytes[place] == UInt8(ascii: "."), isDigit(bytes[place + 1]) {
            place += 1
            while place < bytes.count, isDigit(bytes[place]) { place += 1 }
        }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        guard let number = JSONNumber(text: text) else {
            throw Formula.Fault(detail: "has a number that begins with 0", offset: start)
        }
        return .number(number)
    }

    private mutating func text(_ quote: UInt8) throws(Formula.Fault) -> Token {
        var result: [UInt8] = []
        place += 1
        while place < bytes.count, bytes[place] != quote {
            var byte = bytes[place]
            if byte == UInt8(ascii: "\\") {
                place += 1
                guard place < bytes.count else { break }
                switch bytes[place] {
                case UInt8(ascii: "n"): byte = 10
                case UInt8(ascii: "t"): byte = 9
                case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): byte = bytes[place]
                default:
                    throw Formula.Fault(
                        detail: "has an escape other than \\n \\t \\\\ \\' \\\"", offset: place)
                }
            }
            guard byte != 0 else { throw Formula.Fault(detail: "has a U+0000", offset: place) }
            result.append(byte)
            place += 1
        }
        guard place < bytes.count else {
            throw Formula.Fault(detail: "has a text without its closing quote", offset: start)
        }
        place += 1
        return .text(String(decoding: result, as: UTF8.self))
    }
}
