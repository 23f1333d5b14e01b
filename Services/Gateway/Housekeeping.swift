import Database
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
    private let signal = WorkerSignal()

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
        await signal.rounds(
            every: Housekeeping.interval, runtime: runtime, orSay: "what ended was not removed"
        ) {
            _ = try await sessions.removeExpired()
            try await keptAnswers.expire()
            _ = try await audit.sweep(life: auditLife)
        }
    }

    func shutdown() async { signal.stop() }
}
