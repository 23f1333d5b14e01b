/// A serial executor on its own thread, for actors that call blocking C (libcurl, iconv, files).
public final class ThreadExecutor: SerialExecutor, TaskExecutor, @unchecked Sendable {
    /// Starts the thread; `name` shows in `top -H` (at most 15 bytes are kept).
    public init(name: String) { fatalError("stub") }

    public func enqueue(_ job: consuming ExecutorJob) { fatalError("stub") }

    /// Runs a blocking closure on the thread and answers its result.
    public func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        fatalError("stub")
    }

    /// Ends the thread when what is queued has run.
    public func stop() { fatalError("stub") }
}
