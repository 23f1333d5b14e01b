import JSON
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
            .entered(visit: 4, step: "end", kind: "end"),
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
    #expect(effects.last == .entered(visit: 4, step: "answer", kind: "event"))
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
    #expect(retried.effects == [.readyAgain(visit: 1)])
    let skipped = try #require(machine.apply(.skip(visit: 1), to: failed.snapshot))
    #expect(skipped.snapshot.visits == [.init(number: 2, step: "answer", phase: .ready)])
    #expect(skipped.effects.first == .left(visit: 1, skipped: true, output: .null))
    #expect(machine.canSkip("ask"))
    #expect(!machine.canSkip("big"))
}

@Test func `random inputs never leave an instance in an impossible state`() throws {
    let seed = UInt64.random(in: .min ... .max)
    print("seed \(seed)")
    var random = TestRandom(seed: seed)
    for _ in 0..<500 {
        var snapshot = InstanceSnapshot()
        for _ in 0..<60 {
            let visit = Int64.random(in: 0...snapshot.visitCount + 1, using: &random)
            let inputs: [StepInput] = [
                .begun, .done(visit: visit, output: 1), .failed(visit: visit),
                .done(visit: visit, output: 1, exit: .then), .retry(visit: visit),
                .stands(visit: visit, key: nil, until: nil), .skip(visit: visit),
                .event(visit: visit, content: [:]), .timeout(visit: visit),
            ]
            let input = inputs[Int.random(in: 0..<inputs.count, using: &random)]
            guard let next = machine.apply(input, to: snapshot) else { continue }
            #expect(!snapshot.state.isOver)
            #expect(next.snapshot.visits.count <= 1)
            #expect(next.snapshot.visits.isEmpty == (next.snapshot.state == .finished))
            #expect(next.effects.contains(.ended) == (next.snapshot.state == .finished))
            snapshot = next.snapshot
        }
    }
}
