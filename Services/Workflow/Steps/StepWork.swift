import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Does one step: evaluates what its definition says and calls whoever does it. Nothing here is
/// written; the same step done twice has the same effect, by its key.
struct StepWork: Sendable {
    let effects: Effects
    let clock: any WallClock

    /// How often a run of Batch is looked at.
    static let runInterval = Duration.seconds(1)

    func perform(_ task: Task) async throws -> Result {
        guard task.cause.depth <= Cause.depthLimit else {
            throw Problem.loop("The chain of causes is longer than \(Cause.depthLimit).")
        }
        guard task.visit.number <= StepMachine.visitLimit else {
            throw Problem.loop("The instance has entered \(StepMachine.visitLimit) steps.")
        }
        switch task.step.kind {
        case .mail(let mail): return try await send(mail, task)
        case .event(let wait): return try await stand(wait, task)
        case .task(let definition): return try await assign(definition, task)
        case .condition(let when, _, _):
            return task.condition(try await value(when, "when", task))
        case .change(let set):
            let values = try await value(set, "set", task)
            return Result(input: task.done(try await change(values, task)), given: values)
        case .script(let script): return try await run(script, task)
        case .timer(let timer): return try await pause(timer, task)
        case .http(let request):
            let content = try await value(request, "http", task)
            let output = try await effects.http(content, of: request, as: task.context)
            return Result(input: task.done(output), given: content)
        case .command(let command):
            let content = try await value(command, "command", task)
            let output = try await effects.command(content, of: command, as: task.context)
            return Result(input: task.done(output), given: content)
        case .workflow(let sub): return try await start(sub, task)
        case .run(let kind, let code, let waits):
            return try await run(kind, code, waits: waits, task)
        case .raise(let event, let content): return try await raise(event, content, task)
        // The machine goes through these by itself.
        case .parallel, .end: return Result(input: task.done(.null))
        }
    }

    // MARK: Kinds

    private func send(_ mail: MailAction, _ task: Task) async throws -> Result {
        let bindings = try await bindings(task, for: nil)
        let content = try await effects.evaluator.values(
            mail.content, name: "mail", bindings: bindings)
        let values = content["values"]?.object ?? task.row.snapshot.values
        let call = try MailContent(content).call(
            mail.notification, record: task.row.recordText, recordValues: bindings["record"],
            values: values, instance: task.row.id)
        let output = try await effects.mail(call, as: task.context)
        return Result(input: task.done(output), given: content)
    }

    private func run(_ script: StepScript, _ task: Task) async throws -> Result {
        let definition = try effects.definitions.script(script, of: task)
        let bindings = try await bindings(task, for: nil)
        let effect = try await effects.script(definition, bindings: bindings, as: task.context)
        guard let values = effect.values.object else {
            throw Problem.stepFailed("\(definition.code): values is no object any more")
        }
        let changes = RecordChanges.between(bindings["record"] ?? .null, effect.record)
        if !changes.isEmpty { _ = try await change(.object(changes), task) }
        var result = task.result(of: effect, values)
        if !changes.isEmpty { result.given = .object(changes) }
        return result
    }

    private func change(_ values: JSONValue, _ task: Task) async throws -> JSONValue {
        guard let (type, id) = task.record else {
            throw Problem.stepFailed("there is no record to change")
        }
        return try await effects.change(type, id: id, values, as: task.context)
    }

    private func raise(
        _ event: FullCode, _ content: ExpressionTree, _ task: Task
    ) async throws -> Result {
        let content = try await value(content, "raise", task)
        return Result(
            input: task.done(.null), given: content,
            during: { [effects] connection in
                let raised = try effects.raise(event, content, as: task.context, connection)
                return task.done([
                    "event": .number(JSONNumber(raised.event)),
                    "activated": .number(JSONNumber(Int64(raised.activated))),
                ])
            })
    }

    // MARK: Bindings

    func value(_ tree: ExpressionTree, _ name: String, _ task: Task) async throws -> JSONValue {
        try await effects.evaluator.values(
            tree, name: name, bindings: bindings(task, for: [tree]))
    }

    /// `record` is read anew where an expression may look at it (nil: it may).
    private func bindings(_ task: Task, for trees: [ExpressionTree]?) async throws -> JSONObject {
        let needsRecord = trees?.contains { $0.mayUse("record") } ?? true
        return task.bindings(record: needsRecord ? try await record(task) : .null)
    }

    private func record(_ task: Task) async throws -> JSONValue {
        guard let (type, id) = task.record else { return .null }
        var context = task.context
        context.idempotencyKey = nil
        let bytes = try await effects.peers["records"].call(GetRecord(type, id: id), as: context)
        return try JSONValue(parsing: bytes.bytes)
    }
}

extension Problem {
    static func stepFailed(_ detail: String) -> Problem {
        Problem(status: 422, code: "step-failed", title: "A step cannot be done", detail: detail)
    }

    static func loop(_ detail: String) -> Problem {
        Problem(status: 422, code: "loop", title: "A loop was stopped", detail: detail)
    }
}

extension JSONValue {
    /// As JavaScript's conditions see it.
    var isTruthy: Bool {
        switch self {
        case .null: false
        case .boolean(let value): value
        case .number(let number): number != JSONNumber(0)
        case .string(let text): !text.isEmpty
        case .array, .object: true
        }
    }
}
