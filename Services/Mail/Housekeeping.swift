import Database
import ServiceRuntime

/// Removes answers that nobody may ask for any more.
actor Housekeeping: Service {
    nonisolated let name = "mail-housekeeping"
    private static let interval = Duration.seconds(600)

    private let database: Database
    private let runtime: Runtime
    private let (stopped, stop) = AsyncStream.makeStream(of: Void.self)

    init(database: Database, runtime: Runtime) {
        self.database = database
        self.runtime = runtime
    }

    func run() async throws {
        let work = Task { [database, runtime] in
            while !Task.isCancelled {
                try? await runtime.clock.sleep(for: Housekeeping.interval)
                let now = runtime.clock.now()
                do {
                    try await database.write { try IdempotencyTable().expire($0, now: now) }
                } catch {
                    runtime.log.warning("old answers are not removed", ["error": "\(error)"])
                }
            }
        }
        for await _ in stopped {}
        work.cancel()
        await work.value
    }

    func shutdown() async { stop.finish() }
}
