import Contracts
import Crypto
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport

/// Records and Mail as far as Workflow calls them, in memory: one class `helpdesk.ticket`. Each
/// effect is done once by its key, as the real ones do; every call can be made to fail.
final class FakePeers: Sendable {
    struct Mail: Sendable, Equatable {
        var to: [String]
        var notification: String
        var subject: String?
        var instance: Int64?
        var key: String
    }

    struct State: Sendable {
        var records: [Int64: JSONObject] = [:]
        /// What was changed, by key, in order.
        var changes: [String] = []
        var mails: [Mail] = []
        /// Request and answer by idempotency key.
        var answers: [String: (body: [UInt8], answer: JSONValue)] = [:]
        /// Every call that came, repeated ones too.
        var calls: [String] = []
        var contexts: [String: CallContext] = [:]
        /// Events that Records would deliver next.
        var outbox: [RecordEvent] = []
        var sequence = 0
        /// Runs of Batch by their number: how each stands.
        var runs: [Int64: String] = [:]
        /// Mail's incidents by their key, and who did what about them.
        var incidents: [String: IncidentReport] = [:]
        var incidentActions: [String] = []
    }

    enum Moment: Sendable { case before, after }

    let state: Mutex<State>
    /// Called at each effect, before and after it is done; throws what is answered instead.
    let hook: @Sendable (String, Moment) throws -> Void
    private let recordRoutes: RPCRoutes
    private let mailRoutes: RPCRoutes
    private let batchRoutes: RPCRoutes
    /// Whether each answers at all.
    let isRecordsUp = Mutex(true)
    let isMailUp = Mutex(true)

    init(
        signer: PrincipalSigner, runtime: Runtime, state: State = State(),
        hook: @escaping @Sendable (String, Moment) throws -> Void = { _, _ in }
    ) {
        self.state = Mutex(state)
        self.hook = hook
        recordRoutes = RPCRoutes(service: "records", signer: signer, runtime: runtime) { nil }
        mailRoutes = RPCRoutes(service: "mail", signer: signer, runtime: runtime) { nil }
        batchRoutes = RPCRoutes(service: "batch", signer: signer, runtime: runtime) { nil }
        addBatch(to: batchRoutes)
        recordRoutes.on(ListRecords.self) { [self] call, _ in
            try up(isRecordsUp)
            return try list(call)
        }
        recordRoutes.on(GetRecord.self) { [self] call, _ in
            try up(isRecordsUp)
            return JSONBytes(JSONValue.object(try record(call.id)).bytes)
        }
        recordRoutes.on(ChangeRecord.self) { [self] call, context in
            try up(isRecordsUp)
            return JSONBytes(try change(call, context).bytes)
        }
        recordRoutes.on(ListRecords.self) { [self] _, _ in
            try up(isRecordsUp)
            return JSONBytes(page().bytes)
        }
        recordRoutes.on(CreateRecord.self) { [self] call, context in
            try up(isRecordsUp)
            return JSONBytes(try create(call, context).bytes)
        }
        recordRoutes.on(DeleteRecord.self) { [self] call, context in
            try up(isRecordsUp)
            _ = try once(context, JSONCoder.encode(call).bytes) { state in
                guard state.records.removeValue(forKey: call.id) != nil else {
                    throw Problem.notFound()
                }
                return .null
            }
            return Done()
        }
        mailRoutes.on(ActOnIncident.self) { [self] call, context in
            try up(isMailUp)
            return try act(call, context)
        }
        mailRoutes.on(SendMail.self) { [self] call, context in
            try up(isMailUp)
            return try JSONCoder.decode(MailQueued.self, from: send(call, context))
        }
    }

    /// The runs that are under way end.
    func endRuns(as state: String) {
        self.state.withLock { known in
            for (run, word) in known.runs where word == "running" { known.runs[run] = state }
        }
    }

    var transports: [String: any Transport] {
        [
            "records": RouterTransport(recordRoutes.router),
            "mail": RouterTransport(mailRoutes.router),
            "batch": RouterTransport(batchRoutes.router),
        ]
    }

    func record(_ id: Int64) throws -> JSONObject {
        guard let record = state.withLock({ $0.records[id] }) else { throw Problem.notFound() }
        return record
    }

    /// A new ticket, and the event of it.
    func insert(_ id: Int64, _ values: JSONObject, root: String = "request:1") -> RecordEvent {
        var record = JSONObject([
            ("id", .number(JSONNumber(id))), ("version", 1), ("describe", .string("#\(id)")),
        ])
        for (key, value) in values.members { record[key] = value }
        let after = record
        return state.withLock { state in
            state.records[id] = after
            return FakePeers.event(
                &state, id, before: .null, after: .object(after),
                cause: Cause(root: root), door: .api)
        }
    }

