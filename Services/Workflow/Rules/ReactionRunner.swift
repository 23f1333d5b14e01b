import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Reacts to the events of one record in their order: evaluates the rules, writes down what they
/// want, and does it. An item of the queue is a record with open events; while one of its actions
/// has to be tried again, later events of the same record wait, and those of other records do
/// not.
struct ReactionRunner: Sendable {
    let database: Database
    let store: ReactionStore
    let incidents: IncidentStore
    let effects: Effects
    let wakes: Wakes
    let clock: any WallClock

    /// After so many steps another record gets its turn.
    static let turnLimit = 64
    static let retry = RetryPolicy()

    func handle(_ item: DurableQueue.Item) async throws -> QueueWorker.Outcome {
        for _ in 0..<ReactionRunner.turnLimit {
            let (entry, action) = try await next(item.key)
            guard let entry else { break }
            do {
                if let action {
                    try await perform(action, of: entry)
                } else if entry.isActing {
                    try await database.write { [store] in
                        try store.setState(entry.id, "done", $0)
                    }
                } else {
                    try await fire(entry)
                }
            } catch let error as DatabaseError {
                throw error
            } catch {
                if let outcome = try await failed(action, of: entry, item, error) { return outcome }
            }
        }
        return .decide(
            { [store, clock] connection in
                try store.next(item.key, connection) == nil ? nil : clock.now()
            }, committed: wakes.instances)
    }

    private func next(_ lane: String) async throws -> (ReactionStore.Entry?, ReactionStore.Action?)
    {
        try await database.pointRead { [store] connection in
            guard let entry = try store.next(lane, connection) else { return (nil, nil) }
            let action = entry.isActing ? try store.nextAction(of: entry, connection) : nil
            return (entry, action)
        }
    }

    // MARK: Rules

    private func fire(_ entry: ReactionStore.Entry) async throws {
        let event = entry.event
        try await effects.definitions.catchUp(database)
        // Its rules cannot be known before its model has come: it waits rather than fire none.
        guard effects.definitions.knows(event.record.model) else { throw WorkflowError.modelBehind }
        let rules =
            RuleEngine.moment(event.type).map { effects.definitions.rules(for: event.record, $0) }
            ?? []
        let results = try await effects.evaluator.eachOf(
            rules.flatMap(RuleEngine.trees), bindings: RuleEngine.bindings(event))
        let verdict = RuleEngine.verdict(rules, results)
        try await database.write { connection in
            try write(verdict, of: entry, connection)
        }
        wakes.instances()
    }

    private func write(
        _ verdict: RuleEngine.Verdict, of entry: ReactionStore.Entry, _ connection: Connection
    ) throws {
        // Another copy of the service may have been faster.
        guard try store.isNew(entry.id, connection) else { return }
        let event = entry.event
        let fingerprint = RuleEngine.fingerprint(event)
        for (rule, error) in verdict.faults {
            try store.logFiring(
                rule.fullCode.description, of: entry, fingerprint: fingerprint, state: .fault,
                error: error.problem.summary, connection)
            try incidents.open(
                .init(
                    kind: .rule, type: event.record, record: event.recordID,
                    problem: error.problem,
                    onceKey: "rule:\(event.id)/\(rule.fullCode)"), connection)
        }
        for firing in verdict.firings {
            let rule = firing.rule.fullCode.description
            if try isLoop(rule, entry, fingerprint, connection) { continue }
            try store.logFiring(rule, of: entry, fingerprint: fingerprint, connection)
            try store.add(firing, of: entry, connection)
        }
        try store.setState(entry.id, "acting", connection)
        // What needs no other service is done in the same transaction, as far as the order
        // allows.
        while let action = try store.nextAction(of: entry, connection),
            try performHere(action, of: entry, connection)
        {}
        if try store.nextAction(of: entry, connection) == nil {
            try store.setState(entry.id, "done", connection)
        }
    }

    private func isLoop(
        _ rule: String, _ entry: ReactionStore.Entry, _ fingerprint: String,
        _ connection: Connection
    ) throws -> Bool {
        let event = entry.event
        var problem: Problem?
        var cycle = try store.cycle(rule, event, fingerprint: fingerprint, connection)
        if cycle != nil {
            problem = .loop("The rule \(rule) meets the same record again without a change.")
        } else if event.cause.depth >= Cause.depthLimit {
            problem = .loop("The chain of causes is longer than \(Cause.depthLimit).")
            cycle = try store.chain(to: event, connection)
        }
        guard let problem else { return false }
        try store.logFiring(
            rule, of: entry, fingerprint: fingerprint, state: .loop, error: problem.summary,
            connection)
        try incidents.open(
            .init(
                kind: .loop, type: event.record, record: event.recordID, problem: problem,
                cycle: cycle,
                onceKey: "loop:\(event.cause.root)/\(event.record)/\(event.recordID)"), connection)
        return true
    }

    // MARK: Actions

    private func perform(
        _ action: ReactionStore.Action, of entry: ReactionStore.Entry
    ) async throws {
        let result = try await effect(of: action, of: entry)
        try await database.write { [store] connection in
            // Those that need nobody else are done here and not before, which keeps the order.
            if try !performHere(action, of: entry, connection) {
                try store.finish(action.id, state: "done", result: result, connection)
            }
        }
        wakes.instances()
    }

