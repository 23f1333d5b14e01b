import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// The mail to whoever has a task that is due soon.
struct TaskReminder: Sendable {
    let effects: Effects

    /// People who are written to about one task, at most.
    static let addressLimit = 100

    /// What is to be sent; nil where nobody needs to be reminded any more.
    struct Letter: Sendable {
        var task: TaskStore.Item
        var row: InstanceRow
        var notification: FullCode
    }

    func letter(_ key: TimerKey, _ connection: Connection) throws -> Letter? {
        guard
            let task = try effects.instances.tasks.find(
                key.instance, visit: key.visit, connection),
            task.state == .open, !task.isReminded,
            let row = try InstanceRow.find(key.instance, connection),
            row.snapshot.state != .paused,
            let visit = row.snapshot.visits.first(where: { $0.number == key.visit }),
            let version = try effects.definitions.version(row.definition, connection),
            case .task(let definition) = version.workflow.step(visit.step)?.kind,
            let reminder = definition.reminder
        else { return nil }
        return Letter(task: task, row: row, notification: reminder.notification)
    }

    /// Nobody who has an address is no fault: the task is there to be seen.
    func send(_ letter: Letter) async throws {
        let to = try await addresses(of: letter.task)
        if to.isEmpty { return }
        let (row, task) = (letter.row, letter.task)
        let cause = row.cause.next("task:\(task.id)")
        let context = CallContext(
            principal: Principal(account: "workflow:\(row.workflow.code)", isSystem: true),
            door: .workflow, cause: cause, trace: TraceContext(following: cause.root),
            idempotencyKey: "workflow:\(row.id)/task:\(task.id)/remind")
        var values = row.snapshot.values
        values["task"] = [
            "id": .number(JSONNumber(task.id)), "title": .string(task.title),
            "due": task.due.map { .string($0.text) } ?? .null,
        ]
        let call = SendMail(
            to: to, record: row.recordText, notification: letter.notification.description,
            values: .object(values), recordValues: try await record(row, context),
            instance: row.id)
        _ = try await effects.mail(call, as: context)
    }

    private func record(_ row: InstanceRow, _ context: CallContext) async throws -> JSONValue? {
        guard let type = row.type, let id = row.record else { return nil }
        var context = context
        context.idempotencyKey = nil
        let bytes = try await effects.peers["records"].call(GetRecord(type, id: id), as: context)
        return try JSONValue(parsing: bytes.bytes)
    }

    private func addresses(of task: TaskStore.Item) async throws -> [String] {
        var accounts: [String] = []
        for key in task.assignees {
            switch Assignee(key: key) {
            case .account(let code): accounts.append(code)
            case .role(let role):
                accounts += try await effects.directory.holders(of: role, in: task.model)
            case .unit(let structure, let code):
                accounts += try await effects.directory.members(of: code, structure: structure)
            case nil: break
            }
        }
        var found: [String] = []
        for account in accounts where found.count < TaskReminder.addressLimit {
            guard let person = try await effects.directory.person(account), person.isActive,
                let email = person.email, !email.isEmpty, !found.contains(email)
            else { continue }
            found.append(email)
        }
        return found
    }
}
