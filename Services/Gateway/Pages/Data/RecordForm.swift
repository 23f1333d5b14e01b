import Contracts
import HTTP
import JSON

/// The form of a record: a field for each column that the caller may write, by the column's type.
struct RecordForm {
    let type: ClassDescription
    let texts: Texts
    /// What the inputs show, by column.
    var inputs: [String: String] = [:]
    /// What is wrong, by column.
    var faults: [String: String] = [:]
    /// What is wrong with the record as a whole.
    var general: [String] = []
    /// Records that a reference may take, by column; without them it is a number.
    var choices: [String: [Choice]] = [:]
    /// The record as it stands, where it is not what the person saw.
    var standing: JSONObject?

    struct Choice: Sendable {
        let id: Int64
        let name: String
    }

    /// Files have a form of their own.
    var columns: [ClassDescription.Column] {
        type.columns.filter { $0.writable && $0.type != "file" }
    }

    /// Takes what a person sent; what cannot be read becomes a fault. Answers the values by column.
    mutating func read(_ form: Form) -> [(String, JSONValue)] {
        var values: [(String, JSONValue)] = []
        for column in columns {
            guard let text = form[column.code] else { continue }
            inputs[column.code] = text
            switch ColumnValue(column: column, texts: texts).read(text) {
            case .value(.null) where column.required: faults[column.code] = texts.needed
            case .value(let value): values.append((column.code, value))
            case .fault(let fault): faults[column.code] = fault
            }
        }
        return values
    }

    /// Takes what an owner found wrong; what belongs to no field stands above the form.
    mutating func take(_ problem: Problem) {
        for error in problem.errors {
            let code = error.pointer.split(separator: "/").first.map(String.init) ?? ""
            if columns.contains(where: { $0.code == code }) {
                faults[code] = [faults[code], error.detail].compactMap { $0 }
                    .joined(separator: " ")
            } else {
                general.append(error.detail)
            }
        }
        if problem.errors.isEmpty { general.append(problem.detail ?? problem.title) }
    }

    // MARK: Showing

    func fields() -> HTML {
        tag(.div, .class("grid")) {
            for column in columns { field(column) }
        }
    }

    func notice() -> HTML {
        if faults.isEmpty && general.isEmpty { return .nothing }
        return tag(.div, .class("notice bad"), .fixed("role", "alert")) {
            tag(.strong) { texts.notSaved }
            for text in general { tag(.p) { text } }
        }
    }

    private func field(_ column: ClassDescription.Column) -> HTML {
        let isWide = isWide(column)
        let content = fieldContent(column)
        return isWide
            ? tag(.div, .class("field wide")) { content } : tag(.div, .class("field")) { content }
    }

    /// Long texts, and the first one, which mostly is what the record is about.
    private func isWide(_ column: ClassDescription.Column) -> Bool {
        column.multiline || column.type == "text" && column.code == columns.first?.code
    }

    @HTMLBuilder private func fieldContent(_ column: ClassDescription.Column) -> HTML {
        tag(.label, .for("f-\(column.code)")) {
            texts.pick(column.name, else: column.code)
            tag(.small) { note(column) }
        }
        input(column)
        if let fault = faults[column.code] {
            tag(.p, .class("fault"), .id("e-\(column.code)")) { fault }
        }
        if let standing, let value = differing(column, standing) {
            tag(.p, .class("hint")) {
                texts.standsNow + " "
                ColumnValue(column: column, texts: texts).shown(value, limit: 2000)
            }
        }
    }

    private func note(_ column: ClassDescription.Column) -> String {
        let need = column.required ? texts.required : ""
        let zone = column.type == "datetime" ? texts.utc : ""
        let lines = column.many ? texts.onePerLine : ""
        return [need, zone, lines].filter { !$0.isEmpty }.joined(separator: ", ")
    }

    /// The value that stands, where it is not what the input shows.
    private func differing(_ column: ClassDescription.Column, _ standing: JSONObject) -> JSONValue?
    {
        let value = standing[column.code] ?? .null
        let shown = ColumnValue(column: column, texts: texts)
        guard case .value(let mine) = shown.read(inputs[column.code] ?? "") else { return value }
        let normal = shown.read(shown.input(value))
        // Not a conditional expression: its nil would be JSON's null.
        if .value(mine) == normal { return Optional.none }
        return value
    }

    private func input(_ column: ClassDescription.Column) -> HTML {
        let text = inputs[column.code] ?? ""
        if column.many || column.type == "json" { return area(column, text) }
        switch column.type {
        case "boolean":
            return select(column, [("true", texts.yes), ("false", texts.no)])
        case "choice":
            let shown = ColumnValue(column: column, texts: texts)
            return select(column, (column.choices ?? []).map { ($0, shown.name(of: $0)) })
        case "reference":
            if let choices = choices[column.code] {
                return select(column, choices.map { (String($0.id), $0.name) })
            }
            return input(column, text, "text", .fixed("inputmode", "numeric"))
        case "integer": return input(column, text, "text", .fixed("inputmode", "numeric"))
        case "decimal": return input(column, text, "text", .fixed("inputmode", "decimal"))
        case "date": return input(column, text, "date", nil)
        case "datetime":
            return input(column, text, "datetime-local", .fixed("step", "any"))
        default:
            if column.multiline { return area(column, text) }
            return input(column, text, "text", column.max.map { .number("maxlength", $0) })
        }
    }

    private func input(
        _ column: ClassDescription.Column, _ text: String, _ type: StaticString,
        _ further: Attribute?
    ) -> HTML {
        tag(
            .input, .id("f-\(column.code)"), .name(column.code), .type(type), .value(text),
            further, column.required ? .required : nil, invalid(column), described(column))
    }

    private func area(_ column: ClassDescription.Column, _ text: String) -> HTML {
        tag(
            .textarea, .id("f-\(column.code)"), .name(column.code),
            column.required ? .required : nil, invalid(column), described(column)
        ) { text }
    }

    /// The present value stays among the options even where it is no longer one of them.
    private func select(_ column: ClassDescription.Column, _ options: [(String, String)]) -> HTML {
        let text = inputs[column.code] ?? ""
        let isKnown = text.isEmpty || options.contains { $0.0 == text }
        return tag(
            .select, .id("f-\(column.code)"), .name(column.code),
            column.required ? .required : nil, invalid(column), described(column)
        ) {
            tag(.option, .value("")) { texts.empty }
            if !isKnown { tag(.option, .value(text), .selected) { text } }
            for (value, name) in options {
                tag(.option, .value(value), value == text ? .selected : nil) { name }
            }
        }
    }

    private func invalid(_ column: ClassDescription.Column) -> Attribute? {
        faults[column.code] == nil ? nil : .aria(.invalid, "true")
    }

    private func described(_ column: ClassDescription.Column) -> Attribute? {
        faults[column.code] == nil ? nil : .aria(.describedBy, "e-\(column.code)")
    }
}
