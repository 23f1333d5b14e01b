import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Does one step: evaluates what its definition says and calls whoever does it. Nothing here is
/// written; the same step done twice has the same effect, by its key.
struct StepWork: Sendable {
    let effects: Effects
    let clock: any WallClock

    private var evaluator: Evaluator { effects.evaluator }

    /// A step whose turn has come.
    struct Task: Sendable {
        var row: InstanceRow
        var version: DefinitionStore.Version
        var step: StepDefinition
        var visit: Int64

        /// Nil where no step of the instance can be done now.
        init?(_ row: InstanceRow, _ version: DefinitionStore.Version) {
            guard row.snapshot.state == .running, let visit = row.snapshot.readyVisit,
                let step = version.workflow.step(visit.step)
            else { return nil }
            self.row = row
            self.version = version
            self.step = step
            self.visit = visit.number
        }

        var key: String { "workflow:\(row.id)/\(step.code)/\(visit)" }
        var cause: Cause { row.cause.next("workflow:\(row.id)/\(step.code)") }

        var context: CallContext {
            CallContext(
                principal: Principal(account: "workflow:\(row.workflow.code)", isSystem: true),
                door: .workflow, cause: cause, trace: TraceContext(following: cause.root),
                idempotencyKey: key)
        }
    }

    struct Result: Sendable {
        var input: StepInput
        /// What the step was given, for whoever looks at it.
        var given: JSONValue?
    }

    func perform(_ task: Task) async throws -> Result {
        guard task.cause.depth <= Cause.depthLimit else {
            throw Problem.loop("The chain of causes is longer than \(Cause.depthLimit).")
        }
        switch task.step.kind {
        case .mail(let mail, _): return try await send(mail, task)
        case .event(let wait, _): return try await stand(wait, task)
        case .condition(let when, _, _):
            let value = try await evaluator.values(
                when, name: "when", bindings: bindings(task, for: [when]))
            return Result(
                input: .done(
                    visit: task.visit, output: value, exit: value.isTruthy ? .then : .otherwise))
        case .change(let set, _):
            let values = try await evaluator.values(
                set, name: "set", bindings: bindings(task, for: [set]))
            return try await change(values, task, given: values)
        case .script(let script, _): return try await run(script, task)
        case .timer(let wait, _): return try await pause(wait, task)
        case .end: return Result(input: .done(visit: task.visit, output: .null))
        }
    }

    // MARK: Kinds

    private func send(_ mail: MailAction, _ task: Task) async throws -> Result {
        let bindings = try await bindings(task, for: nil)
        let content = try await evaluator.values(mail.content, name: "mail", bindings: bindings)
        let values = content["values"]?.object ?? task.row.snapshot.values
        let call = try MailContent(content).call(
            mail.notification, record: task.row.recordText, recordValues: bindings["record"],
            values: values, instance: task.row.id)
        let output = try await effects.mail(call, as: task.context)
        return Result(input: .done(visit: task.visit, output: output), given: content)
    }

    private func stand(_ wait: EventWait, _ task: Task) async throws -> Result {
        var key: String?
        if let tree = wait.key {
            let value = try await evaluator.values(
                tree, name: "key", bindings: bindings(task, for: [tree]))
            key = try EventKey.text(value)
        }
        let until = wait.timeout.map { clock.now().advanced(by: $0) }
        return Result(input: .stands(visit: task.visit, key: key, until: until))
    }

    private func pause(_ wait: ExpressionTree, _ task: Task) async throws -> Result {
        let value = try await evaluator.values(
            wait, name: "wait", bindings: bindings(task, for: [wait]))
        guard let duration = value.string.flatMap({ Duration(text: $0) }) else {
            throw Problem.stepFailed("wait: \(value.text) is no duration such as 30s or 2h")
        }
        let until = clock.now().advanced(by: duration)
        return Result(input: .stands(visit: task.visit, key: nil, until: until), given: value)
    }

    private func run(_ script: StepScript, _ task: Task) async throws -> Result {
        let model = task.row.workflow.model
        var definition = ScriptDefinition(model: model, code: task.step.code, source: "")
        switch script {
        case .source(let source): definition.source = source
        case .named(let code):
            let full = FullCode(model: model, code: code)
            guard let found = effects.definitions.script(full) else {
                throw WorkflowError.unknownScript(code)
            }
            definition = found
        }
        let bindings = try await bindings(task, for: nil)
        let effect = try await effects.script(definition, bindings: bindings, as: task.context)
        guard let values = effect.values.object else {
            throw Problem.stepFailed("\(definition.code): values is no object any more")
        }
        let changes = RecordChanges.between(bindings["record"] ?? .null, effect.record)
        if !changes.isEmpty {
            _ = try await change(.object(changes), task, given: .object(changes))
        }
        return Result(
            input: .done(visit: task.visit, output: effect.result, values: values),
            given: changes.isEmpty ? nil : .object(changes))
    }

    private func change(_ values: JSONValue, _ task: Task, given: JSONValue) async throws -> Result
    {
        guard let type = task.row.type, let id = task.row.record else {
            throw Problem.stepFailed("there is no record to change")
        }
        let output = try await effects.change(type, id: id, values, as: task.context)
        return Result(input: .done(visit: task.visit, output: output), given: given)
    }

    // MARK: Bindings

    /// `record` is read anew where an expression may look at it (nil: it may).
    private func bindings(_ task: Task, for trees: [ExpressionTree]?) async throws -> JSONObject {
        let needsRecord = trees?.contains { !$0.places.isEmpty } ?? true
        return JSONObject([
            ("record", needsRecord ? try await record(task) : .null),
            ("values", .object(task.row.snapshot.values)), ("event", task.row.snapshot.event),
        ])
    }

    private func record(_ task: Task) async throws -> JSONValue {
        guard let type = task.row.type, let id = task.row.record else { return .null }
        var context = task.context
        context.idempotencyKey = nil
        let bytes = try await effects.peers["records"].call(GetRecord(type, id: id), as: context)
        return try JSONValue(parsing: bytes.bytes)
    }
}

extension Problem {
    static func stepFailed(_ detail: String) -> Problem {
        Problem(status: 422, code: "step-failed", title: "A step cannot be done", detail: detail)
    }

    static func loop(_ detail: String) -> Problem {
        Problem(status: 422, code: "loop", title: "A loop was stopped", detail: detail)
    }
}

extension TraceContext {
    /// The id of the request that began it all, so that one search finds everything in the logs.
    init(following root: String) {
        let id = root.hasPrefix("request:") ? root.dropFirst("request:".count) : root[...]
        let kept = id.unicodeScalars.map { scalar -> Character in
            let isPlain =
                scalar.isASCII
                && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            return isPlain || "._-".unicodeScalars.contains(scalar) ? Character(scalar) : "-"
        }
        self.init(requestID: kept.isEmpty ? "-" : String(kept.prefix(64)))
    }
}

extension JSONValue {
    /// As JavaScript's conditions see it.
    var isTruthy: Bool {
        switch self {
        case .null: false
        case .boolean(let value): value
        case .number(let number): number != JSONNumber(0)
        case .string(let text): !text.isEmpty
        case .array, .object: true
        }
    }
}
