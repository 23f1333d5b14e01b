import Contracts
import JSON
import RPC
import ServiceRuntime

/// One application of the machine.
///
/// Branches: a `parallel` step is entered and stays, forked, while each of its branches goes its
/// own lane. A branch is over when it comes to the join, or to an end of its own. When all are
/// over the join is entered once, in the lane of the `parallel` step; where none came to it, that
/// lane is over too.
struct StepWalk {
    let definition: WorkflowDefinition
    var snapshot: InstanceSnapshot
    let cause: Cause?
    var effects: [StepEffect] = []

    typealias Visit = InstanceSnapshot.Visit

    init(definition: WorkflowDefinition, snapshot: InstanceSnapshot, cause: Cause?) {
        self.definition = definition
        self.snapshot = snapshot
        self.cause = cause
    }

    // MARK: Going on

    mutating func begin() -> Bool {
        guard snapshot.visitCount == 0 else { return false }
        enter(definition.start, lane: 0, fork: nil, cause: cause)
        return true
    }

    /// Takes the visit out, if it stands in `phase`, and lets `then` say how it goes on.
    mutating func finish(
        _ number: Int64, in phase: Visit.Phase,
        then: (inout StepWalk, Visit, StepDefinition?) -> Void
    ) -> Bool {
        guard let index = index(number, phase) else { return false }
        let visit = snapshot.visits.remove(at: index)
        then(&self, visit, definition.step(visit.step))
        return true
    }

    mutating func leave(_ number: Int64, _ step: StepDefinition?, output: JSONValue) {
        if let name = step?.result { snapshot.values[name] = output }
        effects.append(.left(visit: number, skipped: false, output: output))
    }

    /// From a visit that was left to the next step of its lane; nil is the lane's end.
    mutating func goOn(from visit: Visit, to target: String?) {
        let cause = self.cause ?? visit.cause
        if let target, target != join(of: visit.fork) {
            enter(target, lane: visit.lane, fork: visit.fork, cause: cause)
        } else if let fork = visit.fork {
            narrow(fork, arrives: target != nil, cause)
        }
    }

    /// Enters a step; an end is left at once, and branches are entered with their `parallel`.
    private mutating func enter(_ code: String, lane: Int64?, fork: Int64?, cause: Cause?) {
        snapshot.visitCount += 1
        let step = definition.step(code)
        var visit = Visit(number: snapshot.visitCount, step: code, phase: .ready)
        visit.lane = lane ?? visit.number
        visit.fork = fork
        visit.cause = cause
        var branches: [String] = []
        if case .parallel(let all, _) = step?.kind {
            branches = all
            visit.phase = .forked
            visit.branches = all.count
        }
        effects.append(.entered(visit, kind: step?.kindName ?? ""))
        if case .end = step?.kind {
            effects.append(.left(visit: visit.number, skipped: false, output: .null))
            goOn(from: visit, to: nil)
        } else {
            snapshot.visits.append(visit)
        }
        for branch in branches {
            enter(branch, lane: nil, fork: visit.number, cause: cause)
        }
    }

    private func join(of fork: Int64?) -> String? {
        guard let fork, let visit = snapshot.visits.first(where: { $0.number == fork }),
            case .parallel(_, let join) = definition.step(visit.step)?.kind
        else { return nil }
        return join
    }

    /// A branch is over.
    private mutating func narrow(_ fork: Int64, arrives: Bool, _ cause: Cause?) {
        guard let index = index(fork, .forked) else { return }
        snapshot.visits[index].branches -= 1
        if arrives { snapshot.visits[index].hasArrivals = true }
        let visit = snapshot.visits[index]
        if visit.branches > 0 {
            effects.append(
                .narrowed(
                    visit: fork, branches: visit.branches, hasArrivals: visit.hasArrivals))
            return
        }
        let join = join(of: fork)
        snapshot.visits.remove(at: index)
        effects.append(.left(visit: fork, skipped: false, output: .null))
        var end = visit
        end.cause = cause
        goOn(from: end, to: visit.hasArrivals ? join : nil)
    }

    // MARK: Waiting

    mutating func stand(_ number: Int64, key: String?, until: Timestamp?) -> Bool {
        guard let index = index(number, .ready),
            let step = definition.step(snapshot.visits[index].step), step.waits
        else { return false }
        snapshot.visits[index].phase = .waiting
        var event: FullCode?
        if case .event(let wait) = step.kind { event = wait.event }
        effects.append(.stands(visit: number, event: event, key: key, until: until))
        return true
    }

    mutating func arrive(_ number: Int64, _ arrival: Arrival) -> Bool {
        guard let index = index(number, .waiting),
            let step = definition.step(snapshot.visits[index].step), step.takes(arrival)
        else { return false }
        guard snapshot.state == .paused else { return take(arrival, index, step) }
        snapshot.visits[index].phase = .held
        snapshot.visits[index].held = arrival
        if let cause { snapshot.visits[index].cause = cause }
        effects.append(.held(visit: number, arrival))
        return true
    }

