import JSON

/// The inputs of a form of a definition.
extension DefinitionForm {
    func field(_ field: DefinitionField) -> HTML {
        let content = fieldContent(field)
        switch field.kind {
        case .area, .source, .json, .pairs, .rows, .actions, .choices:
            return tag(.div, .class("field wide")) { content }
        case .texts(let isLong) where isLong: return tag(.div, .class("field wide")) { content }
        default: return tag(.div, .class("field")) { content }
        }
    }

    @HTMLBuilder private func fieldContent(_ field: DefinitionField) -> HTML {
        let label = texts.modelMember(field.name)
        switch field.kind {
        case .pairs, .rows, .actions:
            tag(.div, .class("label"), .id("l-\(prefix)\(field.name)")) { label }
            hint(field)
            several(field)
        case .flag:
            tag(.label, .class("check")) {
                tag(
                    .input, .type("checkbox"), .name(prefix + field.name), .value("true"),
                    text(field.name, else: shown(field).first?.text ?? "") == "true"
                        ? .checked : nil)
                tag(.span) { label }
            }
            hint(field)
        case .texts(let isLong):
            localized(field, label, isLong: isLong)
        default:
            tag(.label, .for(id(field))) {
                label
                tag(.small) { field.isRequired ? texts.required : note(field) }
            }
            input(
                field, prefix + field.name, text(field.name, else: shown(field).first?.text ?? ""))
            hint(field)
        }
        fault(field.name)
        if case .source = field.kind, let line = faultyLine(field.name) {
            DefinitionForm.listing(
                text(field.name, else: shown(field).first?.text ?? ""), marked: line)
        }
    }

    /// The first line that a fault names: `…, line 3: …`.
    private func faultyLine(_ name: String) -> Int64? {
        for fault in faults[name] ?? [] {
            guard let place = fault.lowercased().ranges(of: "line ").first else { continue }
            let rest = fault.lowercased()[place.upperBound...]
            if let line = Int64(rest.prefix { $0.isNumber }), line > 0 { return line }
        }
        return nil
    }

    /// A source with the numbers of its lines, the one at fault marked.
    static func listing(_ source: String, marked: Int64) -> HTML {
        tag(.div, .class("code listing"), .fixed("tabindex", "0")) {
            let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
            for (index, line) in lines.enumerated() {
                if Int64(index + 1) == marked {
                    tag(.div, .class("marked"), .id("line")) { "\(index + 1)  \(line)" }
                } else {
                    tag(.div) { "\(index + 1)  \(line)" }
                }
            }
        }
    }

    private func note(_ field: DefinitionField) -> String {
        switch field.kind {
        case .lines, .roleList, .choices: texts.onePerLine
        case .json: "JSON"
        default: ""
        }
    }

    private func id(_ field: DefinitionField) -> String { "f-\(prefix)\(field.name)" }

    private func shown(_ field: DefinitionField) -> [(name: String, text: String)] {
        field.shown(original.value(at: field.path), texts)
    }

    @HTMLBuilder private func hint(_ field: DefinitionField) -> HTML {
        if field.name == "code" {
            if !isStanding, fields.contains(where: { $0.name == "name" && !$0.isMore }) {
                tag(.p, .class("hint")) { texts.modelCodeHint }
            }
        } else if let hint = part.flatMap({ texts.modelHint("\($0.rawValue).\(field.name)") })
            ?? texts.modelHint(field.name)
        {
            tag(.p, .class("hint")) { hint }
        }
    }

