import Database
import HTTP
import Incidents
import RPC
import ServiceRuntime

/// The mail service: its database, its actors and its door.
public final class MailService: Service {
    public let name = "mail"

    /// A mail waits this long for a peer that is down, at first and at most.
    private static let intakeBackoff = (first: Duration.seconds(1), most: Duration.seconds(60))
    private static let intakeConcurrency = 4

    private let database: Database
    private let transports: Transports
    private let threads: [ThreadExecutor]
    private let group: ServiceGroup
    /// The port it listens on.
    public let port: Int

    /// Opens the database, applies migrations and binds the port.
    public init(configuration: MailConfiguration, runtime: Runtime) async throws {
        let database = try await Database.open(
            configuration.database, runtime: runtime)
        try await database.migrate(MailMigrations.all)
        let files = ThreadExecutor(name: "mail-files")
        let parser = ThreadExecutor(name: "mail-parser")
        let parts = try await Parts(
            configuration: configuration, runtime: runtime, database: database, files: files,
            parser: parser)
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
        transports = parts.transports
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
        await transports.close()
        await database.close()
        for thread in threads { thread.stop() }
    }

    public func shutdown() async { group.shutdown() }

    /// The parts of the service, wired.
    private struct Parts {
        let database: Database
        let runtime: Runtime
        let outbox: Outbox
        let mailboxes: Mailboxes
        let definitions: Definitions
        let scheduler: MailboxScheduler
        let workers: [any Service]
        let incidentCalls: IncidentCalls
        let transports: Transports
        private let parser: ThreadExecutor
        private let store: MailStore
        private let accounts: [MailConfiguration.Account]
        private let signer: PrincipalSigner

        init(
            configuration: MailConfiguration, runtime: Runtime, database: Database,
            files: ThreadExecutor, parser: ThreadExecutor
        ) async throws {
            self.database = database
            self.runtime = runtime
            self.parser = parser
            accounts = configuration.outgoing.all
            let incidents = MailIncidents(book: IncidentBook(service: "mail", runtime: runtime))
            var store = MailStore(accounts: configuration.outgoing.accounts.map(\.code))
            store.incidents = incidents
            self.store = store
            signer = PrincipalSigner(key: configuration.rpc.key, clock: runtime.clock)
            let peers = Peers(configuration.rpc, signer: signer, runtime: runtime)
            let definitions = try await Definitions(database: database)
            self.definitions = definitions
            let metrics = MailMetrics(runtime.metrics)
            runtime.metrics.registerIntegrations(configuration.integrations)
            runtime.metrics.registerRoom(of: configuration.data)
            let (pulse, limits) = (Pulse(), MIMELimits())
            let intake = IntakeStore(incidents: incidents)
            let secrets = MailboxSecrets(
                records: peers["records"], folder: configuration.secrets, files: files,
                runtime: runtime)
            let transports = Transports(
                configuration, files: files, runtime: runtime, secrets: secrets)
            self.transports = transports
            let senders = Parts.senders(
                configuration, runtime, database, store, transports, metrics)
            let processor = IntakeProcessor(
                database: database, store: intake, definitions: definitions, peers: peers,
                runtime: runtime, metrics: metrics, parser: parser, limits: limits, pulse: pulse)
            let taker = Parts.taker(processor, incidents)
            scheduler = MailboxScheduler(
                definitions: definitions, configuration: configuration,
                tools: MailboxReading.Tools(
                    database: database, store: intake, runtime: runtime, metrics: metrics,
                    parser: parser, limits: limits, pulse: pulse, wake: taker.wake),
                files: files, secrets: secrets)
            let texts = MailTexts(database: database, parser: parser)
            outbox = Outbox(
                database: database, store: store,
                composer: Composer(
                    definitions: definitions, database: database, peers: peers,
                    configuration: configuration, runtime: runtime, files: files),
                runtime: runtime, texts: texts
            ) { for sender in senders { sender.wake() } }
            mailboxes = Mailboxes(
                database: database, store: intake, definitions: definitions,
                scheduler: scheduler, processor: processor, configuration: configuration)
            let outgoing = configuration.outgoing
            let keeper = Housekeeping(
                database: database, runtime: runtime,
                retention: MailRetention(
                    keepBytes: outgoing.keepBytes, keep: outgoing.keep, incidents: incidents),
                texts: texts)
            // The kill switch: what is queued stays queued.
            workers =
                [keeper, incidents.book.teller(database, peers["workflow"])]
                + (configuration.integrations ? [taker] + senders : [])
            incidentCalls = IncidentCalls(
                database: database, incidents: incidents, outbox: outbox, mailboxes: mailboxes,
                store: store,
                queues: [intake.queue] + accounts.map { [store] in store.queue(of: $0.code) }
            ) {
                taker.wake()
                for sender in senders { sender.wake() }
            }
        }

