import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Does one step of a run. The same step done twice has the same effect, by its key.
struct JobWork: Sendable {
    let effects: Effects

    enum Result: Sendable {
        case done(JSONValue)
        /// A run of Batch has begun; its end is waited for, or not.
        case begun(Int64, waits: Bool)
        /// What starts an instance of a workflow, whose end is waited for.
        case starts(@Sendable (Connection) throws -> Int64)
        /// What is done in the transaction that ends the step; answers its output.
        case here(@Sendable (Connection) throws -> JSONValue)
    }

    /// The record of a run is not there any more.
    struct RecordIsGone: Error {}

    func perform(
        _ step: JobStep, _ row: JobRun.Step, of run: JobRun, _ job: JobDefinition
    ) async throws -> Result {
        let context = run.context(row, begins: step.begins, runAs: job.runAs)
        let bindings = try await bindings(run, job, context)
        switch step.work {
        case .batch(let kind, let code, let waits):
            return .begun(try await effects.run(kind, code, as: context), waits: waits)
        case .script(let code, let parameters):
            return try await script(code, parameters, run, bindings, context)
        case .workflow(let code, let values, let waits):
            let filled = try await fill(values, "values", bindings)
            let start = { @Sendable [effects] (connection: Connection) in
                try effects.start(
                    code, record: run.type.flatMap { type in run.record.map { (type, $0) } },
                    values: filled.object ?? JSONObject(), account: context.principal.account,
                    as: context, connection)
            }
            if waits { return .starts(start) }
            return .here { ["instance": .number(JSONNumber(try start($0)))] }
        case .event(let code, let content):
            let filled = try await fill(content, "event", bindings)
            return .here { [effects] connection in
                let raised = try effects.raise(code, filled, as: context, connection)
                return [
                    "event": .number(JSONNumber(raised.event)),
                    "activated": .number(JSONNumber(Int64(raised.activated))),
                ]
            }
        case .mail(let mail):
            let content = try await fill(mail.content, "mail", bindings)
            let call = try MailContent(content).call(
                mail.notification, record: run.recordText, recordValues: bindings["record"],
                values: content["values"]?.object ?? JSONObject(), instance: nil)
            return .done(try await effects.mail(call, as: context))
        case .http(let request):
            let content = try await fill(request, "http", bindings)
            return .done(try await effects.http(content, of: request, as: context))
        case .command(let command):
            let content = try await fill(command, "command", bindings)
            return .done(try await effects.command(content, of: command, as: context))
        case .set(let set):
            guard let type = run.type, let id = run.record else {
                throw Problem.stepFailed("there is no record to change")
            }
            let filled = try await fill(set, "set", bindings)
            return .done(try await effects.change(type, id: id, filled, as: context))
        }
    }

    /// How the run of Batch ended that a step began; nil while it goes on.
    func outcome(_ batch: Int64, _ row: JobRun.Step, of run: JobRun) async throws -> JSONValue? {
        try await effects.outcome(of: batch, as: run.context(row, begins: true, runAs: nil))
    }

    /// How an instance ended; nil while it goes on, or stands still until a person mends it.
    func outcome(instance id: Int64, _ connection: Connection) throws -> JSONValue? {
        guard let row = try InstanceRow.find(id, connection) else {
            throw Problem.stepFailed("instance \(id) is not there any more")
        }
        switch row.snapshot.state {
        case .finished:
            return ["instance": .number(JSONNumber(id)), "values": .object(row.snapshot.values)]
        case .cancelled: throw Problem.stepFailed("instance \(id) was cancelled")
        default: return nil
        }
    }

    /// Stops a run of Batch that a cancelled step waited for.
    func stop(_ batch: Int64, _ row: JobRun.Step, of run: JobRun) async throws {
        var context = run.context(row, begins: true, runAs: nil)
        context.idempotencyKey = nil
        _ = try await effects.peers["batch"].call(CancelRun(run: batch), as: context)
    }

    private func script(
        _ code: FullCode, _ parameters: ExpressionTree, _ run: JobRun, _ bindings: JSONObject,
        _ context: CallContext
    ) async throws -> Result {
        guard let script = effects.definitions.script(code) else {
            throw WorkflowError.unknownScript(code.description)
        }
        var bindings = bindings
        var given = bindings["parameters"]?.object ?? JSONObject()
        let filled = try await fill(parameters, "parameters", bindings)
        for (name, value) in filled.object?.members ?? [] { given[name] = value }
        bindings["parameters"] = .object(given)
        let effect = try await effects.script(script, bindings: bindings, as: context)
        let changes = RecordChanges.between(bindings["record"] ?? .null, effect.record)
        if !changes.isEmpty, let type = run.type, let id = run.record {
            _ = try await effects.change(type, id: id, .object(changes), as: context)
        }
        return .done(effect.result)
    }

    private func fill(
        _ tree: ExpressionTree, _ name: String, _ bindings: JSONObject
    ) async throws -> JSONValue {
        if tree.places.isEmpty { return tree.value }
        return try await effects.evaluator.values(tree, name: name, bindings: bindings)
    }

    /// `parameters` say which run it is; `record` is read anew for each step.
    private func bindings(
        _ run: JobRun, _ job: JobDefinition, _ context: CallContext
    ) async throws -> JSONObject {
        let parameters: JSONValue = [
            "job": .string(run.job.description), "run": .number(JSONNumber(run.id)),
            "planned": .string(run.planned.text), "level": .number(JSONNumber(Int64(run.level))),
        ]
        return JSONObject([
            ("record", try await record(run, context)), ("parameters", parameters),
            ("values", .object(JSONObject())),
        ])
    }

    private func record(_ run: JobRun, _ context: CallContext) async throws -> JSONValue {
        guard let type = run.type, let id = run.record else { return .null }
        var context = context
        context.idempotencyKey = nil
        do {
            let bytes = try await effects.peers["records"].call(
                GetRecord(type, id: id), as: context)
            return try JSONValue(parsing: bytes.bytes)
        } catch let problem as Problem where problem.status == 404 {
            throw RecordIsGone()
        }
    }
}
