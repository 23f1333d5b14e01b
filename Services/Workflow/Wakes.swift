import Database
import Synchronization

/// Wakes the workers after something was queued for them. They are made after what wakes them.
final class Wakes: Sendable {
    private struct Workers {
        var reactions: QueueWorker?
        var instances: QueueWorker?
        var timers: QueueWorker?
    }

    private let workers = Mutex(Workers())

    func set(reactions: QueueWorker, instances: QueueWorker, timers: QueueWorker) {
        workers.withLock {
            $0 = Workers(reactions: reactions, instances: instances, timers: timers)
        }
    }

    var reactions: @Sendable () -> Void {
        { [self] in workers.withLock(\.reactions)?.wake() }
    }

    var instances: @Sendable () -> Void {
        { [self] in workers.withLock(\.instances)?.wake() }
    }

    var timers: @Sendable () -> Void {
        { [self] in workers.withLock(\.timers)?.wake() }
    }
}
