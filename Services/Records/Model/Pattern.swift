import Database

/// What the texts of a column look like: a regular expression without what would need backtracking,
/// so that a text is held against it in time linear in its length, here as in the database.
///
///     text  = choice                        choice = chain { "|" chain }
///     chain = { atom [ "*" | "+" | "?" | "{m}" | "{m,}" | "{m,n}" ] }
///     atom  = character | "." | "[…]" | "[^…]" | "\d" "\w" "\s" "\D" "\W" "\S" | "(" choice ")"
///
/// The whole text must match; `^` at the start and `$` at the end may say so again.
struct Pattern: Sendable, Hashable {
    static let lengthLimit = 500
    /// Characters of the expression, each counted as often as it is repeated.
    static let positionLimit = 300
    /// Pairs of characters that may follow each other.
    static let followLimit = 3000
    static let depthLimit = 20
    /// Characters of a text that is held against a pattern.
    static let textLimit: Int64 = 10_000

    struct Fault: Error {
        let detail: String
        let offset: Int
    }

    let text: String
    /// The characters that each position takes; position 0 is the start and takes none.
    private(set) var classes: [[ClosedRange<UInt32>]] = [[]]
    /// The positions that may come after each.
    private(set) var follow: [[Int]] = [[]]
    /// The positions that may be the last.
    private(set) var last: Set<Int> = []
    /// The same in PostgreSQL's words.
    private(set) var postgresText = ""

    init(_ text: String) throws(Fault) {
        self.text = text
        guard text.utf8.count <= Pattern.lengthLimit else {
            throw Fault(detail: "is longer than \(Pattern.lengthLimit) bytes", offset: 0)
        }
        var parser = PatternParser(text)
        var pieces = Pieces()
        let node = try parser.whole()
        let whole = try pieces.add(node)
        classes = pieces.classes
        follow = pieces.follow.map { $0.sorted() }
        follow[0] = whole.first.sorted()
        last = Set(whole.last)
        if whole.isEmpty { last.insert(0) }
        postgresText = "^\(node.postgresText)$"
        guard follow.reduce(0, { $0 + $1.count }) <= Pattern.followLimit else {
            throw Fault(detail: "has too many ways through it", offset: 0)
        }
    }

    func matches(_ text: String) -> Bool {
        var states: Set<Int> = [0]
        for scalar in text.unicodeScalars {
            var next: Set<Int> = []
            for state in states {
                for position in follow[state] where !next.contains(position) {
                    if classes[position].contains(where: { $0.contains(scalar.value) }) {
                        next.insert(position)
                    }
                }
            }
            if next.isEmpty { return false }
            states = next
        }
        return !states.isDisjoint(with: last)
    }

    /// A condition of SQL that holds where `value` does not match. PostgreSQL's own expressions do
    /// not go back either; on SQLite it is the same walk, with all positions reached at a character
    /// as rows.
    func mismatchSQL(_ value: String, _ dialect: Dialect) -> String {
        guard dialect.isSQLite else {
            return "\(value) COLLATE \"C\" !~ \(literal(postgresText))"
        }
        let ways = follow.enumerated().flatMap { from, list in list.map { "(\(from),\($0))" } }
        let ranges = classes.enumerated().flatMap { position, list in
            list.map { "(\(position),\($0.lowerBound),\($0.upperBound))" }
        }
        let ends = last.sorted().map(String.init).joined(separator: ",")
        guard !ways.isEmpty else { return last.isEmpty ? "1 = 1" : "length(\(value)) > 0" }
        return """
            NOT EXISTS (WITH RECURSIVE walk(place, at) AS (SELECT 0, 0 UNION \
            SELECT walk.place + 1, way.column2 FROM walk \
            JOIN (VALUES \(ways.joined(separator: ","))) AS way ON way.column1 = walk.at \
            JOIN (VALUES \(ranges.joined(separator: ","))) AS taken ON taken.column1 = way.column2 \
            AND unicode(substr(\(value), walk.place + 1, 1)) \
            BETWEEN taken.column2 AND taken.column3 \
            WHERE walk.place < length(\(value))) \
            SELECT 1 FROM walk WHERE place = length(\(value)) AND at IN (\(ends)))
            """
    }

    /// Numbers the characters of an expression and says which may follow which.
    private struct Pieces {
        var classes: [[ClosedRange<UInt32>]] = [[]]
        var follow: [Set<Int>] = [[]]

