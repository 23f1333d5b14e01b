import Contracts
import Curl
import Database
import HTTP
import RPC
import ServiceRuntime

/// The workflow service: its database, its workers, its script hosts and its door.
public final class WorkflowService: Service {
    public let name = "workflow"
    /// The port it listens on.
    public let port: Int

    private let group: ServiceGroup
    /// For tests, as the calls are.
    let database: Database
    private let pools: ScriptPools
    private let outgoing: OutgoingHTTP
    /// For tests: the same calls without a socket.
    let routes: RPCRoutes
    let directory: Directory

    /// Opens the database, applies migrations and binds the port.
    public convenience init(configuration: WorkflowConfiguration, runtime: Runtime) async throws {
        let signer = PrincipalSigner(key: configuration.rpc.key, clock: runtime.clock)
        let peers = Peers(configuration.rpc, signer: signer, runtime: runtime)
        try await self.init(
            configuration: configuration, runtime: runtime, signer: signer, peers: peers)
    }

    init(
        configuration: WorkflowConfiguration, runtime: Runtime, signer: PrincipalSigner,
        peers: Peers
    ) async throws {
        try Files.makeFolder(configuration.data)
        let database = try await Database.open(
            configuration.database, runtime: runtime)
        try await database.migrate(Migrations.all)
        runtime.metrics.registerIntegrations(configuration.integrations)
        runtime.metrics.registerRoom(of: configuration.data)
        let pools = ScriptPools(configuration, runtime: runtime)
        let parts = try await Parts(
            configuration: configuration, runtime: runtime, database: database, peers: peers,
            pools: pools)
        let routes = RPCRoutes(
            service: "workflow", signer: signer, runtime: runtime,
            ready: {
                do {
                    _ = try await database.read { try $0.count("select count(*) from secret") }
                    return nil
                } catch {
                    return "The database cannot be read."
                }
            })
        parts.routes.add(to: routes)
        var http = HTTPServerConfiguration()
        http.headLimit = HTTPServerConfiguration.peerHeadLimit
        http.address = configuration.rpc.address
        http.port = configuration.rpc.port
        let server = HTTPServer(
            name: "workflow-rpc", configuration: http, runtime: runtime, routes: routes.router)
        port = try server.bind()
        self.database = database
        self.pools = pools
        outgoing = parts.outgoing.client
        self.routes = routes
        directory = parts.routes.directory
        group = ServiceGroup(
            services: parts.workers + [
                Housekeeping(
                    database: database, runtime: runtime, retention: configuration.retention),
                Census(database: database, runtime: runtime), server,
            ], log: runtime.log)
    }

    public func run() async throws {
        let end: Result<Void, any Error>
        do {
            end = .success(try await group.run())
        } catch {
            end = .failure(error)
        }
        outgoing.close()
        await pools.close()
        await database.close()
        try end.get()
    }

    public func shutdown() async { group.shutdown() }
}

/// What the service is made of, wired.
struct Parts {
    let routes: Routes
    let workers: [any Service]
    let outgoing: Outgoing

    /// Records that are reacted to at once.
    static let concurrency = 16
    /// Instances that are taken on at once, and so the most whose steps share a commit.
    static let instanceConcurrency = 64

