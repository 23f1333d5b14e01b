import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// The gateway service: the one door of the platform. It owns accounts, roles, sessions and tokens;
/// everything else it passes to the service that owns it.
public final class GatewayService: Service {
    public let name = "gateway"
    /// The port it listens on.
    public let port: Int

    let table: RouteTable
    let door: FrontDoor
    private let configuration: GatewayConfiguration
    private let runtime: Runtime
    let database: Database
    private let server: HTTPServer
    private let housekeeping: Housekeeping
    private let monitor: ServiceMonitor
    private let seeder: ModelSeeder
    let people: People

    /// Opens the database, applies migrations and binds the port.
    public convenience init(configuration: GatewayConfiguration, runtime: Runtime) async throws {
        let signer = PrincipalSigner(key: configuration.rpc.key, clock: runtime.clock)
        let peers = Peers(configuration.rpc, signer: signer, runtime: runtime)
        try await self.init(configuration: configuration, runtime: runtime, peers: peers)
    }

    init(configuration: GatewayConfiguration, runtime: Runtime, peers: Peers) async throws {
        self.configuration = configuration
        self.runtime = runtime
        try Files.makeFolder(configuration.data)
        database = try await Database.open(
            configuration.database, runtime: runtime)
        try await database.migrate(Migrations.all)
        people = try await People(
            configuration, database: database, peers: peers, runtime: runtime)
        let authenticator = people.authenticator
        let applier = ModelApplier(
            peers: peers, accounts: people.accounts, audit: people.audit, cache: people.cache)
        let frame = PageFrame(
            environment: configuration.environment, cookies: people.cookies)
        let limits = RateLimits(
            configuration.door.rates, share: CopyShare(of: database), runtime: runtime)
        let keptAnswers = KeptAnswers(
            database: database, key: configuration.rpc.key, runtime: runtime)
        table = RouteTable(
            authenticator: authenticator, limits: limits, keptAnswers: keptAnswers,
            hasOutsideAccess: configuration.door.hasWebAccess, runtime: runtime)
        people.addRoutes(to: table)
        GatewayService.addOwners(
            peers, applier, authenticator, runtime, sharedKey: configuration.rpc.key, to: table)
        monitor = ServiceMonitor(peers: peers, runtime: runtime)
        GatewayService.addPages(peers, applier, frame, people, monitor, runtime, to: table)
        runtime.metrics.registerRoom(of: configuration.data)
        let database = database
        PlatformRoutes(metrics: runtime.metrics) {
            await GatewayService.unreadiness(of: database)
        }.add(to: table)
        housekeeping = Housekeeping(
            sessions: people.sessions, keptAnswers: keptAnswers, audit: people.audit,
            auditLife: configuration.auditLife, runtime: runtime)
        seeder = ModelSeeder(
            applier: applier, accounts: people.accounts, configuration: configuration,
            runtime: runtime)
        door = FrontDoor(
            router: table.router, pages: ProblemPages(frame: frame),
            login: LoginPages(
                frame: frame, authenticator: authenticator, random: runtime.random),
            authenticator: authenticator,
            limits: limits, crossOrigin: configuration.door.crossOrigin,
            isSecure: configuration.isSecure)
        server = GatewayService.server(configuration, runtime, door)
        if let fault = table.router.check().first { throw RouteFault(text: fault) }
        port = try server.bind()
    }

