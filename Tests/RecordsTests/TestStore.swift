import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport

@testable import Records

/// Records without a socket: its database in a folder of its own, its stores, and callers by role.
final class TestStore: Sendable {
    let folder: TemporaryFolder
    let runtime: Runtime
    let database: Database
    let models: ModelStore
    let records: RecordStore
    let directory: DirectoryStore

    init(
        clock: any WallClock = SystemClock(), folder: TemporaryFolder = TemporaryFolder(),
        peers: [String: any Transport] = [:], engine: StoreEngine = .chosen,
        onCommit: @escaping @Sendable () -> Void = {}
    ) async throws {
        self.folder = folder
        runtime = TestRuntime.make(clock: clock)
        var place = try await engine.place("records", in: folder.path)
        place.gate = ModelStore.gate
        database = try await Database.open(place, runtime: runtime)
        try await database.migrate(Migrations.all)
        models = ModelStore(database: database, runtime: runtime)
        try await models.refresh()
        directory = DirectoryStore(database: database)
        try await directory.refresh()
        records = RecordStore(
            database: database, models: models,
            peers: Peers(transports: peers, signer: TestStore.signer(clock), runtime: runtime),
            runtime: runtime, onCommit: onCommit)
    }

    /// What its peers' routes check calls by.
    static func signer(_ clock: any WallClock) -> PrincipalSigner {
        PrincipalSigner(key: Array(repeating: 7, count: 32), clock: clock)
    }

    // MARK: Models

    @discardableResult
    func apply(
        _ document: JSONValue, allowDestructive: Bool = false, over version: Int64? = nil
    ) async throws -> ModelApplication.Outcome {
        try await models.apply(
            ApplyModel(
                code: document["code"]?.string ?? "", document: JSONBytes(document.bytes),
                allowDestructive: allowDestructive, version: version), account: "admin")
    }

    func faults(_ document: JSONValue, code: String? = nil) async throws -> [FieldProblem] {
        try await models.check(
            CheckModel(
                code: code ?? document["code"]?.string ?? "", document: JSONBytes(document.bytes))
        ).problems
    }

    // MARK: Records

    @discardableResult
    func create(
        _ type: FullCode, _ body: JSONValue, as context: CallContext = .system,
        atomic: Bool? = nil, upsert: [String]? = nil, rules: Bool? = nil
    ) async throws -> JSONValue {
        let call = CreateRecord(
            type, body: JSONBytes(body.bytes), atomic: atomic, upsert: upsert, rules: rules)
        return try JSONValue(parsing: await records.create(call, context).bytes)
    }

    @discardableResult
    func change(
        _ type: FullCode, _ id: Int64, version: Int64? = nil, _ body: JSONValue,
        as context: CallContext = .system
    ) async throws -> JSONValue {
        let call = ChangeRecord(type, id: id, version: version, body: JSONBytes(body.bytes))
        return try JSONValue(parsing: await records.change(call, context).bytes)
    }

    func delete(
        _ type: FullCode, _ id: Int64, version: Int64? = nil, as context: CallContext = .system
    ) async throws {
        try await records.delete(DeleteRecord(type, id: id, version: version), context)
    }

    func get(
        _ type: FullCode, _ id: Int64, select: [String]? = nil, expand: [String]? = nil,
        deleted: String? = nil, as context: CallContext = .system
    ) async throws -> JSONValue {
        let call = GetRecord(type, id: id, select: select, expand: expand, deleted: deleted)
        return try JSONValue(parsing: await records.get(call, context).bytes)
    }

    func list(
        _ type: FullCode, filter: String? = nil, orderby: String? = nil,
        select: [String]? = nil, expand: [String]? = nil, limit: Int? = nil,
        cursor: String? = nil, count: Bool? = nil, deleted: String? = nil,
        as context: CallContext = .system
    ) async throws -> JSONValue {
        let call = ListRecords(
            type, filter: filter, orderby: orderby, select: select, expand: expand, limit: limit,
            cursor: cursor, count: count, deleted: deleted)
        return try JSONValue(parsing: await records.list(call, context).bytes)
    }

    /// The ids of the records of a list, in its order.
    func ids(
        _ type: FullCode, filter: String? = nil, orderby: String? = nil,
        as context: CallContext = .system
    ) async throws -> [Int64] {
        try await list(type, filter: filter, orderby: orderby, limit: 1000, as: context).ids
    }

    func history(
        _ type: FullCode, _ id: Int64, as context: CallContext = .system
    ) async throws -> [JSONValue] {
        let bytes = try await records.history(RecordHistory(type, id: id), context).bytes
        return try JSONValue(parsing: bytes)["items"]?.array ?? []
    }

