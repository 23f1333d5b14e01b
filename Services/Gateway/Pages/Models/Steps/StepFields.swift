/// The fields of each kind of step of a workflow.
enum StepFields {
    /// Steps of a workflow, as Workflow has it.
    static let limit = 1000
    /// The common ones first.
    static let kinds = [
        "task", "mail", "event", "change", "condition", "timer", "script", "http", "workflow",
        "parallel", "import", "export", "sync", "command", "raise", "end",
    ]
    /// Members that a step of any kind may have.
    static let common: Set<String> = ["code", "kind", "name", "next", "result", "retry"]
    /// Members that name a step.
    static let ways = ["next", "then", "else", "join", "onTimeout", "onDue"]

    static func hasNext(_ kind: String) -> Bool {
        !["condition", "task", "parallel", "end"].contains(kind)
    }

    static func of(_ kind: String) -> [DefinitionField] {
        var fields: [DefinitionField] = [
            .init("code", .line, required: true), .init("kind", .words(kinds), required: true),
        ]
        fields += own(kind)
        if hasNext(kind) { fields.append(.init("next", .line, required: true)) }
        if kind != "end" {
            fields += [
                .init("result", .line, more: true), .init("retry.times", .number, more: true),
                .init("retry.backoff", .line, more: true),
            ]
        }
        return fields + [.init("name", .texts(isLong: false), more: true)]
    }

    private static func own(_ kind: String) -> [DefinitionField] {
        switch kind {
        case "task": task
        case "mail":
            [
                .init("notification", .code(.notifications), required: true),
                .init("to", .value, required: true), .init("cc", .value, more: true),
                .init("bcc", .value, more: true), .init("values", .pairs, more: true),
            ]
        case "event":
            [
                .init("event", .code(.events), required: true), .init("key", .value),
                .init("timeout", .line), .init("onTimeout", .line),
            ]
        case "change": [.init("set", .pairs, required: true)]
        case "condition":
            [
                .init("when", .line, required: true), .init("then", .line, required: true),
                .init("else", .line, required: true),
            ]
        case "timer": [.init("wait", .line), .init("until", .line)]
        case "script": [.init("script", .code(.scripts)), .init("source", .source)]
        case "http":
            [
                .init("method", .words(["GET", "POST", "PUT", "PATCH", "DELETE"])),
                .init("url", .line, required: true), .init("body", .json),
                .init("headers", .pairs, more: true), .init("timeout", .line, more: true),
            ]
        case "workflow":
            [
                .init("workflow", .code(.workflows), required: true), .init("values", .pairs),
                .init("wait", .flag(true)),
            ]
        case "parallel":
            [.init("branches", .lines, required: true), .init("join", .line, required: true)]
        case "import": [.init("import", .code(.imports), required: true), waits]
        case "export": [.init("export", .code(.exports), required: true), waits]
        case "sync": [.init("sync", .code(.syncs), required: true), waits]
        case "command": [.init("command", .line, required: true), .init("arguments", .lines)]
        case "raise":
            [
                .init("event", .code(.events), required: true), .init("key", .value),
                .init("payload", .pairs),
            ]
        default: []
        }
    }

    private static let waits = DefinitionField("wait", .flag(true))

    private static let task: [DefinitionField] = [
        .init("title", .line, required: true), .init("assignee.role", .line),
        .init("outcomes", .pairs, required: true), .init("due", .line),
        .init("onDue", .line, more: true), .init("assignee.account", .line, more: true),
        .init("assignee.unit", .line, more: true),
        .init("assignee.structure", .line, more: true),
        .init("assignee.managerOf", .line, more: true), .init("escalate.role", .line, more: true),
        .init("remind.before", .line, more: true),
        .init("remind.notification", .code(.notifications), more: true),
    ]
}