    /// One input of a field that has one.
    func input(
        _ field: DefinitionField, _ name: String, _ text: String, label: String? = nil
    ) -> HTML {
        let isFaulty = faults[field.name] != nil
        let more: [Attribute?] = [
            .id("f-\(name)"), .name(name), label.map { .aria(.label, $0) },
            isFaulty ? .aria(.invalid, "true") : nil,
            isFaulty ? .aria(.describedBy, "e-\(prefix)\(field.name)") : nil,
        ]
        switch field.kind {
        case .words(let words):
            let isStep = field.name == "kind"
            return select(
                more, text,
                words.map { ($0, isStep ? texts.modelStepKind($0) : texts.modelWord($0)) },
                isStep ? .data("kind") : nil)
        case .code(let part):
            return select(
                more, text,
                standing.definitions(part).map {
                    ($0["code"]?.string ?? "", ModelStanding.name(of: $0, texts))
                })
        case .area, .lines, .roleList, .choices:
            return tag(.textarea, more[0], more[1], more[2], more[3], more[4]) { text }
        case .source, .json:
            return tag(
                .textarea, .class("mono"), .fixed("spellcheck", "false"),
                .fixed("autocapitalize", "none"), more[0], more[1], more[2], more[3], more[4]
            ) { text }
        default:
            return tag(
                .input, .type("text"), .value(text), .fixed("autocomplete", "off"), more[0],
                more[1], more[2], more[3], more[4],
                field.name == "code" ? .fixed("autocapitalize", "none") : nil,
                field.name == "code" && isStanding && isFixed ? .readonly : nil,
                list(of: field))
        }
    }

    /// What an input offers while one types.
    private func list(of field: DefinitionField) -> Attribute? {
        if field.name == "class" { return .fixed("list", "classes") }
        return StepFields.ways.contains(field.name) || field.name == "start"
            ? .fixed("list", "ways") : nil
    }

    private func select(
        _ more: [Attribute?], _ text: String, _ options: [(code: String, name: String)],
        _ further: Attribute? = nil
    ) -> HTML {
        let isKnown = options.contains { $0.code == text }
        return tag(.select, more[0], more[1], more[2], more[3], more[4], further) {
            tag(.option, .value("")) { texts.empty }
            if !isKnown, !text.isEmpty { tag(.option, .value(text), .selected) { text } }
            for option in options {
                tag(
                    .option, .value(option.code), option.code == text ? .selected : nil
                ) { option.name }
            }
        }
    }

    /// A text in the own language, and in the others where one asks for them.
    @HTMLBuilder private func localized(
        _ field: DefinitionField, _ label: String, isLong: Bool
    ) -> HTML {
        let shown = Dictionary(shown(field).map { ($0.name, $0.text) }) { $1 }
        let others = Language.allCases.filter { $0 != texts.tongue }
        let value = { (language: Language) in
            text("\(field.name).\(language.rawValue)", else: shown["." + language.rawValue] ?? "")
        }
        localizedInput(field, texts.tongue, label, value(texts.tongue), isLong)
        tag(.details, .class("more small")) {
            tag(.summary) { texts.modelOtherLanguages }
            for language in others {
                localizedInput(field, language, label, value(language), isLong)
            }
        }
        hint(field)
    }

    @HTMLBuilder private func localizedInput(
        _ field: DefinitionField, _ language: Language, _ label: String, _ text: String,
        _ isLong: Bool
    ) -> HTML {
        let name = "\(prefix)\(field.name).\(language.rawValue)"
        let isFaulty = faults[field.name] != nil
        tag(.label, .for("f-\(name)")) {
            label
            tag(.small) { language.name }
        }
        if isLong {
            tag(
                .textarea, .id("f-\(name)"), .name(name), .lang(language.rawValue),
                isFaulty ? .aria(.invalid, "true") : nil
            ) { text }
        } else {
            tag(
                .input, .type("text"), .id("f-\(name)"), .name(name), .lang(language.rawValue),
                .value(text), isFaulty ? .aria(.invalid, "true") : nil)
        }
    }

    // MARK: Several rows

    private func several(_ field: DefinitionField) -> HTML {
        let shown = shown(field)
        let values = Dictionary(shown.map { ($0.name, $0.text) }) { $1 }
        let there = FormInputs(
            Dictionary(shown.map { ($0.name, $0.text.isEmpty ? " " : $0.text) }) { $1 }
        ).rows(".")
        let typed = inputs?.rows("\(prefix)\(field.name).") ?? 0
        let count = max(there, typed) + spareRows
        let heads: [String]
        switch field.kind {
        case .rows(let fields): heads = fields.map { texts.modelMember($0.name) }
        case .actions: heads = texts.modelActionHeads
        default: heads = texts.modelPairHeads(field.name)
        }
        return tag(.div) {
            table(field, heads, count, values)
            DefinitionForm.moreRows(texts)
        }
    }