    /// Whether it is a server's schema, rather than a file.
    static let isServer = StoreEngine.chosen == .postgresql
    /// What SQLite writes where another row has the value already; no other engine knows it.
    static let orReplace = isServer ? "" : " OR REPLACE"

    /// Runs SQL as another program does: by `sqlite3` on the file, or by `psql` in the schema.
    func foreign(_ sql: String) async throws -> (code: Int32, output: String) {
        guard StoreEngine.chosen == .postgresql else {
            return try await ChildProcess.run(
                "sqlite3", ["-cmd", ".timeout 5000", folder.path + "/records.db", sql])
        }
        let place = try await StoreEngine.chosen.place("records", in: folder.path).location
        let (url, schema) = (place.prefix { $0 != "?" }, place.split(separator: "=").last ?? "")
        return try await ChildProcess.run(
            "psql", [String(url), "-qXAt", "-v", "ON_ERROR_STOP=1", "-c", sql],
            environment: [
                "PGOPTIONS": "-c search_path=\"\(schema)\",\"\(schema)_api\"", "LC_ALL": "C.UTF-8",
            ])
    }

    /// What stands before the name of an API view where another program makes one.
    func api() async throws -> String {
        guard TestStore.isServer else { return "" }
        let place = try await StoreEngine.chosen.place("records", in: folder.path).location
        return "\"\(place.split(separator: "=").last ?? "")_api\"."
    }
}

extension CallContext {
    static let system = CallContext.make(.system)

    static func make(
        _ principal: Principal, door: Door = .api, key: String? = nil,
        cause: Cause = Cause(root: "request:r1")
    ) -> CallContext {
        CallContext(
            principal: principal, door: door, cause: cause, trace: TraceContext(requestID: "r1"),
            idempotencyKey: key)
    }

    /// A caller by account and roles.
    static func caller(
        _ account: String, _ roles: String..., door: Door = .api, key: String? = nil
    ) -> CallContext {
        make(Principal(account: account, roles: roles), door: door, key: key)
    }
}

extension JSONValue {
    var ids: [Int64] { (self["items"]?.array ?? []).compactMap { $0["id"]?.integer } }
    var id: Int64 { self["id"]?.integer ?? -1 }
    var version: Int64 { self["version"]?.integer ?? -1 }
}

/// JSON as it stands in a test.
func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

/// What a call answers instead of a result.
func refusal(_ body: () async throws -> some Any) async -> Problem? {
    do {
        _ = try await body()
        return nil
    } catch {
        return Records.problem(of: error)
    }
}

extension Problem {
    /// `pointer code`, as a test compares it.
    var faults: [String] { errors.map { "\($0.pointer) \($0.code)" } }
}

let ticket = FullCode(model: "helpdesk", code: "ticket")
let customer = FullCode(model: "helpdesk", code: "customer")

/// The model that most tests use.
func helpdesk(_ change: (inout String) -> Void = { _ in }) throws -> JSONValue {
    var text = helpdeskText
    change(&text)
    return try json(text)
}

private let helpdeskText = """
    {"code": "helpdesk", "name": {"en": "Help desk"}, "roles": ["agent", "customer", "clerk"],
     "classes": [
      {"code": "customer", "name": {"en": "Customer"}, "describe": "{name}", "webAccess": true,
       "columns": [{"code": "name", "type": "text", "required": true, "max": 100},
                   {"code": "number", "type": "integer", "unique": true}],
       "grants": [{"role": "agent", "operations": ["read", "insert", "change"]}]},
      {"code": "ticket", "name": {"en": "Ticket"}, "describe": "#{id} {subject}", "webAccess": true,
       "columns": [
        {"code": "subject", "type": "text", "required": true, "max": 20},
        {"code": "body", "type": "text", "multiline": true},
        {"code": "status", "type": "choice", "choices": ["new", "open", "closed"],
         "default": "new"},
        {"code": "spent", "type": "decimal", "scale": 2, "min": 0},
        {"code": "urgent", "type": "boolean", "default": false},
        {"code": "score", "type": "integer", "min": -10, "max": 10},
        {"code": "due", "type": "datetime"},
        {"code": "day", "type": "date"},
        {"code": "customer", "type": "reference", "class": "customer"},
        {"code": "mail_id", "type": "text", "unique": true}],
       "grants": [
        {"role": "agent", "operations": ["read", "insert", "change", "delete"]},
        {"role": "clerk", "operations": ["read"], "columns": ["subject", "status"]},
        {"role": "clerk", "operations": ["read"], "rows": {"scope": "own"}},
        {"role": "customer", "operations": ["read", "insert"], "rows": {"scope": "own"},
         "columns": ["subject", "status"]}]}]}
    """
