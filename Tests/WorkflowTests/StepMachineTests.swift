import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Workflow

/// `ask → answer (times out to remind → answer) → big → close | end`.
private let machine = StepMachine(
    definition: workflow([
        ["code": "ask", "kind": "script", "source": "", "next": "answer", "result": "asked"],
        [
            "code": "answer", "kind": "event", "event": "confirmed", "timeout": "3d",
            "onTimeout": "remind", "next": "big",
        ],
        ["code": "remind", "kind": "script", "source": "", "next": "answer"],
        ["code": "big", "kind": "condition", "when": "=true", "then": "pause", "else": "end"],
        ["code": "pause", "kind": "timer", "wait": "2s", "next": "end"],
        ["code": "end", "kind": "end"],
    ]))

private func workflow(_ steps: [JSONValue]) -> WorkflowDefinition {
    let document: JSONValue = [
        "events": [["code": "confirmed"]],
        "workflows": [
            ["code": "w", "start": steps[0]["code"] ?? .null, "steps": .array(steps)]
        ],
    ]
    let reader = ModelReader(code: "m", document: document)
    let definitions = reader.read(document)
    #expect(reader.problems.items.isEmpty)
    return definitions.workflows[0]
}

/// Applies the inputs one after another; each must fit.
private func run(_ inputs: [StepInput]) throws -> StepMachine.Transition {
    var last: StepMachine.Transition = (InstanceSnapshot(), [])
    for (index, input) in inputs.enumerated() {
        last = try #require(machine.apply(input, to: last.snapshot), "input \(index)")
    }
    return last
}

@Test func `an instance goes from its start to its end`() throws {
    let (snapshot, effects) = try run([
        .begun, .done(visit: 1, output: 7), .stands(visit: 2, key: "14", until: nil),
        .event(visit: 2, content: ["payload": ["by": "anna"]]),
        .done(visit: 3, output: false, exit: .otherwise),
    ])
    #expect(snapshot.state == .finished)
    #expect(snapshot.visits.isEmpty)
    #expect(snapshot.visitCount == 4)
    #expect(snapshot.values == JSONObject([("asked", 7)]))
    #expect(snapshot.event == ["payload": ["by": "anna"]])
    #expect(
        effects == [
            .left(visit: 3, skipped: false, output: false),
            .entered(.init(number: 4, step: "end", phase: .ready), kind: "end"),
            .left(visit: 4, skipped: false, output: .null), .ended,
        ])
}

@Test func `an event that does not come in time goes its own way and round again`() throws {
    let until = Timestamp(milliseconds: 1)
    let (snapshot, effects) = try run([
        .begun, .done(visit: 1, output: .null), .stands(visit: 2, key: nil, until: until),
        .timeout(visit: 2), .done(visit: 3, output: .null),
    ])
    #expect(snapshot.state == .running)
    #expect(snapshot.visits == [.init(number: 4, step: "answer", phase: .ready)])
    #expect(
        effects.last
            == .entered(.init(number: 4, step: "answer", phase: .ready), kind: "event"))
}

@Test func `a timer goes on by its time`() throws {
    let (snapshot, effects) = try run([
        .begun, .done(visit: 1, output: .null), .stands(visit: 2, key: nil, until: nil),
        .event(visit: 2, content: [:]), .done(visit: 3, output: true, exit: .then),
        .stands(visit: 4, key: nil, until: Timestamp(milliseconds: 5)), .timeout(visit: 4),
    ])
    #expect(snapshot.state == .finished)
    #expect(effects.first == .moves(visit: 4, byTimer: true))
}

@Test func `an input that comes a second time or too late changes nothing`() throws {
    let begun = try run([.begun]).snapshot
    let asked = try run([.begun, .done(visit: 1, output: .null)]).snapshot
    let waiting = try run([
        .begun, .done(visit: 1, output: .null), .stands(visit: 2, key: nil, until: nil),
    ]).snapshot
    let over = try run([
        .begun, .done(visit: 1, output: .null), .stands(visit: 2, key: nil, until: nil),
        .event(visit: 2, content: [:]), .done(visit: 3, output: .null, exit: .otherwise),
    ]).snapshot
    let late: [(InstanceSnapshot, StepInput)] = [
        (begun, .begun), (begun, .event(visit: 1, content: [:])), (begun, .timeout(visit: 1)),
        (begun, .retry(visit: 1)), (begun, .skip(visit: 1)),
        (begun, .stands(visit: 1, key: nil, until: nil)), (begun, .done(visit: 2, output: 1)),
        (asked, .done(visit: 1, output: 1)), (waiting, .done(visit: 2, output: 1)),
        (waiting, .stands(visit: 2, key: nil, until: nil)), (waiting, .failed(visit: 2)),
        (over, .begun), (over, .timeout(visit: 2)), (over, .event(visit: 2, content: [:])),
    ]
    for (index, (snapshot, input)) in late.enumerated() {
        #expect(machine.apply(input, to: snapshot) == nil, "case \(index)")
    }
}

