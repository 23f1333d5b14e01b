import Database
import ServiceRuntime

/// Removes answers that nobody may ask for any more and mails whose time is over, and takes the
/// words of new mails for the search.
actor Housekeeping: Service {
    nonisolated let name = "mail-housekeeping"
    private static let interval = Duration.seconds(600)

    private let database: Database
    private let runtime: Runtime
    private let retention: MailRetention
    private let texts: MailTexts
    private let (stopped, stop) = AsyncStream.makeStream(of: Void.self)

    init(database: Database, runtime: Runtime, retention: MailRetention, texts: MailTexts) {
        self.database = database
        self.runtime = runtime
        self.retention = retention
        self.texts = texts
    }

    func run() async throws {
        let work = Task { [self] in
            while !Task.isCancelled {
                try? await runtime.clock.sleep(for: Housekeeping.interval)
                await turn()
            }
        }
        for await _ in stopped {}
        work.cancel()
        await work.value
    }

    private func turn() async {
        do {
            let now = runtime.clock.now()
            try await database.write { try IdempotencyTable().expire($0, now: now) }
            var isMore = true
            while isMore, !Task.isCancelled {
                isMore = try await database.writeMany { [retention] in
                    try retention.remove($0, now: now)
                }
            }
            try await texts.catchUp()
        } catch {
            runtime.log.warning("what is old is not removed", ["error": "\(error)"])
        }
    }

    func shutdown() async { stop.finish() }
}
