import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Tries the rules of a class on a write that somebody thinks of: which would fire at each moment,
/// in their order, and what each would do. Before a save each sees the record as those before it
/// left it; after it the actions' contents are evaluated, scripts run without effect, and none is
/// done.
struct RuleTrial: Sendable {
    var definitions: DefinitionStore
    let database: Database
    let evaluator: Evaluator
    let clock: any WallClock

    /// Who may write rules may try them.
    static let permission = "models:write"

    func run(_ call: TryRules, _ context: CallContext) async throws -> JSONBytes {
        try context.need(RuleTrial.permission)
        guard definitions.knows(call.class.model), definitions.hasClass(call.class),
            context.principal.mayUse(call.class.model)
        else { throw Problem.notFound("There is no class “\(call.class)”.") }
        if let rule = call.rule, !rule.isNull {
            var trial = self
            trial.definitions = try await definitions(with: rule, of: call.class.model)
            return try await trial.tried(call, context)
        }
        return try await tried(call, context)
    }

    /// What is in force, with a rule in the place of the one with its code. Its faults are at
    /// `/rule`.
    private func definitions(with rule: JSONValue, of model: String) async throws
        -> DefinitionStore
    {
        let stored = try await database.read { [definitions] in
            try definitions.document(model, $0)
        }
        guard var document = stored?.object, rule.object != nil else {
            throw WorkflowError.invalid(pointer: "/rule", detail: "This must be an object.")
        }
        var rules = document["rules"]?.array ?? []
        let place = rules.firstIndex { $0["code"] == rule["code"] } ?? rules.count
        rules[place..<min(place + 1, rules.count)] = [rule]
        document["rules"] = .array(rules)
        let reader = ModelReader(code: model, document: .object(document))
        let read = reader.read(.object(document))
        let here = "/rules/\(place)"
        let faults = reader.problems.items.filter {
            $0.pointer == here || $0.pointer.hasPrefix(here + "/")
        }
        if !faults.isEmpty {
            throw Problem.validation(
                faults.map {
                    FieldProblem(
                        pointer: "/rule" + $0.pointer.dropFirst(here.count), code: $0.code,
                        detail: $0.detail)
                })
        }
        return definitions.with(read)
    }

    private func tried(_ call: TryRules, _ context: CallContext) async throws -> JSONBytes {
        var state = State(
            previous: try RuleTrial.object(call.before, "before", call.operation != .insert),
            record: try RuleTrial.object(call.after, "after", call.operation != .delete))
        switch call.operation {
        case .open: state.previous = nil
        case .insert: break
        case .change: state.record = state.merged
        case .delete: state.record = state.previous ?? JSONObject()
        }
        let (before, after) = RuleTrial.moments(call.operation)
        try await tryBefore(before, call, context, &state)
        if state.refusal == nil, let after, state.differs || call.operation != .change {
            try await tryAfter(after, call, context, &state)
        }
        return JSONBytes(state.view(writes: after != nil).bytes)
    }

    /// What came of it so far.
    private struct State {
        var previous: JSONObject?
        var record: JSONObject
        var moments: [JSONValue] = []
        var refusal: JSONValue?

        init(previous: JSONObject?, record: JSONObject?) {
            self.previous = previous
            self.record = record ?? JSONObject()
        }

        var merged: JSONObject {
            var merged = previous ?? JSONObject()
            for (key, value) in record.members { merged[key] = value }
            return merged
        }

        var differs: Bool {
            let old = JSONValue.object(previous ?? JSONObject())
            return !RecordChanges.between(old, .object(record)).isEmpty
        }

        func bindings(_ principal: Principal) -> JSONObject {
            var bindings = BeforeRules.bindings(principal)
            bindings["record"] = .object(record)
            bindings["previous"] = previous.map { .object($0) } ?? .null
            return bindings
        }

        func view(writes: Bool) -> JSONValue {
            let isWritten = writes && refusal == nil && (previous == nil || differs)
            return [
                "writes": .boolean(isWritten), "refused": refusal ?? .null,
                "moments": .array(moments),
            ]
        }
    }

    private static func moments(
        _ operation: TryRules.Operation
    ) -> (RuleMoment, RuleDefinition.Moment?) {
        switch operation {
        case .open: (.opening, nil)
        case .insert: (.inserting, .inserted)
        case .change: (.changing, .changed)
        case .delete: (.deleting, .deleted)
        }
    }

    private static func object(
        _ value: JSONValue?, _ member: String, _ isRead: Bool
    ) throws -> JSONObject? {
        guard isRead, let value, !value.isNull else { return nil }
        guard let object = value.object else {
            throw WorkflowError.invalid(pointer: "/\(member)", detail: "This must be an object.")
        }
        return object
    }

    // MARK: Before the save

    private func tryBefore(
        _ moment: RuleMoment, _ call: TryRules, _ context: CallContext, _ state: inout State
    ) async throws {
        var views: [JSONValue] = []
        for rule in definitions.rules(for: call.class, .before(moment)) {
            guard state.refusal == nil else { break }
            var view = RuleTrial.view(rule)
            do {
                try await tryBefore(rule, context, &state, &view)
            } catch let error as ScriptError where !error.isTransient {
                view["problem"] = error.problem.member
                state.refusal = error.problem.member
            }
            views.append(.object(view))
        }
        state.moments.append([
            "moment": .string(moment.rawValue), "rules": .array(views),
            "record": .object(state.record),
        ])
    }

