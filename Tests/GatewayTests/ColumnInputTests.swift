import Contracts
import JSON
import Testing

@testable import Gateway

/// Values of columns in a form: what an input shows is read as the same value again.
@Suite struct ColumnInputTests {
    private func column(_ type: String, many: Bool) -> ColumnValue {
        ColumnValue(
            column: .init(
                code: "c", name: [:], type: type,
                choiceNames: ["b": ["en": "Bee", "de": "Biene"]], many: many),
            texts: Texts.find("en"))
    }

    @Test(arguments: [
        ("text", false, "\"a b\"", "a b"), ("text", true, #"["a", "b c"]"#, "a\nb c"),
        ("integer", true, "[1, -2]", "1\n-2"), ("decimal", true, "[1.50, 2.00]", "1.50\n2.00"),
        ("choice", true, #"["a", "b"]"#, "a\nb"), ("reference", true, "[7, 8]", "7\n8"),
        ("date", true, #"["2026-11-22"]"#, "2026-11-22"),
        ("datetime", true, #"["2026-11-22T10:15:00.000Z"]"#, "2026-11-22T10:15:00.000"),
        ("json", false, #"{"a":[1.50,null]}"#, #"{"a":[1.50,null]}"#),
        ("json", false, "\"x\"", "\"x\""), ("guid", false, "\"0f8f\"", "0f8f"),
        ("account", true, #"["anna"]"#, "anna"),
    ])
    func `each type`(_ type: String, _ many: Bool, _ value: String, _ input: String) throws {
        let column = column(type, many: many)
        let json = try JSONValue(parsing: Array(value.utf8))
        #expect(column.input(json) == input)
        #expect(column.read(input) == .value(json))
        // A browser ends lines with CR LF.
        if many {
            let lines = input.replacing("\n", with: "\r\n") + "\r\n"
            #expect(column.read(lines) == .value(json))
        }
        #expect(column.read("") == .value(.null))
    }

    @Test(arguments: ["de", "cs"])
    func `a number is written as the language writes it`(_ language: String) throws {
        let column = ColumnValue(
            column: .init(code: "c", name: [:], type: "decimal"), texts: Texts.find(language))
        let json = try JSONValue(parsing: Array("1234.50".utf8))
        #expect(column.input(json) == "1234,50")
        for text in ["1234,50", "1.234,50", "1 234,50", "1\u{A0}234,50", "1234.50"] {
            #expect(column.read(text) == .value(json), "\(text)")
        }
        guard case .fault = column.read("1,2,3") else {
            Issue.record("it was taken")
            return
        }
    }

    @Test func `a line that is no value is named`() {
        guard case .fault(let fault) = column("integer", many: true).read("1\nx\n3") else {
            Issue.record("it was taken")
            return
        }
        #expect(fault.hasPrefix("x: "))
        guard case .fault = column("json", many: false).read("{a") else {
            Issue.record("it was taken")
            return
        }
    }

    @Test func `a choice is shown by its name`() {
        let column = column("choice", many: true)
        #expect(column.name(of: "b") == "Bee" && column.name(of: "z") == "z")
    }
}
