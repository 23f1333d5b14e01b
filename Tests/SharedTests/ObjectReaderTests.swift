import JSON
import Testing

private func read(_ value: JSONValue, _ body: (ObjectReader) -> Void) -> [FieldProblem] {
    let problems = ObjectReader.Problems()
    let reader = ObjectReader(value, at: "", problems: problems)
    body(reader)
    reader.finish()
    return problems.items
}

@Test func `a definition without faults is read`() {
    let definition: JSONValue = [
        "code": "ticket", "name": ["en": "Ticket"], "title": "plain", "max": 200, "on": "inserted",
        "every": "30s", "web": true, "list": [["code": "a"], ["code": "b"]], "words": ["x", "y"],
        "options": ["deep": ["code": "c"]], "any": [1], "later": 1,
    ]
    let problems = read(definition) { reader in
        #expect(reader.code() == "ticket")
        #expect(reader.texts("name") == ["en": "Ticket"])
        #expect(reader.texts("title") == ["": "plain"])
        #expect(reader.integer("max", in: 1...1000) == 200)
        #expect(reader.word("on", of: ["inserted", "changed"], default: nil) == "inserted")
        #expect(reader.word("mode", of: ["a", "b"], default: "a") == "a")
        #expect(reader.duration("every") == .seconds(30))
        #expect(reader.boolean("web", default: false))
        #expect(reader.list("list").map { $0.code() } == ["a", "b"])
        #expect(reader.strings("words") == ["x", "y"])
        #expect(reader.nested("options")?.nested("deep")?.code() == "c")
        #expect(reader.value("any") == [1])
        #expect(reader.string("missing") == nil)
        reader.ignore("later")
    }
    #expect(problems == [])
}

@Test func `every fault is told with its pointer`() {
    let definition: JSONValue = [
        "code": "Ticket", "max": 0, "on": "insertd", "every": "soon", "web": 1,
        "list": [["code": 1], 2], "words": ["x", 2], "name": ["en": 1], "colmns": [], "a/b": 1,
    ]
    let problems = read(definition) { reader in
        _ = reader.code()
        _ = reader.integer("max", in: 1...10)
        _ = reader.word("on", of: ["inserted", "changed"], default: nil)
        _ = reader.duration("every")
        _ = reader.boolean("web", default: false)
        for item in reader.list("list") { _ = item.code() }
        _ = reader.strings("words")
        _ = reader.texts("name")
        _ = reader.string("describe", required: true)
        _ = reader.list("columns")
    }
    let found = problems.map { "\($0.pointer) \($0.code)" }
    #expect(
        found == [
            "/code invalid-code", "/max out-of-range", "/on not-allowed", "/every invalid-duration",
            "/web wrong-type", "/list/1 wrong-type", "/list/0/code wrong-type",
            "/words/1 wrong-type",
            "/name wrong-type", "/describe required", "/colmns unknown-member",
            "/a~1b unknown-member",
        ])
    #expect(problems[2].detail.contains("Did you mean “inserted”?"))
    #expect(problems[10].detail.contains("Did you mean “columns”?"))
    #expect(!problems[11].detail.contains("Did you mean"))
}

@Test func `a value that is no object is told once`() {
    let problems = read([1]) { reader in
        _ = reader.code()
        _ = reader.string("name", required: true)
    }
    #expect(problems.map(\.code) == ["wrong-type"])
    #expect(problems.first?.detail == "This must be an object, not an array.")
}

@Test func `null is as good as missing`() {
    let problems = read(["a": nil, "b": nil]) { reader in
        #expect(reader.string("a") == nil)
        #expect(reader.word("b", of: ["x"], default: "x") == "x")
    }
    #expect(problems == [])
}

@Test(arguments: [
    ("a", true), ("a_1", true), ("ticket", true), ("", false), ("1a", false), ("_a", false),
    ("A", false), ("a-b", false), ("é", false), (String(repeating: "a", count: 63), true),
    (String(repeating: "a", count: 64), false),
])
func `codes are checked`(_ text: String, _ isCode: Bool) {
    #expect(ObjectReader.isCode(text) == isCode)
}
