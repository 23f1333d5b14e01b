import Database
import HTTP
import RPC
import ServiceRuntime

/// The mail service: its database, its actors and its door.
public final class MailService: Service {
    public let name = "mail"

    /// A mail waits this long for a peer that is down, at first and at most.
    private static let intakeBackoff = (first: Duration.seconds(1), most: Duration.seconds(60))
    private static let intakeConcurrency = 4

    private let database: Database
    private let transport: any Transport
    private let threads: [ThreadExecutor]
    private let group: ServiceGroup
    /// The port it listens on.
    public let port: Int

    /// Opens the database, applies migrations and binds the port.
    public init(configuration: MailConfiguration, runtime: Runtime) async throws {
        let database = try await Database.open(
            DatabaseConfiguration(location: configuration.data + "/mail.db"), runtime: runtime)
        try await database.migrate(MailMigrations.all)
        let files = ThreadExecutor(name: "mail-files")
        let parser = ThreadExecutor(name: "mail-parser")
        let transport = MailService.transport(configuration, files: files, runtime: runtime)
        let parts = try await Parts(
            configuration: configuration, runtime: runtime, database: database,
            transport: transport, files: files, parser: parser)
        try await parts.recover()
        var server = HTTPServerConfiguration()
        server.headLimit = HTTPServerConfiguration.peerHeadLimit
        server.address = configuration.rpc.address
        server.port = configuration.rpc.port
        server.bodyLimit = MailRoutes.sendLimit
        let routes = parts.routes(configuration)
        let listener = HTTPServer(
            name: "mail", configuration: server, runtime: runtime, routes: routes.router)
        port = try listener.bind()
        self.database = database
        self.transport = transport
        threads = [files, parser]
        // Ended in the reverse order: the door first, the workers last.
        group = ServiceGroup(
            services: parts.workers + [parts.scheduler, listener], clock: runtime.clock,
            log: runtime.log)
    }

    public func run() async throws {
        do {
            try await group.run()
        } catch {
            await end()
            throw error
        }
        await end()
    }

    private func end() async {
        await transport.close()
        await database.close()
        for thread in threads { thread.stop() }
    }

    public func shutdown() async { group.shutdown() }

    private static func transport(
        _ configuration: MailConfiguration, files: ThreadExecutor, runtime: Runtime
    ) -> any Transport {
        guard let smtp = configuration.outgoing.smtp else {
            return FolderTransport(folder: configuration.data + "/mail/out", files: files)
        }
        let domain = configuration.outgoing.from.split(separator: "@").last ?? "localhost"
        let helloName = domain.filter { $0 != ">" && $0 != " " }
        return SMTPTransport(
            smtp, helloName: String(helloName), authorities: configuration.authorities,
            timeout: configuration.serverTimeout, clock: runtime.clock)
    }

    /// The parts of the service, wired.
    private struct Parts {
        let database: Database
        let runtime: Runtime
        let outbox: Outbox
        let mailboxes: Mailboxes
        let definitions: Definitions
        let scheduler: MailboxScheduler
        let workers: [any Service]
        private let store = MailStore()
        private let resendsUncertain: Bool
        private let signer: PrincipalSigner

        init(
            configuration: MailConfiguration, runtime: Runtime, database: Database,
            transport: any Transport, files: ThreadExecutor, parser: ThreadExecutor
        ) async throws {
            self.database = database
            self.runtime = runtime
            resendsUncertain = configuration.outgoing.resendsUncertain
            signer = PrincipalSigner(key: configuration.rpc.key, clock: runtime.clock)
            let peers = Peers(configuration.rpc, signer: signer, runtime: runtime)
            let definitions = try await Definitions(database: database)
            self.definitions = definitions
            let metrics = MailMetrics(runtime.metrics)
            let (pulse, limits, intake) = (Pulse(), MIMELimits(), IntakeStore())
            let sender = Parts.sender(configuration, runtime, database, transport, metrics)
            let processor = IntakeProcessor(
                database: database, store: intake, definitions: definitions, peers: peers,
                runtime: runtime, metrics: metrics, parser: parser, limits: limits, pulse: pulse)
            let taker = QueueWorker(
                intake.queue, database: database, runtime: runtime, name: "mail-intake",
                concurrency: MailService.intakeConcurrency,
                backoff: exponentialBackoff(
                    first: MailService.intakeBackoff.first, most: MailService.intakeBackoff.most,
                    random: runtime.random), handle: processor.handle)
            scheduler = MailboxScheduler(
                definitions: definitions, configuration: configuration,
                tools: MailboxReader.Tools(
                    database: database, store: intake, runtime: runtime, metrics: metrics,
                    parser: parser, limits: limits, pulse: pulse, wake: taker.wake),
                files: files,
                secrets: MailboxSecrets(
                    records: peers["records"], folder: configuration.secrets, files: files,
                    runtime: runtime))
            outbox = Outbox(
                database: database, store: store,
                composer: Composer(
                    definitions: definitions, database: database, peers: peers,
                    configuration: configuration, runtime: runtime),
                runtime: runtime, wake: sender.wake)
            mailboxes = Mailboxes(
                database: database, store: intake, definitions: definitions,
                scheduler: scheduler, processor: processor, configuration: configuration)
            let keeper = Housekeeping(database: database, runtime: runtime)
            // The kill switch: what is queued stays queued.
            workers = configuration.integrations ? [keeper, sender, taker] : [keeper]
        }

        private static func sender(
            _ configuration: MailConfiguration, _ runtime: Runtime, _ database: Database,
            _ transport: any Transport, _ metrics: MailMetrics
        ) -> QueueWorker {
            let outgoing = configuration.outgoing
            let backoff = exponentialBackoff(
                first: outgoing.firstRetry, most: outgoing.longestRetry, random: runtime.random)
            let sender = Sender(
                database: database, store: MailStore(), transport: transport,
                configuration: outgoing, runtime: runtime, metrics: metrics, backoff: backoff)
            return QueueWorker(
                MailMigrations.outgoing, database: database, runtime: runtime,
                name: "mail-sender", concurrency: outgoing.connections, backoff: backoff,
                handle: sender.send)
        }

        /// What a crash left between the final dot and the server's answer is uncertain from now
        /// on.
        func recover() async throws {
            let (store, resend, now) = (store, resendsUncertain, runtime.clock.now())
            let count = try await database.write {
                try store.settleInterrupted($0, resend: resend, now: now)
            }
            if count > 0 {
                runtime.log.warning(
                    "the outcome of mails is not known", ["recipients": .integer(count)])
            }
        }

        func routes(_ configuration: MailConfiguration) -> RPCRoutes {
            let database = database
            let routes = RPCRoutes(service: "mail", signer: signer, runtime: runtime) {
                do {
                    _ = try await database.pointRead { try $0.count("select 1") }
                    return nil
                } catch {
                    return "the database cannot be read"
                }
            }
            MailRoutes(
                outbox: outbox, mailboxes: mailboxes, definitions: definitions,
                scheduler: scheduler
            ).add(to: routes)
            return routes
        }
    }
}
