import JSON
import ServiceRuntime
import TestSupport
import Testing

@testable import Workflow

/// The workflow of API.md, with branches.
private let steps: [JSONValue] = [
    ["code": "ask", "kind": "script", "source": "", "next": "answer"],
    [
        "code": "answer", "kind": "event", "event": "confirmed", "timeout": "3d",
        "onTimeout": "remind", "next": "big",
    ],
    ["code": "remind", "kind": "script", "source": "", "next": "answer"],
    [
        "code": "big", "kind": "condition", "when": "=record.spent > 8", "then": "approve",
        "else": "close",
    ],
    [
        "code": "approve", "kind": "task", "title": "Approve", "assignee": ["role": "agent"],
        "due": "2d", "onDue": "refused", "outcomes": ["approved": "close", "refused": "refused"],
    ],
    ["code": "refused", "kind": "script", "source": "", "next": "end"],
    ["code": "close", "kind": "parallel", "branches": ["tell", "wait"], "join": "last"],
    ["code": "tell", "kind": "script", "source": "", "next": "last"],
    ["code": "wait", "kind": "timer", "wait": "2s", "next": "last"],
    ["code": "last", "kind": "script", "source": "", "next": "end"],
    ["code": "end", "kind": "end"],
]

private func workflow(_ steps: [JSONValue]) -> WorkflowDefinition {
    let document: JSONValue = [
        "roles": ["agent"], "events": [["code": "confirmed"]],
        "workflows": [["code": "w", "start": steps[0]["code"] ?? .null, "steps": .array(steps)]],
    ]
    let reader = ModelReader(code: "m", document: document)
    let definitions = reader.read(document)
    #expect(reader.problems.items.map(\.detail) == [])
    return definitions.workflows[0]
}

@Suite struct `A drawing` {
    @Test func `ranks by the longest way and knows what goes back`() {
        let graph = DrawingGraph(workflow(steps))
        let ranks = Dictionary(
            zip(graph.steps.map(\.code), graph.ranks), uniquingKeysWith: { first, _ in first })
        #expect(ranks["ask"] == 0)
        #expect(ranks["approve"] == 3)
        // Both from the condition and from the task.
        #expect(ranks["close"] == 4)
        #expect(ranks["last"] == 6)
        #expect(ranks["end"] == 7)
        let back = graph.edges.filter(\.isBack).map { graph.steps[$0.from].code }
        #expect(back == ["remind"])
        let labels = graph.edges.map(\.label).filter { !$0.isEmpty }
        #expect(labels == ["after 3d", "then", "else", "approved", "refused", "overdue"])
    }

    @Test func `puts no two steps on one place, and no arrow runs through a step`() {
        let graph = DrawingGraph(workflow(steps))
        let layout = DrawingLayout(graph, widths: graph.steps.map { _ in 150 })
        for a in graph.steps.indices {
            for b in graph.steps.indices where a < b && graph.ranks[a] == graph.ranks[b] {
                #expect(abs(layout.tops[a].x - layout.tops[b].x) >= 150)
            }
            for (index, passes) in layout.passes.enumerated() {
                for pass in passes where pass.y == layout.tops[a].y {
                    #expect(abs(pass.x - layout.tops[a].x) > 75, "arrow \(index)")
                }
            }
        }
        #expect(layout.tops.allSatisfy { $0.x >= 0 && $0.x <= layout.right })
    }

    @Test func `is the same each time, says everything in words and escapes it`() {
        let definition = workflow(steps)
        let text = Drawing(definition, name: "m.w").text()
        #expect(text == Drawing(definition, name: "m.w").text())
        #expect(text.contains("<title id=\"drawing-title\">Workflow m.w</title>"))
        #expect(text.contains("condition · record.spent &gt; 8"))
        #expect(text.contains("remind [script] → answer"))
        let odd = Drawing(definition, name: "<script>alert('x')</script>\u{0}").text()
        #expect(!odd.contains("<script>"))
        #expect(!odd.unicodeScalars.contains("\u{0}"))
        #expect(SVGWriter.number(-0.04) == "0")
        #expect(SVGWriter.number(-0.5) == "-0.5")
        #expect(SVGWriter.number(12.25) == "12.3")
    }

    @Test func `of many steps with long arrows is made at once`() {
        var many: [JSONValue] = []
        for index in 0..<999 {
            many.append([
                "code": .string("s\(index)"), "kind": "condition", "when": "=true",
                "then": .string(index == 998 ? "end" : "s\(index + 1)"), "else": "end",
            ])
        }
        many.append(["code": "end", "kind": "end"])
        let clock = SystemClock()
        let start = clock.monotonicNanoseconds()
        let text = Drawing(workflow(many), name: "m.w").text()
        #expect(text.utf8.count > 100_000)
        #expect(clock.monotonicNanoseconds() - start < 20_000_000_000)
    }

    @Test func `of random workflows is whole`() {
        let seed = UInt64.random(in: .min ... .max)
        var random = TestRandom(seed: seed)
        for _ in 0..<50 {
            let count = Int.random(in: 1...20, using: &random)
            let steps = (0..<count).map { index -> StepDefinition in
                let targets = (0..<2).map { _ in
                    "s\(Int.random(in: 0..<count, using: &random))"
                }
                return StepDefinition(
                    code: "s\(index)",
                    kind: .condition(
                        when: ExpressionTree(.null), then: targets[0], otherwise: targets[1]))
            }
            let definition = WorkflowDefinition(
                code: "w", type: nil, start: "s0", steps: steps)
            let graph = DrawingGraph(definition)
            for edge in graph.edges where !edge.isBack {
                #expect(graph.ranks[edge.from] < graph.ranks[edge.to], "seed \(seed)")
            }
            let text = Drawing(definition, name: "w").text()
            #expect(!text.contains("nan") && !text.contains("inf"), "seed \(seed)")
        }
    }
}
