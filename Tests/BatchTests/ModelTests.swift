import JSON
import TestSupport
import Testing

@testable import Batch

private func problems(_ definitions: String) throws -> [String] {
    let text = """
        {"code": "shop", "classes": [{"code": "price", "columns": [
            {"code": "code", "type": "text", "unique": true}, {"code": "price", "type": "decimal"}]}],
         \(definitions)}
        """
    let document = try JSONValue(parsing: Array(text.utf8))
    return Models.read(document, model: "shop").0.map { "\($0.pointer) \($0.code)" }.sorted()
}

@Test func `the sample model is understood`() throws {
    let path = TestFile.repository + "/compose/models/helpdesk.json"
    let document = try JSONValue(parsing: TestFile.bytes(path) ?? [])
    let (problems, definitions) = Models.read(document, model: "helpdesk")
    #expect(problems == [])
    #expect(definitions.map(\.code) == ["tickets", "customers", "open_tickets"])
}

@Test func `every fault of imports and exports is told with its place`() throws {
    #expect(
        try problems(
            """
            "imports": [
              {"code": "A", "class": "cost", "format": "ods", "source": "sftp://x", "columns": []},
              {"code": "b", "class": "price", "format": "csv", "mode": "upsert", "rules": false,
               "options": {"separator": ";;", "encoding": "ebcdic", "wide": 1},
               "columns": [{"from": "X", "to": "what", "as": "value"}]},
              {"code": "b", "class": "price", "format": "csv", "mode": "upsert",
               "columns": [{"from": "X", "to": "price", "key": true}, {"to": "price"}]}],
            "exports": [{"code": "e", "from": "price", "format": "csv", "target": "mail",
              "columns": [{"column": "id"}, {"column": "nothing", "colour": 1}]},
              {"code": "q", "query": "Load", "from": "price", "format": "xml", "records": "some",
               "options": {"item": "row", "bom": true}},
              {"code": "f", "from": "price", "format": "json", "target": "file:../x.json"},
              {"code": "g", "from": "price", "format": "json", "target": "s3://b", "done": ".x"}],
            "syncs": [{"code": "s"}]
            """
        ) == [
            "/exports/0/columns/1/colour unknown-member",
            "/exports/0/columns/1/column unknown-column", "/exports/0/target not-allowed",
            "/exports/1/columns required", "/exports/1/from contradiction",
            "/exports/1/options/bom unknown-member", "/exports/1/options/item invalid",
            "/exports/1/query invalid-code", "/exports/1/records contradiction",
            "/exports/1/records not-allowed", "/exports/2/target invalid",
            "/exports/3/done contradiction", "/exports/3/target not-allowed",
            "/imports/0/class unknown-class", "/imports/0/code invalid-code",
            "/imports/0/columns required", "/imports/0/format not-allowed",
            "/imports/0/source not-allowed", "/imports/1/columns required",
            "/imports/1/columns/0/as not-an-expression", "/imports/1/columns/0/to unknown-column",
            "/imports/1/options/encoding not-allowed", "/imports/1/options/separator invalid",
            "/imports/1/options/wide unknown-member",
            "/imports/2/code repeated", "/imports/2/columns not-unique",
            "/imports/2/columns/1/from required", "/imports/2/columns/1/to repeated",
            "/syncs/0/class required", "/syncs/0/columns required", "/syncs/0/key required",
            "/syncs/0/source required",
        ])
}
