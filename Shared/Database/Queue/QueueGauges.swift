import ServiceRuntime
import Synchronization

/// What `/metrics` shows of a queue.
final class QueueGauges: Sendable {
    private let depth: Gauge
    private let dead: Gauge
    private let oldestDue: Gauge
    private let outcomes: [String: Counter]
    /// Milliseconds since 1970; 0 where nothing waits.
    private let oldest = Atomic<Int64>(0)
    /// By the monotonic clock.
    private let nextCount = Atomic<UInt64>(0)

    init(queue: String, runtime: Runtime) {
        let metrics = runtime.metrics
        let labels = ["queue": queue]
        depth = metrics.gauge(
            "geartrain_queue_depth_items", help: "Items that wait or are being handled.",
            labels: labels)
        dead = metrics.gauge(
            "geartrain_queue_dead_items", help: "Items that a person must look at.", labels: labels)
        oldestDue = metrics.gauge(
            "geartrain_queue_oldest_due_timestamp_seconds",
            help: "When the oldest item was due, as Unix time; 0 where none waits.", labels: labels)
        var outcomes: [String: Counter] = [:]
        for word in ["done", "retry", "buried"] {
            outcomes[word] = metrics.counter(
                "geartrain_queue_handled_total", help: "Items handled, by outcome.",
                labels: ["queue": queue, "outcome": word])
        }
        self.outcomes = outcomes
        metrics.gauge(
            "geartrain_queue_oldest_due_seconds",
            help: "For how long the oldest item has been due; 0 where none is.", labels: labels
        ) { [weak self, clock = runtime.clock] in
            let due = self?.oldest.load(ordering: .relaxed) ?? 0
            return due == 0 ? 0 : max(0, Double(clock.now().milliseconds - due) / 1000)
        }
    }

    /// Until it is worth while to count again; nil where it is now.
    func wait(at now: UInt64) -> Duration? {
        let next = nextCount.load(ordering: .relaxed)
        return next > now ? .nanoseconds(Int64(clamping: next - now)) : nil
    }

    func countNext(at time: UInt64) { nextCount.store(time, ordering: .relaxed) }

    func set(_ state: DurableQueue.State) {
        depth.set(state.depth)
        dead.set(state.dead)
        let due = state.oldestDue?.milliseconds ?? 0
        oldest.store(due, ordering: .relaxed)
        oldestDue.set(Int(due / 1000))
    }

    func count(_ outcome: QueueWorker.Outcome) {
        let word =
            switch outcome {
            case .done, .decide: "done"
            case .retry, .retryAt: "retry"
            case .bury: "buried"
            }
        outcomes[word]?.increment()
    }
}
