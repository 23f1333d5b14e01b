import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization

/// Steps that compute and no more, soon: they can be done before anything of them is written, and
/// again where that was in vain.
struct StepComputing: Sendable {
    let definitions: DefinitionStore
    let pools: ScriptPools
    let clock: any WallClock

    /// What the step comes to. Nil where it acts or reads, where it may take long, and where it
    /// goes wrong: then it is to be performed.
    func result(_ task: StepWork.Task) async -> StepWork.Result? {
        guard task.cause.depth <= Cause.depthLimit, task.visit.number <= StepMachine.visitLimit
        else { return nil }
        do {
            switch task.step.kind {
            case .condition(let when, _, _):
                return try await value(when, "when", task).map(task.condition)
            case .event(let wait):
                guard let tree = wait.key else {
                    return try task.stand(wait, key: .null, at: clock.now())
                }
                return try await value(tree, "key", task).map {
                    try task.stand(wait, key: $0, at: clock.now())
                }
            case .timer(let timer):
                return try await value(timer.tree, timer.word, task).map {
                    try task.pause(timer, $0, at: clock.now())
                }
            case .script(let script):
                return try await effect(of: script, task).flatMap { effect in
                    effect.values.object.map { task.result(of: effect, $0) }
                }
            default: return nil
            }
        } catch {
            return nil
        }
    }

    private func value(
        _ tree: ExpressionTree, _ name: String, _ task: StepWork.Task
    ) async throws -> JSONValue? {
        let bindings = task.bindings(record: .null)
        if task.record == nil || !tree.mayUse("record"), let values = tree.plainValues(bindings) {
            return tree.filled(values)
        }
        guard task.record == nil else { return nil }
        let job = ScriptJob(units: tree.units(name), bindings: bindings)
        guard let answer = try await pools.computing.runSoon(job) else { return nil }
        return try tree.filled(answer.outcomes.map { try $0.get() })
    }

    /// Nil where it asked for anything by `gt` too, which was refused: nothing has happened then.
    private func effect(
        of script: StepScript, _ task: StepWork.Task
    ) async throws -> ScriptEffect? {
        let definition = try definitions.script(script, of: task)
        // With a record a script may mean to change it.
        guard task.record == nil, !definition.mayAct else { return nil }
        let job = ScriptJob(
            units: [definition.unit], bindings: task.bindings(record: .null),
            timeout: definition.timeout)
        let asked = Asked()
        let answer = try await pools.acting.runSoon(job) { call, _ in
            asked.isSo.withLock { $0 = true }
            throw Problem.forbidden("gt.\(call.name) is not answered now.")
        }
        guard let outcome = answer?.outcomes.first, !asked.isSo.withLock(\.self) else {
            return nil
        }
        let effect = ScriptEffect(try outcome.get())
        return RecordChanges.between(.null, effect.record).isEmpty ? effect : nil
    }

    /// Whether a script asked for anything.
    private final class Asked: Sendable {
        let isSo = Mutex(false)
    }
}

extension InstanceWalk {
    /// Takes the steps that only compute, as far as they go, for no longer than `limit`.
    mutating func goOn(_ computing: StepComputing, within limit: Duration) async {
        let clock = computing.clock
        let start = clock.monotonicNanoseconds()
        while passages.count < InstanceRunner.turnLimit,
            clock.monotonicNanoseconds() - start < limit.nanoseconds, let task,
            let result = await computing.result(task),
            take(result.input, given: result.given, at: clock.now())
        {}
    }
}
