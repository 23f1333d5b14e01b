import Contracts
import HTTP
import JSON
import TestSupport
import Testing

@testable import Records

/// API.md §10: a computed column has `"value": "=qty * price"`.
@Suite struct ComputedTests {
    private static let columns = """
        {"code": "qty", "type": "integer"}, {"code": "price", "type": "decimal", "scale": 2},
        {"code": "rate", "type": "decimal", "scale": 3}, {"code": "first", "type": "text"},
        {"code": "last", "type": "text"}, {"code": "day", "type": "date"},
        {"code": "at", "type": "datetime"}, {"code": "done", "type": "boolean"},
        {"code": "kind", "type": "choice", "choices": ["a", "b"]},
        {"code": "tags", "type": "text", "many": true}
        """

    private func model(_ computed: String) throws -> JSONValue {
        try small(ComputedTests.columns + ", " + computed)
    }

    private static func computed(_ code: String, _ value: String, _ more: String = "") -> String {
        let text = JSONValue.string("=" + value).text
        return #"{"code": "\#(code)", "type": "computed", "value": \#(text)\#(more)}"#
    }

    /// The value of an expression over a record, as JSON.
    @Test(
        arguments: [
            ("qty * price", #"{"qty": 3, "price": 0.10}"#, "0.30"),
            ("qty * price * rate", #"{"qty": 3, "price": 0.10, "rate": 1.005}"#, "0.30150"),
            ("price / qty", #"{"qty": 3, "price": 0.10}"#, "0.033333"),
            ("price / qty", #"{"qty": -3, "price": 0.20}"#, "-0.066667"),
            ("price / qty", #"{"qty": 0, "price": 1}"#, "null"),
            ("price % rate", #"{"price": 1, "rate": 0.3}"#, "0.100"),
            ("qty + 1.5", #"{"qty": 1}"#, "2.5"), ("qty + price", #"{"price": 1}"#, "null"),
            ("-qty", #"{"qty": 2}"#, "-2"), ("2 + 3 * qty - 1", #"{"qty": 2}"#, "7"),
            ("(2 + 3) * qty", #"{"qty": 2}"#, "10"), ("10 - 3 - qty", #"{"qty": 2}"#, "5"),
            ("qty * qty * qty", #"{"qty": 9000000000}"#, "null"),
            ("Math.abs(qty)", #"{"qty": -4}"#, "4"),
            ("Math.round(price)", #"{"price": -0.5}"#, "0"),
            ("Math.round(price)", #"{"price": 1.5}"#, "2"),
            ("Math.floor(price)", #"{"price": -0.01}"#, "-1"),
            ("Math.floor(price)", #"{"price": -3}"#, "-3"),
            ("Math.ceil(price)", #"{"price": 1.01}"#, "2"),
            ("Math.min(price, rate, qty)", #"{"price": 1, "rate": 0.5, "qty": 3}"#, "0.500"),
            ("first + ' ' + last", #"{"first": "Ada", "last": "L"}"#, "\"Ada L\""),
            ("first + ' ' + last", #"{"first": "Ada"}"#, "\"Ada \""),
            ("'#' + qty + '/' + price", #"{"qty": 7, "price": 1.5}"#, "\"#7/1.50\""),
            ("first + done", #"{"first": "x", "done": true}"#, "\"xtrue\""),
            ("day + 'T'", #"{"day": "2026-11-22"}"#, "\"2026-11-22T\""),
            ("qty > 2 && price <= 1", #"{"qty": 3, "price": 1}"#, "true"),
            ("qty > 2 || done", #"{}"#, "false"), ("!done", #"{}"#, "true"),
            ("done == null", #"{}"#, "true"), ("kind === 'a'", #"{"kind": "a"}"#, "true"),
            ("kind !== 'a'", #"{}"#, "true"), ("qty == price", #"{"qty": 1, "price": 1}"#, "true"),
            ("qty > 2 ? 'big' : 'small'", #"{"qty": 3}"#, "\"big\""),
            ("qty > 2 ? price : 0", #"{"qty": 1, "price": 2}"#, "0.00"),
            ("qty > 9 ? 'a' : qty > 5 ? 'b' : null", #"{"qty": 6}"#, "\"b\""),
            ("qty ?? 5", #"{}"#, "5"), ("price ?? qty", #"{"qty": 2}"#, "2.00"),
            ("first ?? last", #"{"last": "x"}"#, "\"x\""),
            ("first.trim().toUpperCase()", #"{"first": " ab\n"}"#, "\"AB\""),
            ("first.length", #"{"first": "äb"}"#, "2"),
            ("tags.length", #"{"tags": ["a", "b"]}"#, "2"),
            ("tags.length", #"{}"#, "0"),
            ("first.includes('b')", #"{"first": "abc"}"#, "true"),
            ("first.startsWith(last)", #"{"first": "abc", "last": "ab"}"#, "true"),
            ("first.endsWith('')", #"{"first": "abc"}"#, "true"),
            ("first.endsWith('bc')", #"{"first": "abc"}"#, "true"),
            ("first.slice(1, 3)", #"{"first": "abcd"}"#, "\"bc\""),
            ("first.slice(2)", #"{"first": "abcd"}"#, "\"cd\""),
            ("at.slice(0, 4)", #"{"at": "2026-11-22T10:00:00Z"}"#, "\"2026\""),
            ("String(qty).padStart(4, '0')", #"{"qty": 42}"#, "\"0042\""),
            ("price.toFixed(1)", #"{"price": 1.25}"#, "\"1.3\""),
            ("days(day, at)", #"{"day": "2026-02-27", "at": "2026-03-01T23:59:00Z"}"#, "2"),
            ("record.qty + 1", #"{"qty": 1}"#, "2"), ("'it''s'.length", "{}", ""),
        ] as [(String, String, String)])
    func `an expression has the value that its words say`(
        _ value: String, _ body: String, _ expected: String
    ) async throws {
        let store = try await TestStore()
        let document = try model(ComputedTests.computed("c", value))
        if expected.isEmpty {
            #expect(try await store.faults(document).count == 1)
            return
        }
        try await store.apply(document)
        try await store.create(item, json(body))
        let bytes = try await store.records.get(.init(item, id: 1, select: ["c"]), .system).bytes
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text == #"{"id":1,"version":1,"c":\#(expected)}"#, "\(value)")
        // The same for other programs, and in history.
        let (code, output) = try await store.foreign(
            "UPDATE DataRow_1 SET modified = modified; SELECT count(*) FROM m_item WHERE c IS NULL")
        #expect(code == 0 && output == (expected == "null" ? "1\n" : "0\n"), "\(output)")
    }

    @Test func `what is not in the subset is a fault that says what is possible`() async throws {
        let store = try await TestStore()
        for (value, words) in [
            ("qty +", "ends where a value is needed"), ("nothing * 2", "no column of the class"),
            ("eval('x')", "it can call Math.abs"), ("first.replace('a', 'b')", "it can call trim"),
            ("Math.random()", "it can call"), ("now", "another at every moment"),
            ("first - 1", "needs a number"), ("qty ? 1 : 2", "needs a boolean"),
            ("qty == 'x'", "two types"), ("first.name", "references cannot be followed"),
            ("tags", "no plain value"), ("c + 1", "put it before"), ("qty = 1", "a character"),
            ("first; drop", "a character"), ("(qty", "needs ) here"), ("qty qty", "after its end"),
            (String(repeating: "(", count: 100) + "1", "nested deeper"),
            (Array(repeating: "1", count: 300).joined(separator: "+"), "more than 200 values"),
            (Array(repeating: "qty", count: 20).joined(separator: "/"), "too long"),
            ("'abc", "without its closing quote"), ("null", "no plain value"),
            ("01", "begins with"),
        ] {
            let faults = try await store.faults(model(ComputedTests.computed("c", value)))
            #expect(faults.map(\.pointer) == ["/classes/0/columns/10/value"], "\(value)")
            #expect(faults.first?.detail.contains(words) == true, "\(value): \(faults)")
        }
        let scaled = try await store.faults(
            model(ComputedTests.computed("c", "first", #", "scale": 2"#)))
        #expect(scaled.map(\.code) == ["wrong-format"])
        let bare = #"{"code": "c", "type": "computed", "value": "qty", "required": true}"#
        #expect(
            try await store.faults(model(bare)).map(\.code).sorted() == [
                "unsupported", "wrong-format",
            ])
    }

    @Test func `a computed column is filtered, sorted and indexed, and never written`() async throws
    {
        let store = try await TestStore()
        var document = try model(
            ComputedTests.computed("total", "qty * price", #", "scale": 1"#) + ", "
                + ComputedTests.computed("gross", "total * 1.2", #", "scale": 2"#) + ", "
                + ComputedTests.computed("key", "first + '/' + last", #", "unique": true"#))
        document = try json(
            document.text.replacing("\"columns\"", with: #""indexes": [["total"]], "columns""#))
        try await store.apply(document)
        for (qty, first) in [(3, "a"), (1, "b"), (2, "c")] {
            let body = try json(#"{"qty": \#(qty), "price": 0.25, "first": "\#(first)"}"#)
            try await store.create(item, body)
        }
        #expect(try await store.ids(item, orderby: "total") == [2, 3, 1])
        #expect(try await store.ids(item, filter: "total ge 0.5") == [1, 3])
        #expect(try await store.ids(item, filter: "gross eq 0.96") == [1])
        // A server takes whichever index it likes for so few rows.
        let plan = try await store.foreign(
            TestStore.isServer
                ? "SELECT indexdef FROM pg_indexes WHERE indexname = 'DataRow_1-index-total'"
                : "EXPLAIN QUERY PLAN SELECT id FROM DataRow_1 WHERE total = 5 AND deleted = 0")
        #expect(plan.output.contains("DataRow_1-index-total"))
        let written = await refusal { try await store.create(item, ["total": 1]) }
        #expect(written?.faults == ["/total read-only"])
        let twice = await refusal { try await store.create(item, ["first": "a"]) }
        #expect(twice?.faults == ["/key not-unique"])
        // Other programs change what it is made of; history has the value that follows.
        #expect(try await store.foreign("UPDATE DataRow_1 SET qty = 8 WHERE id = 1").code == 0)
        let changes = try await store.history(item, 1)[1]["changes"]?.array ?? []
        #expect(changes.map { $0["column"]?.string } == ["qty", "total", "gross"])
        #expect(changes[1]["new"] == (try json("2.0")))
        #expect(try await store.foreign("UPDATE DataRow_1 SET total = 8").code != 0)
        let clash = try await store.foreign(
            "UPDATE\(TestStore.orReplace) DataRow_1 SET first = 'b' WHERE id = 1")
        let words = TestStore.isServer ? "DataRow_1-unique-key" : "m.item.key must be unique"
        #expect(clash.output.contains(words), "\(clash)")
        let column = try store.models.current.describe(item, .system)
        #expect(!String(describing: column).isEmpty)
    }

    @Test func `an expression changes without anything being lost`() async throws {
        let store = try await TestStore()
        func document(_ scale: Int, _ value: String, _ more: String = "") throws -> JSONValue {
            try small(
                #"{"code": "n", "type": "integer", "default": \#(scale)}, "#
                    + ComputedTests.computed("twice", "n * 2") + ", "
                    + ComputedTests.computed("c", value) + more)
        }
        try await store.apply(document(1, "twice + 1"))
        try await store.create(item, ["n": 5])
        #expect(try await store.get(item, 1)["c"] == 11)
        // Another expression; then a default of what both are made of, which makes the column anew.
        try await store.apply(document(1, "twice + 2"))
        #expect(try await store.get(item, 1)["c"] == 12)
        try await store.apply(document(7, "'n' + twice"))
        #expect(try await store.get(item, 1)["c"] == "n10")
        #expect(try await store.create(item, [:])["c"] == "n14")
        let twice = #", {"code": "key", "type": "computed", "value": "=n * 0", "unique": true}"#
        let problem = await refusal { try await store.apply(document(7, "n", twice)) }
        #expect(problem?.status == 409 && problem?.detail?.contains("unique") == true)
        // It goes without a word of what would be lost; what it is made of does not.
        try await store.apply(small(#"{"code": "n", "type": "integer", "default": 7}"#))
        let named = await refusal {
            try await store.apply(
                small(ComputedTests.computed("n", "1 + 1")))
        }
        #expect(named?.code == "destructive-change")
    }
}
