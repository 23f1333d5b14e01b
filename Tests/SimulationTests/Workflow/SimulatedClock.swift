import ServiceRuntime
import Synchronization

/// A clock that jumps, also back. Nothing in a simulation waits for it.
final class SimulatedClock: WallClock {
    private struct State {
        var milliseconds: Int64 = 1_800_000_000_000
        /// Never goes back.
        var nanoseconds: UInt64 = 1_000_000_000
    }
    private let state = Mutex(State())

    func now() -> Timestamp { Timestamp(milliseconds: state.withLock(\.milliseconds)) }

    func monotonicNanoseconds() -> UInt64 { state.withLock(\.nanoseconds) }

    /// Until it is cancelled: only what ends idle script hosts sleeps.
    func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: .seconds(24 * 3600))
    }

    func jump(by duration: Duration) {
        state.withLock { state in
            state.milliseconds += duration.milliseconds
            state.nanoseconds += duration.nanoseconds
        }
    }

    /// Never backwards.
    func jump(to time: Timestamp) {
        state.withLock { $0.milliseconds = max($0.milliseconds, time.milliseconds) }
    }
}
