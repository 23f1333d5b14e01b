import Contracts
import JSON
import ServiceRuntime

/// Where an instance stands, as far as its steps are concerned.
struct InstanceSnapshot: Sendable, Hashable {
    enum State: String, Sendable {
        case running, waiting, paused, finished, cancelled, failed

        var isOver: Bool { self == .finished || self == .cancelled }
    }

    /// A step that was entered and not left. There is one unless branches run side by side.
    struct Visit: Sendable, Hashable {
        enum Phase: String, Sendable {
            /// Its turn has come.
            case ready
            /// Until an event or a time.
            case waiting
            /// Until a person acts.
            case failed
        }

        /// Counts the steps entered by this instance, from 1; part of every idempotency key.
        var number: Int64
        var step: String
        var phase: Phase
    }

    var state = State.running
    var visits: [Visit] = []
    var visitCount: Int64 = 0
    var values = JSONObject()
    /// The event last taken: `{"code", "key", "payload", "account", "time"}`.
    var event = JSONValue.null

    var readyVisit: Visit? { visits.first { $0.phase == .ready } }
}

/// What happens to an instance.
enum StepInput: Sendable {
    enum Exit: Sendable { case next, then, otherwise }

    /// Someone started it.
    case begun
    /// The step was done. `values` replaces the instance's, where a script changed them.
    case done(visit: Int64, output: JSONValue, exit: Exit = .next, values: JSONObject? = nil)
    /// The step stands still now; `key` is of an event step.
    case stands(visit: Int64, key: String?, until: Timestamp?)
    /// What it waited for has come.
    case event(visit: Int64, content: JSONValue)
    case timeout(visit: Int64)
    /// It cannot be done.
    case failed(visit: Int64)
    /// A person says: again, or go on without it.
    case retry(visit: Int64)
    case skip(visit: Int64)
}

/// What must be written, in this order, in the transaction that writes the snapshot.
enum StepEffect: Sendable, Hashable {
    case entered(visit: Int64, step: String, kind: String)
    case stands(visit: Int64, event: FullCode?, key: String?, until: Timestamp?)
    /// It stands no more: its wait goes, and its timer unless that is what moved it.
    case moves(visit: Int64, byTimer: Bool)
    case left(visit: Int64, skipped: Bool, output: JSONValue)
    case failed(visit: Int64)
    case readyAgain(visit: Int64)
    /// The last step was left.
    case ended
}

/// The rules by which an instance goes from step to step: a pure function, so that the same
/// inputs give the same instance whatever crashes in between.
struct StepMachine: Sendable {
    let definition: WorkflowDefinition

    typealias Transition = (snapshot: InstanceSnapshot, effects: [StepEffect])

    /// Nil where the input comes too late or a second time, which changes nothing.
    func apply(_ input: StepInput, to snapshot: InstanceSnapshot) -> Transition? {
        guard !snapshot.state.isOver else { return nil }
        var walk = Walk(definition: definition, snapshot: snapshot)
        let fits: Bool
        switch input {
        case .begun:
            fits = snapshot.visitCount == 0
            if fits { walk.enter(definition.start) }
        case .done(let number, let output, let exit, let values):
            fits = walk.finish(number, in: .ready) { walk, step in
                if let values { walk.snapshot.values = values }
                walk.leave(number, step, output: output)
                walk.enter(step?.target(exit))
            }
        case .stands(let number, let key, let until):
            fits = walk.stand(number, key: key, until: until)
        case .event(let number, let content):
            fits = walk.finish(number, in: .waiting) { walk, step in
                walk.snapshot.event = content
                walk.effects.append(.moves(visit: number, byTimer: false))
                walk.leave(number, step, output: content["payload"] ?? .null)
                walk.enter(step?.target(.next))
            }
        case .timeout(let number):
            fits = walk.finish(number, in: .waiting) { walk, step in
                walk.effects.append(.moves(visit: number, byTimer: true))
                walk.leave(number, nil, output: .null)
                walk.enter(step?.targetOnTimeout)
            }
        case .failed(let number): fits = walk.turn(number, from: .ready, to: .failed)
        case .retry(let number): fits = walk.turn(number, from: .failed, to: .ready)
        case .skip(let number):
            fits = walk.finish(number, in: .failed) { walk, step in
                walk.effects.append(.left(visit: number, skipped: true, output: .null))
                walk.enter(step?.target(.next))
            }
        }
        return fits ? walk.result() : nil
    }

