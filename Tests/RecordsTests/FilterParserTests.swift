import Contracts
import Database
import TestSupport
import Testing

@testable import Records

/// The text of filters and orders, without a database.
@Suite struct FilterParserTests {
    private static let cases: [(String, FilterExpression)] = [
        ("status eq 'new'", compare("status", .eq, .text("new"))),
        ("spent gt 2.50", compare("spent", .gt, .number("2.50"))),
        ("score le -3", compare("score", .le, .number("-3"))),
        ("urgent", .flag(path("urgent"))),
        ("not urgent", .not(.flag(path("urgent")))),
        ("not not urgent", .flag(path("urgent"))),
        ("not a eq 1", .not(compare("a", .eq, .number("1")))),
        ("a eq null", compare("a", .eq, .null)),
        ("a eq 'it''s'", compare("a", .eq, .text("it's"))),
        ("a eq ''", compare("a", .eq, .text(""))),
        ("creator eq me", compare("creator", .eq, .me)),
        ("A_b EQ NULL", .compare(.path(path("A_b")), .eq, .path(path("NULL")))),
        (
            "a in (1, 2,null)",
            .within(path("a"), [lit(.number("1")), lit(.number("2")), lit(.null)])
        ),
        ("contains(a,'x')", .text(.contains, path("a"), lit(.text("x")))),
        ("StartsWith( a , 'x' )", .text(.startswith, path("a"), lit(.text("x")))),
        ("customer/name eq 'x'", compare("customer/name", .eq, .text("x"))),
        ("1 lt a", .compare(.literal(lit(.number("1"))), .lt, .path(path("a")))),
        (
            "a eq 1 and b eq 2 or c eq 3",
            .or([
                .and([compare("a", .eq, .number("1")), compare("b", .eq, .number("2"))]),
                compare("c", .eq, .number("3")),
            ])
        ),
        (
            "a eq 1 and (b eq 2 or c eq 3)",
            .and([
                compare("a", .eq, .number("1")),
                .or([compare("b", .eq, .number("2")), compare("c", .eq, .number("3"))]),
            ])
        ),
    ]

    @Test func `every form of the syntax is read`() throws {
        for (text, expected) in FilterParserTests.cases {
            #expect(try FilterParser.parse(text).withoutOffsets == expected, "\(text)")
        }
        let dates = try FilterParser.parse("day eq 2026-11-22 and due lt 2026-11-22T10:00:00+02:00")
        #expect("\(dates)".contains("CalendarDate"))
        #expect("\(dates)".contains("Timestamp"))
    }

    @Test(arguments: [
        ("", 0), ("a", -1), ("a eq", 4), ("eq", -1), ("a eq 'x", 5), ("a eq 1 b", 7),
        ("(a eq 1", 7), ("a eq 1)", 6), ("a in 1", 5), ("a in ()", 6), ("a in (b)", 6),
        ("f(a,1)", 0), ("contains(a)", 10), ("contains('a','b')", 9), ("a eq 1 and", 10),
        ("a eq 5x", 5), ("a == 1", 2), ("a/ eq 1", 6), ("a/1", 2), ("a eq 2026-13-01", 5),
        ("'x'", 3),
        ("a eq contains(b,'x')", 20), ("a; drop table x", 1), ("a eq \u{0}", 5), ("1 in (1)", 2),
    ])
    func `what is no filter is refused, and where`(text: String, offset: Int) {
        guard offset >= 0 else {
            #expect(throws: Never.self) { try FilterParser.parse(text) }
            return
        }
        do throws(FilterFault) {
            _ = try FilterParser.parse(text)
            Issue.record("\(text) was read")
        } catch {
            #expect(error.offset == offset, "\(text): \(error.detail)")
        }
    }

    @Test func `length, depth, terms and lists are bounded`() {
        let deep = String(repeating: "(", count: 100) + "a" + String(repeating: ")", count: 100)
        let nots = String(repeating: "not ", count: 2000) + "a"
        let terms = Array(repeating: "a", count: 201).joined(separator: " or ")
        let list = "a in (" + Array(repeating: "1", count: 501).joined(separator: ",") + ")"
        for text in [deep, terms, list, String(repeating: "a", count: 1 << 20)] {
            #expect(throws: FilterFault.self) { try FilterParser.parse(text) }
        }
        // A chain of nots is a loop in the parser, not a depth.
        #expect(throws: Never.self) { try FilterParser.parse(nots) }
    }

