import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport

/// Records, Workflow and Mail as far as Batch calls them, in memory: a class `shop.price` with a
/// unique `code`.
final class FakeRecords: Sendable {
    struct State {
        var items: [JSONObject] = []
        /// Answers by idempotency key, as the real one keeps them.
        var answers: [String: [UInt8]] = [:]
        var bodies: [String: [UInt8]] = [:]
        var calls = 0
        /// What the last list asked for.
        var deleted: String?
        /// Answers a page of a query.
        var query: (@Sendable (RunQuery) -> JSONValue)?
        /// What the last list was.
        var listed: ListRecords?
        var secrets: [String: String] = [:]
        /// Mails by idempotency key.
        var mails: [String: SendMail] = [:]
        var operations = ["read", "insert", "change", "import", "export"]
        /// Columns that may not be taken into a file.
        var closed: Set<String> = []
        /// Called before each chunk is written; throws what the service should answer.
        var beforeCreate: (@Sendable (Int) async throws -> Void)?
        /// Called after a chunk was written and before it is answered.
        var afterCreate: (@Sendable (Int) async throws -> Void)?
    }

    let state = Mutex(State())
    let records: RPCRoutes
    let workflow: RPCRoutes
    let mail: RPCRoutes

    init(signer: PrincipalSigner, runtime: Runtime) {
        records = RPCRoutes(service: "records", signer: signer, runtime: runtime) { nil }
        workflow = RPCRoutes(service: "workflow", signer: signer, runtime: runtime) { nil }
        mail = RPCRoutes(service: "mail", signer: signer, runtime: runtime) { nil }
        mail.on(SendMail.self) { [self] call, context in
            state.withLock { $0.mails[context.idempotencyKey ?? ""] = call }
            return MailQueued(id: 1, messageId: "<1@ok.test>", state: "queued")
        }
        records.on(ReadSecrets.self) { [self] call, _ in
            SecretValues(
                values: call.names.map { name in state.withLock { $0.secrets[name] } ?? "" })
        }
        records.on(DescribeClass.self) { [self] call, _ in describe(call.type) }
        records.on(WriteRows.self) { [self] in try await write($0, $1) }
        records.on(RunQuery.self) { [self] call, _ in
            JSONBytes((state.withLock(\.query)?(call) ?? ["items": [], "next": .null]).bytes)
        }
        records.on(ListRecords.self) { [self] call, _ in try list(call) }
        // What the import's expression `value.toUpperCase()` does, row by row.
        workflow.on(Evaluate.self) { call, _ in
            let rows = call.bindings["rows"]?.array ?? []
            let made = rows.map { row -> JSONValue in
                guard let text = row["Code"]?.string else { return ["error": "TypeError: null"] }
                return [.string(text.uppercased())]
            }
            return Evaluated(values: ["code": .array(made)])
        }
    }

    var items: [JSONObject] { state.withLock(\.items) }

    private func describe(_ type: FullCode) -> ClassDescription {
        var description = ClassDescription(
            type: type, name: ["en": "Price"],
            columns: [
                .init(code: "code", name: [:], type: "text", unique: true),
                .init(code: "price", name: [:], type: "decimal", scale: 2),
                .init(code: "note", name: [:], type: "text"),
            ], operations: state.withLock(\.operations), prefill: [], webAccess: true)
        let closed = state.withLock(\.closed)
        for index in description.columns.indices {
            description.columns[index].exportable =
                !closed.contains(description.columns[index].code)
        }
        return description
    }

    private func write(_ call: WriteRows, _ context: CallContext) async throws -> JSONBytes {
        let rows = (try JSONValue(parsing: call.rows.bytes).array ?? []).map { row in
            JSONValue.object(
                JSONObject(zip(call.columns, row.array ?? []).map { ($0.code, $1) }))
        }
        let (number, before, after) = state.withLock { state in
            state.calls += 1
            return (state.calls, state.beforeCreate, state.afterCreate)
        }
        try await before?(number)
        let key = context.idempotencyKey ?? ""
        let answer = try state.withLock { state in
            if let kept = state.answers[key] {
                guard state.bodies[key] == call.rows.bytes else {
                    throw Problem(status: 409, code: "idempotency-key-reused", title: "Reused")
                }
                return kept
            }
            let results = rows.map { write($0, call.key, &state) }
            let answer = (["results": .array(results)] as JSONValue).bytes
            state.answers[key] = answer
            state.bodies[key] = call.rows.bytes
            return answer
        }
        try await after?(number)
        return JSONBytes(answer)
    }

    private func write(_ row: JSONValue, _ upsert: [String], _ state: inout State) -> JSONValue {
        guard var record = row.object else { return ["problem": ["title": "no object"]] }
        if let price = record["price"], price.string != nil {
            return [
                "problem": [
                    "title": "Validation failed",
                    "errors": [
                        [
                            "pointer": "/price", "code": "wrong-type",
                            "detail": "A decimal is needed.",
                        ]
                    ],
                ]
            ]
        }
        if let key = upsert.first,
            let index = state.items.firstIndex(where: { $0[key] == record[key] })
        {
            let id = state.items[index]["id"] ?? 0
            record["id"] = id
            let isSame = record == state.items[index]
            state.items[index] = record
            return isSame ? ["none", id, 2] : ["change", id, 2, [:]]
        }
        let id = JSONValue(integerLiteral: state.items.count + 1)
        record["id"] = id
        state.items.append(record)
        return ["insert", id, 1]
    }

    private func list(_ call: ListRecords) throws -> JSONBytes {
        let items = state.withLock { state in
            state.deleted = call.deleted
            state.listed = call
            return state.items
        }
        let start = call.cursor.flatMap { Int($0) } ?? 0
        let end = min(items.count, start + (call.limit ?? 50))
        let next: JSONValue = end < items.count ? .string(String(end)) : .null
        let page: JSONValue = [
            "items": .array(items[start..<end].map { .object($0) }), "next": next,
        ]
        return JSONBytes(page.bytes)
    }
}