    /// Whether a failed step can be gone past: where it is clear what comes next.
    func canSkip(_ code: String) -> Bool {
        guard let step = definition.step(code) else { return false }
        if case .condition = step.kind { return false }
        return true
    }
}

/// One application of the machine.
private struct Walk {
    let definition: WorkflowDefinition
    var snapshot: InstanceSnapshot
    var effects: [StepEffect] = []

    /// Takes the visit out, if it stands in `phase`, and lets `then` say how it goes on.
    mutating func finish(
        _ number: Int64, in phase: InstanceSnapshot.Visit.Phase,
        then: (inout Walk, StepDefinition?) -> Void
    ) -> Bool {
        guard let index = index(number, phase) else { return false }
        let visit = snapshot.visits.remove(at: index)
        then(&self, definition.step(visit.step))
        return true
    }

    /// Enters a step; an end is left at once.
    mutating func enter(_ code: String?) {
        guard let code else { return }
        snapshot.visitCount += 1
        let number = snapshot.visitCount
        let step = definition.step(code)
        effects.append(.entered(visit: number, step: code, kind: step?.kindName ?? ""))
        if case .end = step?.kind {
            effects.append(.left(visit: number, skipped: false, output: .null))
        } else {
            snapshot.visits.append(.init(number: number, step: code, phase: .ready))
        }
    }

    mutating func leave(_ number: Int64, _ step: StepDefinition?, output: JSONValue) {
        if let name = step?.result { snapshot.values[name] = output }
        effects.append(.left(visit: number, skipped: false, output: output))
    }

    mutating func stand(_ number: Int64, key: String?, until: Timestamp?) -> Bool {
        guard let index = index(number, .ready),
            let step = definition.step(snapshot.visits[index].step), step.waits
        else { return false }
        snapshot.visits[index].phase = .waiting
        var event: FullCode?
        if case .event(let wait, _) = step.kind { event = wait.event }
        effects.append(.stands(visit: number, event: event, key: key, until: until))
        return true
    }

    mutating func turn(
        _ number: Int64, from: InstanceSnapshot.Visit.Phase, to: InstanceSnapshot.Visit.Phase
    ) -> Bool {
        guard let index = index(number, from) else { return false }
        snapshot.visits[index].phase = to
        effects.append(to == .failed ? .failed(visit: number) : .readyAgain(visit: number))
        return true
    }

    mutating func result() -> StepMachine.Transition {
        let phases = snapshot.visits.map(\.phase)
        if phases.contains(.failed) {
            snapshot.state = .failed
        } else if phases.contains(.ready) {
            snapshot.state = .running
        } else if phases.contains(.waiting) {
            snapshot.state = .waiting
        } else {
            snapshot.state = .finished
            effects.append(.ended)
        }
        return (snapshot, effects)
    }

    private func index(_ number: Int64, _ phase: InstanceSnapshot.Visit.Phase) -> Int? {
        snapshot.visits.firstIndex { $0.number == number && $0.phase == phase }
    }
}

extension StepDefinition {
    fileprivate func target(_ exit: StepInput.Exit) -> String? {
        switch kind {
        case .mail(_, let next), .event(_, let next), .change(_, let next), .script(_, let next),
            .timer(_, let next):
            next
        case .condition(_, let then, let otherwise): exit == .then ? then : otherwise
        case .end: nil
        }
    }

    /// A timer ends by its time; an event that did not come goes its own way.
    fileprivate var targetOnTimeout: String? {
        if case .event(let wait, _) = kind { return wait.onTimeout }
        return target(.next)
    }
}
