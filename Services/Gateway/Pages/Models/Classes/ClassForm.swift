import HTTP
import JSON

/// The form of a class: what it is called and how it behaves, its columns one below the other, and
/// who may do what with which records as a table.
struct ClassForm {
    static let fields: [DefinitionField] = [
        .init("name", .texts(isLong: false)), .init("code", .line), .init("describe", .line),
        .init("webAccess", .flag(false)), .init("history", .flag(true), more: true),
        .init("deletion", .words(["logical", "physical"]), more: true),
        .init("parent", .code(.classes), more: true), .init("shared", .flag(false), more: true),
        .init("prefill", .lines, more: true), .init("search", .lines, more: true),
        .init("indexes", .json, more: true), .init("unique", .json, more: true),
    ]
    /// Empty rows for columns to be added.
    static let newRows = 6

    var main: DefinitionForm
    /// The columns that stand, each with a form of its own.
    var columns: [DefinitionForm] = []
    var grants: GrantTable
    /// By the number of a new row.
    var newFaults: [Int: [String]] = [:]
    var isNew: Bool

    private let texts: Texts
    private let standing: ModelStanding
    /// Which form or row the columns of the result came from, in their order.
    private var origins: [Origin] = []

    private enum Origin {
        case standing(Int)
        case new(Int)
    }

    init(
        standing: ModelStanding, original: JSONObject, isNew: Bool, texts: Texts,
        inputs: FormInputs?
    ) {
        self.standing = standing
        self.texts = texts
        self.isNew = isNew
        var own = original
        let list = (original["columns"]?.array ?? []).compactMap(\.object)
        own["columns"] = nil
        own["grants"] = nil
        main = DefinitionForm(
            fields: ClassForm.fields, standing: standing, texts: texts, original: own,
            inputs: inputs)
        main.isStanding = !isNew
        main.isFixed = true
        for (index, column) in list.enumerated() {
            let type = inputs?["c.\(index).type"] ?? column["type"]?.string ?? "text"
            columns.append(
                DefinitionForm(
                    fields: ClassForm.columnFields(type, column), standing: standing,
                    texts: texts, prefix: "c.\(index).", original: column, inputs: inputs))
        }
        grants = GrantTable(
            standing: standing, texts: texts, original: original["grants"]?.array ?? [],
            inputs: inputs)
    }

    /// The fields of a column of this type, and those that it has values for.
    private static func columnFields(_ type: String, _ column: JSONObject) -> [DefinitionField] {
        let isNumber = type == "integer" || type == "decimal"
        var fields: [DefinitionField] = [
            .init("code", .kept), .init("name", .texts(isLong: false)),
            .init("type", .words(types), required: true),
            .init("required", .flag(false)), .init("unique", .flag(false), more: true),
            .init("readOnly", .flag(false), more: true),
        ]
        let isGiven = ["computed", "sequence", "guid"].contains(type)
        if !isGiven {
            fields.append(.init("many", .flag(false), more: true))
            let isText = ["text", "date", "datetime", "choice"].contains(type)
            fields.append(.init("default", isText ? .line : .value, more: true))
        }
        switch type {
        case "text":
            fields += [
                .init("multiline", .flag(false)), .init("min", .number, more: true),
                .init("max", .number, more: true), .init("pattern", .line, more: true),
            ]
        case "integer", "decimal", "date", "datetime":
            let kind: DefinitionField.Kind = isNumber ? .number : .line
            if type == "decimal" { fields.append(.init("scale", .number)) }
            fields += [.init("min", kind, more: true), .init("max", kind, more: true)]
        case "choice": fields.insert(.init("choices", .choices, required: true), at: 3)
        case "reference":
            fields.insert(.init("class", .line, required: true), at: 3)
            fields.append(.init("onDelete", .words(["refuse", "clear", "cascade"]), more: true))
        case "unit": fields.insert(.init("structure", .line, required: true), at: 3)
        case "computed":
            fields.insert(.init("value", .line, required: true), at: 3)
            fields.append(.init("scale", .number, more: true))
        case "sequence":
            fields += [.init("format", .line), .init("start", .number, more: true)]
        case "file":
            fields += [
                .init("maxBytes", .number, more: true), .init("maxFiles", .number, more: true),
                .init("extensions", .lines, more: true),
                .init("deletion", .words(["logical", "content", "physical"]), more: true),
            ]
        default: break
        }
        return fields
    }