    @Test(arguments: [
        ("2.5", 2, ScaledNumber.exact(250)), ("2.505", 2, .between(250)),
        ("-2.505", 2, .between(-251)), ("0.000", 2, .exact(0)), ("-0", 0, .exact(0)),
        ("1e2", 0, .exact(100)), ("1e-3", 2, .between(0)), ("-1e-3", 2, .between(-1)),
        ("12345e-2", 2, .exact(12345)), ("9223372036854775807", 0, .exact(.max)),
        ("9223372036854775808", 0, .above), ("-9223372036854775809", 0, .below),
        ("1e400", 2, .above), ("-1e400", 2, .below), ("0e99999999999", 2, .exact(0)),
        ("1e-99999999999", 2, .between(0)), ("0.00000000000000000000000001e28", 0, .exact(100)),
        ("99999999999999999999.5", 0, .above), ("1E+2", 1, .exact(1000)),
    ])
    func `a number is held against a column's scale exactly`(
        text: String, scale: Int, expected: ScaledNumber
    ) {
        #expect(ScaledNumber(text, scale: scale) == expected)
    }

    @Test func `an order is read, and refused where it is none`() throws {
        let order = try OrderBy.parse("due desc, customer/name,id ASC")
        #expect(order.map(\.0.text) == ["due", "customer/name", "id"])
        #expect(order.map(\.1) == [true, false, false])
        #expect(try OrderBy.parse("").isEmpty)
        for text in [",", "a b", "a desc desc", "a,,b", "a,", "1", "a/", "'a'", "a,b,c,d,e,f"] {
            #expect(throws: FilterFault.self, "\(text)") { try OrderBy.parse(text) }
        }
    }

    @Test func `the text after all that begin with a prefix`() {
        #expect(FilterCompiler.successor(of: "ab") == "ac")
        #expect(FilterCompiler.successor(of: "aé") == "aê")
        #expect(FilterCompiler.successor(of: "") == nil)
        #expect(FilterCompiler.successor(of: "a\u{10FFFF}") == nil)
        #expect(FilterCompiler.successor(of: "a\u{D7FF}") == nil)
    }

    @Test func `random bytes are read or refused, never worse`() {
        let words = [
            "a", "eq", "and", "or", "not", "(", ")", "'", "in", ",", "contains", "1", "null", "/",
            " ", "é", "-", "2026-01-01", "me", "''", "\"", ";",
        ]
        let seed: UInt64 = 7
        var random = TestRandom(seed: seed)
        var read = 0
        for _ in 0..<20_000 {
            let count = Int.random(in: 0..<12, using: &random)
            let text = (0..<count).map { _ in words.randomElement(using: &random) ?? "" }.joined(
                separator: " ")
            if (try? FilterParser.parse(text)) != nil { read += 1 }
        }
        #expect(read > 0, "seed \(seed)")
    }
}

private func path(_ text: String) -> FilterPath {
    FilterPath(segments: text.split(separator: "/").map(String.init), offset: 0)
}

private func lit(_ value: FilterLiteral.Value) -> FilterLiteral {
    FilterLiteral(value: value, offset: 0)
}

private func compare(
    _ column: String, _ comparison: FilterExpression.Comparison, _ value: FilterLiteral.Value
) -> FilterExpression {
    .compare(.path(path(column)), comparison, .literal(lit(value)))
}

extension FilterExpression {
    fileprivate var withoutOffsets: FilterExpression {
        func bare(_ literal: FilterLiteral) -> FilterLiteral { lit(literal.value) }
        func bare(_ path: FilterPath) -> FilterPath {
            FilterPath(segments: path.segments, offset: 0)
        }
        func bare(_ operand: FilterOperand) -> FilterOperand {
            switch operand {
            case .path(let path): .path(bare(path))
            case .literal(let literal): .literal(bare(literal))
            }
        }
        switch self {
        case .and(let parts): return .and(parts.map(\.withoutOffsets))
        case .or(let parts): return .or(parts.map(\.withoutOffsets))
        case .not(let inner): return .not(inner.withoutOffsets)
        case .compare(let a, let comparison, let b): return .compare(bare(a), comparison, bare(b))
        case .within(let path, let items): return .within(bare(path), items.map { bare($0) })
        case .text(let function, let path, let literal):
            return .text(function, bare(path), bare(literal))
        case .flag(let path): return .flag(bare(path))
        }
    }
}
