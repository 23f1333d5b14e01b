import JSON
import Testing

@testable import Workflow

@Test func `a template is cut into texts and expressions`() throws {
    let cases: [(String, [Template.Part])] = [
        ("", []), ("plain", [.text("plain")]), ("a {b} c", [.text("a {b} c")]),
        ("{{a}}", [.expression("a")]),
        ("x{{ a.b }}y{{c}}", [.text("x"), .expression(" a.b "), .text("y"), .expression("c")]),
        ("{{ {a: {b: 1}}.a.b }}", [.expression(" {a: {b: 1}}.a.b ")]),
        ("{{ '}}' + \"}}\" + `}}` }}!", [.expression(" '}}' + \"}}\" + `}}` "), .text("!")]),
        ("{{ '\\'}}' }}", [.expression(" '\\'}}' ")]),
        ("ä{{ 'ö' }}ü", [.text("ä"), .expression(" 'ö' "), .text("ü")]),
    ]
    for (source, parts) in cases { #expect(try Template(source).parts == parts, "\(source)") }
}

@Test func `a template that is not closed is refused with its line`() {
    #expect(throws: Template.Fault(detail: "a {{ has no }}", line: 2)) {
        try Template("one\ntwo {{ three")
    }
    #expect(throws: Template.Fault.self) { try Template("{{ '}} }") }
    #expect(throws: Template.Fault.self) { try Template("{{ }}") }
}

@Test func `values are filled in as text and escaped in HTML`() throws {
    let template = try Template("{{a}}|{{b}}|{{c}}|{{d}}")
    let values: [JSONValue] = ["<b>\"&'", .null, ["x": 1], true]
    #expect(template.filled(values, escapingHTML: false) == "<b>\"&'||{\"x\":1}|true")
    #expect(
        template.filled(values, escapingHTML: true)
            == "&lt;b&gt;&quot;&amp;&#39;||{&quot;x&quot;:1}|true")
}

@Test func `expressions are found in a definition and filled where they stood`() {
    let value: JSONValue = ["a": "=x", "b": ["text", "=y"], "c": ["d": "=z", "e": 1], "f": ""]
    let tree = ExpressionTree(value)
    #expect(tree.places.map(\.source) == ["x", "y", "z"])
    #expect(tree.places.map(\.path) == [["a"], ["b", "1"], ["c", "d"]])
    #expect(
        tree.filled([1, 2, .null])
            == ["a": 1, "b": ["text", 2], "c": ["d": .null, "e": 1], "f": ""])
}

@Test func `keys of events compare as text`() throws {
    let cases: [(JSONValue, String?)] = [
        (14, "14"), ("14", "14"), (.null, nil), (true, "true"), ("a b", "a b"),
        (.number(JSONNumber(unscaled: 1400, scale: 2)), "14"),
    ]
    for (value, text) in cases { #expect(try EventKey.text(value) == text) }
    #expect(throws: WorkflowError.self) { try EventKey.text(["a"]) }
    #expect(throws: WorkflowError.self) {
        try EventKey.text(.string(String(repeating: "x", count: 201)))
    }
}

@Test func `what a script changed of a record is told from what it left`() {
    let before: JSONValue = ["id": 1, "version": 2, "a": "x", "b": 1, "c": true]
    let after: JSONValue = ["id": 9, "version": 3, "a": "y", "b": 1, "d": "new"]
    #expect(
        RecordChanges.between(before, after)
            == JSONObject([("a", "y"), ("d", "new"), ("c", .null)]))
    #expect(RecordChanges.between(before, before).isEmpty)
    #expect(RecordChanges.between(.null, after).isEmpty)
}
