import Contracts
import JSON

/// A filter's text as the conditions that it joins: what chips show, and what each takes away.
struct FilterText: Sendable {
    /// Joined by `and` at the top. One where there is an `or` at the top.
    let conditions: [String]

    init(_ text: String?) {
        let text = (text ?? "").trimmed
        conditions = text.isEmpty ? [] : FilterText.parts(text)
    }

    private init(conditions: [String]) { self.conditions = conditions }

    /// Nil where it has no condition.
    var text: String? { conditions.isEmpty ? nil : conditions.joined(separator: " and ") }

    func without(_ index: Int) -> FilterText {
        var rest = conditions
        rest.remove(at: index)
        return FilterText(conditions: rest)
    }

    func and(_ condition: String) -> FilterText {
        var all = conditions
        if all.count == 1, FilterText.hasOr(all[0]) { all[0] = "(\(all[0]))" }
        return FilterText(conditions: all.contains(condition) ? all : all + [condition])
    }

    private static func parts(_ text: String) -> [String] {
        let (cuts, hasOr) = words(text)
        if hasOr { return [text] }
        var parts: [String] = []
        var start = text.startIndex
        for cut in cuts {
            parts.append(String(text[start..<cut.lowerBound]).trimmed)
            start = cut.upperBound
        }
        parts.append(String(text[start...]).trimmed)
        return parts.filter { !$0.isEmpty }
    }

    private static func hasOr(_ text: String) -> Bool { words(text).hasOr }

    /// Where `and` stands outside of quotes and parentheses; whether `or` does.
    private static func words(_ text: String) -> (cuts: [Range<String.Index>], hasOr: Bool) {
        var cuts: [Range<String.Index>] = []
        var (isQuoted, depth, hasOr) = (false, 0, false)
        var index = text.startIndex
        var start: String.Index?
        while index <= text.endIndex {
            let character = index < text.endIndex ? text[index] : " "
            if character == "'" { isQuoted.toggle() }
            if !isQuoted, character == "(" { depth += 1 }
            if !isQuoted, character == ")" { depth -= 1 }
            let isWord = !isQuoted && (character.isLetter || character.isNumber || character == "_")
            if isWord, start == nil { start = index }
            if !isWord, let begun = start {
                let word = text[begun..<index].lowercased()
                if depth == 0, word == "and" { cuts.append(begun..<index) }
                if depth == 0, word == "or" { hasOr = true }
                start = nil
            }
            if index == text.endIndex { break }
            index = text.index(after: index)
        }
        return (cuts, hasOr)
    }
}

/// One condition that is put together by clicking.
struct FilterCondition: Equatable {
    /// What a column may be asked.
    enum Operator: String, CaseIterable {
        case contains, startswith, endswith, eq, ne, gt, ge, lt, le, empty, filled

        var needsValue: Bool { self != .empty && self != .filled }

        /// The kinds of columns that it fits.
        func fits(_ column: ClassDescription.Column) -> Bool {
            let isOrdered = ["integer", "decimal", "date", "datetime", "sequence", "computed"]
                .contains(column.type)
            return switch self {
            case .contains, .startswith, .endswith:
                ["text", "sequence", "computed"].contains(column.type)
            case .eq: true
            case .ne: !column.many
            case .gt, .ge, .lt, .le: isOrdered
            case .empty, .filled: !column.many
            }
        }
    }

    var column: String
    var comparison: Operator
    /// As the filter has it: `'open'`, `7`, `true`, `me`.
    var literal = ""

    /// The columns that can be asked for something.
    static func canFilter(_ column: ClassDescription.Column) -> Bool {
        column.type != "file" && column.type != "json"
    }

    var text: String {
        switch comparison {
        case .contains, .startswith, .endswith: "\(comparison.rawValue)(\(column),\(literal))"
        case .empty: "\(column) eq null"
        case .filled: "\(column) ne null"
        default: "\(column) \(comparison.rawValue) \(literal)"
        }
    }

    init(_ column: String, _ comparison: Operator, literal: String = "") {
        self.column = column
        self.comparison = comparison
        self.literal = literal
    }

    /// Reads one of the forms that `text` has; nil for any other.
    init?(_ text: String) {
        if let open = text.firstIndex(of: "("), text.last == ")",
            let function = Operator(rawValue: String(text[..<open])),
            [.contains, .startswith, .endswith].contains(function)
        {
            let inner = text[text.index(after: open)...].dropLast()
            guard let comma = inner.firstIndex(of: ",") else { return nil }
            let literal = String(inner[inner.index(after: comma)...]).trimmed
            guard FilterCondition.isText(literal) else { return nil }
            self.init(String(inner[..<comma]).trimmed, function, literal: literal)
            return
        }
        let words = text.split(separator: " ", maxSplits: 2).map(String.init)
        guard words.count == 3, let comparison = Operator(rawValue: words[1].lowercased()),
            words[0].allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "/" })
        else { return nil }
        let literal = words[2].trimmed
        if literal == "null", comparison == .eq || comparison == .ne {
            self.init(words[0], comparison == .eq ? .empty : .filled)
            return
        }
        let isPlain = !literal.contains(" ") && !literal.contains("'")
        guard comparison.needsValue, FilterCondition.isText(literal) || isPlain
        else { return nil }
        self.init(words[0], comparison, literal: literal)
    }

    private static func isText(_ literal: String) -> Bool {
        guard literal.count >= 2, literal.first == "'", literal.last == "'" else { return false }
        let inner = literal.dropFirst().dropLast()
        return inner.split(separator: "''", omittingEmptySubsequences: false)
            .allSatisfy { !$0.contains("'") }
    }

    /// What the literal means: a text without its quotes.
    var value: String {
        guard literal.first == "'" else { return literal }
        return String(literal.dropFirst().dropLast()).split(
            separator: "''", omittingEmptySubsequences: false
        ).joined(separator: "'")
    }

    static func quoted(_ text: String) -> String {
        let doubled = text.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "''")
        return "'\(doubled)'"
    }
}

extension String {
    /// Without blanks around it.
    var trimmed: String {
        let blanks = drop { $0.isWhitespace }
        guard let last = blanks.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(blanks[...last])
    }
}
