import ServiceRuntime

/// Removes sessions and tokens that ended, now and then.
final class Housekeeping: Service {
    static let interval = Duration.seconds(900)

    let name = "gateway housekeeping"
    private let sessions: SessionStore
    private let runtime: Runtime
    private let stop = StopSignal()

    init(sessions: SessionStore, runtime: Runtime) {
        self.sessions = sessions
        self.runtime = runtime
    }

    func run() async throws {
        try await stop.runUntilStopped { [sessions, runtime] in
            while true {
                do {
                    _ = try await sessions.removeExpired()
                } catch is CancellationError {
                    return
                } catch {
                    runtime.log.warning(
                        "ended sessions were not removed", ["error": .string("\(error)")])
                }
                try await runtime.clock.sleep(for: Housekeeping.interval)
            }
        }
    }

    func shutdown() async { stop.stop() }
}
