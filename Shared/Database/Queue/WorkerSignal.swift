import ServiceRuntime
import Synchronization

/// Wakes one waiting task; a signal that comes while nobody waits is kept.
public final class WorkerSignal: Sendable {
    private struct State {
        var isSet = false
        var isStopping = false
        /// Tells a timer whether the wait that started it is still on.
        var round: UInt64 = 0
        var waiting: CheckedContinuation<Void, Never>?
    }
    private let state = Mutex(State())

    public init() {}

    public var isStopping: Bool { state.withLock { $0.isStopping } }

    public func fire() { fire { _ in true } }

    public func stop() {
        fire { state in
            state.isStopping = true
            return true
        }
    }

    /// Returns after a signal, or after `limit`.
    public func wait(atMost limit: Duration?, clock: any WallClock) async {
        let round = state.withLock { state in
            state.round += 1
            return state.round
        }
        let timer = limit.map { limit in
            Task {
                guard (try? await clock.sleep(for: limit)) != nil else { return }
                self.fire { $0.round == round }
            }
        }
        await withCheckedContinuation { continuation in
            let isSet = state.withLock { state in
                if state.isSet || state.isStopping {
                    state.isSet = false
                    return true
                }
                state.waiting = continuation
                return false
            }
            if isSet { continuation.resume() }
        }
        timer?.cancel()
    }

    /// Does `body` at once, after each signal, and `interval` after it was done last, until
    /// `stop()`. What it throws is logged as `words`, and the next round comes all the same.
    public func rounds(
        every interval: Duration, runtime: Runtime, orSay words: StaticString,
        _ body: () async throws -> Void
    ) async {
        while !isStopping {
            do {
                try await body()
            } catch {
                runtime.log.warning(words, ["error": .string("\(error)")])
            }
            await wait(atMost: interval, clock: runtime.clock)
        }
    }

    private func fire(_ condition: @Sendable (inout sending State) -> Bool) {
        let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard condition(&state) else { return nil }
            guard let waiting = state.waiting else {
                state.isSet = true
                return nil
            }
            state.waiting = nil
            return waiting
        }
        waiting?.resume()
    }
}