    static let types = [
        "text", "integer", "decimal", "boolean", "date", "datetime", "choice", "reference",
        "account", "unit", "file", "json", "guid", "sequence", "computed",
    ]

    // MARK: Reading

    /// The class that was typed.
    mutating func read() -> JSONObject {
        guard let inputs = main.inputs else { return main.original }
        var result = main.read()
        var placed: [(order: Double, origin: Origin, column: JSONObject)] = []
        for index in columns.indices {
            var column = columns[index].read()
            column["code"] = columns[index].original["code"]
            ClassForm.suitDefault(&column)
            if inputs["c.\(index).remove"] == "true" { continue }
            let order = Double(inputs["c.\(index).order"] ?? "") ?? Double(index + 1)
            placed.append((order, .standing(index), column))
        }
        var taken = Set(columns.compactMap { $0.original["code"]?.string })
        for index in 0..<max(inputs.rows("n."), 0) {
            guard let column = newColumn(index, inputs, &taken) else { continue }
            placed.append((Double.greatestFiniteMagnitude, .new(index), column))
        }
        // What has the same place stays in the order that it had.
        let sorted = placed.enumerated().sorted {
            ($0.element.order, $0.offset) < ($1.element.order, $1.offset)
        }.map(\.element)
        origins = sorted.map(\.origin)
        let list = sorted.map { JSONValue.object($0.column) }
        if !list.isEmpty || main.original["columns"] != nil || !columns.isEmpty || isNew {
            result["columns"] = .array(list)
        }
        if let read = grants.read() { result["grants"] = .array(read) }
        if isNew { fill(&result, list) }
        return result
    }

    /// A default of one value follows its column to another type: 3 is "3" of a text.
    private static func suitDefault(_ column: inout JSONObject) {
        guard let value = column["default"], column["many"] != true else { return }
        switch column["type"]?.string {
        case "text", "choice":
            if value.object == nil, value.array == nil, !value.isNull, value.string == nil {
                column["default"] = .string(value.text)
            }
        case "integer", "decimal", "boolean":
            guard let text = value.string, case .success(let plain) = JSONText.parse(text) else {
                return
            }
            column["default"] = plain
        default: break
        }
    }

    /// A new column of a row; nil where nothing was typed.
    private func newColumn(_ index: Int, _ inputs: FormInputs, _ taken: inout Set<String>)
        -> JSONObject?
    {
        let name = (inputs["n.\(index).name"] ?? "").trimmed
        guard !name.isEmpty else { return nil }
        let type = inputs["n.\(index).type"] ?? "text"
        let more = (inputs["n.\(index).more"] ?? "").trimmed
        let code = ModelPart.free(ModelDesk.code(of: name), in: Array(taken))
        taken.insert(code)
        var column = JSONObject([("code", .string(code))])
        if code != name { column["name"] = .string(name) }
        switch type {
        case "lines":
            column["type"] = "text"
            column["multiline"] = true
        case "files":
            column["type"] = "file"
            column["many"] = true
        default: column["type"] = .string(type)
        }
        switch type {
        case "choice": column["choices"] = ClassForm.choices(more)
        case "reference": column["class"] = .string(more)
        case "unit": column["structure"] = .string(more)
        case "computed": column["value"] = .string(more.hasPrefix("=") ? more : "=" + more)
        case "sequence" where !more.isEmpty: column["format"] = .string(more)
        default: break
        }
        if inputs["n.\(index).required"] == "true" { column["required"] = true }
        return column
    }

