import Contracts
import JSON
import ServiceRuntime

/// Reads one step of a workflow.
struct StepReader {
    let reader: ModelReader
    let item: ObjectReader
    /// The class of the workflow.
    let type: FullCode?

    static let kinds = [
        "mail", "event", "task", "condition", "change", "script", "timer", "workflow", "parallel",
        "import", "export", "sync", "http", "command", "raise", "end",
    ]
    /// Branches of one step.
    static let branchLimit = 64

    init(_ reader: ModelReader, _ item: ObjectReader, type: FullCode?) {
        self.reader = reader
        self.item = item
        self.type = type
    }

    func read() -> StepDefinition? {
        let code = item.code()
        item.ignore("name")
        let word = item.word("kind", of: StepReader.kinds, default: nil)
        guard let word else { return nil }
        let kind = kind(word)
        let hasNext = !["condition", "task", "parallel", "end"].contains(word)
        let next = hasNext ? item.string("next", required: true) : nil
        let result = item.string("result") == nil ? nil : item.code("result")
        let retry = retry()
        item.finish()
        guard let kind, next != nil || !hasNext else { return nil }
        return StepDefinition(code: code, kind: kind, next: next, result: result, retry: retry)
    }

    private func kind(_ word: String) -> StepDefinition.Kind? {
        if let kind = Effects.RunKind(rawValue: word) { return run(kind) }
        switch word {
        case "mail": return reader.mail(item).map { .mail($0) }
        case "event": return event()
        case "task": return task()
        case "condition": return condition()
        case "change":
            if type == nil {
                item.fault("kind", "not-allowed", "Without a class there is no record to change.")
            }
            return reader.set(item, "set", type: type).map { .change(set: $0) }
        case "script": return script()
        case "timer": return timer()
        case "workflow": return workflow()
        case "http": return reader.http(item).map { .http($0) }
        case "command": return reader.command(item).map { .command($0) }
        case "parallel": return parallel()
        case "raise": return raise()
        default: return .end
        }
    }

    // MARK: Ways

    private func condition() -> StepDefinition.Kind? {
        let when = reader.expression(item, "when", required: true)
        let then = item.string("then", required: true)
        guard let otherwise = item.string("else", required: true), let then, let when else {
            return nil
        }
        return .condition(when: when, then: then, otherwise: otherwise)
    }

    private func parallel() -> StepDefinition.Kind? {
        let branches = item.strings("branches")
        let join = item.string("join", required: true)
        if !(2...StepReader.branchLimit).contains(branches.count) {
            item.fault(
                "branches", "out-of-range",
                "A parallel step has 2 to \(StepReader.branchLimit) branches.")
            return nil
        }
        if Set(branches).count < branches.count {
            item.fault("branches", "duplicate-code", "Each branch begins with a step of its own.")
        }
        return join.map { .parallel(branches: branches, join: $0) }
    }

    // MARK: Waits

    private func event() -> StepDefinition.Kind? {
        let event = reader.reference(item, "event", to: "events")
        let key = item.given("key").map { reader.tree($0, at: item.path("key")) }
        let timeout = reader.positive(item, "timeout")
        let onTimeout = item.string("onTimeout")
        if (item.given("timeout") == nil) != (item.given("onTimeout") == nil) {
            item.fault(
                "onTimeout", "required", "“timeout” and “onTimeout” come together or not at all.")
        }
        return event.map {
            .event(EventWait(event: $0, key: key, timeout: timeout, onTimeout: onTimeout))
        }
    }

    private func timer() -> StepDefinition.Kind? {
        let wait = item.string("wait")
        let until = item.string("until")
        guard (wait == nil) != (until == nil) else {
            item.fault("wait", "required", "A timer has either “wait” or “until”.")
            return nil
        }
        if let wait {
            if ExpressionTree.source(.string(wait)) == nil { _ = reader.positive(item, "wait") }
            return .timer(.wait(reader.tree(.string(wait), at: item.path("wait"))))
        }
        guard let until else { return nil }
        if ExpressionTree.source(.string(until)) == nil, Timestamp(until) == nil {
            item.fault("until", "invalid", "A time is as 2026-11-22T10:15:00Z, or an expression.")
        }
        return .timer(.until(reader.tree(.string(until), at: item.path("until"))))
    }

