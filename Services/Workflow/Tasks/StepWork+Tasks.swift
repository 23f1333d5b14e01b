import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Steps that wait for a person.
extension StepWork {
    static let titleLimit = 500

    func assign(_ definition: TaskDefinition, _ task: Task) async throws -> Result {
        let content = try await value(definition.content, "task", task)
        guard let title = content["title"]?.string, !title.isEmpty else {
            throw Problem.stepFailed("title: \(content["title"]?.text ?? "null") is no text")
        }
        let due = try due(content["due"] ?? .null)
        let opening = TaskStore.Opening(
            instance: task.row.id, visit: task.visit.number, model: task.row.workflow.model,
            title: String(title.prefix(StepWork.titleLimit)),
            assignee: try await assignee(content["assignee"] ?? .null), due: due,
            remind: definition.reminder.flatMap { reminder in
                due?.advanced(by: .zero - reminder.before)
            },
            escalate: definition.escalates
                ? try await assignee(content["escalate"] ?? .null) : nil,
            outcomes: definition.outcomes.members.map(\.0))
        let isTimed = definition.onDue != nil || definition.escalates
        return Result(
            input: task.stands(until: isTimed ? due : nil), given: content,
            after: { [tasks = effects.instances.tasks] in try tasks.open(opening, $0) })
    }

    private func assignee(_ value: JSONValue) async throws -> Assignee {
        try await Assignee(value) { try await effects.directory.manager(of: $0) }
    }

    /// A duration from now on, or a time.
    private func due(_ value: JSONValue) throws -> Timestamp? {
        if value.isNull { return nil }
        if let duration = value.string.flatMap({ Duration(text: $0) }) {
            return clock.now().advanced(by: duration)
        }
        guard let time = value.string.flatMap({ Timestamp($0) }) else {
            throw Problem.stepFailed(
                "due: \(value.text) is neither a duration such as 2d nor a time such as"
                    + " 2026-11-22T10:15:00Z")
        }
        return time
    }
}
