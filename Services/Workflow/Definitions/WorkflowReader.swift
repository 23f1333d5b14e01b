import Contracts
import JSON
import ServiceRuntime

/// Reads one workflow and its steps; how they hang together is checked by `WorkflowGraph`.
struct WorkflowReader {
    private let reader: ModelReader
    private let item: ObjectReader

    static let kinds = ["mail", "event", "condition", "change", "script", "timer", "end"]
    static let laterKinds = [
        "task", "http", "workflow", "parallel", "import", "export", "sync", "command", "raise",
    ]
    static let stepLimit = 1000

    init(_ reader: ModelReader, _ item: ObjectReader) {
        self.reader = reader
        self.item = item
    }

    func read() -> WorkflowDefinition? {
        let code = item.code()
        item.ignore("name")
        let type = reader.reference(item, "class", to: "classes", required: false)
        let start = item.string("start", required: true) ?? ""
        let items = reader.unique(item.list("steps"))
        if items.isEmpty, item.given("steps")?.array?.isEmpty ?? true {
            item.fault("steps", "required", "A workflow has at least one step.")
        }
        if items.count > WorkflowReader.stepLimit {
            item.fault(
                "steps", "out-of-range", "At most \(WorkflowReader.stepLimit) steps are allowed.")
            return nil
        }
        let steps = items.map { step($0, type: type) }
        item.finish()
        let read = steps.compactMap(\.self)
        let definition = WorkflowDefinition(code: code, type: type, start: start, steps: read)
        // A step that could not be read would make the graph look wrong where it is not.
        if read.count == items.count, !items.isEmpty {
            WorkflowGraph(definition, pointer: item.pointer, problems: reader.problems).check()
        }
        return definition
    }

    private func step(_ item: ObjectReader, type: FullCode?) -> StepDefinition? {
        let code = item.code()
        item.ignore("name")
        let word = item.word(
            "kind", of: WorkflowReader.kinds + WorkflowReader.laterKinds, default: nil)
        guard let word else { return nil }
        if WorkflowReader.laterKinds.contains(word) {
            reader.unsupported(item.path("kind"), "Steps of kind “\(word)”")
            return nil
        }
        let kind = kind(word, item, type: type)
        let result = item.string("result") == nil ? nil : item.code("result")
        let retry = retry(item)
        item.finish()
        return kind.map { StepDefinition(code: code, kind: $0, result: result, retry: retry) }
    }

    private func kind(_ word: String, _ item: ObjectReader, type: FullCode?)
        -> StepDefinition.Kind?
    {
        switch word {
        case "mail":
            let mail = reader.mail(item)
            guard let next = target(item, "next"), let mail else { return nil }
            return .mail(mail, next: next)
        case "event": return event(item)
        case "condition":
            let when = reader.expression(item, "when", required: true)
            let then = target(item, "then")
            guard let otherwise = target(item, "else"), let then, let when else { return nil }
            return .condition(when: when, then: then, otherwise: otherwise)
        case "change":
            if type == nil {
                item.fault("kind", "not-allowed", "Without a class there is no record to change.")
            }
            let set = reader.set(item, "set", type: type)
            guard let next = target(item, "next"), let set else { return nil }
            return .change(set: set, next: next)
        case "script": return script(item)
        case "timer": return timer(item)
        default: return .end
        }
    }

    private func event(_ item: ObjectReader) -> StepDefinition.Kind? {
        let event = reader.reference(item, "event", to: "events")
        let key = item.given("key").map { reader.tree($0, at: item.path("key")) }
        let timeout = reader.positive(item, "timeout")
        let onTimeout = item.string("onTimeout")
        if (item.given("timeout") == nil) != (item.given("onTimeout") == nil) {
            item.fault(
                "onTimeout", "required", "“timeout” and “onTimeout” come together or not at all.")
        }
        guard let next = target(item, "next"), let event else { return nil }
        return .event(
            EventWait(event: event, key: key, timeout: timeout, onTimeout: onTimeout), next: next)
    }

    private func script(_ item: ObjectReader) -> StepDefinition.Kind? {
        let named = item.string("script")
        let source = item.string("source")
        let next = target(item, "next")
        if let source { reader.addScript(source, at: item.path("source")) }
        if let named, !reader.document.has(named, in: "scripts") {
            item.fault(
                "script", "unknown-reference", "The model has no “\(named)” among its scripts.")
        }
        guard (named == nil) != (source == nil) else {
            item.fault("script", "required", "A script step has either “script” or “source”.")
            return nil
        }
        guard let next, let script = named.map(StepScript.named) ?? source.map(StepScript.source)
        else { return nil }
        return .script(script, next: next)
    }

    private func timer(_ item: ObjectReader) -> StepDefinition.Kind? {
        guard let wait = item.string("wait", required: true) else {
            _ = target(item, "next")
            return nil
        }
        let isExpression = ExpressionTree.source(.string(wait)) != nil
        if !isExpression { _ = reader.positive(item, "wait") }
        let tree = reader.tree(.string(wait), at: item.path("wait"))
        return target(item, "next").map { .timer(wait: tree, next: $0) }
    }

    private func target(_ item: ObjectReader, _ member: String) -> String? {
        item.string(member, required: true)
    }

    private func retry(_ item: ObjectReader) -> RetryPolicy {
        var policy = RetryPolicy()
        guard let nested = item.nested("retry") else { return policy }
        if let times = nested.integer("times", in: 0...100) { policy.times = times }
        if let backoff = reader.positive(nested, "backoff") { policy.backoff = backoff }
        nested.finish()
        return policy
    }
}
