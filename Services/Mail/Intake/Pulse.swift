import ServiceRuntime
import Synchronization

/// Tells whoever waits that something changed, so that nobody looks on time alone.
final class Pulse: Sendable {
    private let waiting = Mutex<[Int: AsyncStream<Void>.Continuation]>([:])
    private let counter = Atomic(0)

    func fire() {
        for continuation in waiting.withLock({ Array($0.values) }) { continuation.yield() }
    }

    /// Looks at once and after every pulse until `condition` holds, the time has passed or the task
    /// is cancelled; answers whether it held. What another process may do is looked for after each
    /// `interval`, too.
    func wait(
        atMost limit: Duration, orEvery interval: Duration? = nil, clock: any WallClock,
        until condition: () async throws -> Bool
    ) async rethrows -> Bool {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = counter.add(1, ordering: .relaxed).newValue
        waiting.withLock { $0[number] = continuation }
        let timer = Task {
            try? await clock.sleep(for: limit)
            continuation.finish()
        }
        let looks = interval.map { interval in
            Task {
                while (try? await clock.sleep(for: interval)) != nil { continuation.yield() }
            }
        }
        defer {
            timer.cancel()
            looks?.cancel()
            waiting.withLock { $0[number] = nil }
        }
        continuation.yield()
        for await _ in stream {
            if try await condition() { return true }
        }
        return false
    }
}