    private func up(_ flag: borrowing Mutex<Bool>) throws {
        if !flag.withLock({ $0 }) { throw Problem.unavailable("not there") }
    }

    private func act(_ call: ActOnIncident, _ context: CallContext) throws -> IncidentReport {
        try state.withLock { state in
            guard var report = state.incidents[call.key] else { throw Problem.notFound() }
            guard report.actions.contains(call.action) else { throw Problem.conflict("no") }
            state.incidentActions.append("\(context.principal.account) \(call.action.rawValue)")
            report.resolution = call.action.rawValue
            report.resolvedBy = context.principal.account
            report.resolvedAt = "2027-01-15T08:00:00.000Z"
            state.incidents[call.key] = report
            return report
        }
    }

    private func page() -> JSONValue {
        let records = state.withLock { state in
            state.records.sorted { $0.key < $1.key }.map { JSONValue.object($0.value) }
        }
        return ["items": .array(records), "next": .null]
    }

    private func create(_ call: CreateRecord, _ context: CallContext) throws -> JSONValue {
        try once(context, call.body.bytes) { state in
            var record = try JSONValue(parsing: call.body.bytes).object ?? JSONObject()
            let id = (state.records.keys.max() ?? 0) + 1
            record["id"] = .number(JSONNumber(id))
            record["version"] = 1
            state.records[id] = record
            let event = FakePeers.event(
                &state, id, before: .null, after: .object(record), cause: context.cause,
                door: context.door)
            state.outbox.append(event)
            return .object(record)
        }
    }

    private func change(_ call: ChangeRecord, _ context: CallContext) throws -> JSONValue {
        try once(context, call.body.bytes) { state in
            guard var record = state.records[call.id] else { throw Problem.notFound() }
            let before = record
            let changes = try JSONValue(parsing: call.body.bytes).object ?? JSONObject()
            if changes["status"] == "forbidden" {
                throw Problem.validation([
                    FieldProblem(pointer: "/status", code: "not-allowed", detail: "no")
                ])
            }
            for (key, value) in changes.members { record[key] = value }
            guard record != before else { return .object(record) }
            record["version"] = .number(JSONNumber((before["version"]?.integer ?? 0) + 1))
            state.records[call.id] = record
            state.changes.append(context.idempotencyKey ?? "-")
            let event = FakePeers.event(
                &state, call.id, before: .object(before), after: .object(record),
                cause: context.cause, door: context.door)
            state.outbox.append(event)
            return .object(record)
        }
    }

    private func send(_ call: SendMail, _ context: CallContext) throws -> JSONValue {
        try once(context, JSONCoder.encode(call).bytes) { state in
            state.mails.append(
                Mail(
                    to: call.to, notification: call.notification ?? "",
                    subject: call.recordValues?["subject"]?.string, instance: call.instance,
                    key: context.idempotencyKey ?? "-"))
            return [
                "id": .number(JSONNumber(Int64(state.mails.count))), "messageId": "<1@x>",
                "state": "queued",
            ]
        }
    }

    /// Does an effect under the call's key, as an owner with an idempotency table does.
    func once(
        _ context: CallContext, _ body: [UInt8], _ effect: (inout State) throws -> JSONValue
    ) throws -> JSONValue {
        let key = context.idempotencyKey ?? "-"
        state.withLock {
            $0.calls.append(key)
            $0.contexts[key] = context
        }
        try hook(key, .before)
        let answer = try state.withLock { state in
            if let kept = state.answers[key] {
                guard kept.body == body else {
                    throw Problem(status: 409, code: "idempotency-key-reused", title: "reused")
                }
                return kept.answer
            }
            let answer = try effect(&state)
            state.answers[key] = (body, answer)
            return answer
        }
        try hook(key, .after)
        return answer
    }

    private static func event(
        _ state: inout State, _ id: Int64, before: JSONValue, after: JSONValue, cause: Cause,
        door: Door
    ) -> RecordEvent {
        state.sequence += 1
        return RecordEvent(
            id: "store-\(state.sequence)",
            type: before.isNull ? "record.created" : "record.changed",
            record: FullCode(model: "helpdesk", code: "ticket"), recordID: id,
            time: "2026-01-01T00:00:00.000Z", account: "anna", door: door, cause: cause,
            before: before, after: after)
    }
}
