import HTTP
import JSON
import TestSupport
import Testing

@testable import Records

/// `pattern` of a text column.
@Suite struct PatternTests {
    @Test(
        arguments: [
            ("[A-Z]{2}-\\d{4}", ["AB-1234"], ["AB-123", "AB-12345", "ab-1234", "AB_1234", ""]),
            ("^\\S+@\\S+\\.\\w{2,}$", ["a@b.de", "x.y@z.co.uk"], ["a@b", "a b@c.de", "@b.de"]),
            ("a*", ["", "a", "aaaa"], ["b", "ab"]),
            ("(ab|c)+", ["ab", "cab", "ccc"], ["", "a", "abb"]),
            ("a?b{2,3}", ["bb", "abbb"], ["ab", "abbbb"]), ("[^0-9]+", ["äß🙂"], ["a1", ""]),
            (".", ["x", "🙂"], ["\n", "xx"]), ("a\\.b\\*", ["a.b*"], ["axb*"]),
            ("(?:x|)y", ["y", "xy"], ["xxy"]), ("[\\d-]+", ["1-2"], ["a"]),
            ("(a|b)*c", ["abbac"], ["ab"]),
            ("\\w{3,}", ["abc", "abcd"], ["ab"]), ("", [""], ["a"]),
            ("price\\$", ["price$"], ["price"]), ("[a-c]\\s[^\\s]", ["b c"], ["b  ", "d c"]),
        ] as [(String, [String], [String])])
    func `a text matches as a whole, here and in other programs' writes`(
        _ pattern: String, _ good: [String], _ bad: [String]
    ) async throws {
        let compiled = try Pattern(pattern)
        let store = try await TestStore()
        let text = JSONValue.string(pattern).text
        try await store.apply(
            small(
                #"{"code": "t", "type": "text", "pattern": \#(text)}, "#
                    + #"{"code": "m", "type": "text", "many": true, "pattern": \#(text)}"#))
        for (value, isGood) in good.map({ ($0, true) }) + bad.map({ ($0, false) }) {
            #expect(compiled.matches(value) == isGood, "\(pattern) \(value)")
            let problem = await refusal {
                try await store.create(item, ["t": .string(value), "m": [.string(value)]])
            }
            #expect(problem?.faults == (isGood ? nil : ["/t wrong-format", "/m/0 wrong-format"]))
            for (column, stored) in [("t", value), ("m", JSONValue.array([.string(value)]).text)] {
                let (code, output) = try await store.foreign(
                    "INSERT INTO DataRow_1 (\(column)) VALUES (\(Records.literal(stored)))")
                #expect((code == 0) == isGood, "\(pattern) \(value): \(output)")
            }
        }
    }

    @Test func `random texts match as they do for a matcher that tries everything`() throws {
        for seed in UInt64(1)...300 {
            var random = TestRandom(seed: seed)
            let (pattern, tree) = RandomPattern.make(&random, depth: 3)
            guard let compiled = try? Pattern(pattern) else { continue }
            for _ in 0..<30 {
                let length = Int.random(in: 0...6, using: &random)
                let text = (0..<length).map { _ in
                    ["a", "b", "c"].randomElement(using: &random) ?? "a"
                }.joined()
                let expected = tree.ends(Array(text), 0).contains(text.count)
                #expect(compiled.matches(text) == expected, "seed \(seed): \(pattern) on \(text)")
            }
        }
    }

    #if PostgreSQL
        @Test func `random texts match alike in the words of PostgreSQL`() async throws {
            let server = try await TestServer.shared.server()
            var cases: [String] = []
            for seed in UInt64(1)...300 {
                var random = TestRandom(seed: seed)
                let (pattern, _) = RandomPattern.make(&random, depth: 4)
                guard let compiled = try? Pattern(pattern) else { continue }
                for _ in 0..<10 {
                    let text = (0..<Int.random(in: 0...7, using: &random)).map { _ in
                        ["a", "b", "c", "\n", "é", "🙂"].randomElement(using: &random) ?? "a"
                    }.joined()
                    let expected = compiled.matches(text)
                    let name = literal("seed \(seed): \(pattern) on \(text)")
                    cases.append(
                        "(\(name), \(literal(compiled.postgresText)), \(literal(text)), \(expected))"
                    )
                }
            }
            let long = try Pattern("(ab){140}\\d{0,5}[^\\d\\D]?[^x]")
            let text = String(repeating: "ab", count: 140) + "12é"
            #expect(long.matches(text))
            cases.append("('long', \(literal(long.postgresText)), \(literal(text)), true)")
            #expect(cases.count > 1000)
            for start in stride(from: 0, to: cases.count, by: 100) {
                let some = cases[start..<min(start + 100, cases.count)]
                let wrong = try await server.sql(
                    """
                    SELECT name FROM (VALUES \(some.joined(separator: ",\n")))
                    AS c (name, pattern, text, expected) WHERE (text ~ pattern) <> expected
                    """, in: "postgres")
                #expect(wrong.isEmpty, "\(wrong)")
            }
        }
    #endif

    @Test func `what would need more than one look at a character is refused`() async throws {
        let store = try await TestStore()
        for pattern in [
            "(?=a)b", "\\1", "a**", "(", ")", "[", "[]", "a{3,1}", "a{999}", "{2}", "*", "\\b",
            "(a{100}){100}", "[z-a]", "a\\", String(repeating: "(", count: 30),
            "(a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p|q|r|s|t|u|v|w|x|y|z)*".replacing("z", with: "z{60}"),
        ] {
            let text = JSONValue.string(pattern).text
            let faults = try await store.faults(
                small(#"{"code": "t", "type": "text", "pattern": \#(text)}"#))
            if pattern.utf8.count < 50 {
                #expect(faults.map(\.code) == ["wrong-format"], "\(pattern): \(faults)")
            }
        }
    }

    @Test func `the worst text takes no longer than its length`() throws {
        let pattern = try Pattern("(a|a)*(a|aa)*(a*)*b")
        let text = String(repeating: "a", count: 10_000)
        #expect(!pattern.matches(text))
        #expect(pattern.matches(text + "b"))
    }
}

/// Expressions as trees, whose matches are all tried.
private indirect enum RandomPattern {
    case one(Character), any
    case chain(RandomPattern, RandomPattern)
    case choice(RandomPattern, RandomPattern)
    case times(RandomPattern, Int, Int)

    static func make(
        _ random: inout TestRandom, depth: Int
    ) -> (String, RandomPattern) {
        let kind = depth == 0 ? 0 : Int.random(in: 0...5, using: &random)
        if kind <= 1 {
            if Int.random(in: 0...4, using: &random) == 0 { return (".", .any) }
            let character = ["a", "b", "c"].randomElement(using: &random) ?? "a"
            return (character, .one(Character(character)))
        }
        let (text, tree) = make(&random, depth: depth - 1)
        if kind == 2 {
            let (least, most, sign) =
                [(0, 99, "*"), (1, 99, "+"), (0, 1, "?"), (2, 3, "{2,3}"), (2, 2, "{2}")]
                .randomElement(using: &random) ?? (0, 1, "?")
            return ("(\(text))\(sign)", .times(tree, least, most))
        }
        let (more, other) = make(&random, depth: depth - 1)
        return kind <= 4
            ? ("\(text)\(more)", .chain(tree, other))
            : ("(\(text)|\(more))", .choice(tree, other))
    }

    /// Where a match that begins at `start` may end.
    func ends(_ text: [Character], _ start: Int) -> Set<Int> {
        switch self {
        case .one(let character):
            start < text.count && text[start] == character ? [start + 1] : []
        case .any: start < text.count ? [start + 1] : []
        case .chain(let a, let b):
            a.ends(text, start).reduce(into: []) { $0.formUnion(b.ends(text, $1)) }
        case .choice(let a, let b): a.ends(text, start).union(b.ends(text, start))
        case .times(let inner, let least, let most):
            RandomPattern.repeated(inner, least, most, text, start)
        }
    }

    private static func repeated(
        _ inner: RandomPattern, _ least: Int, _ most: Int, _ text: [Character], _ start: Int
    ) -> Set<Int> {
        var current: Set<Int> = [start]
        var result: Set<Int> = least == 0 ? [start] : []
        // Beyond its length a text brings nothing new.
        for count in 1...min(most, text.count + least + 1) {
            current = current.reduce(into: []) { $0.formUnion(inner.ends(text, $1)) }
            if count >= least { result.formUnion(current) }
        }
        return result
    }
}
