import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Steps at which an instance stands still.
extension StepWork {
    func stand(_ wait: EventWait, _ task: Task) async throws -> Result {
        var key = JSONValue.null
        if let tree = wait.key { key = try await value(tree, "key", task) }
        return try task.stand(wait, key: key, at: clock.now())
    }

    func pause(_ timer: TimerDefinition, _ task: Task) async throws -> Result {
        let value = try await value(timer.tree, timer.word, task)
        return try task.pause(timer, value, at: clock.now())
    }

    /// A run of Batch is looked at again and again, until it has ended.
    func run(
        _ kind: Effects.RunKind, _ code: FullCode, waits: Bool, _ task: Task
    ) async throws -> Result {
        var context = task.context
        context.idempotencyKey = task.attemptKey
        // The same key answers the same run.
        let run = try await effects.run(kind, code, as: context)
        let given: JSONValue = ["run": .number(JSONNumber(run))]
        guard waits else { return Result(input: task.done(given), given: given) }
        if let outcome = try await effects.outcome(of: run, as: context) {
            return Result(input: task.done(outcome), given: given)
        }
        let until = clock.now().advanced(by: StepWork.runInterval)
        return Result(input: task.stands(until: until), given: given)
    }

    /// The other instance begins in the transaction in which this one comes to wait for it.
    func start(_ sub: SubWorkflow, _ task: Task) async throws -> Result {
        let values = try await value(sub.values, "values", task)
        var context = task.context
        context.idempotencyKey = nil
        let begin: @Sendable (InstanceRow.Parent?, Connection) throws -> Int64 = {
            [effects, context] parent, connection in
            try effects.start(
                sub.workflow, record: task.record, values: values.object ?? JSONObject(),
                account: task.row.account, parent: parent, as: context, connection)
        }
        guard sub.waits else {
            return Result(
                input: task.done(.null), given: values,
                during: { task.done(["id": .number(JSONNumber(try begin(nil, $0)))]) })
        }
        let parent = InstanceRow.Parent(instance: task.row.id, visit: task.visit.number)
        return Result(
            input: task.stands(), given: values, after: { _ = try begin(parent, $0) })
    }
}

extension StepWork.Task {
    func stand(_ wait: EventWait, key: JSONValue, at now: Timestamp) throws -> StepWork.Result {
        let until = wait.timeout.map { now.advanced(by: $0) }
        return StepWork.Result(input: stands(key: try EventKey.text(key), until: until))
    }

    func pause(
        _ timer: TimerDefinition, _ value: JSONValue, at now: Timestamp
    ) throws -> StepWork.Result {
        let until: Timestamp
        switch timer {
        case .wait:
            guard let duration = value.string.flatMap({ Duration(text: $0) }) else {
                throw Problem.stepFailed("wait: \(value.text) is no duration such as 30s or 2h")
            }
            until = now.advanced(by: duration)
        case .until:
            guard let time = value.string.flatMap({ Timestamp($0) }) else {
                throw Problem.stepFailed(
                    "until: \(value.text) is no time such as 2026-11-22T10:15:00Z")
            }
            until = time
        }
        return StepWork.Result(input: stands(until: until), given: value)
    }
}
