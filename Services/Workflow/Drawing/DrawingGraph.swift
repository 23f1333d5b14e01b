import ServiceRuntime

/// A workflow as nodes and arrows: which arrows go back, and how far each step is from the start.
struct DrawingGraph {
    struct Edge {
        var from: Int
        var to: Int
        var label: String
        /// It leads back to where one has been.
        var isBack = false
    }

    /// In the order of the document.
    let steps: [StepDefinition]
    let start: Int
    private(set) var edges: [Edge] = []
    /// The longest way from the start, without arrows that go back.
    private(set) var ranks: [Int] = []
    /// The steps in the order in which one meets them.
    private(set) var order: [Int] = []

    init(_ definition: WorkflowDefinition) {
        steps = definition.steps
        let indexes = Dictionary(
            steps.enumerated().map { ($1.code, $0) }, uniquingKeysWith: { first, _ in first })
        start = indexes[definition.start] ?? 0
        for (index, step) in steps.enumerated() {
            for (member, target) in step.targets {
                guard let to = indexes[target] else { continue }
                edges.append(Edge(from: index, to: to, label: step.label(of: member)))
            }
        }
        walk()
        rank()
    }

    /// Depth first, in the order of the document; an arrow to a step that is still being walked
    /// goes back.
    private mutating func walk() {
        var outgoing = [[Int]](repeating: [], count: steps.count)
        for (index, edge) in edges.enumerated() { outgoing[edge.from].append(index) }
        var isOpen = [Bool](repeating: false, count: steps.count)
        var isSeen = isOpen
        var finished: [Int] = []
        for root in [start] + Array(steps.indices) where !isSeen[root] {
            var path: [(node: Int, next: Int)] = [(root, 0)]
            (isSeen[root], isOpen[root]) = (true, true)
            while let (node, next) = path.last {
                guard next < outgoing[node].count else {
                    isOpen[node] = false
                    finished.append(node)
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                let edge = outgoing[node][next]
                let target = edges[edge].to
                if isOpen[target] {
                    edges[edge].isBack = true
                } else if !isSeen[target] {
                    (isSeen[target], isOpen[target]) = (true, true)
                    path.append((target, 0))
                }
            }
        }
        order = finished.reversed()
    }

    private mutating func rank() {
        ranks = [Int](repeating: 0, count: steps.count)
        var outgoing = [[Int]](repeating: [], count: steps.count)
        for edge in edges where !edge.isBack { outgoing[edge.from].append(edge.to) }
        for node in order {
            for target in outgoing[node] { ranks[target] = max(ranks[target], ranks[node] + 1) }
        }
    }
}

extension StepDefinition {
    /// What stands at the arrow of a member; "" at the one that is taken without a choice.
    fileprivate func label(of member: String) -> String {
        switch (kind, member) {
        case (.event(let wait), "onTimeout"): wait.timeout.map { "after \($0.text)" } ?? "late"
        case (_, "onDue"): "overdue"
        case (_, "then"), (_, "else"): member
        case (.task(let task), _):
            task.outcomes.members.first { "outcomes/\($0.0)" == member }?.0
                ?? String(member.dropFirst("outcomes/".count))
        default: ""
        }
    }
}

extension Duration {
    /// As definitions have it: `3d`, `90m`.
    var text: String {
        let seconds = milliseconds / 1000
        for (unit, length) in [("d", Int64(86400)), ("h", 3600), ("m", 60)]
        where seconds >= length && seconds % length == 0 {
            return "\(seconds / length)\(unit)"
        }
        return milliseconds % 1000 == 0 ? "\(seconds)s" : "\(milliseconds)ms"
    }
}
