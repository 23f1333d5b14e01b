import Crypto
import HTTP
import JSON

/// The form of a workflow: its steps one below the other, each with the fields of its kind, to be
/// added, moved and removed; and all of them as JSON for who would rather write that.
struct WorkflowForm {
    static let fields: [DefinitionField] = [
        .init("name", .texts(isLong: false)), .init("code", .line),
        .init("class", .code(.classes)), .init("start", .line, required: true),
        .init("steps", .kept),
    ]
    /// The steps as JSON, and the mark of what was shown there.
    static let json = "steps.json"
    static let mark = "steps.mark"

    var main: DefinitionForm
    var steps: [DefinitionForm] = []
    /// The step that something was just done to.
    private(set) var focus: Int?
    /// JSON that cannot be read, as it was typed.
    private var faulty: String?

    private let standing: ModelStanding
    private let texts: Texts
    private let original: JSONObject

    init(
        standing: ModelStanding, original: JSONObject, isNew: Bool, texts: Texts,
        inputs: FormInputs?
    ) {
        self.standing = standing
        self.texts = texts
        self.original = original
        var own = original
        own["steps"] = nil
        main = DefinitionForm(
            fields: WorkflowForm.fields, standing: standing, texts: texts, original: own,
            inputs: inputs)
        main.isStanding = !isNew
        main.part = .workflows
        main.type = inputs?["class"] ?? original["class"]?.string
        guard let inputs, let json = inputs[WorkflowForm.json] else {
            take(steps: WorkflowForm.list(original["steps"]))
            return
        }
        if WorkflowForm.mark(of: json) != inputs[WorkflowForm.mark] {
            take(json: json)
            return
        }
        let stood = WorkflowForm.list((try? JSONValue(parsing: Array(json.utf8))) ?? nil)
        let numbered = inputs.numbered("s.")
        while let inputs = numbered[steps.count], let kind = inputs["s.\(steps.count).kind"] {
            guard steps.count < StepFields.limit else {
                tooMany(json)
                return
            }
            let before = stood.indices.contains(steps.count) ? stood[steps.count] : JSONObject()
            steps.append(
                step(steps.count, WorkflowForm.kept(before, of: kind), kind, inputs))
        }
    }

    private static func list(_ value: JSONValue?) -> [JSONObject] {
        (value?.array ?? []).compactMap(\.object)
    }

    private static func mark(of text: String) -> String {
        String(SHA256.hex(Array(text.utf8)).prefix(16))
    }

    /// What of a step as it was shown still counts; of another kind only what every kind has.
    private static func kept(_ shown: JSONObject, of kind: String) -> JSONObject {
        guard shown["kind"]?.string != kind else { return shown }
        var step = shown
        for key in step.keys where !StepFields.common.contains(key) { step[key] = nil }
        return step
    }

    /// More steps than a workflow may have are not shown as fields.
    private mutating func tooMany(_ json: String) {
        steps = []
        faulty = json
        main.faults["steps", default: []].append(texts.modelStepsLimit(StepFields.limit))
    }

    private func step(
        _ index: Int, _ original: JSONObject, _ kind: String, _ inputs: FormInputs?
    ) -> DefinitionForm {
        var form = DefinitionForm(
            fields: StepFields.of(kind), standing: standing, texts: texts, prefix: "s.\(index).",
            original: original, inputs: inputs)
        form.type = main.type
        form.spareRows = 2
        return form
    }

    /// The steps as these values have them, whatever was typed.
    private mutating func take(steps values: [JSONObject]) {
        steps = values.enumerated().map { index, value in
            step(index, value, value["kind"]?.string ?? "", nil)
        }
    }

    private mutating func take(json: String) {
        switch JSONText.parse(json.trimmed.isEmpty ? "[]" : json) {
        case .success(.array(let values)) where values.count > StepFields.limit:
            tooMany(json)
        case .success(.array(let values)) where values.allSatisfy({ $0.object != nil }):
            take(steps: values.compactMap(\.object))
        case .success:
            faulty = json
            main.faults["steps", default: []].append(texts.notJSON)
        case .failure(let error):
            faulty = json
            main.faults["steps", default: []].append("\(error)")
        }
    }

    // MARK: Reading

    mutating func read() -> JSONObject {
        var result = main.read()
        result["steps"] = .array(readSteps().map { .object($0) })
        return result
    }

    private mutating func readSteps() -> [JSONObject] {
        steps.indices.map { index in
            var value = steps[index].read()
            if value["code"]?.string?.isEmpty ?? true {
                value["code"] = .string("step_\(index + 1)")
            }
            // The code and the kind stand first, as people write them.
            var ordered = JSONObject([("code", value["code"] ?? ""), ("kind", value["kind"] ?? "")])
            for (key, member) in value.members where key != "code" && key != "kind" {
                ordered[key] = member
            }
            return ordered
        }
    }

    var hasFaults: Bool { !main.faults.isEmpty || steps.contains { !$0.faults.isEmpty } }

    mutating func take(_ problems: [FieldProblem], at pointer: String) -> [FieldProblem] {
        var left = problems
        for index in steps.indices {
            left = steps[index].take(left, at: "\(pointer)/steps/\(index)")
        }
        return main.take(left, at: pointer)
    }

    // MARK: Steps added, moved and removed

