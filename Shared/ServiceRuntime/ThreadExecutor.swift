import Glibc
import Synchronization

/// A serial executor on its own thread, for actors that call blocking C (libcurl, iconv, files).
/// The thread keeps the executor alive until `stop()`.
public final class ThreadExecutor: SerialExecutor, TaskExecutor, @unchecked Sendable {
    private enum Work {
        case job(UnownedJob)
        case call(@Sendable () -> Void)
    }

    // Guarded by `lock`; allocated, since a pthread mutex must not move.
    private var queue: [Work] = []
    private var isStopped = false
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let signal = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let name: String
    private let thread = Atomic<UInt>(0)

    /// Starts the thread; `name` shows in `top -H` (at most 15 bytes are kept).
    public init(name: String) {
        self.name = name
        pthread_mutex_init(lock, nil)
        pthread_cond_init(signal, nil)
        do {
            pthread_detach(try startThread(name: name) { self.work() })
        } catch {
            preconditionFailure("no thread for \(name): \(error)")
        }
    }

    deinit {
        pthread_mutex_destroy(lock)
        pthread_cond_destroy(signal)
        lock.deallocate()
        signal.deallocate()
    }

    public func enqueue(_ job: consuming ExecutorJob) { append(.job(UnownedJob(job))) }

    public func isIsolatingCurrentContext() -> Bool? { isCurrent }

    public func checkIsolated() {
        precondition(isCurrent, "not on the thread \(name)")
    }

    private var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// Runs a blocking closure on the thread and answers its result. Call it before `stop()`.
    public func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withUnsafeThrowingContinuation { continuation in
            append(.call { continuation.resume(with: Result { try body() }) })
        }
    }

    /// Ends the thread when what is queued has run.
    public func stop() {
        pthread_mutex_lock(lock)
        isStopped = true
        pthread_cond_signal(signal)
        pthread_mutex_unlock(lock)
    }

    private func append(_ work: Work) {
        pthread_mutex_lock(lock)
        queue.append(work)
        pthread_cond_signal(signal)
        pthread_mutex_unlock(lock)
    }

    private func work() {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        let executor = asUnownedSerialExecutor()
        let tasks = asUnownedTaskExecutor()
        while let batch = take() {
            for work in batch {
                switch work {
                case .job(let job): job.runSynchronously(isolatedTo: executor, taskExecutor: tasks)
                case .call(let call): call()
                }
            }
        }
    }

    /// What is queued, waiting for something; nil at the end.
    private func take() -> [Work]? {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while queue.isEmpty, !isStopped { pthread_cond_wait(signal, lock) }
        guard !queue.isEmpty else { return nil }
        let batch = queue
        queue = []
        return batch
    }
}