@Test func `a failed step waits for a person who retries or skips it`() throws {
    let failed = try run([.begun, .failed(visit: 1)])
    #expect(failed.snapshot.state == .failed)
    #expect(failed.effects == [.failed(visit: 1)])
    let retried = try #require(machine.apply(.retry(visit: 1), to: failed.snapshot))
    #expect(retried.snapshot.state == .running)
    #expect(retried.effects == [.readyAgain(visit: 1, byPerson: true)])
    let skipped = try #require(machine.apply(.skip(visit: 1), to: failed.snapshot))
    #expect(skipped.snapshot.visits == [.init(number: 2, step: "answer", phase: .ready)])
    #expect(skipped.effects.first == .left(visit: 1, skipped: true, output: .null))
    #expect(machine.canSkip("ask"))
    #expect(!machine.canSkip("big"))
}

/// `split` forks to `a → a2 → both` and to the fork `b → (c, d → d2) → inner → both`.
private let forking = StepMachine(
    definition: workflow([
        ["code": "split", "kind": "parallel", "branches": ["a", "b"], "join": "both"],
        ["code": "a", "kind": "event", "event": "confirmed", "next": "a2"],
        ["code": "a2", "kind": "condition", "when": "=true", "then": "both", "else": "enough"],
        ["code": "enough", "kind": "end"],
        ["code": "b", "kind": "parallel", "branches": ["c", "d"], "join": "inner"],
        ["code": "c", "kind": "timer", "wait": "2s", "next": "inner"],
        ["code": "d", "kind": "script", "source": "", "next": "d2"],
        ["code": "d2", "kind": "condition", "when": "=true", "then": "inner", "else": "enough"],
        ["code": "inner", "kind": "script", "source": "", "next": "both"],
        ["code": "both", "kind": "script", "source": "", "next": "end"],
        ["code": "end", "kind": "end"],
    ]))

private func run(
    _ machine: StepMachine, _ inputs: [StepInput], from start: InstanceSnapshot = .init()
) throws -> StepMachine.Transition {
    var last: StepMachine.Transition = (start, [])
    for (index, input) in inputs.enumerated() {
        last = try #require(machine.apply(input, to: last.snapshot), "input \(index)")
    }
    return last
}

@Test func `branches go side by side and their join is entered once, when all are there`() throws {
    let begun = try run(forking, [.begun]).snapshot
    // split 1, a 2, b 3, c 4, d 5.
    #expect(begun.visits.map(\.step) == ["split", "a", "b", "c", "d"])
    #expect(begun.visits.map(\.lane) == [0, 2, 3, 4, 5])
    #expect(begun.visits.map(\.fork) == [nil, 1, 1, 3, 3])
    #expect(begun.readyVisit(in: 4)?.step == "c")
    #expect(begun.readyVisit(in: 0) == nil)
    let inner = try run(
        forking,
        [
            .stands(visit: 4, key: nil, until: nil), .done(visit: 5, output: 1),
            .done(visit: 6, output: true, exit: .then), .timeout(visit: 4),
        ], from: begun)
    #expect(inner.snapshot.visits.map(\.step) == ["split", "a", "inner"])
    // The inner join goes on in the lane of the inner fork.
    #expect(inner.snapshot.visits[2].lane == 3)
    #expect(inner.effects.contains(.left(visit: 3, skipped: false, output: .null)))
    let one = try run(forking, [.done(visit: 7, output: 1)], from: inner.snapshot).snapshot
    #expect(one.visits.map(\.step) == ["split", "a"])
    #expect(one.visits[0].branches == 1)
    let both = try run(
        forking,
        [
            .stands(visit: 2, key: nil, until: nil), .event(visit: 2, content: [:]),
            .done(visit: 8, output: true, exit: .then),
        ], from: one
    ).snapshot
    #expect(both.visits.map(\.step) == ["both"])
    #expect(both.visits[0].lane == 0)
    #expect(try run(forking, [.done(visit: 9, output: 1)], from: both).snapshot.state == .finished)
}