    init(
        configuration: WorkflowConfiguration, runtime: Runtime, database: Database, peers: Peers,
        pools: ScriptPools
    ) async throws {
        let (clock, wakes) = (runtime.clock, Wakes())
        let definitions = DefinitionStore()
        try await definitions.load(from: database)
        let key = try await database.write {
            try Capabilities.key($0, random: runtime.random)
        }
        let capabilities = Capabilities(
            key: key, publicURL: configuration.publicURL, life: configuration.linkLife,
            clock: clock)
        let incidents = IncidentStore(runtime: runtime)
        let instances = InstanceStore(
            definitions: definitions, incidents: incidents, clock: clock)
        let events = EventStore(definitions: definitions, incidents: incidents, clock: clock)
        let reactions = ReactionStore(clock: clock)
        let jobStore = JobStore(runtime: runtime)
        let computing = StepComputing(definitions: definitions, pools: pools, clock: clock)
        let directory = Directory(database: database, clock: clock)
        let eventCalls = EventCalls(
            database: database, definitions: definitions, events: events,
            capabilities: capabilities, peers: peers, wakes: wakes, clock: clock, log: runtime.log)
        let instanceCalls = InstanceCalls(
            database: database, definitions: definitions, instances: instances,
            capabilities: capabilities, peers: peers, computing: computing, clock: clock)
        outgoing = try Outgoing(configuration, records: peers["records"], runtime: runtime)
        let evaluator = Evaluator(
            pool: pools.computing, acting: pools.acting,
            platform: Parts.platform(
                directory, peers, runtime, eventCalls, instanceCalls, outgoing))
        let effects = Effects(
            definitions: definitions, instances: instances, events: events,
            evaluator: evaluator, directory: directory, peers: peers, outgoing: outgoing)
        let reactor = ReactionRunner(
            database: database, store: reactions, incidents: incidents, effects: effects,
            wakes: wakes, clock: clock)
        let jobs = JobParts(
            configuration: configuration, runtime: runtime, database: database,
            store: jobStore, effects: effects, incidents: incidents, wakes: wakes)
        workers =
            Parts.workers(
                effects: effects, computing: computing, reactor: reactor, wakes: wakes,
                database: database, runtime: runtime) + jobs.workers
        let doors = Parts.doors(effects, wakes, database, clock)
        routes = Routes(
            models: ModelCalls(
                database: database, definitions: definitions, jobs: jobStore, pool: pools.computing,
                wakes: wakes),
            scripts: ScriptCalls(
                database: database, definitions: definitions, evaluator: evaluator,
                capabilities: capabilities),
            runs: RunCalls(definitions: definitions, evaluator: evaluator),
            beforeRules: BeforeRules(definitions: definitions, evaluator: evaluator),
            inbox: InboxCalls(
                database: database, definitions: definitions, store: reactions, wakes: wakes),
            events: eventCalls, instances: instanceCalls, jobs: jobs.calls,
            directory: directory,
            logs: LogCalls(database: database, clock: clock),
            trial: RuleTrial(
                definitions: definitions, database: database, evaluator: evaluator, clock: clock),
            actions: doors.actions, tasks: doors.tasks, drawings: doors.drawings,
            incidents: IncidentCalls(
                database: database, definitions: definitions, instances: instances,
                reactions: reactions, jobs: jobStore, incidents: incidents, peers: peers,
                wakes: wakes))
    }

    /// What people do with instances.
    private static func doors(
        _ effects: Effects, _ wakes: Wakes, _ database: Database, _ clock: any WallClock
    ) -> (actions: InstanceActionCalls, tasks: TaskCalls, drawings: DrawingCalls) {
        (
            InstanceActionCalls(
                database: database, instances: effects.instances, wakes: wakes, clock: clock),
            TaskCalls(
                database: database, instances: effects.instances, directory: effects.directory,
                wakes: wakes, clock: clock),
            DrawingCalls(database: database, definitions: effects.definitions)
        )
    }

    /// What scripts reach by `gt`.
    private static func platform(
        _ directory: Directory, _ peers: Peers, _ runtime: Runtime, _ events: EventCalls,
        _ instances: InstanceCalls, _ outgoing: Outgoing
    ) -> ScriptPlatform {
        ScriptPlatform(
            directory: directory, peers: peers, clock: runtime.clock, log: runtime.log,
            raise: events.raise, start: instances.start,
            http: { content, owner, context in
                try await outgoing.http(
                    content, of: SecretPlace(source: owner.source), as: context)
            })
    }

    private static func workers(
        effects: Effects, computing: StepComputing, reactor: ReactionRunner, wakes: Wakes,
        database: Database, runtime: Runtime
    ) -> [any Service] {
        let (store, clock) = (effects.instances, runtime.clock)
        let incidents = store.incidents
        let runner = InstanceRunner(
            database: database, store: store, work: StepWork(effects: effects, clock: clock),
            computing: computing, wakes: wakes, clock: clock)
        let waker = TimerRunner(
            database: database, store: store, effects: effects, wakes: wakes, clock: clock)
        // For what goes wrong in this service itself, such as a full disk.
        let backoff = exponentialBackoff(
            first: .milliseconds(500), most: .seconds(30), random: runtime.random)
        let reactions = QueueWorker(
            Queues.reaction, database: database, runtime: runtime, name: "reactions",
            concurrency: concurrency, onLoops: true, backoff: backoff,
            onDead: incidents.openDead(in: Queues.reaction),
            handle: runtime.tracer.work("reactions", reactor.handle))
        let instances = QueueWorker(
            Queues.instance, database: database, runtime: runtime, name: "instances",
            concurrency: instanceConcurrency, onLoops: true, backoff: backoff,
            onDead: incidents.openDead(in: Queues.instance),
            handle: runtime.tracer.work("instances", runner.handle))
        let timers = QueueWorker(
            Queues.timer, database: database, runtime: runtime, name: "timers",
            concurrency: instanceConcurrency, onLoops: true, backoff: backoff,
            onDead: incidents.openDead(in: Queues.timer),
            handle: runtime.tracer.work("timers", waker.handle))
        wakes.set(reactions: reactions, instances: instances, timers: timers)
        return [reactions, instances, timers]
    }
}
