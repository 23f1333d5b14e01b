import Contracts
import Crypto
import Curl
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport

@testable import Batch

/// Batch without a socket: its database and files are real, Records is a router in this process.
final class BatchBench: Sendable {
    let folder: TemporaryFolder
    let fake: FakeRecords
    let runtime = TestRuntime.make()
    let signer: PrincipalSigner
    let database: Database
    let files: RunFiles
    let worker: QueueWorker
    let stopping = StopFlag()
    let intake: SourceIntake
    private let sourceThread = ThreadExecutor(name: "sources")
    let actions: BatchActions
    private let running: Task<Void, any Error>

    static let clerk = Principal(account: "clerk", roles: ["agent"])

    static let model = """
        {"code": "shop", "classes": [{"code": "price", "columns": [
            {"code": "code", "type": "text", "unique": true}, {"code": "price", "type": "decimal"},
            {"code": "note", "type": "text"}]}],
         "imports": [
          {"code": "prices", "class": "price", "format": "csv", "source": "upload",
           "options": {"separator": ";"}, "mode": "upsert", "columns": [
            {"from": "Code", "to": "code", "key": true}, {"from": "Price", "to": "price"},
            {"from": "Note", "to": "note"}]},
          {"code": "shouted", "class": "price", "format": "csv", "columns": [
            {"from": "Code", "to": "code", "as": "=value.toUpperCase()"},
            {"from": "Price", "to": "price"}]}],
         "exports": [{"code": "list", "from": "price", "format": "csv", "options": {"separator": ";"},
           "columns": [{"column": "code", "as": "Code"}, {"column": "price", "as": "Price"},
                       {"column": "note", "as": "Note"}]}]}
        """

    /// In `folder`, which may have what another bench left there.
    init(
        _ folder: TemporaryFolder, records: FakeRecords? = nil,
        outgoing: OutgoingConfiguration = OutgoingConfiguration()
    ) async throws {
        self.folder = folder
        signer = PrincipalSigner(key: [UInt8](repeating: 7, count: 32), clock: runtime.clock)
        fake = records ?? FakeRecords(signer: signer, runtime: runtime)
        database = try await Database.open(
            StoreEngine.chosen.place("batch", in: folder.path), runtime: runtime)
        try await database.migrate(Migrations.all)
        files = try RunFiles(
            folder: folder.path + "/batch",
            exchange: FileFolders(roots: [folder.path + "/exchange"]), runtime: runtime)
        let peers = Peers(
            transports: [
                "records": RouterTransport(fake.records.router),
                "workflow": RouterTransport(fake.workflow.router),
                "mail": RouterTransport(fake.mail.router),
            ], signer: signer, runtime: runtime)
        let machines = OtherMachines(
            records: peers["records"], outgoing: outgoing, runtime: runtime)
        intake = SourceIntake(
            database: database, files: files, machines: machines, runtime: runtime,
            folders: [folder.path], byteLimit: 8 << 20, thread: sourceThread)
        let runs = Runs(
            database: database, files: files, records: peers["records"],
            workflow: peers["workflow"],
            sources: SyncSources(
                folders: [folder.path], records: peers["records"], runtime: runtime),
            runtime: runtime, stopping: stopping, intake: intake,
            delivery: ExportDelivery(
                files: files, machines: machines, mail: peers["mail"], runtime: runtime,
                thread: sourceThread))
        let worker = QueueWorker(
            Migrations.queue, database: database, runtime: runtime, name: "runs", concurrency: 2,
            backoff: { _ in .milliseconds(5) }, handle: runs.handle)
        self.worker = worker
        actions = BatchActions(
            database: database, files: files, records: peers["records"], runtime: runtime,
            uploadLimit: 8 << 20, stopping: stopping, wake: { worker.wake() })
        running = Task { try await worker.run() }
        _ = try await actions.take(
            TakeModel(code: "shop", version: 1, document: JSONBytes(Array(BatchBench.model.utf8))))
    }

    func stop() async throws {
        stopping.set()
        await worker.shutdown()
        try await running.value
        await database.close()
        files.stop()
        sourceThread.stop()
    }

    func keeping(_ life: Duration) -> RunKeeping {
        RunKeeping(database: database, files: files, runtime: runtime, life: life)
    }

    func context(_ principal: Principal = BatchBench.clerk, key: String? = nil) -> CallContext {
        CallContext(
            principal: principal, door: .api, cause: Cause(root: "request:test"),
            trace: TraceContext(requestID: "test"), idempotencyKey: key)
    }

    /// Starts an import; answers the run's number.
    func start(
        _ definition: String, _ file: [UInt8], as principal: Principal = BatchBench.clerk,
        key: String? = nil
    ) async throws -> Int64 {
        let response = try await actions.startImport(
            StartImport(definition: FullCode(model: "shop", code: definition), key: key),
            body: RequestBody(file), as: context(principal))
        guard case .bytes(let bytes) = response.body else { return 0 }
        return try JSONValue(parsing: bytes)["run"]?.integer ?? 0
    }

    func startExport() async throws -> Int64 {
        let answer = try await actions.startExport(
            StartExport(definition: FullCode(model: "shop", code: "list")), as: context())
        return try JSONValue(parsing: answer.bytes)["run"]?.integer ?? 0
    }

    func run(_ id: Int64) async throws -> JSONValue {
        try JSONValue(parsing: await actions.run(id, as: context()).bytes)
    }

    /// The run after its end.
    func ended(_ id: Int64) async throws -> JSONValue {
        try await eventually("end of run \(id)") {
            let state = try await run(id)["state"]?.string ?? ""
            return state != "planned" && state != "running"
        }
        return try await run(id)
    }

    /// A streamed answer as one text, through a real connection.
    func text(_ response: Response) async throws -> String {
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
}

extension JSONValue {
    /// The run's counters in the order read, inserted, updated, unchanged, rejected.
    var counts: [Int64] {
        ["read", "inserted", "updated", "unchanged", "rejected"].map {
            self["counters"]?[$0]?.integer ?? -1
        }
    }
}