    /// Sends the form to itself, which shows it with as many rows and some more.
    static func moreRows(_ texts: Texts) -> HTML {
        tag(
            .button, .class("button small rows-more"), .type("submit"), .name("_do"),
            .value("edit")
        ) { texts.modelMoreRows }
    }

    private func table(
        _ field: DefinitionField, _ heads: [String], _ count: Int, _ values: [String: String]
    ) -> HTML {
        tag(
            .div, .class("scroll rows"), .fixed("tabindex", "0"), .role(.group),
            .aria(.label, texts.modelMember(field.name))
        ) {
            tag(.table) {
                tag(.caption) { texts.modelMember(field.name) }
                tag(.thead) {
                    tag(.tr) {
                        for head in heads { tag(.th, .fixed("scope", "col")) { head } }
                    }
                }
                tag(.tbody) {
                    for index in 0..<count {
                        tag(.tr) { row(field, index, heads, values) }
                    }
                }
            }
        }
    }

    @HTMLBuilder private func row(
        _ field: DefinitionField, _ index: Int, _ heads: [String], _ values: [String: String]
    ) -> HTML {
        let value = { (name: String) in
            text("\(field.name).\(index).\(name)", else: values[".\(index).\(name)"] ?? "")
        }
        let base = "\(prefix)\(field.name).\(index)."
        switch field.kind {
        case .rows(let fields):
            for (column, sub) in fields.enumerated() {
                tag(.td) {
                    let label = "\(heads[column]) \(index + 1)"
                    if case .flag = sub.kind {
                        tag(
                            .input, .type("checkbox"), .name(base + sub.name), .value("true"),
                            .aria(.label, label), value(sub.name) == "true" ? .checked : nil)
                    } else if sub.name == "to" || sub.name == "column" {
                        columnInput(base + sub.name, value(sub.name), label)
                    } else {
                        input(sub, base + sub.name, value(sub.name), label: label)
                    }
                }
            }
        case .actions:
            tag(.td) {
                actionKind(
                    base + "kind", value("kind"), "\(heads[0]) \(index + 1)",
                    isRule: field.name == "do")
            }
            tag(.td) { columnInput(base + "what", value("what"), "\(heads[1]) \(index + 1)") }
            tag(.td) {
                line(base + "value", value("value"), "\(heads[2]) \(index + 1)")
            }
        default:
            tag(.td) { columnInput(base + "key", value("key"), "\(heads[0]) \(index + 1)") }
            tag(.td) { line(base + "value", value("value"), "\(heads[1]) \(index + 1)") }
        }
    }

    private func line(_ name: String, _ text: String, _ label: String) -> HTML {
        tag(
            .input, .type("text"), .name(name), .value(text), .aria(.label, label),
            .fixed("spellcheck", "false"), .fixed("autocapitalize", "none"))
    }

    /// An input that offers the columns of the class.
    private func columnInput(_ name: String, _ text: String, _ label: String) -> HTML {
        tag(
            .input, .type("text"), .name(name), .value(text), .aria(.label, label),
            .fixed("list", "columns"), .fixed("spellcheck", "false"),
            .fixed("autocapitalize", "none"))
    }

    private func actionKind(_ name: String, _ text: String, _ label: String, isRule: Bool)
        -> HTML
    {
        let named = RuleActions.named.map(\.kind)
        // A job sets columns only where it runs by the dates of records.
        let kinds = isRule ? ["set"] + named + ["json"] : named + ["command", "set", "json"]
        return tag(.select, .name(name), .aria(.label, label)) {
            for kind in kinds {
                tag(.option, .value(kind), kind == text ? .selected : nil) {
                    texts.modelAction(kind)
                }
            }
        }
    }

    /// The columns that inputs offer, once a page.
    func columnList() -> HTML {
        let columns = type.map { standing.columns(of: $0) } ?? []
        return tag(.datalist, .id("columns")) {
            for column in columns {
                tag(.option, .value(column["code"]?.string ?? "")) {
                    ModelStanding.name(of: .object(column), texts)
                }
            }
        }
    }
}
