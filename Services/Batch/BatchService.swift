import Contracts
import Database
import HTTP
import Incidents
import RPC
import ServiceRuntime
import Synchronization

/// The batch service: its database, its worker and its door.
public final class BatchService: Service {
    public let name = "batch"
    /// The port it listens on.
    public let port: Int

    private let database: Database
    private let files: RunFiles
    private let group: ServiceGroup
    private let stopping: StopFlag
    private let sourceThread = ThreadExecutor(name: "batch-sources")

    /// Opens the database, applies migrations and binds the port.
    public init(configuration: BatchConfiguration, runtime: Runtime) async throws {
        BatchService.register(configuration, runtime.metrics)
        try Files.makeFolder(configuration.data)
        let database = try await Database.open(
            configuration.database, runtime: runtime)
        try await database.migrate(Migrations.all)
        let files = try RunFiles(
            folder: configuration.data + "/batch",
            exchange: FileFolders(roots: configuration.folders), runtime: runtime)
        try await files.clean(
            keeping: database.read { try RunStore.files($0) }, isShared: database.isShared)
        let signer = PrincipalSigner(key: configuration.rpc.key, clock: runtime.clock)
        let peers = Peers(configuration.rpc, signer: signer, runtime: runtime)
        let stopping = StopFlag()
        let machines = OtherMachines(
            records: peers["records"], outgoing: configuration.outgoing, runtime: runtime)
        let sources = SourceIntake(
            database: database, files: files, machines: machines, runtime: runtime,
            folders: configuration.folders, byteLimit: configuration.uploadLimit,
            thread: sourceThread)
        let runs = Runs(
            database: database, files: files, records: peers["records"],
            workflow: peers["workflow"],
            sources: SyncSources(configuration, records: peers["records"], runtime: runtime),
            runtime: runtime, stopping: stopping, intake: sources,
            delivery: ExportDelivery(
                files: files, machines: machines, mail: peers["mail"], runtime: runtime,
                thread: sourceThread))
        let incidents = IncidentBook(service: "batch", runtime: runtime)
        let worker = BatchService.worker(configuration, database, runs, incidents, runtime)
        let routes = RPCRoutes(service: "batch", signer: signer, runtime: runtime) {
            await BatchService.readiness(database)
        }
        Routes.add(
            BatchActions(
                database: database, files: files, records: peers["records"], runtime: runtime,
                uploadLimit: configuration.uploadLimit, stopping: stopping,
                wake: { worker.wake() }),
            to: routes)
        routes.on(ActOnIncident.self) { call, context in
            let answer = try await incidents.act(
                call, context, database, on: [Migrations.queue])
            worker.wake()
            return answer
        }
        var http = HTTPServerConfiguration()
        http.headLimit = HTTPServerConfiguration.peerHeadLimit
        http.address = configuration.rpc.address
        http.port = configuration.rpc.port
        // Uploads are limited by their own setting.
        http.bodyLimit = max(http.bodyLimit, configuration.uploadLimit)
        let server = HTTPServer(
            name: "batch-http", configuration: http, runtime: runtime, routes: routes.router)
        port = try server.bind()
        let teller = incidents.teller(database, peers["workflow"])
        let keeping = RunKeeping(
            database: database, files: files, runtime: runtime, life: configuration.retention)
        let services: [any Service] =
            configuration.integrations
            ? [worker, teller, keeping, server] : [teller, keeping, server]
        group = ServiceGroup(services: services, log: runtime.log)
        self.database = database
        self.files = files
        self.stopping = stopping
    }

    public func run() async throws {
        do {
            try await group.run()
        } catch {
            await close()
            throw error
        }
        await close()
    }

    public func shutdown() async {
        stopping.set()
        group.shutdown()
    }

    private func close() async {
        await database.close()
        files.stop()
        sourceThread.stop()
    }

    private static func worker(
        _ configuration: BatchConfiguration, _ database: Database, _ runs: Runs,
        _ incidents: IncidentBook, _ runtime: Runtime
    ) -> QueueWorker {
        QueueWorker(
            Migrations.queue, database: database, runtime: runtime, name: "batch-runs",
            concurrency: configuration.runLimit,
            backoff: exponentialBackoff(
                first: .milliseconds(250), most: .seconds(5), random: runtime.random),
            onDead: incidents.openDead(in: Migrations.queue),
            handle: runtime.tracer.work("batch-runs", runs.handle))
    }

    /// What is counted is there before anything is.
    private static func register(_ configuration: BatchConfiguration, _ metrics: Metrics) {
        metrics.registerIntegrations(configuration.integrations)
        metrics.registerRoom(of: configuration.data)
        _ = SyncCounters(metrics)
        for kind in [Run.Kind.import, .export, .sync] { _ = kind.rowCounter(metrics) }
    }

    private static func readiness(_ database: Database) async -> String? {
        do {
            _ = try await database.pointRead { try $0.count("select 1") }
            return nil
        } catch {
            return "the database does not answer"
        }
    }
}

/// Says to running imports and exports that they should pause.
final class StopFlag: Sendable {
    private let flag = Atomic(false)
    func set() { flag.store(true, ordering: .relaxed) }
    var isSet: Bool { flag.load(ordering: .relaxed) }
}
