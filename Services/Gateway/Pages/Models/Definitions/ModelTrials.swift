import Contracts
import HTTP
import JSON
import RPC

/// Definitions tried out on their pages: rules on a record that one thinks of, a script on
/// parameters, a notification on a record. Nothing is written by it.
struct ModelTrials: Sendable {
    let desk: ModelDesk

    typealias Place = DefinitionPages.Place

    private var pages: Pages { desk.pages }

    // MARK: What is typed for it

    /// Part of the definition's form, so that what is typed there stays.
    func inputs(_ place: Place, _ inputs: FormInputs) -> HTML {
        let texts = place.texts
        let content: HTML
        switch place.part {
        case .rules: content = ruleInputs(place, inputs)
        case .scripts: content = scriptInputs(place, inputs)
        case .notifications: content = notificationInputs(place, inputs)
        default: return .nothing
        }
        return tag(.section, .class("card try"), .id("try")) {
            tag(.h2) { texts.modelTry }
            tag(.p, .class("hint")) { texts.modelTryHint(place.part) }
            content
            tag(.div, .class("actions")) {
                tag(.button, .class("button"), .type("submit"), .name("_do"), .value("try")) {
                    texts.modelTry
                }
            }
        }
    }

    private func ruleInputs(_ place: Place, _ inputs: FormInputs) -> HTML {
        let texts = place.texts
        let operation = inputs["t.operation"] ?? "insert"
        let example = ModelTrials.example(place)
        return tag(.div, .class("grid")) {
            tag(.div, .class("field")) {
                tag(.label, .for("t-operation")) { texts.modelMember("on") }
                tag(.select, .id("t-operation"), .name("t.operation")) {
                    for word in ["open", "insert", "change", "delete"] {
                        tag(.option, .value(word), word == operation ? .selected : nil) {
                            texts.modelTryOperation(word)
                        }
                    }
                }
            }
            area("t.before", texts.modelBefore, inputs["t.before"] ?? "", note: "JSON")
            area("t.after", texts.modelAfter, inputs["t.after"] ?? example, note: "JSON")
        }
    }

    private func scriptInputs(_ place: Place, _ inputs: FormInputs) -> HTML {
        tag(.div, .class("grid")) {
            area("t.parameters", "parameters", inputs["t.parameters"] ?? "", note: "JSON")
            area("t.record", "record", inputs["t.record"] ?? "", note: "JSON")
        }
    }

    private func notificationInputs(_ place: Place, _ inputs: FormInputs) -> HTML {
        let texts = place.texts
        let language = inputs["t.language"] ?? texts.language
        return tag(.div, .class("grid")) {
            tag(.div, .class("field")) {
                tag(.label, .for("t-record")) { texts.record }
                tag(
                    .input, .type("text"), .id("t-record"), .name("t.record"),
                    .value(inputs["t.record"] ?? ""),
                    .placeholder("\(place.standing.code).ticket/1"))
            }
            tag(.div, .class("field")) {
                tag(.label, .for("t-language")) { texts.modelLanguage }
                tag(.select, .id("t-language"), .name("t.language")) {
                    for item in Language.allCases {
                        tag(
                            .option, .value(item.rawValue), .lang(item.rawValue),
                            item.rawValue == language ? .selected : nil
                        ) { item.name }
                    }
                }
            }
        }
    }

    private func area(_ name: String, _ label: String, _ text: String, note: String) -> HTML {
        tag(.div, .class("field")) {
            tag(.label, .for("f-\(name)")) {
                label
                tag(.small) { note }
            }
            tag(
                .textarea, .class("mono"), .id("f-\(name)"), .name(name),
                .fixed("spellcheck", "false")
            ) { text }
        }
    }

    /// A record of the class with an example of each column.
    private static func example(_ place: Place) -> String {
        guard let type = place.original["class"]?.string else { return "{}" }
        var example = JSONObject()
        for column in place.standing.columns(of: type).prefix(8) {
            guard let code = column["code"]?.string else { continue }
            switch column["type"]?.string {
            case "text": example[code] = .string("Example")
            case "integer", "decimal": example[code] = 1
            case "boolean": example[code] = true
            case "choice":
                let first = column["choices"]?.array?.first
                example[code] = first?["code"] ?? first ?? .null
            default: continue
            }
        }
        return JSONText.pretty(.object(example))
    }

    // MARK: What becomes of it

    func attempt(_ place: Place, _ definition: JSONObject, _ inputs: FormInputs) async throws
        -> HTML
    {
        do {
            switch place.part {
            case .rules: return try await tryRules(place, definition, inputs)
            case .scripts: return try await tryScript(place, definition, inputs)
            case .notifications: return try await preview(place, definition, inputs)
            default: throw Problem.notFound()
            }
        } catch let problem as Problem where (400..<500).contains(problem.status) {
            return result(place.texts) {
                tag(.div, .class("notice bad"), .role(.alert)) {
                    problem.errors.first.map { "\($0.pointer): \($0.detail)" }
                        ?? problem.detail ?? problem.title
                }
            }
        }
    }

    private func result(_ texts: Texts, @HTMLBuilder content: () -> HTML) -> HTML {
        tag(
            .section, .class("card result"), .id("result"), .fixed("tabindex", "-1"), .autofocus
        ) {
            tag(.h2) { texts.modelResult }
            content()
        }
    }

    /// JSON of an input; empty is nil.
    private func json(_ inputs: FormInputs, _ name: String) throws -> JSONValue? {
        let text = inputs[name] ?? ""
        if text.trimmed.isEmpty { return nil }
        switch JSONText.parse(text) {
        case .success(let value): return value
        case .failure(let error):
            throw Problem.validation([
                FieldProblem(
                    pointer: String(name.dropFirst(2)), code: "malformed", detail: "\(error)")
            ])
        }
    }