    private func tryBefore(
        _ rule: RuleDefinition, _ context: CallContext, _ state: inout State,
        _ view: inout JSONObject
    ) async throws {
        func value(_ tree: ExpressionTree, _ name: String) async throws -> JSONValue {
            try await evaluator.values(
                tree, name: "\(rule.code).\(name)", bindings: state.bindings(context.principal))
        }
        if let when = rule.when {
            let condition = try await value(when, "when")
            view["when"] = condition
            guard condition.isTruthy else { return }
        }
        view["fires"] = true
        if let require = rule.require {
            let holds = try await value(require, "require").isTruthy
            view["require"] = .boolean(holds)
            if !holds {
                let text = rule.message.text(in: context.principal.language) ?? ""
                let message = try await value(ExpressionTree(.string(text)), "message")
                view["message"] = message
                state.refusal = Problem.refused(by: rule, message.string ?? message.text).member
                return
            }
        }
        var done: [JSONValue] = []
        for action in rule.actions {
            switch action {
            case .set(let tree):
                let content = try await value(tree, "set")
                for (key, value) in content.object?.members ?? [] { state.record[key] = value }
                done.append(RuleTrial.view(action, content))
            case .script(let code):
                let changes = try await run(code, context, &state)
                done.append(RuleTrial.view(action, .object(changes)))
            default: break
            }
        }
        view["actions"] = .array(done)
    }

    /// What a script changes of the record.
    private func run(
        _ code: FullCode, _ context: CallContext, _ state: inout State
    ) async throws -> JSONObject {
        guard let script = definitions.script(code) else {
            throw WorkflowError.unknownScript(code.description)
        }
        let left = try await evaluator.record(
            of: script, bindings: state.bindings(context.principal), as: context)
        let changes = RecordChanges.between(.object(state.record), .object(left))
        state.record = left
        return changes
    }

    // MARK: After it

    private func tryAfter(
        _ moment: RuleDefinition.Moment, _ call: TryRules, _ context: CallContext,
        _ state: inout State
    ) async throws {
        let rules = definitions.rules(for: call.class, moment)
        let isDeletion = call.operation == .delete
        let type =
            isDeletion ? "record.deleted" : "record.\(moment == .inserted ? "created" : "changed")"
        let event = RecordEvent(
            id: "try", type: type, record: call.class,
            recordID: state.record["id"]?.integer ?? 0, time: clock.now().text,
            account: context.principal.account, door: context.door, cause: context.cause,
            before: state.previous.map { .object($0) } ?? .null,
            after: isDeletion ? .null : .object(state.record))
        let results = try await evaluator.eachOf(
            rules.flatMap(RuleEngine.trees), bindings: RuleEngine.bindings(event))
        var rest = results[...]
        var views: [JSONValue] = []
        for rule in rules {
            var mine = rest.prefix(RuleEngine.trees(rule).count)
            rest = rest.dropFirst(mine.count)
            var view = RuleTrial.view(rule)
            do {
                try await evaluate(rule, &mine, event, context, &view)
            } catch let error as ScriptError where !error.isTransient {
                view["fires"] = false
                view["actions"] = []
                view["problem"] = error.problem.member
            }
            views.append(.object(view))
        }
        state.moments.append(["moment": .string(moment.word), "rules": .array(views)])
    }

    private func evaluate(
        _ rule: RuleDefinition, _ results: inout ArraySlice<Result<JSONValue, ScriptError>>,
        _ event: RecordEvent, _ context: CallContext, _ view: inout JSONObject
    ) async throws {
        if rule.when != nil, let condition = results.popFirst() {
            let value = try condition.get()
            view["when"] = value
            guard value.isTruthy else { return }
        }
        var actions: [JSONValue] = []
        for (action, content) in zip(rule.actions, results) {
            var shown = try content.get()
            if case .script(let code) = action {
                shown = try await tryOut(code, event, context)
            }
            actions.append(RuleTrial.view(action, shown))
        }
        view["fires"] = true
        view["actions"] = .array(actions)
    }

    /// What a script after a change would save and ask for by `gt`; it reads with the caller's
    /// rights or those of its `runAs`.
    private func tryOut(
        _ code: FullCode, _ event: RecordEvent, _ context: CallContext
    ) async throws -> JSONValue {
        guard let script = definitions.script(code) else {
            throw WorkflowError.unknownScript(code.description)
        }
        let bindings = RuleEngine.bindings(event)
        let session = ScriptSession(
            platform: evaluator.platform, mode: .tries, context: context, owners: [script.owner])
        let run = try await evaluator.run(script, bindings: bindings, session: session)
        let changes = RecordChanges.between(bindings["record"] ?? .null, run.effect.record)
        return [
            "set": .object(changes), "calls": .array(run.tried),
            "log": .array(run.log.map { .string($0) }), "result": run.effect.result,
        ]
    }

    // MARK: Views

    private static func view(_ rule: RuleDefinition) -> JSONObject {
        JSONObject([
            ("rule", .string(rule.fullCode.description)),
            ("order", .number(JSONNumber(rule.order))), ("fires", false), ("actions", []),
        ])
    }

    private static func view(_ action: RuleDefinition.Action, _ content: JSONValue) -> JSONValue {
        [
            "kind": .string(action.kindName),
            "target": action.target.isEmpty ? .null : .string(action.target), "content": content,
        ]
    }
}