        private static func taker(
            _ processor: IntakeProcessor, _ incidents: MailIncidents
        ) -> QueueWorker {
            let (queue, wait) = (processor.store.queue, MailService.intakeBackoff)
            return QueueWorker(
                queue, database: processor.database, runtime: processor.runtime,
                name: "mail-intake", concurrency: MailService.intakeConcurrency,
                backoff: exponentialBackoff(
                    first: wait.first, most: wait.most, random: processor.runtime.random),
                onDead: incidents.book.openDead(
                    in: queue, permission: MailIncidents.permission),
                handle: processor.runtime.tracer.work("mail-intake", processor.handle))
        }

        /// One for each account, with a queue of its own.
        private static func senders(
            _ configuration: MailConfiguration, _ runtime: Runtime, _ database: Database,
            _ store: MailStore, _ transports: Transports, _ metrics: MailMetrics
        ) -> [QueueWorker] {
            let outgoing = configuration.outgoing
            let backoff = exponentialBackoff(
                first: outgoing.firstRetry, most: outgoing.longestRetry, random: runtime.random)
            let redirect = outgoing.redirect.flatMap {
                try? AddressSyntax.read($0).get().address
            }
            return outgoing.all.map { account in
                let sender = Sender(
                    database: database, store: store,
                    transport: { mail in
                        // In the default queue are those of accounts that are gone, too.
                        let code = try await database.pointRead { connection in
                            try connection.first(
                                "select mail_account from mail where id = ?", [.integer(mail)]
                            ) { $0.text(0) }
                        }
                        return code.flatMap { transports[$0] }
                    },
                    resendsUncertain: account.resendsUncertain, redirect: redirect,
                    runtime: runtime, metrics: metrics, backoff: backoff)
                return QueueWorker(
                    store.queue(of: account.code), database: database, runtime: runtime,
                    name: "mail-sender-\(account.code)", concurrency: account.connections,
                    onLoops: true, backoff: backoff,
                    onDead: store.incidents?.book.openDead(
                        in: store.queue(of: account.code), permission: MailIncidents.permission),
                    handle: runtime.tracer.work("mail-sender-\(account.code)", sender.send))
            }
        }

        /// What a crash left between the final dot and the server's answer is uncertain from now
        /// on; what waits for an account that is gone says so.
        func recover() async throws {
            let now = runtime.clock.now()
            let resends = Set(accounts.filter(\.resendsUncertain).map(\.code))
            let (codes, isShared) = (accounts.map(\.code), database.isShared)
            let (count, orphans) = try await database.write { [store] connection in
                for code in codes.dropFirst() { try store.queue(of: code).create(connection) }
                // Of accounts that are gone as well, so that all are of one form.
                for code in try MailMigrations.standingAccounts(connection) {
                    try MailMigrations.outgoing(of: code).create(connection)
                }
                // What another copy sends is no crash's. Of one that ended the sender settles it,
                // with the item.
                let count =
                    isShared
                    ? 0
                    : try store.settleInterrupted(
                        connection, resends: { resends.contains($0) }, now: now)
                return (
                    count,
                    try store.adoptOrphans(connection, accounts: codes, now: now)
                )
            }
            if count > 0 {
                runtime.log.warning(
                    "the outcome of mails is not known", ["recipients": .integer(count)])
            }
            for account in orphans {
                runtime.log.warning(
                    "mails wait for an account that is not configured",
                    ["account": .string(account)])
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
                scheduler: scheduler, incidents: incidentCalls,
                views: MailViews(
                    outbox: outbox, mailboxes: mailboxes, parser: parser, limits: MIMELimits())
            ).add(to: routes)
            return routes
        }
    }
}
