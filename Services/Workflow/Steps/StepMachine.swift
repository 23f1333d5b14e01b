import JSON
import RPC

/// The rules by which an instance goes from step to step: a pure function, so that the same
/// inputs give the same instance whatever crashes in between.
struct StepMachine: Sendable {
    let definition: WorkflowDefinition

    typealias Transition = (snapshot: InstanceSnapshot, effects: [StepEffect])

    /// An instance enters no more steps than this; the next one fails.
    static let visitLimit: Int64 = 10_000

    /// Nil where the input comes too late or a second time, which changes nothing. `cause` is of
    /// what comes from outside; the steps that follow have it, and else that of the step before.
    func apply(
        _ input: StepInput, cause: Cause? = nil, to snapshot: InstanceSnapshot
    ) -> Transition? {
        guard !snapshot.state.isOver else { return nil }
        var walk = StepWalk(definition: definition, snapshot: snapshot, cause: cause)
        let fits: Bool
        switch input {
        case .begun: fits = walk.begin()
        case .done(let number, let output, let exit, let values):
            fits = walk.finish(number, in: .ready) { walk, visit, step in
                if let values { values.apply(to: &walk.snapshot.values) }
                walk.leave(number, step, output: output)
                walk.goOn(from: visit, to: step?.target(exit))
            }
        case .stands(let number, let key, let until):
            fits = walk.stand(number, key: key, until: until)
        case .arrived(let number, let arrival): fits = walk.arrive(number, arrival)
        case .failed(let number): fits = walk.fail(number)
        case .retry(let number): fits = walk.retry(number)
        case .skip(let number):
            fits = walk.finish(number, in: .failed) { walk, visit, step in
                walk.effects.append(.left(visit: number, skipped: true, output: .null))
                walk.goOn(from: visit, to: step?.next)
            }
        case .pause: fits = walk.pause()
        case .resume: fits = walk.resume()
        case .cancel: fits = walk.cancel()
        }
        return fits ? walk.result() : nil
    }

    /// Whether a failed step can be gone past: where it is clear what comes next.
    func canSkip(_ code: String) -> Bool { definition.step(code)?.next != nil }
}

extension StepDefinition {
    fileprivate func target(_ exit: StepInput.Exit) -> String? {
        guard case .condition(_, let then, let otherwise) = kind else { return next }
        return exit == .then ? then : otherwise
    }
}
