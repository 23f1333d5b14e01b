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

    /// Scripts that are run in one go.
    private static let chainLimit = 4

    /// What the step comes to. Nil where it acts or reads, where it may take long, and where it
    /// goes wrong: then it is to be performed.
    func result(_ task: StepWork.Task, _ ahead: inout ScriptsAhead) async -> StepWork.Result? {
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
                return try await effect(of: script, task, &ahead).flatMap { effect in
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
    /// Scripts that come next are run in the same go, and their ends kept in `ahead`.
    private func effect(
        of script: StepScript, _ task: StepWork.Task, _ ahead: inout ScriptsAhead
    ) async throws -> ScriptEffect? {
        let definition = try definitions.script(script, of: task)
        // With a record a script may mean to change it.
        guard task.record == nil, !definition.mayAct else { return nil }
        let bindings = task.bindings(record: .null)
        if let known = ahead.take(task.step, definition.unit, bindings) {
            return StepComputing.effect(of: known)
        }
        let chain = self.chain(from: task, definition)
        if chain.count > 1 {
            let units = chain.map(\.unit)
            if let outcomes = try await run(
                ScriptJob(
                    work: .chain, units: units, bindings: bindings, timeout: definition.timeout))
            {
                ahead.keep(chain, outcomes, bindings)
                return ahead.take(task.step, definition.unit, bindings)
                    .flatMap { StepComputing.effect(of: $0) }
            }
        }
        let job = ScriptJob(
            units: [definition.unit], bindings: bindings, timeout: definition.timeout)
        return try await run(job)?.first.flatMap { StepComputing.effect(of: try $0.get()) }
    }

    private static func effect(of value: JSONValue) -> ScriptEffect? {
        let effect = ScriptEffect(value)
        return RecordChanges.between(.null, effect.record).isEmpty ? effect : nil
    }

    /// The step's script and those of the steps that follow it, as far as they can be done so too
    /// and have as much time.
    private func chain(
        from task: StepWork.Task, _ definition: ScriptDefinition
    ) -> [ScriptsAhead.Link] {
        var links = [ScriptsAhead.Link(task.step, definition.unit)]
        var step = task.step
        while links.count < StepComputing.chainLimit, let next = step.next,
            let following = task.version.workflow.step(next),
            case .script(let script) = following.kind,
            let definition = try? definitions.script(script, of: task, step: following),
            !definition.mayAct, definition.timeout == nil
        {
            links.append(ScriptsAhead.Link(following, definition.unit))
            step = following
        }
        return definition.timeout == nil ? links : [links[0]]
    }

    private func run(_ job: ScriptJob) async throws -> [ScriptOutcome]? {
        let asked = Asked()
        let answer = try await pools.acting.runSoon(job) { call, _ in
            asked.isSo.withLock { $0 = true }
            throw Problem.forbidden("gt.\(call.name) is not answered now.")
        }
        return asked.isSo.withLock(\.self) ? nil : answer?.outcomes
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
        var ahead = ScriptsAhead()
        while passages.count < InstanceRunner.turnLimit,
            clock.monotonicNanoseconds() - start < limit.nanoseconds, let task,
            let result = await computing.result(task, &ahead),
            take(result.input, given: result.given, at: clock.now())
        {}
    }
}
