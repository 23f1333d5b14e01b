import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// The tasks of whoever asks.
struct TaskCalls: Sendable {
    let database: Database
    let instances: InstanceStore
    let directory: Directory
    let wakes: Wakes
    let clock: any WallClock

    private var tasks: TaskStore { instances.tasks }

    func list(_ call: ListTasks, _ context: CallContext) async throws -> JSONBytes {
        let limit = try InstanceQuery.limit(call.limit)
        guard let after = Int64(call.cursor ?? "0") else { throw WorkflowError.invalidCursor }
        let caller = try await caller(context)
        let now = clock.now()
        let items = try await database.read { [tasks] connection in
            try tasks.list(of: caller, after: after, limit: limit + 1, connection).map {
                ($0.id, try TaskCalls.view($0, at: now, connection))
            }
        }
        let page = items.prefix(limit)
        let next = items.count > limit ? page.last.map { JSONValue.string(String($0.0)) } : nil
        let answer: JSONValue = ["items": .array(page.map(\.1)), "next": next ?? .null]
        return JSONBytes(answer.bytes)
    }

    func complete(_ call: CompleteTask, _ context: CallContext) async throws -> JSONBytes {
        let values = call.values ?? .null
        guard values.isNull || values.object != nil else {
            throw WorkflowError.invalid(pointer: "/values", detail: "This must be an object.")
        }
        let caller = try await caller(context)
        let request = JSONCoder.encode(call).bytes
        let answer = try await database.write { [self] connection in
            try KeyedAnswers(clock: clock).once(context, request, connection) {
                guard let task = try tasks.find(call.id, connection),
                    caller.owns(task.assignees, of: task.model)
                else { throw WorkflowError.unknownTask }
                try complete(
                    task, call.outcome, values.object ?? JSONObject(), context, connection)
                guard let done = try tasks.find(call.id, connection) else {
                    throw WorkflowError.unknownTask
                }
                return try TaskCalls.view(done, at: clock.now(), connection)
            }
        }
        wakes.instances()
        return JSONBytes(answer.bytes)
    }

    private func complete(
        _ task: TaskStore.Item, _ outcome: String, _ values: JSONObject, _ context: CallContext,
        _ connection: Connection
    ) throws {
        let account = context.principal.account
        if task.state != .open { throw WorkflowError.taskOver(TaskCalls.whoWas(task)) }
        guard task.outcomes.contains(outcome) else {
            throw WorkflowError.invalid(
                pointer: "/outcome",
                detail: "The outcomes are \(task.outcomes.joined(separator: ", ")).")
        }
        guard let row = try InstanceRow.find(task.instance, connection) else {
            throw WorkflowError.unknownInstance
        }
        var merged = row.snapshot.values
        ValuesChange(values).apply(to: &merged)
        try InstanceStore.check(merged)
        let output: JSONValue = [
            "outcome": .string(outcome), "values": .object(values), "account": .string(account),
        ]
        try tasks.complete(task.id, outcome: outcome, by: account, connection)
        let isTaken = try instances.apply(
            .arrived(visit: task.visit, .completed(outcome: outcome, output: output)),
            to: task.instance, note: .init(cause: context.cause.next("task:\(task.id)")),
            connection)
        // It came due while the instance stands still.
        if !isTaken { throw WorkflowError.taskOver("The task is overdue: its time was up before.") }
    }

    private static func whoWas(_ task: TaskStore.Item) -> String {
        guard let account = task.completedBy else { return "The task is not needed any more." }
        let time = task.ended.map { " at \($0.text)" } ?? ""
        return "\(account) did it\(time): “\(task.outcome ?? "")”."
    }

    private func caller(_ context: CallContext) async throws -> TaskCaller {
        try await directory.check(context.principal)
        let units = try await directory.units(of: context.principal.account)
        return TaskCaller(context.principal, units: units.map(\.description))
    }

    private static func view(
        _ task: TaskStore.Item, at now: Timestamp, _ connection: Connection
    ) throws -> JSONValue {
        let row = try InstanceRow.find(task.instance, connection)
        let step = try connection.first(
            "select step from step where instance = ? and visit = ?",
            [.integer(task.instance), .integer(task.visit)]
        ) { $0.text(0) }
        var view = JSONObject([
            ("id", .number(JSONNumber(task.id))),
            ("instance", .number(JSONNumber(task.instance))),
            ("workflow", row.map { .string($0.workflow.description) } ?? .null),
            ("step", step.map { .string($0) } ?? .null), ("title", .string(task.title)),
            ("record", row?.recordText.map { .string($0) } ?? .null),
            ("due", task.due.map { .string($0.text) } ?? .null),
            ("overdue", .boolean(task.state == .open && task.due.map { $0 <= now } ?? false)),
            ("outcomes", .array(task.outcomes.map { .string($0) })),
            ("state", .string(task.state.rawValue)), ("created", .string(task.created.text)),
        ])
        if let account = task.completedBy {
            view["outcome"] = task.outcome.map { .string($0) }
            view["completedBy"] = .string(account)
            view["completedAt"] = task.ended.map { .string($0.text) }
        }
        return .object(view)
    }
}
