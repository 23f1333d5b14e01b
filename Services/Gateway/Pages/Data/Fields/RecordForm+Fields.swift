import Contracts
import JSON

/// How the fields of a record look.
extension RecordForm {
    func fields() -> HTML {
        tag(.div, .class("grid")) {
            for column in columns { field(column) }
        }
    }

    func notice() -> HTML {
        if faults.isEmpty && general.isEmpty { return .nothing }
        return tag(.div, .class("notice bad"), .role(.alert)) {
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
        column.multiline || column.type == "json"
            || column.type == "text" && column.code == columns.first?.code
    }

    @HTMLBuilder private func fieldContent(_ column: ClassDescription.Column) -> HTML {
        let name = texts.pick(column.name, else: column.code)
        tag(.label, .for("f-\(column.code)")) {
            name
            tag(.small) { note(column) }
        }
        if isPartial {
            tag(.label, .class("check")) {
                tag(
                    .input, .type("checkbox"), .name("_set"), .value(column.code),
                    .data("tick", column.code), ticked.contains(column.code) ? .checked : nil)
                texts.changeThis(name)
            }
        }
        input(column)
        if let fault = faults[column.code] {
            tag(.p, .class("fault"), .id("e-\(column.code)")) { fault }
        }
        if let standing, conflicts[column.code] != nil {
            conflict(column, standing[column.code])
        }
    }

    /// Both sides, one of which is taken.
    private func conflict(_ column: ClassDescription.Column, _ theirs: JSONValue?) -> HTML {
        let name = "_take-\(column.code)"
        return tag(.div, .class("both"), .role(.group), .aria(.label, texts.whichOne)) {
            tag(.label, .class("check")) {
                tag(.input, .type("radio"), .name(name), .value("mine"), .checked)
                texts.takeMine
            }
            tag(.label, .class("check")) {
                tag(.input, .type("radio"), .name(name), .value("theirs"))
                tag(.span) {
                    texts.standsNow + " "
                    ColumnValue(column: column, texts: texts).shown(theirs, limit: 2000)
                }
            }
        }
    }

    private func note(_ column: ClassDescription.Column) -> String {
        let need = column.required && !isPartial ? texts.required : ""
        let zone = column.type == "datetime" ? texts.utc : ""
        let lines = column.many ? texts.onePerLine : ""
        return [need, zone, lines].filter { !$0.isEmpty }.joined(separator: ", ")
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
            return picker(column, text)
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
            further, required(column), invalid(column), described(column))
    }

    /// The number of a record with what it is called; the script lets one search by typing, and
    /// without it the class's list is a link away.
    private func picker(_ column: ClassDescription.Column, _ text: String) -> HTML {
        guard let target = column.target else {
            return input(column, text, "text", .fixed("inputmode", "numeric"))
        }
        let name = names[column.code]
        return tag(
            .div, .class("picker"), .data("none", texts.nothingFound),
            .data("picker", Link("m", target.model, target.code, "pick").text),
            .data("called", name ?? "")
        ) {
            input(column, text, "text", .fixed("inputmode", "numeric"))
            tag(.p, .class("hint")) {
                if let name { name + " · " }
                tag(.a, .href(Link("m", target.model, target.code))) { texts.findNumber }
            }
        }
    }

    private func area(_ column: ClassDescription.Column, _ text: String) -> HTML {
        tag(
            .textarea, .id("f-\(column.code)"), .name(column.code), required(column),
            invalid(column), described(column)
        ) { text }
    }

    /// The present value stays among the options even where it is no longer one of them.
    private func select(_ column: ClassDescription.Column, _ options: [(String, String)]) -> HTML {
        let text = inputs[column.code] ?? ""
        let isKnown = text.isEmpty || options.contains { $0.0 == text }
        return tag(
            .select, .id("f-\(column.code)"), .name(column.code), required(column),
            invalid(column), described(column)
        ) {
            tag(.option, .value("")) { texts.empty }
            if !isKnown {
                tag(.option, .value(text), .selected) { names[column.code] ?? text }
            }
            for (value, name) in options {
                tag(.option, .value(value), value == text ? .selected : nil) { name }
            }
        }
    }

    private func required(_ column: ClassDescription.Column) -> Attribute? {
        column.required && !isPartial ? .required : nil
    }

    private func invalid(_ column: ClassDescription.Column) -> Attribute? {
        faults[column.code] == nil ? nil : .aria(.invalid, "true")
    }

    private func described(_ column: ClassDescription.Column) -> Attribute? {
        faults[column.code] == nil ? nil : .aria(.describedBy, "e-\(column.code)")
    }
}