    private func tryRules(_ place: Place, _ definition: JSONObject, _ inputs: FormInputs)
        async throws -> HTML
    {
        guard let type = definition["class"]?.string,
            let code = FullCode(type.contains(".") ? type : "\(place.standing.code).\(type)"),
            let operation = TryRules.Operation(rawValue: inputs["t.operation"] ?? "")
        else { throw Problem.invalidParameter("A class and an operation are needed.") }
        // What is typed is tried in its own model; a rule on another model's class as it stands.
        let isOwn = code.model == place.standing.code
        let rule = isOwn ? JSONValue.object(ModelTrials.named(definition, place)) : nil
        let call = TryRules(
            class: code, operation: operation, before: try json(inputs, "t.before"),
            after: try json(inputs, "t.after"),
            rule: rule)
        let answer = try JSONValue(
            parsing: try await pages.workflow.forward(call, as: place.context).bytes)
        let texts = place.texts
        return result(texts) {
            if let refused = answer["refused"], !refused.isNull {
                tag(.p, .class("notice bad")) {
                    refused["detail"]?.string ?? refused["message"]?.string ?? refused.text
                }
            }
            for moment in answer["moments"]?.array ?? [] {
                tag(.h3) { texts.modelMoment(moment["moment"]?.string ?? "") }
                let rules = moment["rules"]?.array ?? []
                if rules.isEmpty { tag(.p, .class("quiet")) { texts.modelNoRules } }
                for rule in rules { tried(rule, place) }
                if let record = moment["record"], !record.isNull {
                    tag(.p, .class("hint")) { texts.modelRecordThen }
                    tag(.pre, .class("code")) { JSONText.pretty(record) }
                }
            }
        }
    }

    /// What is typed may have no code yet, or another than the one that it stands under, whose
    /// place it takes.
    private static func named(_ definition: JSONObject, _ place: Place) -> JSONObject {
        var named = definition
        let typed = definition["code"]?.string ?? ""
        let fresh = typed.isEmpty ? DefinitionPages.code(place, definition) : typed
        named["code"] = .string(place.code ?? fresh)
        return named
    }

    private func tried(_ rule: JSONValue, _ place: Place) -> HTML {
        let fires = rule["fires"]?.boolean ?? rule["fired"]?.boolean ?? false
        let name = rule["rule"]?.string ?? rule["code"]?.string ?? ""
        return tag(.div, .class("tried")) {
            tag(.p) {
                fires
                    ? tag(.span, .class("chip good")) { place.texts.modelFires }
                    : tag(.span, .class("chip")) { place.texts.modelFiresNot }
                " "
                tag(.strong) { name }
            }
            tag(.pre, .class("code")) { JSONText.pretty(rule) }
        }
    }

    private func tryScript(_ place: Place, _ definition: JSONObject, _ inputs: FormInputs)
        async throws -> HTML
    {
        let source = definition["source"]?.string ?? ""
        let call = TryScript(
            model: place.standing.code, source: source,
            include: definition["include"]?.array?.compactMap(\.string),
            parameters: try json(inputs, "t.parameters"), record: try json(inputs, "t.record"))
        var context = place.context
        context.timeout = ScriptRoutes.patience
        let answer = try JSONValue(
            parsing: try await pages.workflow.forward(call, as: context).bytes)
        let texts = place.texts
        return result(texts) {
            if let error = answer["error"], !error.isNull {
                tag(.div, .class("notice bad"), .role(.alert)) {
                    let line = error["line"]?.integer.map { texts.modelLine($0) + ": " } ?? ""
                    line + (error["message"]?.string ?? error.text)
                }
                DefinitionForm.listing(source, marked: error["line"]?.integer ?? 0)
            }
            for member in ["result", "record", "calls", "log"] {
                if let value = answer[member], !value.isNull, value != .array([]) {
                    tag(.h3) { member }
                    tag(.pre, .class("code")) { JSONText.pretty(value) }
                }
            }
            if let time = answer["milliseconds"]?.integer {
                tag(.p, .class("quiet")) { texts.duration(milliseconds: time) }
            }
        }
    }

    private func preview(
        _ place: Place, _ definition: JSONObject, _ inputs: FormInputs
    ) async throws -> HTML {
        let shown = try await shown(place, definition, inputs)
        let texts = place.texts
        return result(texts) {
            tag(.dl, .class("facts")) {
                tag(.dt) { texts.modelMember("subject") }
                tag(.dd) { shown.subject }
            }
            if let text = shown.text { tag(.pre, .class("code")) { text } }
            if shown.html != nil {
                // The form itself is sent into the frame, as it is typed.
                tag(
                    .button, .class("button small"), .type("submit"), .data("shows"),
                    .formAction(Link("models", place.standing.code, "preview")),
                    .fixed("formtarget", "preview")
                ) { texts.modelShowHTML }
                tag(
                    .iframe, .class("mail"), .fixed("sandbox", ""), .name("preview"),
                    .title("HTML"))
            }
        }
    }

    /// The notification as it is typed.
    func shown(
        _ place: Place, _ definition: JSONObject, _ inputs: FormInputs
    ) async throws -> NotificationPreview {
        let record = (inputs["t.record"] ?? "").trimmed
        let named = ModelTrials.named(definition, place)
        return try await pages.mail.call(
            PreviewNotification(
                notification: "\(place.standing.code).\(named["code"]?.string ?? "")",
                record: record.isEmpty ? nil : record, values: nil,
                language: inputs["t.language"], definition: .object(named)),
            as: place.context)
    }
}