@Test func `a branch that ends is over, and the join waits for the others alone`() throws {
    let begun = try run(
        forking,
        [
            .begun, .stands(visit: 2, key: nil, until: nil), .event(visit: 2, content: [:]),
            .done(visit: 6, output: false, exit: .otherwise),
        ])
    #expect(begun.snapshot.visits.map(\.step) == ["split", "b", "c", "d"])
    let inner = try run(
        forking,
        [
            .done(visit: 5, output: 1), .done(visit: 8, output: false, exit: .otherwise),
            .stands(visit: 4, key: nil, until: nil), .timeout(visit: 4),
        ], from: begun.snapshot
    ).snapshot
    #expect(inner.visits.map(\.step) == ["split", "inner"])
    #expect(
        try run(forking, [.done(visit: 10, output: 1)], from: inner).snapshot.visits.map(\.step)
            == ["both"])
}

@Test func `where no branch comes to the join, the lane ends`() throws {
    let machine = StepMachine(
        definition: workflow([
            ["code": "split", "kind": "parallel", "branches": ["a", "b"], "join": "both"],
            ["code": "a", "kind": "condition", "when": "=true", "then": "both", "else": "enough"],
            ["code": "b", "kind": "condition", "when": "=true", "then": "both", "else": "enough"],
            ["code": "enough", "kind": "end"], ["code": "both", "kind": "end"],
        ]))
    let ended = try run(
        machine,
        [
            .begun, .done(visit: 2, output: 1, exit: .otherwise),
            .done(visit: 3, output: 1, exit: .otherwise),
        ])
    #expect(ended.snapshot.state == .finished)
    #expect(
        !ended.effects.contains {
            if case .entered(let visit, _) = $0 { visit.step == "both" } else { false }
        })
}

@Test func `a failed branch holds the join, and the others go on`() throws {
    let failed = try run(
        forking,
        [
            .begun, .failed(visit: 5), .stands(visit: 4, key: nil, until: nil), .timeout(visit: 4),
        ]
    ).snapshot
    #expect(failed.state == .failed)
    #expect(failed.readyVisit(in: 2)?.step == "a")
    let retried = try run(forking, [.retry(visit: 5)], from: failed).snapshot
    #expect(retried.readyVisit(in: 5)?.retries == 1)
}

@Test func `what arrives at a paused instance is taken once, when it is resumed`() throws {
    let waiting = try run([
        .begun, .done(visit: 1, output: .null), .stands(visit: 2, key: nil, until: nil),
    ]).snapshot
    let paused = try run(machine, [.pause], from: waiting).snapshot
    #expect(paused.state == .paused)
    #expect(machine.apply(.pause, to: paused) == nil)
    let content: JSONValue = ["payload": 7]
    let held = try run(machine, [.event(visit: 2, content: content)], from: paused)
    #expect(held.effects == [.held(visit: 2, .event(content))])
    #expect(machine.apply(.timeout(visit: 2), to: held.snapshot) == nil)
    let resumed = try run(machine, [.resume], from: held.snapshot)
    #expect(resumed.snapshot.visits == [.init(number: 3, step: "big", phase: .ready)])
    #expect(resumed.snapshot.event == content)
    #expect(machine.apply(.resume, to: resumed.snapshot) == nil)
    let late = try run(machine, [.pause, .timeout(visit: 2), .resume], from: waiting).snapshot
    #expect(late.visits.map(\.step) == ["remind"])
    // A step that was under way is written, and the next one waits.
    let under = try run([.begun]).snapshot
    let next = try run(machine, [.pause, .done(visit: 1, output: 1)], from: under).snapshot
    #expect(next.state == .paused)
    #expect(next.readyVisit(in: 0) == nil)
}

@Test func `a cancelled instance leaves every step and takes nothing more`() throws {
    let cancelled = try run(
        forking, [.begun, .stands(visit: 2, key: nil, until: nil), .failed(visit: 5), .cancel])
    #expect(cancelled.snapshot.state == .cancelled)
    #expect(cancelled.snapshot.visits.isEmpty)
    #expect(cancelled.effects.contains(.moves(visit: 2, byTimer: false)))
    #expect(cancelled.effects.filter { if case .left = $0 { true } else { false } }.count == 5)
    #expect(forking.apply(.event(visit: 2, content: [:]), to: cancelled.snapshot) == nil)
    #expect(forking.apply(.resume, to: cancelled.snapshot) == nil)
}