    /// `New, In work` as choices with codes and names.
    private static func choices(_ text: String) -> JSONValue {
        let names = text.split { $0 == "," || $0 == ";" }.map { String($0).trimmed }
        return .array(
            names.filter { !$0.isEmpty }.map { name in
                let code = ModelDesk.code(of: name)
                if code == name || code.isEmpty { return .string(name) }
                return ["code": .string(code), "name": .string(name)]
            })
    }

    /// What a new class has where nothing was said: how its records are called, and which columns
    /// an address may fill.
    private func fill(_ result: inout JSONObject, _ columns: [JSONValue]) {
        let plain = columns.filter {
            !["file", "computed", "sequence", "guid"].contains($0["type"]?.string ?? "")
        }
        let first = plain.first { $0["type"] == "text" && $0["multiline"] != true }
        if result["describe"] == nil, let code = first?["code"]?.string {
            result["describe"] = .string("#{id} {\(code)}")
        }
        if result["prefill"] == nil, !plain.isEmpty {
            result["prefill"] = .array(plain.compactMap { $0["code"] })
        }
    }

    /// Takes the faults of the class; answers those that are not about it.
    mutating func take(_ problems: [FieldProblem], at pointer: String) -> [FieldProblem] {
        var left = problems
        for (place, origin) in origins.enumerated() {
            let own = "\(pointer)/columns/\(place)"
            switch origin {
            case .standing(let index): left = columns[index].take(left, at: own)
            case .new(let index):
                left = left.filter { problem in
                    guard problem.pointer == own || problem.pointer.hasPrefix(own + "/") else {
                        return true
                    }
                    let member = problem.pointer.dropFirst(own.count + 1)
                    newFaults[index, default: []].append("\(member): \(problem.detail)")
                    return false
                }
            }
        }
        left = grants.take(left, at: pointer + "/grants")
        return main.take(left, at: pointer)
    }

    var hasFaults: Bool {
        !main.faults.isEmpty || columns.contains { !$0.faults.isEmpty } || !newFaults.isEmpty
            || !grants.faults.isEmpty
    }

    // MARK: Showing

    func show() -> HTML {
        tag(.div) {
            tag(.section, .class("card")) {
                tag(.h2) { texts.modelKind(.classes) }
                main.show()
            }
            tag(.section, .class("card")) {
                tag(.h2) { texts.modelColumns }
                if !columns.isEmpty {
                    tag(.p, .class("hint")) { texts.modelColumnsHint }
                    for index in columns.indices { standingColumn(index) }
                }
                newColumns()
                DefinitionForm.moreRows(texts)
                main.fault("columns")
            }
            tag(.section, .class("card")) {
                tag(.h2) { texts.modelGrants }
                tag(.p, .class("hint")) { texts.modelGrantsHint }
                grants.show(columns.compactMap { $0.original["code"]?.string })
            }
        }
    }

    private func standingColumn(_ index: Int) -> HTML {
        let form = columns[index]
        let column = form.original
        let code = column["code"]?.string ?? ""
        let isRemoved = form.inputs?["c.\(index).remove"] == "true"
        return tag(
            .details, .class("item"), form.faults.isEmpty && !isRemoved ? nil : .open
        ) {
            tag(.summary) {
                tag(.strong) { ModelStanding.name(of: .object(column), texts) }
                " "
                tag(.code) { code }
                " "
                tag(.span, .class("chip")) { texts.modelWord(column["type"]?.string ?? "") }
                if column["required"] == true {
                    tag(.span, .class("chip")) { texts.required }
                }
            }
            form.show()
            tag(.div, .class("grid")) {
                tag(.div, .class("field")) {
                    tag(.label, .for("f-c.\(index).order")) { texts.modelPlace }
                    tag(
                        .input, .type("text"), .fixed("inputmode", "decimal"),
                        .id("f-c.\(index).order"), .name("c.\(index).order"),
                        .value(form.inputs?["c.\(index).order"] ?? String(index + 1)))
                }
                tag(.label, .class("check")) {
                    tag(
                        .input, .type("checkbox"), .name("c.\(index).remove"), .value("true"),
                        isRemoved ? .checked : nil)
                    tag(.span) { texts.modelRemoveColumn }
                }
            }
        }
    }
}
