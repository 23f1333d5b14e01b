import Contracts
import Database
import HTTP
import Incidents
import RPC
import ServiceRuntime

/// The records service: its database, its actors and its door.
public final class RecordsService: Service {
    public let name = "records"
    /// The port it listens on.
    public let port: Int

    private let group: ServiceGroup
    private let database: Database
    private let files: FileStore
    private let handover: ModelHandover
    /// For tests: the same calls without a socket.
    let routes: RPCRoutes
    let store: RecordStore

    /// Opens the database, applies migrations and binds the port.
    public convenience init(configuration: RecordsConfiguration, runtime: Runtime) async throws {
        let signer = PrincipalSigner(key: configuration.rpc.key, clock: runtime.clock)
        let peers = Peers(configuration.rpc, signer: signer, runtime: runtime)
        try await self.init(
            configuration: configuration, runtime: runtime, signer: signer, peers: peers)
    }

    init(
        configuration: RecordsConfiguration, runtime: Runtime, signer: PrincipalSigner,
        peers: Peers
    ) async throws {
        let database = try await Database.open(
            configuration.database, runtime: runtime)
        try await database.migrate(Migrations.all)
        let models = ModelStore(database: database, runtime: runtime)
        try await models.renew()
        try await models.refresh()
        models.followCopies()
        let directory = DirectoryStore(database: database)
        try await directory.refresh()
        let relay = EventRelay(database: database, peers: peers, runtime: runtime)
        let headFile = HistoryHeadFile(data: configuration.data)
        let sealer = HistorySealer(
            database: database, keys: configuration.historyKeys, file: headFile, runtime: runtime)
        let store = RecordStore(
            database: database, models: models, peers: peers, runtime: runtime
        ) {
            relay.wake()
            sealer.wake()
        }
        let files = try FileStore(configuration, runtime: runtime)
        let sweep = FileSweep(
            database: database, models: models, files: files, runtime: runtime,
            grace: configuration.fileGrace)
        let handover = ModelHandover(
            database: database, models: models, peers: peers, runtime: runtime)
        let routes = RPCRoutes(
            service: "records", signer: signer, runtime: runtime,
            ready: {
                do {
                    _ = try await database.read { try $0.count("SELECT generation FROM store") }
                    return nil
                } catch {
                    return "The database cannot be read."
                }
            })
        Routes(
            models: models, records: store, handover: handover, directory: directory,
            files: FileCalls(records: store, files: files, sweep: sweep),
            secrets: SecretStore(
                database: database,
                keys: SecretKeys(given: configuration.secretKeys, rpc: configuration.rpc.key),
                runtime: runtime)
        ) { call in
            try await HistoryVerifier.run(
                call, keys: configuration.historyKeys, file: headFile, database: database,
                clock: runtime.clock)
        }.add(to: routes)
        var http = HTTPServerConfiguration()
        http.headLimit = HTTPServerConfiguration.peerHeadLimit
        http.address = configuration.rpc.address
        http.port = configuration.rpc.port
        let server = HTTPServer(
            name: "records-rpc", configuration: http, runtime: runtime, routes: routes.router)
        port = try server.bind()
        RecordsService.register(configuration, database, runtime.metrics)
        self.database = database
        self.routes = routes
        self.store = store
        self.files = files
        self.handover = handover
        group = ServiceGroup(
            services: [
                relay, sealer, handover.makeWorker(), Housekeeping(store: store, runtime: runtime),
                sweep, handover.incidents.teller(database, peers["workflow"]), server,
            ], log: runtime.log)
    }

    private static func register(
        _ configuration: RecordsConfiguration, _ database: Database, _ metrics: Metrics
    ) {
        metrics.registerRoom(of: configuration.data)
        metrics.gauge(
            "geartrain_records_waiting_writes_count", help: "Writes that wait for the writer.",
            read: { Double(database.waitingWrites) })
    }

    public func run() async throws {
        handover.followCopies()
        try await group.run()
        files.stop()
        await database.close()
    }

    public func shutdown() async {
        handover.stopWaiting()
        group.shutdown()
    }
}

/// Removes what has expired, now and then.
private final class Housekeeping: Service {
    let name = "records-housekeeping"
    private static let interval = Duration.seconds(600)
    private let store: RecordStore
    private let runtime: Runtime
    private let signal = WorkerSignal()

    init(store: RecordStore, runtime: Runtime) {
        self.store = store
        self.runtime = runtime
    }

    func run() async throws {
        await signal.rounds(
            every: Housekeeping.interval, runtime: runtime, orSay: "expired answers stay"
        ) { try await store.expireAnswers() }
    }

    func shutdown() async { signal.stop() }
}
