import Synchronization

/// Ends a task that waits: what a background service needs for `shutdown()`.
final class StopSignal: Sendable {
    private struct State {
        var isStopped = false
        var task: Task<Void, any Error>?
    }

    private let state = Mutex(State())

    /// Runs `body` until it ends or `stop()` cancels it.
    func runUntilStopped(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let task = Task { try await body() }
        let isStopped = state.withLock { state in
            state.task = task
            return state.isStopped
        }
        if isStopped { task.cancel() }
        do {
            try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        } catch is CancellationError {
            return
        } catch {
            if task.isCancelled { return }
            throw error
        }
    }

    func stop() {
        state.withLock { state in
            state.isStopped = true
            state.task?.cancel()
        }
    }
}
