import Contracts
import JSON

/// Reads one rule.
struct RuleReader {
    private let reader: ModelReader
    private let item: ObjectReader

    private static let moments =
        RuleMoment.allCases.map(\.rawValue) + ["inserted", "changed", "deleted"]
    private static let afterActions =
        ["workflow", "mail", "event", "http"] + Effects.RunKind.allCases.map(\.rawValue)

    init(_ reader: ModelReader, _ item: ObjectReader) {
        self.reader = reader
        self.item = item
    }

    func read() -> RuleDefinition? {
        let code = item.code()
        let type = reader.reference(item, "class", to: "classes")
        let moment = item.word("on", of: RuleReader.moments, default: nil)
            .flatMap(RuleDefinition.Moment.init(word:))
        let order = item.integer("order") ?? 0
        let when = reader.expression(item, "when", required: false)
        let require = requirement(item, moment)
        let actions = item.list("do").compactMap { action($0, type: type, moment: moment) }
        if require == nil, item.object["do"]?.array?.isEmpty ?? true {
            item.fault("do", "required", "A rule does at least one thing.")
        }
        // For people who read the model.
        _ = item.texts("name")
        item.finish()
        guard let type, let moment else { return nil }
        return RuleDefinition(
            model: reader.model, code: code, type: type, moment: moment, order: order, when: when,
            require: require?.expression, message: require?.message ?? [:], actions: actions)
    }

    /// `require` with its `message`.
    private func requirement(
        _ item: ObjectReader, _ moment: RuleDefinition.Moment?
    ) -> (expression: ExpressionTree, message: [String: String])? {
        let message = item.texts("message")
        guard item.given("require") != nil else {
            if message != nil {
                item.fault("message", "not-allowed", "A message belongs to “require”.")
            }
            item.ignore("require")
            return nil
        }
        switch moment {
        case .before(.opening):
            item.fault("require", "not-allowed", "A form that opens cannot be refused.")
        case .before, nil: break
        case .inserted, .changed, .deleted:
            item.fault(
                "require", "not-allowed",
                "What has happened cannot be refused; use inserting, changing or deleting.")
        }
        if message == nil {
            item.fault("message", "required", "Say with “message” what is wrong and what to do.")
        }
        for (language, text) in message ?? [:] where text.hasPrefix("=") {
            let place = language.isEmpty ? "" : "/" + JSONPointer.escaped(language)
            _ = reader.tree(.string(text), at: item.path("message") + place)
        }
        return reader.expression(item, "require", required: true).map { ($0, message ?? [:]) }
    }

    private func action(_ item: ObjectReader, type: FullCode?, moment: RuleDefinition.Moment?)
        -> RuleDefinition.Action?
    {
        guard item.object.count == 1, let kind = item.object.keys.first else {
            reader.problems.add(
                item.pointer, "wrong-type", "An action has one member, which says what is done.")
            return nil
        }
        if let fault = RuleReader.fault(kind, moment) {
            item.fault(kind, "not-allowed", fault)
            return nil
        }
        defer { item.finish() }
        if let run = Effects.RunKind(rawValue: kind) {
            return reader.reference(item, kind, to: run.list).map { .run(run, $0) }
        }
        switch kind {
        case "set":
            return reader.set(item, "set", type: type).map { .set($0) }
        case "script":
            return reader.reference(item, "script", to: "scripts").map { .script($0) }
        case "workflow": return workflow(item, type: type)
        case "mail":
            guard let mail = item.nested("mail") else { return nil }
            defer { mail.finish() }
            return reader.mail(mail).map { .mail($0) }
        case "event": return event(item)
        case "http":
            guard let nested = item.nested("http") else { return nil }
            defer { nested.finish() }
            return reader.http(nested).map { .http($0) }
        default:
            item.ignore("set", "script", "workflow", "mail", "event", "http")
            Effects.RunKind.allCases.forEach { item.ignore($0.rawValue) }
            return nil
        }
    }

    /// Why an action cannot stand at a moment; nil where it can.
    private static func fault(_ kind: String, _ moment: RuleDefinition.Moment?) -> String? {
        switch moment {
        case .before(.deleting) where kind == "set":
            "A record that goes keeps nothing; a rule may refuse it with “require”."
        case .before where afterActions.contains(kind):
            "Before a save a rule can “set”, “require” and run a “script”; the rest follows after."
        case .deleted where kind == "set" || kind == "workflow":
            "A deleted record is gone: it cannot be set, and no workflow runs on it."
        default: nil
        }
    }

    /// `"code"`, or `{"code", "values"}`.
    private func workflow(_ item: ObjectReader, type: FullCode?) -> RuleDefinition.Action? {
        let empty = ExpressionTree(.object(JSONObject()))
        if let text = item.value("workflow")?.string {
            let code = reader.reference(text, at: item.path("workflow"), to: "workflows")
            return reader.fitting(code, item, "workflow", type).map { .workflow($0, values: empty) }
        }
        guard let nested = item.nested("workflow", required: true) else { return nil }
        let code = reader.reference(nested, "code", to: "workflows")
        let values = nested.nested("values").map {
            reader.tree(.object($0.object), at: $0.pointer)
        }
        nested.finish()
        return reader.fitting(code, nested, "code", type).map {
            .workflow($0, values: values ?? empty)
        }
    }

    /// `"code"` (the record's id is the key), or `{"code", "key", "payload"}`.
    private func event(_ item: ObjectReader) -> RuleDefinition.Action? {
        if let text = item.value("event")?.string {
            let content = ExpressionTree(["key": "=record.id"])
            return reader.reference(text, at: item.path("event"), to: "events")
                .map { .event($0, content: content) }
        }
        guard let nested = item.nested("event", required: true) else { return nil }
        let code = reader.reference(nested, "code", to: "events")
        var content = JSONObject()
        content["key"] = nested.given("key")
        content["payload"] = nested.given("payload")
        let tree = reader.tree(.object(content), at: nested.pointer)
        nested.finish()
        return code.map { .event($0, content: tree) }
    }
}