    /// `up.2`, `down.2`, `remove.2`, `kind.2`, `add`: nothing is lost of what is typed, and where
    /// something of it cannot be read that is told instead.
    mutating func change(_ word: String) {
        let parts = word.split(separator: ".").map(String.init)
        let index = parts.dropFirst().first.flatMap(Int.init).flatMap {
            steps.indices.contains($0) ? $0 : nil
        }
        if parts.first == "kind" {
            focus = index
            return
        }
        var values = readSteps()
        if hasFaults { return }
        switch (parts.first, index) {
        case ("up", let index?) where index > 0:
            values.swapAt(index, index - 1)
            focus = index - 1
        case ("down", let index?) where index + 1 < values.count:
            values.swapAt(index, index + 1)
            focus = index + 1
        case ("remove", let index?): remove(index, from: &values)
        case ("add", _) where values.count < StepFields.limit: add(to: &values)
        default: return
        }
        take(steps: values)
    }

    /// What led to it leads to what came after it.
    private mutating func remove(_ index: Int, from values: inout [JSONObject]) {
        let gone = values.remove(at: index)
        guard let code = gone["code"], let next = gone["next"] else { return }
        for place in values.indices {
            for member in StepFields.ways where values[place][member] == code {
                values[place][member] = next
            }
            guard var outcomes = values[place]["outcomes"]?.object else { continue }
            for (name, way) in outcomes.members where way == code { outcomes[name] = next }
            values[place]["outcomes"] = .object(outcomes)
        }
        if main.text("start", else: main.original["start"]?.string ?? "") == code.string {
            main.set("start", next.string ?? "")
        }
    }

    /// Before the end, and what led there from the step above leads to it.
    private mutating func add(to values: inout [JSONObject]) {
        let code = ModelPart.free("step", in: values.compactMap { $0["code"]?.string })
        let kind = main.inputs?["add.kind"] ?? "task"
        var step = JSONObject([("code", .string(code)), ("kind", .string(kind))])
        let isEnded = values.last?["kind"] == "end"
        let place = isEnded ? values.count - 1 : values.count
        if isEnded, kind != "end", let end = values.last?["code"] {
            if StepFields.hasNext(kind) { step["next"] = end }
            if kind == "task" { step["outcomes"] = ["done": end] }
            if place > 0, values[place - 1]["next"] == end {
                values[place - 1]["next"] = .string(code)
            }
        }
        values.insert(step, at: place)
        focus = place
    }

    // MARK: Showing

    func show() -> HTML {
        tag(.div) {
            tag(.section, .class("card")) {
                tag(.p, .class("hint lead")) { texts.modelAbout(.workflows) }
                main.show()
                main.columnList()
            }
            tag(.section, .class("card"), .id("steps")) {
                tag(.h2) { texts.modelMember("steps") }
                tag(.p, .class("hint")) { texts.modelStepsHint }
                for index in steps.indices { shown(index) }
                adding()
                asJSON()
                tag(.datalist, .id("ways")) {
                    for step in steps { tag(.option, .value(code(of: step))) }
                }
            }
        }
    }

    private func code(of step: DefinitionForm) -> String {
        step.text("code", else: step.original["code"]?.string ?? "")
    }

    private func kind(of step: DefinitionForm) -> String {
        step.text("kind", else: step.original["kind"]?.string ?? "")
    }

    private func shown(_ index: Int) -> HTML {
        let step = steps[index]
        let next = step.text("next", else: step.original["next"]?.string ?? "")
        let isOpen = !step.faults.isEmpty || focus == index
        return tag(.details, .class("item step"), isOpen ? .open : nil) {
            tag(.summary, focus == index ? .autofocus : nil) {
                tag(.strong) { code(of: step) }
                tag(.span, .class("chip")) { texts.modelStepKind(kind(of: step)) }
                if !next.isEmpty { tag(.span, .class("quiet")) { " → " + next } }
            }
            step.show()
            tag(.div, .class("actions")) {
                button("kind.\(index)", texts.modelStepShow, isShow: true)
                if index > 0 { button("up.\(index)", texts.modelStepUp) }
                if index + 1 < steps.count { button("down.\(index)", texts.modelStepDown) }
                button("remove.\(index)", texts.modelStepRemove)
            }
        }
    }

    private func button(_ word: String, _ text: String, isShow: Bool = false) -> HTML {
        tag(
            .button, .class("button small"), .type("submit"), .name("_do"),
            .value("step.\(word)"), isShow ? .data("shows-kind") : nil
        ) { text }
    }

    private func adding() -> HTML {
        let kind = main.inputs?["add.kind"] ?? "task"
        return tag(.div, .class("actions add")) {
            tag(.label, .for("add-kind")) { texts.modelStepNew }
            tag(.select, .id("add-kind"), .name("add.kind")) {
                for word in StepFields.kinds {
                    tag(.option, .value(word), word == kind ? .selected : nil) {
                        texts.modelStepKind(word)
                    }
                }
            }
            button("add", texts.add)
        }
    }

    private func asJSON() -> HTML {
        var copy = self
        let text = faulty ?? JSONText.pretty(.array(copy.readSteps().map { .object($0) }))
        let isFaulty = main.faults["steps"] != nil
        return tag(.details, .class("more"), isFaulty ? .open : nil) {
            tag(.summary) { texts.modelStepsJSON }
            tag(
                .input, .type("hidden"), .name(WorkflowForm.mark),
                .value(faulty == nil ? WorkflowForm.mark(of: text) : "-"))
            tag(.label, .for("f-steps.json")) {
                texts.modelMember("steps")
                tag(.small) { "JSON" }
            }
            tag(
                .textarea, .class("mono"), .id("f-steps.json"), .name(WorkflowForm.json),
                .fixed("spellcheck", "false"), isFaulty ? .aria(.invalid, "true") : nil,
                isFaulty ? .aria(.describedBy, "e-steps") : nil
            ) { text }
            tag(.p, .class("hint")) { texts.modelStepsJSONHint }
            main.fault("steps")
        }
    }
}
