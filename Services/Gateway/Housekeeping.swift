import ServiceRuntime

/// Removes sessions, tokens and kept answers that ended, now and then.
final class Housekeeping: Service {
    static let interval = Duration.seconds(900)

    let name = "gateway housekeeping"
    private let sessions: SessionStore
    private let keptAnswers: KeptAnswers
    private let runtime: Runtime
    private let stop = StopSignal()

    init(sessions: SessionStore, keptAnswers: KeptAnswers, runtime: Runtime) {
        self.sessions = sessions
        self.keptAnswers = keptAnswers
        self.runtime = runtime
    }

    func run() async throws {
        try await stop.runUntilStopped { [sessions, keptAnswers, runtime] in
            while true {
                do {
                    _ = try await sessions.removeExpired()
                    try await keptAnswers.expire()
                } catch is CancellationError {
                    return
                } catch {
                    runtime.log.warning(
                        "what ended was not removed", ["error": .string("\(error)")])
                }
                try await runtime.clock.sleep(for: Housekeeping.interval)
            }
        }
    }

    func shutdown() async { stop.stop() }
}