        struct Piece {
            var first: [Int] = []
            var last: [Int] = []
            var isEmpty = true
        }

        mutating func add(_ node: PatternNode) throws(Fault) -> Piece {
            switch node {
            case .one(let ranges):
                classes.append(ranges)
                follow.append([])
                let position = classes.count - 1
                guard position <= Pattern.positionLimit else {
                    throw Fault(
                        detail: "has more than \(Pattern.positionLimit) characters, each counted "
                            + "as often as it is repeated", offset: 0)
                }
                return Piece(first: [position], last: [position], isEmpty: false)
            case .chain(let nodes):
                var sum = Piece()
                for node in nodes { sum = join(sum, try add(node)) }
                return sum
            case .choice(let nodes):
                var sum = Piece(isEmpty: false)
                for node in nodes {
                    let next = try add(node)
                    sum.first += next.first
                    sum.last += next.last
                    sum.isEmpty = sum.isEmpty || next.isEmpty
                }
                return sum
            case .times(let node, let least, let most):
                return try times(node, least, most)
            }
        }

        private mutating func times(
            _ node: PatternNode, _ least: Int, _ most: Int?
        ) throws(Fault) -> Piece {
            var sum = Piece()
            for _ in 0..<least { sum = join(sum, try add(node)) }
            guard let most else {
                var loop = try add(node)
                for position in loop.last { follow[position].formUnion(loop.first) }
                loop.isEmpty = true
                return join(sum, loop)
            }
            // From the end, so that each further one stands behind the one before it only.
            var rest = Piece()
            for _ in least..<max(least, most) {
                rest = join(try add(node), rest)
                rest.isEmpty = true
            }
            return join(sum, rest)
        }

        private mutating func join(_ a: Piece, _ b: Piece) -> Piece {
            for position in a.last { follow[position].formUnion(b.first) }
            return Piece(
                first: a.isEmpty ? a.first + b.first : a.first,
                last: b.isEmpty ? a.last + b.last : b.last, isEmpty: a.isEmpty && b.isEmpty)
        }
    }
}

indirect enum PatternNode {
    case one([ClosedRange<UInt32>])
    case chain([PatternNode])
    case choice([PatternNode])
    /// Nil is any number.
    case times(PatternNode, Int, Int?)
}

private struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var place = 0

    init(_ text: String) {
        var scalars = Array(text.unicodeScalars)
        if scalars.first == "^" { scalars.removeFirst() }
        let isEscaped = scalars.dropLast().last == "\\" && scalars.dropLast(2).last != "\\"
        if scalars.last == "$", !isEscaped { scalars.removeLast() }
        self.scalars = scalars
    }

    private var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

    private func fault(_ detail: String) -> Pattern.Fault {
        Pattern.Fault(detail: detail, offset: place)
    }

    mutating func whole() throws(Pattern.Fault) -> PatternNode {
        let node = try choice(depth: 0)
        if next != nil { throw fault("has a ) without its other half") }
        return node
    }

    private mutating func choice(depth: Int) throws(Pattern.Fault) -> PatternNode {
        guard depth <= Pattern.depthLimit else { throw fault("is nested too deeply") }
        var items = [try chain(depth: depth)]
        while next == "|" {
            place += 1
            items.append(try chain(depth: depth))
        }
        return items.count == 1 ? items[0] : .choice(items)
    }

    private mutating func chain(depth: Int) throws(Pattern.Fault) -> PatternNode {
        var items: [PatternNode] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            items.append(try repeated(try atom(depth: depth)))
        }
        return .chain(items)
    }

    private mutating func repeated(_ node: PatternNode) throws(Pattern.Fault) -> PatternNode {
        let result: PatternNode
        switch next {
        case "*": result = .times(node, 0, nil)
        case "+": result = .times(node, 1, nil)
        case "?": result = .times(node, 0, 1)
        case "{":
            result = try counted(node)
        default: return node
        }
        place += 1
        if let scalar = next, "*+?{".unicodeScalars.contains(scalar) {
            throw fault("repeats a repetition")
        }
        return result
    }

    /// At `{`; ends at `}`.
    private mutating func counted(_ node: PatternNode) throws(Pattern.Fault) -> PatternNode {
        place += 1
        guard let least = number() else { throw fault("needs a number after {; write \\{ for it") }
        var most: Int? = least
        if next == "," {
            place += 1
            most = number()
        }
        guard next == "}" else { throw fault("lacks a }") }
        if let most, most < least { throw fault("counts from more to less") }
        guard max(least, most ?? 0) <= Pattern.positionLimit else {
            throw fault("repeats more than \(Pattern.positionLimit) times")
        }
        return .times(node, least, most)
    }

    private mutating func number() -> Int? {
        var digits = ""
        while let scalar = next, ("0"..."9").contains(scalar), digits.count < 6 {
            digits.unicodeScalars.append(scalar)
            place += 1
        }
        return Int(digits)
    }

    private mutating func atom(depth: Int) throws(Pattern.Fault) -> PatternNode {
        guard let scalar = next else { throw fault("ends too soon") }
        place += 1
        switch scalar {
        case ".": return .one(Pattern.others([10...10, 13...13]))
        case "[": return .one(try set())
        case "\\": return .one(try escape())
        case "(":
            if next == "?" {
                guard scalars[place...].starts(with: "?:".unicodeScalars) else {
                    throw fault("looks ahead or names a group, which it cannot")
                }
                place += 2
            }
            let node = try choice(depth: depth + 1)
            guard next == ")" else { throw fault("lacks a )") }
            place += 1
            return node
        case "*", "+", "?", "{", "}", "]", "^", "$":
            place -= 1
            throw fault("has \(scalar) where a character is needed; write \\\(scalar) for it")
        default: return .one([scalar.value...scalar.value])
        }
    }

    private mutating func escape() throws(Pattern.Fault) -> [ClosedRange<UInt32>] {
        guard let scalar = next else { throw fault("ends with \\") }
        place += 1
        switch scalar {
        case "d": return Pattern.digits
        case "w": return Pattern.words
        case "s": return Pattern.blanks
        case "D": return Pattern.others(Pattern.digits)
        case "W": return Pattern.others(Pattern.words)
        case "S": return Pattern.others(Pattern.blanks)
        case "n": return [10...10]
        case "r": return [13...13]
        case "t": return [9...9]
        default:
            let isWord = Pattern.words.contains { $0.contains(scalar.value) }
            guard !isWord else { throw fault("has \\\(scalar), which it cannot") }
            return [scalar.value...scalar.value]
        }
    }

    /// After `[`.
    private mutating func set() throws(Pattern.Fault) -> [ClosedRange<UInt32>] {
        var ranges: [ClosedRange<UInt32>] = []
        let isNegated = next == "^"
        if isNegated { place += 1 }
        while let scalar = next, scalar != "]" {
            place += 1
            var low: [ClosedRange<UInt32>] = [scalar.value...scalar.value]
            if scalar == "\\" { low = try escape() }
            guard low.count == 1, low[0].count == 1, next == "-", place + 1 < scalars.count,
                scalars[place + 1] != "]"
            else {
                ranges += low
                continue
            }
            place += 1
            var high: [ClosedRange<UInt32>] = [scalars[place].value...scalars[place].value]
            place += 1
            if high[0].lowerBound == 0x5C { high = try escape() }
            guard high.count == 1, high[0].count == 1, high[0].lowerBound >= low[0].lowerBound
            else { throw fault("has a range that goes from more to less") }
            ranges.append(low[0].lowerBound...high[0].lowerBound)
        }
        guard next == "]", !ranges.isEmpty else { throw fault("lacks a ], or has an empty []") }
        place += 1
        return isNegated ? Pattern.others(ranges) : ranges
    }
}

extension Pattern {
    fileprivate static let digits: [ClosedRange<UInt32>] = [0x30...0x39]
    fileprivate static let words: [ClosedRange<UInt32>] = [
        0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A,
    ]
    fileprivate static let blanks: [ClosedRange<UInt32>] = [
        9...13, 0x20...0x20, 0xA0...0xA0, 0x2028...0x2029, 0xFEFF...0xFEFF,
    ]

    /// All characters but these.
    fileprivate static func others(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var result: [ClosedRange<UInt32>] = []
        var start: UInt32 = 0
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound > start { result.append(start...(range.lowerBound - 1)) }
            start = max(start, range.upperBound + 1)
        }
        if start <= 0x10FFFF { result.append(start...0x10FFFF) }
        return result
    }
}
