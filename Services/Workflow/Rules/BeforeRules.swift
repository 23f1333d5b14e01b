import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Runs the rules before a save for the call that wants to save: in order, each seeing the record
/// as those before it left it. All records of a call are one job of a script host.
struct BeforeRules: Sendable {
    let definitions: DefinitionStore
    let evaluator: Evaluator

    /// A job that had to be stopped is tried in halves, to spare the records that are not to
    /// blame; after so many stops in a call the rest is refused untried.
    static let stopLimit = 6

    func run(_ call: RunBeforeRules, _ context: CallContext) async throws -> BeforeRulesRun {
        guard definitions.has(call.models) else { throw WorkflowError.modelBehind }
        let plan = Plan(call, definitions, language: context.principal.language)
        var round = Round(
            items: call.items, plan: plan, bindings: BeforeRules.bindings(context.principal),
            context: context)
        try await run(call.items.indices.filter { plan.hasRules(call.items[$0].moment) }, &round)
        return BeforeRulesRun(results: round.results)
    }

    /// What a call is about, and what came of it so far.
    private struct Round {
        let items: [RunBeforeRules.Item]
        let plan: Plan
        let bindings: JSONObject
        let context: CallContext
        var results: [BeforeRulesRun.Result]
        var stops = 0

        init(
            items: [RunBeforeRules.Item], plan: Plan, bindings: JSONObject, context: CallContext
        ) {
            self.items = items
            self.plan = plan
            self.bindings = bindings
            self.context = context
            results = Array(repeating: .set(JSONObject()), count: items.count)
        }
    }

    private func run(_ indices: [Int], _ round: inout Round) async throws {
        guard !indices.isEmpty else { return }
        let job = round.plan.job(indices.map { round.items[$0] }, bindings: round.bindings)
        do {
            let answer = try await evaluator.reading(job, as: round.context)
            for (index, outcome) in zip(indices, answer.outcomes) {
                round.results[index] = round.plan.result(outcome)
            }
        } catch let error as ScriptError where !error.isTransient {
            round.stops += 1
            guard indices.count > 1, round.stops < BeforeRules.stopLimit else {
                for index in indices { round.results[index] = .refused(error.problem) }
                return
            }
            let middle = indices.count / 2
            try await run(Array(indices[..<middle]), &round)
            try await run(Array(indices[middle...]), &round)
        }
    }

    /// What rules see besides the record.
    static func bindings(_ principal: Principal) -> JSONObject {
        JSONObject([
            (
                "me",
                [
                    "account": .string(principal.account),
                    "roles": .array(principal.roles.map { .string($0) }),
                    "language": .string(principal.language),
                ]
            )
        ])
    }
}

/// The rules of a class at the moments of a call, as units of a job.
private struct Plan {
    private var units: [ScriptJob.Unit] = []
    private var rules: [RuleWork.Rule] = []
    private var definitions: [RuleDefinition] = []
    /// Which rules run at a moment, in order.
    private var order: [RuleMoment: [Int]] = [:]
    private let language: String

    init(_ call: RunBeforeRules, _ store: DefinitionStore, language: String) {
        self.language = language
        for moment in Set(call.items.map(\.moment)) {
            for rule in store.rules(for: call.types, .before(moment)) {
                order[moment, default: []].append(rules.count)
                add(rule, store)
            }
        }
    }

    func hasRules(_ moment: RuleMoment) -> Bool { order[moment] != nil }

    private mutating func add(_ rule: RuleDefinition, _ store: DefinitionStore) {
        var work = RuleWork.Rule()
        work.when = rule.when.flatMap { add($0, "when", of: rule).first }
        work.require = rule.require.flatMap { add($0, "require", of: rule).first }
        if let message = rule.message.text(in: language) {
            work.message = add(ExpressionTree(.string(message)), "message", of: rule).first
        }
        for action in rule.actions {
            switch action {
            case .set(let tree):
                let holes = zip(tree.places, add(tree, "set", of: rule))
                work.actions.append(
                    .set(tree.value, holes: holes.map { (path: $0.path, unit: $1) }))
            case .script(let script):
                work.actions.append(.script(units.count))
                units.append(store.script(script)?.unit ?? Plan.missing(script))
            case .workflow, .mail, .event, .run, .http: break
            }
        }
        rules.append(work)
        definitions.append(rule)
    }

    private mutating func add(
        _ tree: ExpressionTree, _ name: String, of rule: RuleDefinition
    ) -> Range<Int> {
        let first = units.count
        units += tree.units("\(rule.code).\(name)")
        let owner = ScriptOwner(model: rule.model, name: rule.code)
        for index in first..<units.count { units[index].owner = owner }
        return first..<units.count
    }

    /// Another model took its script away.
    private static func missing(_ script: FullCode) -> ScriptJob.Unit {
        ScriptJob.Unit(
            name: script.code, source: "throw new Error('there is no script \(script)')",
            isScript: true)
    }

    func job(_ items: [RunBeforeRules.Item], bindings: JSONObject) -> ScriptJob {
        let work = RuleWork(
            rules: rules,
            items: items.map {
                RuleWork.Item(
                    rules: order[$0.moment] ?? [], record: $0.record, previous: $0.previous)
            })
        return ScriptJob(work: .rules, units: units, bindings: bindings, ruleWork: work)
    }

    func result(_ outcome: ScriptOutcome) -> BeforeRulesRun.Result {
        switch outcome {
        case .failed(let fault): return .refused(ScriptError.failed(fault).problem)
        case .value(let value):
            if let set = value["set"]?.object { return .set(set) }
            guard let index = value["refused"]?.integer, rules.indices.contains(Int(index)) else {
                return .set(JSONObject())
            }
            let rule = definitions[Int(index)]
            let text = value["message"]?.string ?? rule.message.text(in: language)
            return .refused(.refused(by: rule, text))
        }
    }
}

extension Problem {
    /// What a rule does not allow, with the text that it shows.
    static func refused(by rule: RuleDefinition, _ text: String?) -> Problem {
        Problem(
            status: 422, code: "rule-refused", title: "A rule refuses this",
            detail: text ?? "The rule \(rule.fullCode) does not allow it.",
            extra: JSONObject([("rule", .string(rule.fullCode.description))]))
    }
}
