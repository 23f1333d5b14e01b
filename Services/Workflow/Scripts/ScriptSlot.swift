import Glibc
import HTTP
import ServiceRuntime
import Synchronization

/// A place for one script host and the thread that talks to it. The host is started by the first
/// job, or ahead by `warm`, and replaced when it was killed, crashed or has grown.
final class ScriptSlot: @unchecked Sendable {
    // Unchecked: `host` and `jobs` are touched by who has the slot, on `thread` or, while nothing
    // is to be done there, on the caller's event loop.
    private let thread: ThreadExecutor
    private let executable: String
    private var host: HostProcess?
    private var jobs = 0
    /// The process while it surely is ours: nobody but the thread takes it from the process table,
    /// and only after it was removed here.
    private let process = Mutex<Process>(Process())

    private struct Process {
        var pid: pid_t?
        var isLowered = false
    }

    /// Beyond the job's own time, for the host to say by itself that it stopped the script.
    private static let grace = Duration.milliseconds(250)
    /// A host that has grown gives the memory back by ending; after so many jobs it is looked at.
    private static let lookAfterJobs = 16
    /// `nice` of a host that runs a slow job.
    private static let lowPriority: Int32 = 10

    init(executable: String, name: String) {
        self.executable = executable
        thread = ThreadExecutor(name: name)
    }

    /// Throws only `ScriptError`.
    func run(
        _ job: ScriptJob, limits: ScriptLimits, answering: ScriptAnswering?
    ) async throws -> ScriptAnswer {
        var output = job.frame(
            timeout: limits.timeout, memory: limits.memory, hasCalls: answering != nil)
        guard output.count <= HostProcess.frameLimit else {
            throw ScriptError.failed(
                ScriptFault(script: job.name, message: "what it is given is too large", line: 0))
        }
        // The script's time stands still while its calls are answered, which have a time of
        // their own.
        var rest = limits.timeout + ScriptSlot.grace
        var meter = CallMeter(limits: limits)
        while true {
            let (bytes, spent) = try await exchange(
                output, rest: rest, limits: limits, script: job.name)
            rest -= spent
            guard ScriptCall.isCall(bytes) else {
                return try ScriptAnswer(bytes, job: job, limits: limits)
            }
            guard let answering, let time = meter.next() else {
                await endHost()
                throw ScriptError.killed(.calls, script: job.name, limits: limits)
            }
            output = await ScriptSlot.answer(bytes, within: time, answering)
            meter.ended()
        }
    }

    private static func answer(
        _ frame: [UInt8], within time: Duration, _ answering: ScriptAnswering
    ) async -> [UInt8] {
        do {
            return ScriptCall.answer(try await answering(try ScriptCall(frame), time))
        } catch {
            return ScriptCall.answer(Problem(error))
        }
    }

    // MARK: The host

    /// Whether a host stands here.
    var isRunning: Bool { process.withLock { $0.pid != nil } }

    /// Whether the host has a lower priority; it cannot be given back.
    var isLowered: Bool { process.withLock(\.isLowered) }

    func lower() {
        process.withLock { process in
            guard let pid = process.pid, !process.isLowered else { return }
            setpriority(
                __priority_which_t(PRIO_PROCESS.rawValue), id_t(pid), ScriptSlot.lowPriority)
            process.isLowered = true
        }
    }

    /// Starts a host where there is none.
    func warm() async {
        try? await thread.run { [self] in _ = try readyHost() }
    }

    /// The process that waits here for work, where there is one.
    var hostPID: pid_t? {
        process.withLock(\.pid).flatMap { HostProcess.isRunning($0) ? $0 : nil }
    }

    /// Ends the host; the next job starts another.
    func endHost() async {
        try? await thread.run { [self] in discard() }
    }

    func close() async {
        await endHost()
        thread.stop()
    }

    /// One frame to the host and one back, and how long that took without the start of a host.
    private func exchange(
        _ frame: [UInt8], rest: Duration, limits: ScriptLimits, script: String
    ) async throws -> ([UInt8], Duration) {
        var begun: Moment?
        if let loop = EventLoop.current, let host, host.isAlive {
            let start = Moment.now
            if let answer = await host.exchangeSoon(frame, on: loop) {
                if isOver(answer, host, limits) { await endHost() }
                return (answer, Moment.now - start)
            }
            begun = start
        }
        return try await thread.run { [self, begun] in
            let host = begun == nil ? try readyHost() : self.host
            guard let host else { throw ScriptError.unavailable("no host") }
            let start = begun ?? .now
            do throws(HostProcess.Ending) {
                if begun == nil { host.begin(frame) }
                let answer = try host.finish(until: start + rest, memory: limits.memory)
                if isOver(answer, host, limits) { discard() }
                return (answer, Moment.now - start)
            } catch {
                discard()
                switch error {
                case .limit(let limit):
                    throw ScriptError.killed(limit, script: script, limits: limits)
                case .broken(let why):
                    throw ScriptError.unavailable(why)
                }
            }
        }
    }

    /// Whether the host is of no use any more: it stopped a script and is about to end, or has
    /// grown.
    private func isOver(_ answer: [UInt8], _ host: HostProcess, _ limits: ScriptLimits) -> Bool {
        jobs += 1
        return answer.starts(with: #"{"killed""#.utf8)
            || (jobs % ScriptSlot.lookAfterJobs == 0 && hasGrown(host, limits))
    }

    private func hasGrown(_ host: HostProcess, _ limits: ScriptLimits) -> Bool {
        host.residentBytes > limits.memory / 2
    }

    private func readyHost() throws -> HostProcess {
        if let host, host.isAlive { return host }
        discard()
        do throws(HostProcess.Ending) {
            let new = try HostProcess.start(executable)
            host = new
            process.withLock { $0 = Process(pid: new.pid) }
            return new
        } catch {
            throw ScriptError.unavailable("\(error)")
        }
    }

    private func discard() {
        process.withLock { $0 = Process() }
        host?.kill()
        host = nil
    }
}

/// How many calls a job has made, and how long they took together.
private struct CallMeter {
    let limits: ScriptLimits
    private var count = 0
    private var spent = Duration.zero
    private var since = Moment.now

    init(limits: ScriptLimits) { self.limits = limits }

    /// The time that the next call may take; nil where there may be none.
    mutating func next() -> Duration? {
        guard count < limits.calls, spent < limits.callTime else { return nil }
        count += 1
        since = .now
        return limits.callTime - spent
    }

    mutating func ended() { spent += Moment.now - since }
}
