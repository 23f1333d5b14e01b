import Contracts
import Curl
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport

@testable import Batch
@testable import Records

/// Batch over a real Records, and a real SQLite file of somebody else's.
final class SyncBench: Sendable {
    let folder: TemporaryFolder
    let runtime = TestRuntime.make()
    let service: RecordsService
    let records: Peer
    let database: Database
    let worker: QueueWorker
    private let sourceThread = ThreadExecutor(name: "sources")
    let stopping = StopFlag()
    let actions: BatchActions
    private let running: Task<Void, any Error>
    private let serving: Task<Void, any Error>
    private let version = Mutex<Int64>(0)

    /// Loopback is open, where the other databases are.
    static let outgoing = OutgoingConfiguration(
        policy: OutgoingPolicy(opened: [NetworkRange("127.0.0.0/8")].compactMap(\.self)))
    static let admin = Principal(account: "admin", permissions: ["models:write"])
    static let clerk = Principal(account: "clerk", roles: ["clerk"])
    static let type = FullCode(model: "shop", code: "item")

    static let columns = """
        {"code": "code", "type": "text", "unique": true}, {"code": "name", "type": "text"},
        {"code": "price", "type": "decimal", "scale": 2, "min": 0},
        {"code": "stock", "type": "integer"}, {"code": "number", "type": "integer", "unique": true},
        {"code": "active", "type": "boolean"}, {"code": "since", "type": "date"},
        {"code": "seen", "type": "datetime"}
        """

    static let sqlite = #"{"kind": "sqlite", "path": "crm.db", "table": "items"}"#

    /// A model with one synchronization `s`: its members besides source and class.
    static func model(
        _ sync: String, source: String = SyncBench.sqlite, grants: String = ""
    ) -> String {
        let operations = #""read", "insert", "change", "delete", "import", "export""#
        let grant = grants.isEmpty ? #"{"role": "clerk", "operations": [\#(operations)]}"# : grants
        return """
            {"code": "shop", "roles": ["clerk"], "classes": [{"code": "item", "webAccess": true,
              "columns": [\(columns)], "grants": [\(grant)]}],
             "syncs": [{"code": "s", "class": "item",
               "source": \(source), \(sync)}]}
            """
    }

    static let pull = """
        "direction": "pull", "key": {"code": "no"}, "deletes": "detect", "cursor": "changed",
        "columns": {"name": "name", "price": "price", "stock": "stock"}
        """

    init(
        _ sync: String = SyncBench.pull, source: String = SyncBench.sqlite,
        secrets: [String: String] = [:], in folder: TemporaryFolder = TemporaryFolder()
    )
        async throws
    {
        self.folder = folder
        let key = [UInt8](repeating: 7, count: 32)
        let signer = PrincipalSigner(key: key, clock: runtime.clock)
        let quiet = RPCRoutes(service: "workflow", signer: signer, runtime: runtime) { nil }
        quiet.on(DeliverEvents.self) { _, _ in Done() }
        quiet.on(TakeModel.self) { _, _ in Done() }
        let transport = RouterTransport(quiet.router)
        let others: [String: any Transport] = [
            "workflow": transport, "mail": transport, "batch": transport,
        ]
        let rpc = RPCConfiguration(address: "127.0.0.1", port: 0, key: key, peers: [:])
        service = try await RecordsService(
            configuration: RecordsConfiguration(rpc: rpc, data: folder.path), runtime: runtime,
            signer: signer,
            peers: Peers(
                transports: others, signer: signer, runtime: runtime))
        database = try await Database.open(
            StoreEngine.chosen.place("batch", in: folder.path), runtime: runtime)
        try await database.migrate(Batch.Migrations.all)
        let peers = Peers(
            transports: [
                "records": RouterTransport(service.routes.router),
                "workflow": RouterTransport(quiet.router),
            ], signer: signer, runtime: runtime)
        records = peers["records"]
        let exchange = [folder.path + "/exchange"]
        let files = try RunFiles(
            folder: folder.path + "/batch", exchange: FileFolders(roots: exchange),
            runtime: runtime)
        let machines = OtherMachines(
            records: records, outgoing: OutgoingConfiguration(), runtime: runtime)
        let intake = SourceIntake(
            database: database, files: files, machines: machines, runtime: runtime,
            folders: exchange, byteLimit: 8 << 20, thread: sourceThread)
        let runs = Runs(
            database: database, files: files, records: records, workflow: peers["workflow"],
            sources: SyncSources(
                folders: [folder.path], records: peers["records"], runtime: runtime,
                outgoing: SyncBench.outgoing), runtime: runtime, stopping: stopping,
            intake: intake,
            delivery: ExportDelivery(
                files: files, machines: machines, mail: peers["mail"], runtime: runtime,
                thread: sourceThread))
        let worker = QueueWorker(
            Batch.Migrations.queue, database: database, runtime: runtime, name: "runs",
            concurrency: 2, backoff: { _ in .milliseconds(20) }, handle: runs.handle)
        self.worker = worker
        actions = BatchActions(
            database: database, files: files, records: records, runtime: runtime,
            uploadLimit: 8 << 20, stopping: stopping, wake: { worker.wake() })
        running = Task { try await worker.run() }
        serving = Task { [service] in try await service.run() }
        for (name, value) in secrets {
            _ = try await records.call(
                PutSecret(name: name, value: value), as: context(SyncBench.admin))
        }
        try await define(SyncBench.model(sync, source: source))
    }

