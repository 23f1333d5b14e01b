import ServiceRuntime
import Synchronization

/// Stops calling a peer that cannot be reached, so that callers hear at once and the peer can start
/// in peace.
final class Circuit: Sendable {
    static let failureLimit = 5
    static let firstOpen = Duration.seconds(1)
    static let longestOpen = Duration.seconds(10)

    private struct State {
        var failures = 0
        /// Monotonic nanoseconds; 0 is closed.
        var openUntil: UInt64 = 0
        var openFor = Circuit.firstOpen
    }

    private let state = Mutex(State())
    private let clock: any WallClock

    init(clock: any WallClock) { self.clock = clock }

    /// Nil where calls may go out, else how long they may not.
    var remaining: Duration? {
        let until = state.withLock { $0.openUntil }
        guard until > 0 else { return nil }
        let now = clock.monotonicNanoseconds()
        return now < until ? .nanoseconds(until - now) : nil
    }

    /// The peer answered, whatever it said.
    func succeeded() {
        state.withLock { state in
            if state.failures > 0 { state = State() }
        }
    }

    /// No connection. After an open time one more failure opens it again, for twice as long.
    func failed() {
        let now = clock.monotonicNanoseconds()
        state.withLock { state in
            state.failures += 1
            guard state.failures >= Circuit.failureLimit, state.openUntil <= now else { return }
            state.openUntil = now + state.openFor.nanoseconds
            state.openFor = min(state.openFor * 2, Circuit.longestOpen)
        }
    }
}
