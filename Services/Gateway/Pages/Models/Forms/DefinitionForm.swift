import HTTP
import JSON

/// A form of a definition: fields for what it is mostly about, and JSON for the rest, so that
/// nothing is lost of what has no field.
struct DefinitionForm {
    let fields: [DefinitionField]
    let standing: ModelStanding
    let texts: Texts
    /// Before the names of all inputs.
    var prefix = ""
    /// What the inputs begin with.
    var original = JSONObject()
    /// What was typed; nil before anything was.
    var inputs: FormInputs?
    /// By the names of the fields.
    var faults: [String: [String]] = [:]
    /// The class whose columns are offered.
    var type: String?
    /// What kind of definition it is, where hints differ by it.
    var part: ModelPart?
    /// Whether the definition stands, and whether another code would be another definition.
    var isStanding = false
    var isFixed = false
    /// Rows to begin with where a field has several, beyond those that there are.
    var spareRows = 3

    static let rest = "_rest"

    // MARK: Reading

    /// The definition that was typed; faults go to their fields.
    mutating func read() -> JSONObject {
        guard let inputs else { return original }
        var result = original
        let shownRest = restText(of: original)
        if let text = inputs[prefix + DefinitionForm.rest], text != shownRest {
            switch JSONText.parse(text.isEmpty ? "{}" : text) {
            case .success(.object(let rest)):
                var covered = JSONObject()
                for field in fields {
                    covered.set(field.path, result.value(at: field.path))
                }
                result = covered
                result.merge(rest)
            case .success:
                faults[DefinitionForm.rest, default: []].append(texts.notJSON)
            case .failure(let error):
                faults[DefinitionForm.rest, default: []].append("\(error)")
            }
        }
        for field in fields {
            let standing = result.value(at: field.path)
            switch field.read(inputs, prefix: prefix, standing: standing, texts) {
            case .value(let value):
                // What was null and is still empty stays as it was written.
                if value != nil || standing != nil { result.set(field.path, value) }
            case .fault(let fault): faults[field.name, default: []].append(fault)
            }
        }
        return result
    }

    /// What has no field.
    private func restText(of object: JSONObject) -> String {
        var rest = object
        for field in fields where rest.value(at: field.path) != nil { rest.set(field.path, nil) }
        return rest.isEmpty ? "" : JSONText.pretty(.object(rest))
    }

    /// Takes the faults of this definition, whose pointers begin with `pointer`; answers those that
    /// are not about it.
    mutating func take(_ problems: [FieldProblem], at pointer: String) -> [FieldProblem] {
        var left: [FieldProblem] = []
        for problem in problems {
            guard problem.pointer == pointer || problem.pointer.hasPrefix(pointer + "/") else {
                left.append(problem)
                continue
            }
            let rest = String(problem.pointer.dropFirst(pointer.count))
            let field = fields.filter {
                rest == $0.pointer || rest.hasPrefix($0.pointer + "/")
            }.max { $0.path.count < $1.path.count }
            guard let field else {
                let name = rest.isEmpty ? "" : "\(rest.dropFirst()): "
                faults[DefinitionForm.rest, default: []].append(name + problem.detail)
                continue
            }
            let place = DefinitionForm.place(rest.dropFirst(field.pointer.count + 1))
            faults[field.name, default: []].append(
                place.isEmpty ? problem.detail : "\(place): \(problem.detail)")
        }
        return left
    }

    /// A place below a field as people count: `0/workflow` is in the first row.
    private static func place(_ rest: Substring) -> String {
        let digits = rest.prefix { $0.isNumber }
        guard let number = Int(digits), number < 10_000 else { return String(rest) }
        let member = rest.dropFirst(digits.count + 1)
        return member.isEmpty ? String(number + 1) : "\(number + 1), \(member)"
    }

    // MARK: Showing

    func show() -> HTML {
        let more = fields.filter(\.isMore)
        let isOpen = more.contains { faults[$0.name] != nil } || faults[DefinitionForm.rest] != nil
        return tag(.div) {
            tag(.div, .class("grid")) {
                for item in fields where !item.isMore { shown(item) }
            }
            tag(.details, .class("more"), isOpen ? .open : nil) {
                tag(.summary) { texts.modelMore }
                tag(.div, .class("grid")) {
                    for item in more { shown(item) }
                    rest()
                }
            }
        }
    }

    private func shown(_ item: DefinitionField) -> HTML {
        if case .kept = item.kind { return .nothing }
        return field(item)
    }

    private func rest() -> HTML {
        let name = prefix + DefinitionForm.rest
        let text = inputs?[name] ?? restText(of: original)
        let isFaulty = faults[DefinitionForm.rest] != nil
        return tag(.div, .class("field wide")) {
            tag(.label, .for("f-\(name)")) {
                texts.modelRest
                tag(.small) { "JSON" }
            }
            tag(
                .textarea, .id("f-\(name)"), .name(name), .class("mono"),
                .fixed("spellcheck", "false"), isFaulty ? .aria(.invalid, "true") : nil,
                isFaulty ? .aria(.describedBy, "e-\(name)") : nil
            ) { text }
            fault(DefinitionForm.rest)
        }
    }

    func fault(_ name: String) -> HTML {
        guard let list = faults[name] else { return .nothing }
        return tag(.div, .id("e-\(prefix)\(name)")) {
            for text in list.prefix(20) { tag(.p, .class("fault")) { text } }
        }
    }

    /// Puts another text into an input.
    mutating func set(_ name: String, _ text: String) {
        guard var values = inputs?.values else { return }
        values[prefix + name] = text
        inputs = FormInputs(values)
    }

    /// What an input shows: what was typed, or what stands.
    func text(_ name: String, else shown: String) -> String {
        if let inputs { return inputs[prefix + name] ?? "" }
        return shown
    }
}
