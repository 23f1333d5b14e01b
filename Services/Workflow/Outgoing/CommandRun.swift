import CLinux
import Glibc
import ServiceRuntime
import Synchronization

/// One run of a program, to its end or to a limit. Blocking: it has a thread to itself.
final class CommandRun: Sendable {
    enum Ending: Sendable, Hashable {
        case exited(Int32)
        case signal(Int32)
        case late(Duration)
        /// One of the outputs was longer than its limit.
        case flood
        case stopped
    }

    struct Outcome: Sendable {
        var ending: Ending
        var output: [UInt8] = []
        var errors: [UInt8] = []

        var exit: Int32? { if case .exited(let code) = ending { code } else { nil } }
    }

    /// How often it is looked at besides what it writes.
    private static let interval: Int32 = 10
    /// How long its supervisor has to end it, in milliseconds.
    private static let patience = 2000

    private let spawn: ProcessSpawn
    private let input: [UInt8]
    private let timeout: Duration
    private let outputLimit: Int
    private let isStopped = Atomic<Bool>(false)

    init(spawn: ProcessSpawn, input: [UInt8], timeout: Duration, outputLimit: Int) {
        self.spawn = spawn
        self.input = input
        self.timeout = timeout
        self.outputLimit = outputLimit
    }

    /// Ends it soon. From any thread.
    func stop() { isStopped.store(true, ordering: .relaxed) }

    func perform() throws -> Outcome {
        // A program that has closed its input must not end the service.
        signal(SIGPIPE, SIG_IGN)
        var pipes = try Pipes()
        defer { pipes.close() }
        var spawn = spawn
        spawn.descriptors = pipes.child
        let pid = try spawn.start()
        pipes.closeChild()
        var outcome = Outcome(ending: .stopped)
        let cause = watch(pid, &pipes, &outcome)
        // Its supervisor ends all that it started.
        if cause != nil, !CommandRun.ends(pid) {
            // The group is known until its first process is waited for.
            kill(-pid, SIGKILL)
        }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        pipes.read(&outcome, limit: outputLimit)
        let isFlood = outcome.output.count > outputLimit || outcome.errors.count > outputLimit
        outcome.ending = cause ?? (isFlood ? .flood : CommandRun.ending(status))
        return outcome
    }

    /// Asks a supervisor to end; false where it does not in time.
    private static func ends(_ pid: pid_t) -> Bool {
        kill(pid, SIGTERM)
        for _ in 0..<CommandRun.patience {
            if hasEnded(pid) { return true }
            usleep(1000)
        }
        return false
    }

    /// Until it has ended by itself (nil) or must be ended.
    private func watch(_ pid: pid_t, _ pipes: inout Pipes, _ outcome: inout Outcome) -> Ending? {
        let clock = SystemClock()
        let end = clock.monotonicNanoseconds() + timeout.nanoseconds
        var sent = 0
        while true {
            pipes.wait(milliseconds: CommandRun.interval, hasInput: sent < input.count)
            if isStopped.load(ordering: .relaxed) { return .stopped }
            if clock.monotonicNanoseconds() >= end { return .late(timeout) }
            pipes.write(input, &sent)
            pipes.read(&outcome, limit: outputLimit)
            if outcome.output.count > outputLimit || outcome.errors.count > outputLimit {
                return .flood
            }
            if CommandRun.hasEnded(pid) { return nil }
        }
    }

    /// Without taking note of it: until then nobody else gets its number.
    private static func hasEnded(_ pid: pid_t) -> Bool {
        var info = siginfo_t()
        return waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0
            || info.si_signo == SIGCHLD
    }

    private static func ending(_ status: Int32) -> Ending {
        status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signal(status & 0x7F)
    }
}

/// The three pipes of a program; ours do not block.
private struct Pipes {
    private var ours: [Int32] = []
    private var theirs: [Int32] = []

    init() throws {
        for number in 0...2 {
            var ends: [Int32] = [0, 0]
            guard geartrain_pipe(&ends) == 0 else {
                let error = SystemError("pipe")
                close()
                throw error
            }
            let own = number == 0 ? 1 : 0
            _ = fcntl(ends[own], F_SETFL, O_NONBLOCK)
            ours.append(ends[own])
            theirs.append(ends[1 - own])
        }
    }

    var child: [Int32?] { theirs }

    mutating func closeChild() {
        for descriptor in theirs { Glibc.close(descriptor) }
        theirs = []
    }

    mutating func close() {
        closeChild()
        for descriptor in ours where descriptor >= 0 { Glibc.close(descriptor) }
        ours = []
    }

    private mutating func end(_ number: Int) {
        guard ours[number] >= 0 else { return }
        Glibc.close(ours[number])
        ours[number] = -1
    }

    /// Until something can be read or written, or for that long.
    func wait(milliseconds: Int32, hasInput: Bool) {
        // A negative descriptor is passed over.
        var items = [
            pollfd(fd: hasInput ? ours[0] : -1, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: ours[1], events: Int16(POLLIN), revents: 0),
            pollfd(fd: ours[2], events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&items, 3, milliseconds)
    }

    /// What the program takes of its input; closed after the last byte, or when it wants no more.
    mutating func write(_ input: [UInt8], _ sent: inout Int) {
        while sent < input.count, ours[0] >= 0 {
            let count = input[sent...].withUnsafeBytes {
                Glibc.write(ours[0], $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return }
            if count < 0 { sent = input.count } else { sent += count }
        }
        end(0)
    }

    /// All that is there, to a little over the limit.
    mutating func read(_ outcome: inout CommandRun.Outcome, limit: Int) {
        read(1, &outcome.output, limit)
        read(2, &outcome.errors, limit)
    }

    private mutating func read(_ number: Int, _ bytes: inout [UInt8], _ limit: Int) {
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while ours[number] >= 0, bytes.count <= limit {
            let count = Glibc.read(ours[number], &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return }
            if count <= 0 { return end(number) }
            bytes += chunk[..<count]
        }
    }
}
