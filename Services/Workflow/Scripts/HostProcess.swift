import CLinux
import Glibc
import ServiceRuntime

/// A script host as its parent sees it: a process and a socket. One at a time uses it (see
/// `ScriptSlot`); what blocks is for a thread of its own.
final class HostProcess: @unchecked Sendable {
    // Unchecked: whoever has the slot hands it on only through the slot's thread or an await.
    enum Ending: Error {
        case limit(ScriptError.Limit)
        case broken(String)
    }

    let pid: pid_t
    let descriptor: Int32
    private var isReaped = false
    /// What is to be sent, and how much of it was.
    private var output: [UInt8] = []
    private var sent = 0
    /// What came and was not taken yet, and room for what comes next.
    private var input: [UInt8] = []
    private var piece = [UInt8](repeating: 0, count: 64 << 10)

    /// How often limits are looked at while a job runs.
    static let lookEvery = Duration.milliseconds(10)
    /// A new host must say that it stands within this.
    private static let startLimit = Duration.seconds(10)
    static let frameLimit = 64 << 20

    private init(pid: pid_t, descriptor: Int32) {
        self.pid = pid
        self.descriptor = descriptor
    }

    deinit {
        kill()
        close(descriptor)
    }

    /// Starts the program and waits until its engine stands.
    static func start(_ executable: String) throws(Ending) -> HostProcess {
        let (pid, descriptor) = try spawn(executable)
        let host = HostProcess(pid: pid, descriptor: descriptor)
        do throws(Ending) {
            _ = try host.exchange([], until: Moment.now + startLimit, memory: .max)
        } catch {
            host.kill()
            throw .broken("\(executable) does not answer")
        }
        return host
    }

    /// Whether it still runs, without taking it from the process table.
    static func isRunning(_ pid: pid_t) -> Bool {
        var info = siginfo_t()
        let options = WEXITED | WNOHANG | WNOWAIT
        return waitid(P_PID, id_t(pid), &info, options) == 0 && info.si_signo == 0
    }

    /// Whether it still runs; one that ended between two jobs is nobody's fault.
    var isAlive: Bool {
        guard !isReaped else { return false }
        var status: Int32 = 0
        if waitpid(pid, &status, WNOHANG) == 0 { return true }
        isReaped = true
        return false
    }

    /// Resident memory in bytes; 0 where it cannot be told.
    var residentBytes: Int {
        guard let bytes = try? Files.read("/proc/\(pid)/statm", limit: 4096) else { return 0 }
        let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { return 0 }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Ends it at once and takes it from the process table.
    func kill() {
        guard !isReaped else { return }
        isReaped = true
        Glibc.kill(pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    }

    /// Sends a frame (none where it is empty) and reads the next one, looking at time and memory
    /// meanwhile. After an error the process is of no use any more.
    func exchange(_ frame: [UInt8], until deadline: Moment, memory: Int) throws(Ending) -> [UInt8] {
        begin(frame)
        return try finish(until: deadline, memory: memory)
    }

    func begin(_ frame: [UInt8]) {
        output = frame.isEmpty ? [] : HostProcess.head(frame.count) + frame
        sent = 0
    }

    var isSent: Bool { sent == output.count }

    /// Sends and reads what can be without a wait; the frame that came, once it is whole.
    func step() throws(Ending) -> [UInt8]? {
        if !isSent { sent += try send(output, from: sent) }
        if let answer = try takeFrame() { return answer }
        try receive()
        return try takeFrame()
    }

    func finish(until deadline: Moment, memory: Int) throws(Ending) -> [UInt8] {
        var nextLook = Moment.now + HostProcess.lookEvery
        while true {
            if let answer = try step() { return answer }
            let now = Moment.now
            if now >= deadline { throw .limit(.time) }
            if now >= nextLook {
                nextLook = now + HostProcess.lookEvery
                if memory < .max, residentBytes > memory { throw .limit(.memory) }
            }
            try wait(forRoom: !isSent)
        }
    }

    private func wait(forRoom: Bool) throws(Ending) {
        var poll = pollfd(
            fd: descriptor, events: Int16(POLLIN) | (forRoom ? Int16(POLLOUT) : 0), revents: 0)
        let most = Int32(HostProcess.lookEvery.milliseconds)
        if Glibc.poll(&poll, 1, most) < 0 && errno != EINTR {
            throw .broken("poll: \(errno)")
        }
    }

    private func send(_ bytes: [UInt8], from start: Int) throws(Ending) -> Int {
        let count = bytes.withUnsafeBytes { buffer in
            Glibc.send(
                descriptor, buffer.baseAddress?.advanced(by: start), buffer.count - start,
                Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
        if count >= 0 { return count }
        if errno == EAGAIN || errno == EINTR { return 0 }
        throw .limit(.crash)
    }

    private func receive() throws(Ending) {
        while true {
            let count = recv(descriptor, &piece, piece.count, Int32(MSG_DONTWAIT))
            if count > 0 {
                input.append(contentsOf: piece.prefix(count))
                if count < piece.count { return }
            } else if count < 0 && (errno == EAGAIN || errno == EINTR) {
                return
            } else {
                throw .limit(.crash)
            }
        }
    }

    /// A whole frame from the front; nil while one is not there.
    private func takeFrame() throws(Ending) -> [UInt8]? {
        guard input.count >= 4 else { return nil }
        let count = input.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard count <= HostProcess.frameLimit else { throw .broken("a frame of \(count) bytes") }
        guard input.count >= 4 + count else { return nil }
        let frame = Array(input[4..<4 + count])
        input.removeFirst(4 + count)
        return frame
    }

    private static func head(_ count: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) }
    }
}

/// A moment of the monotonic clock. A script's limit is real time, whatever clock the service
/// lives by.
struct Moment: Comparable {
    let nanoseconds: Int64

    static var now: Moment {
        Moment(nanoseconds: Int64(SystemClock().monotonicNanoseconds()))
    }

    static func + (moment: Moment, duration: Duration) -> Moment {
        Moment(nanoseconds: moment.nanoseconds + Int64(clamping: duration.nanoseconds))
    }

    static func - (end: Moment, start: Moment) -> Duration {
        .nanoseconds(end.nanoseconds - start.nanoseconds)
    }

    static func < (a: Moment, b: Moment) -> Bool { a.nanoseconds < b.nanoseconds }
}