    public func run() async throws {
        configuration.output("Geartrain listens on http://\(configuration.rpc.address):\(port)")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [server] in try await server.run() }
            group.addTask { [housekeeping] in try await housekeeping.run() }
            group.addTask { [monitor] in try await monitor.run() }
            group.addTask { [feed = people.feed] in try await feed.run() }
            group.addTask { [feed = people.feed] in try await feed.follower?.run() }
            group.addTask { [seeder, runtime] in
                do {
                    try await seeder.run()
                } catch {
                    runtime.log.error(
                        "the models of the first start were not applied",
                        ["error": .string("\(error)")])
                }
            }
            try await group.waitForAll()
        }
        people.worker.stop()
        await database.close()
    }

    public func shutdown() async {
        await seeder.shutdown()
        await housekeeping.shutdown()
        await monitor.shutdown()
        await people.feed.shutdown()
        await people.feed.follower?.shutdown()
        await server.shutdown()
    }

    // MARK: Wiring

    private static func addOwners(
        _ peers: Peers, _ applier: ModelApplier, _ authenticator: Authenticator,
        _ runtime: Runtime, sharedKey: [UInt8], to table: RouteTable
    ) {
        let resolver = CodeResolver(records: peers["records"], clock: runtime.clock)
        ModelRoutes(
            records: peers["records"], applier: applier, authenticator: authenticator
        ).add(to: table)
        SecretRoutes(
            records: peers["records"], audit: authenticator.audit, authenticator: authenticator
        ).add(to: table)
        RecordRoutes(records: peers["records"]).add(to: table)
        NewRecordRoutes(records: peers["records"]).add(to: table)
        ReplicaRoutes(records: peers["records"]).add(to: table)
        FileRoutes(records: peers["records"]).add(to: table)
        HistoryRoutes(records: peers["records"]).add(to: table)
        QueryRoutes(records: peers["records"]).add(to: table)
        WorkflowRoutes(workflow: peers["workflow"], resolver: resolver).add(to: table)
        JobRoutes(workflow: peers["workflow"], resolver: resolver).add(to: table)
        ScriptRoutes(workflow: peers["workflow"], resolver: resolver).add(to: table)
        RuleRoutes(workflow: peers["workflow"], resolver: resolver).add(to: table)
        URLCallRoutes(
            workflow: peers["workflow"], batch: peers["batch"], resolver: resolver
        ).add(to: table)
        MailRoutes(mail: peers["mail"]).add(to: table)
        BatchRoutes(batch: peers["batch"], resolver: resolver).add(to: table)
        DownloadRoutes(
            batch: peers["batch"], authenticator: authenticator, sharedKey: sharedKey,
            clock: runtime.clock
        ).add(to: table)
    }

    private static func addPages(
        _ peers: Peers, _ applier: ModelApplier, _ frame: PageFrame, _ people: People,
        _ monitor: ServiceMonitor, _ runtime: Runtime, to table: RouteTable
    ) {
        let authenticator = people.authenticator
        PasswordPages(
            frame: frame, passwords: people.passwords, authenticator: authenticator,
            random: runtime.random
        ).add(to: table)
        LoginPages(frame: frame, authenticator: authenticator, random: runtime.random)
            .add(to: table)
        let pages = Pages(
            frame: frame, peers: peers, authenticator: authenticator, random: runtime.random,
            table: table)
        let views = ListViewStore(database: people.accounts.database, clock: runtime.clock)
        let recents = RecentRecords(database: people.accounts.database, clock: runtime.clock)
        HomePages(pages: pages, views: views, recents: recents).add()
        ClassPages(pages: pages, views: views).add()
        ListViewPages(pages: pages, store: views).add()
        ManyPages(pages: pages).add()
        SearchPages(pages: pages).add()
        QueryPages(pages: pages).add()
        RecordPages(pages: pages, recents: recents).add()
        ModelPages.add(pages, applier)
        TaskPages(pages: pages).add()
        WorkflowPages(pages: pages).add()
        OperationsPages(pages: pages, monitor: monitor).add()
        RunPages(pages: pages).add()
        MailPages(pages: pages).add()
        MailboxPages(pages: pages).add()
        AccountPages(pages: pages).add()
        RolePages(pages: pages).add()
        OrgPages(pages: pages).add()
        ExplainPages(pages: pages).add()
        MePages(pages: pages).add()
        CapabilityPages(frame: frame, workflow: peers["workflow"]).add(to: table)
        ProblemPages(frame: frame).add(to: table)
        DocumentPages(frame: frame, table: table).add()
    }

    private static func server(
        _ configuration: GatewayConfiguration, _ runtime: Runtime, _ door: FrontDoor
    ) -> HTTPServer {
        var settings = HTTPServerConfiguration()
        settings.address = configuration.rpc.address
        settings.port = configuration.rpc.port
        // The largest of any route; each route has its own.
        settings.bodyLimit = BatchRoutes.fileLimit
        return HTTPServer(name: "gateway", configuration: settings, runtime: runtime) {
            await door.respond(to: $0)
        }
    }

    /// Ready is who can read its own database; the peers have their own readiness.
    private static func unreadiness(of database: Database) async -> String? {
        do {
            _ = try await database.pointRead { try $0.count("select count(*) from setting") }
            return nil
        } catch {
            return "The gateway's database does not answer."
        }
    }
}

/// A route that is not right: the gateway does not start with one.
struct RouteFault: Error, CustomStringConvertible {
    let text: String
    var description: String { text }
}
