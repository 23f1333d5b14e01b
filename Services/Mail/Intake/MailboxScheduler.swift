import Contracts
import Curl
import Database
import ServiceRuntime

/// Reads every mailbox in its time, and again whenever definitions change.
actor MailboxScheduler: Service {
    nonisolated let name = "mailboxes"

    private struct Running {
        let reader: MailboxReader
        let task: Task<Void, Never>?
    }

    private let definitions: Definitions
    private let configuration: MailConfiguration
    private let tools: MailboxReading.Tools
    private let slots: ServerSlots
    private let files: ThreadExecutor
    private let secrets: MailboxSecrets
    private var running: [FullCode: Running] = [:]
    private var isStopping = false
    private let (stopped, stop) = AsyncStream.makeStream(of: Void.self)

    init(
        definitions: Definitions, configuration: MailConfiguration, tools: MailboxReading.Tools,
        files: ThreadExecutor, secrets: MailboxSecrets
    ) {
        self.definitions = definitions
        self.configuration = configuration
        self.tools = tools
        self.files = files
        self.secrets = secrets
        slots = ServerSlots(limit: configuration.serverConnections)
    }

    func run() async throws {
        let database = tools.database
        database.follow(Definitions.topic) { [weak self, weak database] in
            database?.readAgain(Definitions.topic) { [weak self] in
                try await self?.readAgain()
            }
        }
        refresh()
        for await _ in stopped {}
        isStopping = true
        let tasks = running.values.compactMap(\.task)
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    func shutdown() async {
        isStopping = true
        stop.finish()
    }

    /// Another copy of the service was given definitions.
    private func readAgain() async throws {
        try await definitions.read()
        refresh()
    }

    /// Starts, restarts and ends readers after the definitions.
    func refresh() {
        guard !isStopping else { return }
        var wanted: [FullCode: MailboxDefinition] = [:]
        for mailbox in definitions.mailboxes { wanted[mailbox.code] = mailbox }
        for (code, current) in running where wanted[code] != current.reader.definition {
            current.task?.cancel()
            running[code] = nil
        }
        for (code, definition) in wanted where running[code] == nil {
            let reader = MailboxReader(definition, source: source(of: definition), tools: tools)
            // The kill switch: a reader stands still, and is asked about all the same.
            let task = configuration.integrations ? loop(reader) : nil
            running[code] = Running(reader: reader, task: task)
        }
    }

    /// The reader of a mailbox that is defined.
    func reader(_ code: FullCode) -> MailboxReader? {
        if running[code] == nil { refresh() }
        return running[code]?.reader
    }

    /// Waits between readings that fail one after the other, at first and at most; the most is the
    /// mailbox's own interval where that is longer.
    private static let backoff = (first: Duration.seconds(1), most: Duration.seconds(300))

    /// How often a copy looks whether a mailbox has become its own.
    private static let takeoverInterval = Duration.milliseconds(200)

    private func loop(_ reader: MailboxReader) -> Task<Void, Never> {
        let every = reader.definition.every
        let pause = exponentialBackoff(
            first: MailboxScheduler.backoff.first,
            most: max(every, MailboxScheduler.backoff.most), random: tools.runtime.random)
        return Task { [tools] in
            var failures = 0
            while !Task.isCancelled {
                // One copy of the service reads a mailbox, so that nothing is listed twice.
                guard tools.database.leads("mailbox \(reader.definition.code)") else {
                    await reader.rest(atMost: MailboxScheduler.takeoverInterval)
                    continue
                }
                do {
                    try await reader.read()
                    failures = 0
                } catch {
                    // It stands at the mailbox; the next reading tries again.
                    failures += 1
                }
                await reader.rest(atMost: failures == 0 ? every : pause(failures))
            }
            await reader.close()
        }
    }

    private func source(of definition: MailboxDefinition) -> any MailSource {
        switch definition.source {
        case .folder(let path):
            FolderSource(
                folder: "\(configuration.data)/mail/\(path)", files: files,
                clock: tools.runtime.clock, byteLimit: tools.limits.messageBytes)
        case .imap(let imap):
            IMAPSource(
                account: IMAPAccount(
                    imap, secrets: secrets, authorities: configuration.authorities),
                folder: imap.folder, timeout: configuration.serverTimeout,
                byteLimit: tools.limits.messageBytes, clock: tools.runtime.clock, slots: slots)
        case .ews(let ews):
            EWSSource(
                definition: ews, secrets: secrets, authorities: configuration.authorities,
                timeout: configuration.serverTimeout, byteLimit: tools.limits.messageBytes,
                clock: tools.runtime.clock, slots: slots)
        }
    }
}
