import CLinux

/// One epoll loop on one thread: a serial executor for the actors and tasks of a connection, so that
/// a request never changes threads.
public final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    /// The position of this loop in its group, from 0.
    public let index: Int

    init(index: Int) {
        self.index = index
    }

    /// The loop whose thread runs this code, or nil on any other thread.
    public static var current: EventLoop? { fatalError("stub") }

    public func enqueue(_ job: consuming ExecutorJob) { fatalError("stub") }
}

/// The loops of a process: one for each core unless said otherwise.
public final class EventLoopGroup: Sendable {
    public let loops: [EventLoop]

    /// Starts `count` loops (default: one per core).
    public init(count: Int? = nil) throws {
        loops = []
    }

    /// Stops the threads. Every connection must be closed before.
    public func stop() { fatalError("stub") }
}
