import JSON

/// Whether the steps of a workflow hang together: every target exists, every step can be reached,
/// an end can be reached from each, and no loop runs without a wait.
struct WorkflowGraph {
    private let definition: WorkflowDefinition
    private let pointer: String
    private let problems: ObjectReader.Problems

    init(_ definition: WorkflowDefinition, pointer: String, problems: ObjectReader.Problems) {
        self.definition = definition
        self.pointer = pointer
        self.problems = problems
    }

    func check() {
        guard checkTargets() else { return }
        let reachable = steps(from: [definition.start]) { $0.targets.map(\.step) }
        for (index, step) in definition.steps.enumerated() where !reachable.contains(step.code) {
            problems.add(
                "\(pointer)/steps/\(index)", "unreachable-step",
                "No step leads to “\(step.code)”.")
        }
        checkEnds(reachable)
        checkLoops(reachable)
        checkBranches(reachable)
    }

    private func checkTargets() -> Bool {
        var isWhole = true
        if definition.step(definition.start) == nil {
            isWhole = false
            problems.add(
                pointer + "/start", "unknown-step", "There is no step “\(definition.start)”.")
        }
        for (index, step) in definition.steps.enumerated() {
            for (member, target) in step.targets where definition.step(target) == nil {
                isWhole = false
                problems.add(
                    "\(pointer)/steps/\(index)/\(member)", "unknown-step",
                    "There is no step “\(target)”.")
            }
            if case .parallel(_, let join) = step.kind, definition.step(join) == nil {
                isWhole = false
                problems.add(
                    "\(pointer)/steps/\(index)/join", "unknown-step",
                    "There is no step “\(join)”.")
            }
        }
        return isWhole
    }

    /// A step from which no end can be reached is a dead end, however long it goes on.
    private func checkEnds(_ reachable: Set<String>) {
        var before: [String: [String]] = [:]
        for step in definition.steps {
            for (_, target) in step.targets { before[target, default: []].append(step.code) }
        }
        let ends = definition.steps.filter(\.isEnd).map(\.code)
        let ending = steps(from: ends) { before[$0.code] ?? [] }
        for (index, step) in definition.steps.enumerated()
        where reachable.contains(step.code) && !ending.contains(step.code) {
            problems.add(
                "\(pointer)/steps/\(index)", "dead-end",
                "From “\(step.code)” no end can be reached.")
        }
    }

    /// A branch goes to its join or to an end of its own, and nowhere out of its `parallel`: not
    /// back to it, and not to the join of one around it.
    private func checkBranches(_ reachable: Set<String>) {
        var forks: [(index: Int, step: StepDefinition, join: String, inside: Set<String>)] = []
        for (index, step) in definition.steps.enumerated() where reachable.contains(step.code) {
            guard case .parallel(let branches, let join) = step.kind else { continue }
            let inside = steps(from: branches.filter { $0 != join }) { step in
                step.targets.map(\.step).filter { $0 != join }
            }
            forks.append((index, step, join, inside))
            if branches.contains(join) {
                problems.add(
                    "\(pointer)/steps/\(index)/branches", "empty-branch",
                    "A branch that is the join “\(join)” has no step; leave it out.")
            }
            let arrives = inside.contains { code in
                definition.step(code)?.leads(to: join) ?? false
            }
            if !arrives {
                problems.add(
                    "\(pointer)/steps/\(index)/join", "unreachable-step",
                    "No branch of “\(step.code)” leads to its join “\(join)”.")
            }
            if inside.contains(step.code) {
                problems.add(
                    "\(pointer)/steps/\(index)/branches", "leaves-branch",
                    "A branch of “\(step.code)” leads back to it; go on from the join instead.")
            }
        }
        for outer in forks {
            for inner in forks
            where outer.inside.contains(inner.step.code) && inner.join != outer.join
                && inner.inside.contains(where: {
                    definition.step($0)?.leads(to: outer.join) ?? false
                })
            {
                problems.add(
                    "\(pointer)/steps/\(inner.index)/branches", "leaves-branch",
                    "A branch of “\(inner.step.code)” leads to “\(outer.join)”, where"
                        + " “\(outer.step.code)” joins; let it go to “\(inner.join)” first.")
            }
        }
    }

    /// Looks for a way from a step to itself over steps that do not wait; tells each such loop
    /// once.
    private func checkLoops(_ reachable: Set<String>) {
        var told: Set<String> = []
        for (index, step) in definition.steps.enumerated()
        where reachable.contains(step.code) && !step.waits && !told.contains(step.code) {
            guard let path = loop(through: step) else { continue }
            told.formUnion(path)
            problems.add(
                "\(pointer)/steps/\(index)", "endless-loop",
                "Nothing waits in the loop \((path + [step.code]).joined(separator: " → ")); "
                    + "put an event or a timer into it.")
        }
    }

    private func loop(through first: StepDefinition) -> [String]? {
        var cameFrom: [String: String] = [:]
        var open = [first]
        while !open.isEmpty {
            let step = open.removeFirst()
            for (_, target) in step.targets {
                if target == first.code { return way(to: step.code, from: first.code, cameFrom) }
                guard cameFrom[target] == nil, let next = definition.step(target), !next.waits
                else {
                    continue
                }
                cameFrom[target] = step.code
                open.append(next)
            }
        }
        return nil
    }

    private func way(to last: String, from first: String, _ cameFrom: [String: String]) -> [String]
    {
        var path = [last]
        while let step = path.last, step != first, let before = cameFrom[step] {
            path.append(before)
        }
        return path.reversed()
    }

    private func steps(from start: [String], _ next: (StepDefinition) -> [String]) -> Set<String> {
        var seen = Set(start)
        var open = start
        while let code = open.popLast() {
            guard let step = definition.step(code) else { continue }
            for target in next(step) where seen.insert(target).inserted { open.append(target) }
        }
        return seen
    }
}

extension StepDefinition {
    fileprivate var isEnd: Bool {
        if case .end = kind { true } else { false }
    }

    fileprivate func leads(to code: String) -> Bool { targets.contains { $0.step == code } }
}