    /// Applies a model to both services.
    func define(_ model: String) async throws {
        let document = JSONBytes(Array(model.utf8))
        _ = try await records.call(
            ApplyModel(code: "shop", document: document, allowDestructive: true),
            as: context(.system))
        let next = version.withLock {
            $0 += 1
            return $0
        }
        let check = try actions.check(CheckModel(code: "shop", document: document))
        guard check.problems.isEmpty else { throw Problem.validation(check.problems) }
        let stands = try await database.read { connection in
            try connection.count("select coalesce(max(version), 0) from model")
        }
        _ = try await actions.take(
            TakeModel(code: "shop", version: max(next, stands + 1), document: document))
    }

    func stop() async throws {
        stopping.set()
        await worker.shutdown()
        try await running.value
        await database.close()
        sourceThread.stop()
        await service.shutdown()
        try await serving.value
    }

    var path: String { folder.path + "/crm.db" }

    /// Runs SQL on the other side as another program would.
    @discardableResult
    func sql(_ script: String) async throws -> String {
        let (code, output) = try await ChildProcess.run(
            "sqlite3", [path, ".timeout 5000", script], within: .seconds(60))
        guard code == 0 else { throw ForeignFailure(output: output) }
        return output
    }

    func context(_ principal: Principal = SyncBench.clerk) -> CallContext {
        CallContext(
            principal: principal, door: .api, cause: Cause(root: "request:test"),
            trace: TraceContext(requestID: "test"))
    }

    func start(as principal: Principal = SyncBench.clerk) async throws -> Int64 {
        let answer = try await actions.startSync(
            StartSync(definition: FullCode(model: "shop", code: "s")), as: context(principal))
        return try JSONValue(parsing: answer.bytes)["run"]?.integer ?? 0
    }

    func run(_ id: Int64) async throws -> JSONValue {
        try JSONValue(parsing: await actions.run(id, as: context()).bytes)
    }

    /// The file of refused rows.
    func errors(_ id: Int64) async throws -> String {
        let response = try await actions.errors(id, as: context())
        let server = HTTPServer(
            name: "file", configuration: HTTPServerConfiguration(), runtime: runtime
        ) { _ in response }
        let port = try server.bind()
        let serving = Task { try await server.run() }
        let answer = try await APIClient(port: port).expect(200, .get, "/file")
        await server.shutdown()
        try await serving.value
        return answer.text
    }

    /// A run from its beginning to its end.
    func sync(as principal: Principal = SyncBench.clerk) async throws -> JSONValue {
        try await ended(start(as: principal))
    }

    func ended(_ id: Int64) async throws -> JSONValue {
        try await eventually("end of run \(id)", within: .seconds(180)) {
            let state = try await run(id)["state"]?.string ?? ""
            return state != "planned" && state != "running"
        }
        return try await run(id)
    }

    /// Our records as lines of `code|name|price|stock`, in the order of their codes.
    func ours() async throws -> [String] {
        var lines: [String] = []
        var cursor: String?
        repeat {
            let answer = try await records.call(
                ListRecords(SyncBench.type, orderby: "code", limit: 1000, cursor: cursor),
                as: context())
            let page = try JSONValue(parsing: answer.bytes)
            for item in page["items"]?.array ?? [] {
                let parts = ["code", "name", "price", "stock"].map { key -> String in
                    switch item[key] {
                    case .string(let text)?: text
                    case .number(let number)?: number.text
                    default: ""
                    }
                }
                lines.append(parts.joined(separator: "|"))
            }
            cursor = page["next"]?.string
        } while cursor != nil
        return lines
    }

    func record(_ code: String) async throws -> JSONValue {
        let answer = try await records.call(
            ListRecords(SyncBench.type, filter: "code eq '\(code)'"), as: context())
        return try JSONValue(parsing: answer.bytes)["items"]?.array?.first ?? .null
    }

    func create(_ body: JSONValue) async throws {
        _ = try await records.call(
            CreateRecord(SyncBench.type, body: JSONBytes(body.bytes)), as: context())
    }

    func change(_ code: String, _ body: JSONValue) async throws {
        let id = try await record(code)["id"]?.integer ?? 0
        _ = try await records.call(
            ChangeRecord(
                SyncBench.type, id: id, version: try await record(code)["version"]?.integer,
                body: JSONBytes(body.bytes)), as: context())
    }

    func delete(_ code: String) async throws {
        let record = try await record(code)
        _ = try await records.call(
            DeleteRecord(
                SyncBench.type, id: record["id"]?.integer ?? 0,
                version: record["version"]?.integer), as: context())
    }

    /// The other side in the same form.
    func theirs() async throws -> [String] {
        try await sql(
            """
            select no, coalesce(name, ''), case when price is null then '' else
                printf('%.2f', price) end, coalesce(stock, '') from items order by no collate binary
            """
        ).split(separator: "\n").map(String.init)
    }
}

extension JSONValue {
    /// Counters in the order read, inserted, updated, unchanged, deleted, rejected.
    var syncCounts: [Int64] {
        ["read", "inserted", "updated", "unchanged", "deleted", "rejected"].map {
            self["counters"]?[$0]?.integer ?? -1
        }
    }
}
