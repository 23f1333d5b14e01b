import Contracts
import JSON

/// Reads one rule.
struct RuleReader {
    private let reader: ModelReader
    private let item: ObjectReader

    private static let moments = ["inserted", "changed", "deleted"]
    private static let laterMoments = ["opening", "inserting", "changing", "deleting"]
    private static let laterActions = ["script", "import", "export", "sync", "http"]

    init(_ reader: ModelReader, _ item: ObjectReader) {
        self.reader = reader
        self.item = item
    }

    func read() -> RuleDefinition? {
        let code = item.code()
        let type = reader.reference(item, "class", to: "classes")
        let word = item.word(
            "on", of: RuleReader.moments + RuleReader.laterMoments, default: nil)
        if let word, RuleReader.laterMoments.contains(word) {
            reader.unsupported(item.path("on"), "Rules “\(word)”, before a change is saved,")
            return nil
        }
        let order = item.integer("order") ?? 0
        let when = reader.expression(item, "when", required: false)
        for member in ["require", "message"] where item.given(member) != nil {
            reader.unsupported(item.path(member), "“\(member)” of a rule")
        }
        let actions = item.list("do").compactMap { action($0, type: type, moment: word) }
        if item.object["do"]?.array?.isEmpty ?? true {
            item.fault("do", "required", "A rule does at least one thing.")
        }
        item.finish()
        guard let type, let moment = word.flatMap(RuleDefinition.Moment.init(rawValue:)) else {
            return nil
        }
        return RuleDefinition(
            model: reader.model, code: code, type: type, moment: moment, order: order, when: when,
            actions: actions)
    }

    private func action(_ item: ObjectReader, type: FullCode?, moment: String?)
        -> RuleDefinition.Action?
    {
        guard item.object.count == 1, let kind = item.object.keys.first else {
            reader.problems.add(
                item.pointer, "wrong-type", "An action has one member, which says what is done.")
            return nil
        }
        if RuleReader.laterActions.contains(kind) {
            reader.unsupported(item.path(kind), "The action “\(kind)”")
            return nil
        }
        if moment == "deleted", kind == "set" || kind == "workflow" {
            item.fault(
                kind, "not-allowed", "A deleted record is gone: only mail and event can follow.")
            return nil
        }
        defer { item.finish() }
        switch kind {
        case "set":
            return reader.set(item, "set", type: type).map { .set($0) }
        case "workflow": return workflow(item, type: type)
        case "mail":
            guard let mail = item.nested("mail") else { return nil }
            defer { mail.finish() }
            return reader.mail(mail).map { .mail($0) }
        case "event": return event(item)
        default:
            item.ignore("set", "workflow", "mail", "event")
            return nil
        }
    }

    /// `"code"`, or `{"code", "values"}`.
    private func workflow(_ item: ObjectReader, type: FullCode?) -> RuleDefinition.Action? {
        let empty = ExpressionTree(.object(JSONObject()))
        if let text = item.value("workflow")?.string {
            let code = reader.reference(text, at: item.path("workflow"), to: "workflows")
            return fitting(code, item, "workflow", type).map { .workflow($0, values: empty) }
        }
        guard let nested = item.nested("workflow", required: true) else { return nil }
        let code = reader.reference(nested, "code", to: "workflows")
        let values = nested.nested("values").map {
            reader.tree(.object($0.object), at: $0.pointer)
        }
        nested.finish()
        return fitting(code, nested, "code", type).map { .workflow($0, values: values ?? empty) }
    }

    /// A workflow with a class runs on records of that class only.
    private func fitting(
        _ workflow: FullCode?, _ item: ObjectReader, _ member: String, _ type: FullCode?
    ) -> FullCode? {
        guard let workflow, workflow.model == reader.model, let type,
            type.model != reader.model || reader.document.has(type.code, in: "classes"),
            let text = reader.document.workflowClasses[workflow.code]
        else { return workflow }
        if text != type.description && FullCode(model: reader.model, code: text) != type {
            item.fault(member, "not-allowed", "The workflow runs on “\(text)”, not on “\(type)”.")
        }
        return workflow
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