    private mutating func take(_ arrival: Arrival, _ index: Int, _ step: StepDefinition) -> Bool {
        let number = snapshot.visits[index].number
        if arrival == .timeout, case .run = step.kind {
            snapshot.visits[index].phase = .ready
            effects.append(.readyAgain(visit: number, byPerson: false))
            return true
        }
        if arrival == .timeout, case .task(let task) = step.kind, task.onDue == nil {
            effects.append(.escalated(visit: number))
            return true
        }
        let visit = snapshot.visits.remove(at: index)
        effects.append(.moves(visit: number, byTimer: arrival == .timeout))
        switch arrival {
        case .event(let content):
            snapshot.event = content
            leave(number, step, output: content["payload"] ?? .null)
        case .timeout: effects.append(.left(visit: number, skipped: false, output: .null))
        case .completed(_, let output):
            if let values = output["values"]?.object {
                ValuesChange(values).apply(to: &snapshot.values)
            }
            leave(number, step, output: output)
        case .ended(let output): leave(number, step, output: output)
        }
        goOn(from: visit, to: step.target(arrival))
        return true
    }

    // MARK: What people do

    /// What stands cannot fail by a late answer; but who waits for a sub-instance may learn that
    /// it was cancelled.
    mutating func fail(_ number: Int64) -> Bool {
        let standing = index(number, .waiting).flatMap { index in
            definition.step(snapshot.visits[index].step)?.waitsForInstance == true ? index : nil
        }
        guard let index = index(number, .ready) ?? standing else { return false }
        if standing != nil { effects.append(.moves(visit: number, byTimer: false)) }
        snapshot.visits[index].phase = .failed
        effects.append(.failed(visit: number))
        return true
    }

    mutating func retry(_ number: Int64) -> Bool {
        guard let index = index(number, .failed) else { return false }
        snapshot.visits[index].phase = .ready
        snapshot.visits[index].retries += 1
        effects.append(.readyAgain(visit: number, byPerson: true))
        return true
    }

    mutating func pause() -> Bool {
        guard snapshot.state != .paused else { return false }
        snapshot.state = .paused
        return true
    }

    /// Everything that arrived meanwhile is taken now, in the order of the visits.
    mutating func resume() -> Bool {
        guard snapshot.state == .paused else { return false }
        snapshot.state = .running
        for number in snapshot.visits.filter({ $0.phase == .held }).map(\.number) {
            guard let index = index(number, .held), let arrival = snapshot.visits[index].held,
                let step = definition.step(snapshot.visits[index].step)
            else { continue }
            snapshot.visits[index].phase = .waiting
            snapshot.visits[index].held = nil
            _ = take(arrival, index, step)
        }
        return true
    }

    mutating func cancel() -> Bool {
        for visit in snapshot.visits {
            if visit.phase == .waiting || visit.phase == .held {
                effects.append(.moves(visit: visit.number, byTimer: false))
            }
            effects.append(.left(visit: visit.number, skipped: true, output: .null))
        }
        snapshot.visits = []
        snapshot.state = .cancelled
        return true
    }

    // MARK: The result

    mutating func result() -> StepMachine.Transition {
        let phases = snapshot.visits.map(\.phase)
        if phases.isEmpty {
            if snapshot.state != .cancelled { snapshot.state = .finished }
            effects.append(.ended)
        } else if snapshot.state != .paused {
            snapshot.state =
                phases.contains(.failed)
                ? .failed : phases.contains(.ready) ? .running : .waiting
        }
        return (snapshot, effects)
    }

    private func index(_ number: Int64, _ phase: Visit.Phase) -> Int? {
        snapshot.visits.firstIndex { $0.number == number && $0.phase == phase }
    }
}

extension StepDefinition {
    /// Whether this is something that a step of this kind waits for.
    fileprivate func takes(_ arrival: Arrival) -> Bool {
        switch (kind, arrival) {
        case (.event, .event), (.timer, .timeout), (.run, .timeout), (.workflow, .ended): true
        case (.event(let wait), .timeout): wait.onTimeout != nil
        case (.task(let task), .timeout): task.onDue != nil || task.escalates
        case (.task(let task), .completed(let outcome, _)): task.outcomes[outcome] != nil
        default: false
        }
    }

    /// Where it goes on from here.
    fileprivate func target(_ arrival: Arrival) -> String? {
        switch (kind, arrival) {
        case (.event(let wait), .timeout): wait.onTimeout
        case (.task(let task), .timeout): task.onDue
        case (.task(let task), .completed(let outcome, _)): task.outcomes[outcome]
        default: next
        }
    }
}
