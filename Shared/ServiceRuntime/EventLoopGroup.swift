import CLinux
import Glibc
import Synchronization

/// The loops of a process: one for each core unless said otherwise.
public final class EventLoopGroup: Sendable {
    public let loops: [EventLoop]
    private let threads: Mutex<[pthread_t]>
    private let turn = Atomic<Int>(0)

    /// Starts `count` loops (default: one per core).
    public init(count: Int? = nil) throws {
        let count = count ?? max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        let loops = try (0..<count).map { try EventLoop(index: $0) }
        let threads = try loops.map { loop in
            try startThread(name: "loop-\(loop.index)") { loop.run() }
        }
        self.loops = loops
        self.threads = Mutex(threads)
    }

    /// The loop that runs this code if it is one of these, otherwise each in turn.
    public func next() -> EventLoop {
        if let loop = EventLoop.current, loop.index < loops.count, loops[loop.index] === loop {
            return loop
        }
        let turn = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return loops[Int(UInt(bitPattern: turn) % UInt(loops.count))]
    }

    /// Stops the threads. Every connection must be closed before.
    public func stop() {
        for loop in loops { loop.stop() }
        let threads = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in threads where pthread_equal(thread, pthread_self()) == 0 {
            pthread_join(thread, nil)
        }
    }
}

/// Starts a thread that runs `body`; `name` shows in `top -H` (at most 15 bytes are kept).
public func startThread(
    name: String, _ body: @escaping @Sendable () -> Void
) throws(SystemError) -> pthread_t {
    final class Start {
        let name: String
        let body: @Sendable () -> Void
        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
    let start = Unmanaged.passRetained(
        Start(String(decoding: name.utf8.prefix(15), as: UTF8.self), body))
    var thread = pthread_t()
    let code = pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
            geartrain_name_thread(start.name)
            start.body()
            return nil
        }, start.toOpaque())
    guard code == 0 else {
        start.release()
        throw SystemError("pthread_create", errno: code)
    }
    return thread
}
