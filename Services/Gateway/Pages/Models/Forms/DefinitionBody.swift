import HTTP
import JSON

/// The inputs of a definition's page: of a class, or of any other kind.
struct DefinitionBody {
    enum Kind {
        case type(ClassForm)
        case workflow(WorkflowForm)
        case other(DefinitionForm)
    }

    var kind: Kind
    /// What is about no field.
    var general: [String] = []
    /// What is about other definitions.
    private var others: [FieldProblem] = []
    private let place: DefinitionPages.Place

    init(_ place: DefinitionPages.Place, _ form: Form?) {
        self.place = place
        let inputs = form.map { FormInputs($0) }
        if place.part == .classes {
            kind = .type(
                ClassForm(
                    standing: place.standing, original: place.original, isNew: place.code == nil,
                    texts: place.texts, inputs: inputs))
        } else if place.part == .workflows {
            kind = .workflow(
                WorkflowForm(
                    standing: place.standing, original: place.original, isNew: place.code == nil,
                    texts: place.texts, inputs: inputs))
        } else {
            let source = inputs?["source.kind"] ?? place.original["source"]?["kind"]?.string
            var other = DefinitionForm(
                fields: DefinitionBody.fields(place.part, source: source), standing: place.standing,
                texts: place.texts,
                original: place.original, inputs: inputs)
            other.type =
                inputs?["class"] ?? place.original["class"]?.string
                ?? place.original["from"]?.string
            other.isStanding = place.code != nil
            other.part = place.part
            kind = .other(other)
        }
    }

    /// What each kind of source needs.
    private static let sources: [String: [String]] = [
        "folder": ["path"], "imap": ["url", "user", "password", "folder"],
        "ews": ["url", "user", "password", "folder"], "sqlite": ["path", "table"],
        "postgresql": ["host", "port", "database", "user", "password", "tls", "table"],
        "odbc": ["dsn", "user", "password", "table"], "geartrain": ["url", "token", "class"],
    ]

    /// Of a mailbox or a synchronization, what its kind of source needs comes first.
    private static func fields(_ part: ModelPart, source: String?) -> [DefinitionField] {
        guard let needed = source.flatMap({ sources[$0] }) else { return part.fields }
        return part.fields.map { field in
            guard field.path.first == "source", field.path.count == 2, field.path[1] != "kind"
            else { return field }
            var field = field
            field.isMore = !needed.contains(field.path[1])
            return field
        }
    }

    mutating func read() -> JSONObject {
        switch kind {
        case .type(var form):
            let value = form.read()
            kind = .type(form)
            return value
        case .workflow(var form):
            let value = form.read()
            kind = .workflow(form)
            return value
        case .other(var form):
            let value = form.read()
            kind = .other(form)
            return value
        }
    }

    /// A step is added, moved or removed.
    mutating func changeSteps(_ word: String) {
        guard case .workflow(var form) = kind else { return }
        form.change(word)
        kind = .workflow(form)
    }

    var hasFaults: Bool {
        switch kind {
        case .type(let form): form.hasFaults
        case .workflow(let form): form.hasFaults
        case .other(let form): !form.faults.isEmpty
        }
    }

    mutating func fault(_ name: String, _ text: String) {
        switch kind {
        case .type(var form):
            form.main.faults[name, default: []].append(text)
            kind = .type(form)
        case .workflow(var form):
            form.main.faults[name, default: []].append(text)
            kind = .workflow(form)
        case .other(var form):
            form.faults[name, default: []].append(text)
            kind = .other(form)
        }
    }

    /// Takes the faults of a plan: those of this definition to their fields.
    mutating func take(_ problems: [FieldProblem], at pointer: String) {
        switch kind {
        case .type(var form):
            others += form.take(problems, at: pointer)
            // A role that is no code is told at its grant.
            if !form.grants.faults.isEmpty {
                others = others.filter { !$0.pointer.hasPrefix("/roles/") }
            }
            kind = .type(form)
        case .workflow(var form):
            others += form.take(problems, at: pointer)
            kind = .workflow(form)
        case .other(var form):
            others += form.take(problems, at: pointer)
            kind = .other(form)
        }
    }

    func notice() -> HTML {
        if general.isEmpty && others.isEmpty && !hasFaults { return .nothing }
        return tag(.div, .class("notice bad"), .role(.alert)) {
            tag(.strong) { place.texts.notSaved }
            for text in general.prefix(20) { tag(.p) { text } }
            for problem in others.prefix(20) {
                tag(.p) { place.standing.told(problem, place.texts) }
            }
        }
    }

    func show() -> HTML {
        switch kind {
        case .type(let form): form.show()
        case .workflow(let form): form.show()
        case .other(let form):
            tag(.section, .class("card")) {
                tag(.p, .class("hint lead")) { place.texts.modelAbout(place.part) }
                form.show()
                form.columnList()
            }
        }
    }
}
