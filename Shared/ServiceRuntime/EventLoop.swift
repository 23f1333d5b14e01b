import CLinux
import Glibc
import Synchronization

/// One epoll loop on one thread: a serial executor for the actors and tasks of a connection, so
/// that a request never changes threads.
public final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    /// The position of this loop in its group, from 0.
    public let index: Int

    /// How often jobs that beget jobs run before the loop looks at its sockets again.
    private static let jobRounds = 16
    private static let eventsPerPoll = 256

    private struct Inbox {
        var jobs: [UnownedJob] = []
        var calls: [@Sendable () -> Void] = []
        /// Whether the eventfd was written to since the loop last looked.
        var isWoken = false
        var isStopped = false
    }

    /// A file that the loop watches; the generation tells its events from those of an earlier file
    /// with the same number.
    private struct Slot {
        var handler: (any EventHandler)?
        var generation: UInt32 = 0
    }

    private let poll: Int32
    private let wakeup: Int32
    private let inbox = Mutex(Inbox())

    // What follows belongs to the loop's thread.
    private var jobs: [UnownedJob] = []
    private var running: [UnownedJob] = []
    private var slots: [Slot] = []
    private var timers = TimerHeap()
    private var events = [epoll_event](repeating: epoll_event(), count: eventsPerPoll)
    /// The monotonic time in nanoseconds, read once a turn; only for code on the loop.
    package private(set) var now: UInt64 = EventLoop.monotonicNow()

    init(index: Int) throws {
        self.index = index
        poll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard poll >= 0 else { throw SystemError("epoll_create1") }
        wakeup = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        // Where it fails from here on, `deinit` closes what was opened.
        guard wakeup >= 0 else { throw SystemError("eventfd") }
        // Edge-triggered, so that the counter need never be read.
        var event = epoll_event()
        event.events = EPOLLIN.rawValue | EPOLLET.rawValue
        event.data.u64 = UInt64(UInt32(bitPattern: wakeup))
        guard epoll_ctl(poll, EPOLL_CTL_ADD, wakeup, &event) == 0 else {
            throw SystemError("epoll_ctl")
        }
    }

    deinit {
        close(poll)
        close(wakeup)
    }

    /// The loop whose thread runs this code, or nil on any other thread.
    public static var current: EventLoop? {
        guard let loop = geartrain_current_loop() else { return nil }
        return Unmanaged<EventLoop>.fromOpaque(loop).takeUnretainedValue()
    }

    /// Whether this code runs on the loop's thread.
    public var isCurrent: Bool {
        geartrain_current_loop() == Unmanaged.passUnretained(self).toOpaque()
    }

    // MARK: Executor

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent {
            jobs.append(job)
        } else {
            deliver { $0.jobs.append(job) }
        }
    }

    public func isIsolatingCurrentContext() -> Bool? { isCurrent }

    public func checkIsolated() {
        precondition(isCurrent, "not on event loop \(index)")
    }

    /// Runs `call` on the loop's thread, soon, wherever it is called.
    public func execute(_ call: @escaping @Sendable () -> Void) {
        deliver { $0.calls.append(call) }
    }

    private func deliver(_ put: (inout Inbox) -> Void) {
        let mustWake = inbox.withLock { inbox in
            put(&inbox)
            defer { inbox.isWoken = true }
            return !inbox.isWoken
        }
        if mustWake { wake() }
    }

    private func wake() {
        var one: UInt64 = 1
        // It can only fail by overflow, and then the loop is awake already.
        _ = write(wakeup, &one, 8)
    }

    // MARK: The loop

    /// Runs until `stop()`; the thread of the loop is in here.
    func run() {
        geartrain_set_current_loop(Unmanaged.passUnretained(self).toOpaque())
        while true {
            runJobs()
            let timeout: Int32 = jobs.isEmpty ? timers.milliseconds(from: now) : 0
            let count = epoll_wait(poll, &events, Int32(EventLoop.eventsPerPoll), timeout)
            now = EventLoop.monotonicNow()
            var isWoken = false
            for position in 0..<max(0, Int(count)) {
                let event = events[position]
                isWoken = !dispatch(event.data.u64, event.events) || isWoken
            }
            // One by one, since a timer may set others.
            while let timer = timers.takeDue(at: now) { timer.fire() }
            if isWoken, !takeInbox() { break }
        }
        geartrain_set_current_loop(nil)
    }

    /// Jobs run as those of a task executor: isolated to the loop as a serial executor, every call
    /// of a function without isolation would be a switch, that is a job of its own. An actor on the
    /// loop is as safe: there is one thread, and `isIsolatingCurrentContext` says so.
    private func runJobs() {
        let tasks = asUnownedTaskExecutor()
        var round = 0
        while !jobs.isEmpty, round < EventLoop.jobRounds {
            swap(&jobs, &running)
            for job in running { job.runSynchronously(on: tasks) }
            running.removeAll(keepingCapacity: true)
            round += 1
        }
    }

    /// False where it was the eventfd.
    private func dispatch(_ data: UInt64, _ events: UInt32) -> Bool {
        let file = Int(data & 0xffff_ffff)
        if file == Int(wakeup) { return false }
        guard file < slots.count, slots[file].generation == UInt32(data >> 32),
            let handler = slots[file].handler
        else { return true }
        handler.ready(events)
        return true
    }

    /// False where the loop is to end.
    private func takeInbox() -> Bool {
        let (jobs, calls, isStopped) = inbox.withLock { inbox in
            defer {
                inbox.jobs.removeAll(keepingCapacity: inbox.jobs.count < 1024)
                inbox.calls = []
                inbox.isWoken = false
            }
            return (inbox.jobs, inbox.calls, inbox.isStopped)
        }
        self.jobs.append(contentsOf: jobs)
        for call in calls { call() }
        if isStopped { runJobs() }
        return !isStopped
    }

    func stop() { deliver { $0.isStopped = true } }

    // MARK: Files and timers; only on the loop

    /// Watches `file` for `events` (edge-triggered) until `forget`.
    package func watch(_ file: Int32, events: UInt32, _ handler: any EventHandler) throws {
        checkIsolated()
        let position = Int(file)
        while slots.count <= position { slots.append(Slot()) }
        slots[position].generation &+= 1
        slots[position].handler = handler
        var event = epoll_event()
        event.events = events | EPOLLET.rawValue
        event.data.u64 = UInt64(slots[position].generation) << 32 | UInt64(position)
        guard epoll_ctl(poll, EPOLL_CTL_ADD, file, &event) == 0 else {
            let error = SystemError("epoll_ctl")
            slots[position].handler = nil
            throw error
        }
    }

    /// Ends the watch, if there is one; close the file afterwards.
    package func forget(_ file: Int32) {
        checkIsolated()
        // A listener that is closed before its server ran was never watched.
        guard Int(file) < slots.count, slots[Int(file)].handler != nil else { return }
        slots[Int(file)].handler = nil
        slots[Int(file)].generation &+= 1
        var event = epoll_event()
        epoll_ctl(poll, EPOLL_CTL_DEL, file, &event)
    }

    /// Sets when `timer` fires, in the terms of `now`; `.max` is never. Setting it later costs next
    /// to nothing, so that a deadline can move with every request.
    package func set(_ timer: LoopTimer, at due: UInt64) { timers.set(timer, at: due) }

    /// Takes the timer out, so that the loop lets go of it.
    package func remove(_ timer: LoopTimer) { timers.remove(timer) }

    package static func monotonicNow() -> UInt64 {
        UInt64(geartrain_nanoseconds(CLOCK_MONOTONIC))
    }
}

/// What a loop tells of a file; called on the loop.
package protocol EventHandler: AnyObject {
    /// `events`: bits of EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR.
    func ready(_ events: UInt32)
}

/// A failed system call.
public struct SystemError: Error, Sendable, CustomStringConvertible {
    public let call: String
    public let errno: Int32

    public init(_ call: String, errno: Int32 = Glibc.errno) {
        self.call = call
        self.errno = errno
    }

    public var description: String { "\(call): \(String(cString: strerror(errno)))" }
}
