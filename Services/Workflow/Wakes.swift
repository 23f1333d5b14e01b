import Database
import Synchronization

/// Wakes the workers after something was queued for them. They are made after what wakes them.
final class Wakes: Sendable {
    /// The service group holds them; held here too they would hold each other for ever.
    private struct Workers {
        weak var reactions: QueueWorker?
        weak var instances: QueueWorker?
        weak var timers: QueueWorker?
        weak var jobs: QueueWorker?
        weak var jobRuns: QueueWorker?
    }

    private let workers = Mutex(Workers())

    func set(reactions: QueueWorker, instances: QueueWorker, timers: QueueWorker) {
        workers.withLock {
            $0.reactions = reactions
            $0.instances = instances
            $0.timers = timers
        }
    }

    func set(jobs: QueueWorker, jobRuns: QueueWorker) {
        workers.withLock {
            $0.jobs = jobs
            $0.jobRuns = jobRuns
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

    var jobs: @Sendable () -> Void {
        { [self] in workers.withLock(\.jobs)?.wake() }
    }

    var jobRuns: @Sendable () -> Void {
        { [self] in workers.withLock(\.jobRuns)?.wake() }
    }
}