    /// Does what needs another service; a word on what came of it. Nothing is waited for but the
    /// doer's answer: a run that is started goes on by itself, and the record's next event does
    /// not wait for it.
    private func effect(
        of action: ReactionStore.Action, of entry: ReactionStore.Entry
    ) async throws -> String? {
        let context = self.context(action, of: entry)
        let event = entry.event
        func word(_ name: String, _ value: JSONValue?) -> String? {
            value.flatMap { $0.isNull ? nil : "\(name) \($0.text)" }
        }
        if let kind = Effects.RunKind(rawValue: action.kind) {
            guard let code = FullCode(action.target) else { return nil }
            return "run \(try await effects.run(kind, code, as: context))"
        }
        switch action.kind {
        case "set":
            let answer = try await effects.change(
                event.record, id: event.recordID, action.content, as: context)
            return word("version", answer["version"])
        case "mail":
            let answer = try await effects.mail(try mail(action, of: entry), as: context)
            return word("mail", answer["id"])
        case "script":
            try await run(action, of: entry, as: context)
            return nil
        case "http":
            let answer = try await effects.http(
                action.content, of: request(of: action, of: entry), as: context)
            return word("status", answer["status"])
        default: return nil
        }
    }

    /// The call as the rule has it now, which alone names secrets: none where it went meanwhile.
    private func request(
        of action: ReactionStore.Action, of entry: ReactionStore.Entry
    ) -> ExpressionTree {
        let rules = RuleEngine.moment(entry.event.type).map {
            effects.definitions.rules(for: entry.event.record, $0)
        }
        let rule = rules?.first { $0.fullCode.description == action.rule }
        guard let rule, rule.actions.indices.contains(Int(action.place)),
            case .http(let request) = rule.actions[Int(action.place)]
        else { return ExpressionTree(.null) }
        return request
    }

    /// Runs a script over the record as the event has it; the columns that it changes are saved,
    /// where there still is a record.
    private func run(
        _ action: ReactionStore.Action, of entry: ReactionStore.Entry, as context: CallContext
    ) async throws {
        guard let code = FullCode(action.target), let script = effects.definitions.script(code)
        else { throw WorkflowError.unknownScript(action.target) }
        let event = entry.event
        let bindings = RuleEngine.bindings(event)
        let effect = try await effects.script(script, bindings: bindings, as: context)
        let changes = RecordChanges.between(bindings["record"] ?? .null, effect.record)
        guard !changes.isEmpty, !event.after.isNull else { return }
        _ = try await effects.change(
            event.record, id: event.recordID, .object(changes), as: context)
    }

    /// Starts a workflow or raises an event, in the caller's transaction; false for what needs
    /// another service.
    private func performHere(
        _ action: ReactionStore.Action, of entry: ReactionStore.Entry, _ connection: Connection
    ) throws -> Bool {
        let context = self.context(action, of: entry)
        let event = entry.event
        guard let target = FullCode(action.target) else { return false }
        let result: String
        do {
            switch action.kind {
            case "workflow":
                let id = try effects.start(
                    target, record: (event.record, event.recordID),
                    values: action.content.object ?? JSONObject(), account: event.account,
                    as: context, connection)
                result = "instance \(id)"
            case "event":
                let raised = try effects.raise(target, action.content, as: context, connection)
                result = "event \(raised.event)"
            default: return false
            }
        } catch let error as WorkflowError {
            try refuse(action, entry, error, connection)
            return true
        }
        try store.finish(action.id, state: "done", result: result, connection)
        return true
    }

    private func mail(
        _ action: ReactionStore.Action, of entry: ReactionStore.Entry
    ) throws -> SendMail {
        guard let notification = FullCode(action.target) else {
            throw Problem.stepFailed("\(action.target) is no notification")
        }
        let event = entry.event
        return try MailContent(action.content).call(
            notification, record: "\(event.record)/\(event.recordID)",
            recordValues: event.after.isNull ? event.before : event.after,
            values: action.content["values"]?.object ?? JSONObject(), instance: nil)
    }

    private func context(
        _ action: ReactionStore.Action, of entry: ReactionStore.Entry
    ) -> CallContext {
        let code = FullCode(action.rule)?.code ?? action.rule
        let cause = entry.event.cause.next("rule:\(action.rule)")
        return CallContext(
            principal: Principal(account: "rule:\(code)", isSystem: true), door: .rule,
            cause: cause, trace: TraceContext(following: cause.root),
            idempotencyKey: "rule:\(entry.event.id)/\(action.rule)/\(action.place)")
    }

    // MARK: Failures

    /// When to go on; nil where the next thing can be done at once.
    private func failed(
        _ action: ReactionStore.Action?, of entry: ReactionStore.Entry,
        _ item: DurableQueue.Item, _ error: any Error
    ) async throws -> QueueWorker.Outcome? {
        let failure = Failure(error)
        let summary = failure.problem.summary
        let wait = Failure.unavailableWait(item.attempts)
        guard let action else {
            // As a whole it fails only where no host can be had or the model has not come.
            return .retryAt(clock.now().advanced(by: wait), summary)
        }
        switch failure {
        case .unavailable: return .retryAt(clock.now().advanced(by: wait), summary)
        case .failed where action.failures < ReactionRunner.retry.times:
            try await database.write { [store] in
                try store.countFailure(action.id, summary, $0)
            }
            let wait = failure.wait(
                atLeast: ReactionRunner.retry.wait(after: action.failures + 1))
            return .retryAt(clock.now().advanced(by: wait), summary)
        case .failed, .refused:
            try await database.write { connection in
                try refuse(action, entry, failure.problem, connection)
            }
            return nil
        }
    }

    private func refuse(
        _ action: ReactionStore.Action, _ entry: ReactionStore.Entry,
        _ error: any ProblemConvertible, _ connection: Connection
    ) throws {
        let problem = error.problem
        try store.finish(action.id, state: "failed", error: problem.summary, connection)
        try incidents.open(
            .init(
                kind: .action, action: action.id, type: entry.event.record,
                record: entry.event.recordID, problem: problem), connection)
    }
}