    private func task() -> StepDefinition.Kind? {
        var content = JSONObject()
        content["title"] = item.string("title", required: true).map { .string($0) }
        content["assignee"] = assignee("assignee", required: true)
        if let due = item.string("due") {
            content["due"] = .string(due)
            if ExpressionTree.source(.string(due)) == nil { _ = reader.positive(item, "due") }
        }
        content["escalate"] = assignee("escalate", required: false)
        let tree = reader.tree(.object(content), at: item.pointer)
        let onDue = item.string("onDue")
        let reminder = reminder()
        if content["due"] == nil {
            for member in ["onDue", "escalate", "remind"] where item.given(member) != nil {
                item.fault(member, "not-allowed", "Without “due” a task is never overdue.")
            }
        }
        if onDue != nil, content["escalate"] != nil {
            item.fault(
                "escalate", "not-allowed",
                "An overdue task either goes to others or leads to another step.")
        }
        guard let outcomes = outcomes() else { return nil }
        return .task(
            TaskDefinition(
                content: tree, outcomes: outcomes, reminder: reminder, onDue: onDue,
                escalates: content["escalate"] != nil))
    }

    private func outcomes() -> TaskDefinition.Outcomes? {
        guard let nested = item.nested("outcomes", required: true) else { return nil }
        let members = nested.object.keys.compactMap { name in
            nested.string(name, required: true).map { (name, $0) }
        }
        if members.isEmpty {
            item.fault("outcomes", "required", "A task has at least one outcome.")
        }
        return TaskDefinition.Outcomes(members: members)
    }

    private func reminder() -> TaskDefinition.Reminder? {
        guard let nested = item.nested("remind") else { return nil }
        defer { nested.finish() }
        if nested.given("before") == nil {
            nested.fault("before", "required", "Say how long before it is due.")
        }
        let notification = reader.reference(nested, "notification", to: "notifications")
        guard let before = reader.positive(nested, "before"), let notification else { return nil }
        return TaskDefinition.Reminder(before: before, notification: notification)
    }

    /// `{"role"}`, `{"unit", "structure"}`, `{"account"}` or `{"managerOf"}`.
    private func assignee(_ member: String, required: Bool) -> JSONValue? {
        guard let nested = item.nested(member, required: required) else { return nil }
        defer { nested.finish() }
        let kinds = ["role", "unit", "account", "managerOf"]
        let given = kinds.filter { nested.given($0) != nil }
        for kind in given { _ = nested.string(kind) }
        let structure = nested.string("structure")
        guard given.count == 1 else {
            item.fault(
                member, "required",
                "This is one of “role”, “unit” with “structure”, “account” and “managerOf”.")
            return nil
        }
        if (given == ["unit"]) != (structure != nil) {
            nested.fault("structure", "required", "A unit and its structure come together.")
        }
        if let role = nested.given("role")?.string,
            ExpressionTree.source(.string(role)) == nil, !reader.document.roles.contains(role)
        {
            nested.fault(
                "role", "unknown-reference", "“\(role)” is not among the roles of the model.")
        }
        return .object(nested.object)
    }

    // MARK: Work

    private func script() -> StepDefinition.Kind? {
        let named = item.string("script")
        let source = item.string("source")
        if let source { reader.addScript(source, at: item.path("source")) }
        if let named, !reader.document.has(named, in: "scripts") {
            item.fault(
                "script", "unknown-reference", "The model has no “\(named)” among its scripts.")
        }
        guard (named == nil) != (source == nil) else {
            item.fault("script", "required", "A script step has either “script” or “source”.")
            return nil
        }
        return (named.map(StepScript.named) ?? source.map(StepScript.source)).map { .script($0) }
    }

    private func workflow() -> StepDefinition.Kind? {
        let workflow = reader.reference(item, "workflow", to: "workflows")
        let values = item.nested("values")?.object ?? JSONObject()
        let tree = reader.tree(.object(values), at: item.path("values"))
        let waits = item.boolean("wait", default: true)
        return reader.fitting(workflow, item, "workflow", type).map {
            .workflow(SubWorkflow(workflow: $0, values: tree, waits: waits))
        }
    }

    private func run(_ kind: Effects.RunKind) -> StepDefinition.Kind? {
        let waits = item.boolean("wait", default: true)
        return reader.reference(item, kind.rawValue, to: kind.list).map {
            .run(kind, $0, waits: waits)
        }
    }

    private func raise() -> StepDefinition.Kind? {
        let event = reader.reference(item, "event", to: "events")
        var content = JSONObject()
        content["key"] = item.given("key")
        content["payload"] = item.given("payload")
        let tree = reader.tree(.object(content), at: item.pointer)
        return event.map { .raise($0, content: tree) }
    }

    private func retry() -> RetryPolicy {
        var policy = RetryPolicy()
        guard let nested = item.nested("retry") else { return policy }
        if let times = nested.integer("times", in: 0...100) { policy.times = times }
        if let backoff = reader.positive(nested, "backoff") { policy.backoff = backoff }
        nested.finish()
        return policy
    }
}