@Test func `what comes from outside is the cause of the steps that follow`() throws {
    let waiting = try run([
        .begun, .done(visit: 1, output: .null), .stands(visit: 2, key: nil, until: nil),
    ]).snapshot
    #expect(waiting.visits[0].cause == nil)
    let cause = Cause(root: "request:2", via: "event:m.confirmed", depth: 1)
    let woken = try #require(
        machine.apply(.event(visit: 2, content: [:]), cause: cause, to: waiting))
    #expect(woken.snapshot.visits[0].cause == cause)
    let next = try run(machine, [.done(visit: 3, output: true, exit: .then)], from: woken.snapshot)
    #expect(next.snapshot.visits[0].cause == cause)
}

@Test func `a script's values are changes, so that branches keep theirs`() {
    var values = JSONObject([("a", 1), ("b", 2), ("c", 3)])
    let change = ValuesChange(
        from: JSONObject([("a", 1), ("b", 2)]), to: JSONObject([("a", 5), ("d", 4)]))
    change.apply(to: &values)
    #expect(values == JSONObject([("a", 5), ("c", 3), ("d", 4)]))
}

@Test func `what arrived is kept as it came`() {
    let all: [Arrival] = [
        .event(["payload": 1]), .timeout, .completed(outcome: "yes", output: ["values": [:]]),
        .ended(["sum": 2]),
    ]
    for arrival in all { #expect(Arrival(arrival.json) == arrival) }
}

@Test(arguments: [machine, forking])
fileprivate func `random inputs never leave an instance in an impossible state`(
    _ machine: StepMachine
) throws {
    let seed = UInt64.random(in: .min ... .max)
    var random = TestRandom(seed: seed)
    for _ in 0..<500 {
        var snapshot = InstanceSnapshot()
        var entered: [String: Int] = [:]
        var open: Set<Int64> = []
        for _ in 0..<80 {
            let visit = Int64.random(in: 0...snapshot.visitCount + 1, using: &random)
            let inputs: [StepInput] = [
                .begun, .done(visit: visit, output: 1), .failed(visit: visit),
                .done(visit: visit, output: 1, exit: .then), .retry(visit: visit),
                .stands(visit: visit, key: nil, until: nil), .skip(visit: visit),
                .event(visit: visit, content: [:]), .timeout(visit: visit), .pause, .resume,
            ]
            let isEnd = Int.random(in: 0..<400, using: &random) == 0
            let input =
                isEnd ? .cancel : inputs[Int.random(in: 0..<inputs.count, using: &random)]
            guard let next = machine.apply(input, to: snapshot) else { continue }
            #expect(!snapshot.state.isOver, "seed \(seed)")
            for effect in next.effects {
                if case .entered(let visit, _) = effect {
                    entered[visit.step, default: 0] += 1
                    #expect(open.insert(visit.number).inserted, "seed \(seed)")
                }
                if case .left(let visit, _, _) = effect {
                    #expect(open.remove(visit) != nil, "left twice; seed \(seed)")
                }
            }
            snapshot = next.snapshot
            check(snapshot, next.effects, open, seed)
        }
        // Each join once, however the branches went.
        for join in ["inner", "both"] { #expect(entered[join] ?? 0 <= 1, "seed \(seed)") }
    }
}

private func check(
    _ snapshot: InstanceSnapshot, _ effects: [StepEffect], _ open: Set<Int64>, _ seed: UInt64
) {
    let comment: Comment = "seed \(seed)"
    #expect(Set(snapshot.visits.map(\.number)) == open, comment)
    #expect(snapshot.visits.isEmpty == snapshot.state.isOver, comment)
    #expect(effects.contains(.ended) == snapshot.state.isOver, comment)
    // Steps of one lane follow each other.
    let lanes = snapshot.visits.filter { $0.phase != .forked }.map(\.lane)
    #expect(Set(lanes).count == lanes.count, comment)
    for fork in snapshot.visits where fork.phase == .forked {
        let branches = Set(snapshot.visits.filter { $0.fork == fork.number }.map(\.lane))
        #expect(branches.count == fork.branches && fork.branches > 0, comment)
    }
    for visit in snapshot.visits {
        if let fork = visit.fork { #expect(open.contains(fork), comment) }
        #expect((visit.held != nil) == (visit.phase == .held), comment)
        if visit.phase == .held { #expect(snapshot.state == .paused, comment) }
    }
}
