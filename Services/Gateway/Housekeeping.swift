import ServiceRuntime

/// Removes sessions, tokens, kept answers and entries of the audit that ended, now and then.
final class Housekeeping: Service {
    static let interval = Duration.seconds(900)

    let name = "gateway housekeeping"
    private let sessions: SessionStore
    private let keptAnswers: KeptAnswers
    private let audit: Audit
    private let auditLife: Duration
    private let runtime: Runtime
    private let stop = StopSignal()

    init(
        sessions: SessionStore, keptAnswers: KeptAnswers, audit: Audit, auditLife: Duration,
        runtime: Runtime
    ) {
        self.sessions = sessions
        self.keptAnswers = keptAnswers
        self.audit = audit
        self.auditLife = auditLife
        self.runtime = runtime
    }

    func run() async throws {
        try await stop.runUntilStopped { [sessions, keptAnswers, audit, auditLife, runtime] in
            while true {
                do {
                    _ = try await sessions.removeExpired()
                    try await keptAnswers.expire()
                    _ = try await audit.sweep(life: auditLife)
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
