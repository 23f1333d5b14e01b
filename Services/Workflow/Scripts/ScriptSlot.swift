import Glibc
import ServiceRuntime

/// A place for one script host and the thread that talks to it. The host is started by the first
/// job and replaced when it was killed, crashed or has grown.
final class ScriptSlot: @unchecked Sendable {
    // Unchecked: `host` is touched on `thread` only.
    private let thread: ThreadExecutor
    private let executable: String
    private var host: HostProcess?

    /// Beyond the job's own time, for the host to say by itself that it stopped the script.
    private static let grace = Duration.milliseconds(250)

    init(executable: String, number: Int) {
        self.executable = executable
        thread = ThreadExecutor(name: "script-\(number)")
    }

    /// Throws only `ScriptError`.
    func run(_ job: ScriptJob, limits: ScriptLimits) async throws -> ScriptAnswer {
        let frame = job.frame(timeout: limits.timeout, memory: limits.memory)
        guard frame.count <= HostProcess.frameLimit else {
            throw ScriptError.failed(
                ScriptFault(script: job.name, message: "what it is given is too large", line: 0))
        }
        let bytes = try await thread.run { [self] in
            try exchange(frame, limits: limits, script: job.name)
        }
        return try ScriptAnswer(bytes, job: job, limits: limits)
    }

    /// The process that waits here for work, where there is one.
    func hostPID() async -> pid_t? {
        try? await thread.run { [self] in host?.isAlive == true ? host?.pid : nil }
    }

    /// Ends the host; the next job starts another.
    func endHost() async {
        try? await thread.run { [self] in
            host?.kill()
            host = nil
        }
    }

    func close() async {
        await endHost()
        thread.stop()
    }

    private func exchange(_ frame: [UInt8], limits: ScriptLimits, script: String) throws -> [UInt8]
    {
        let host = try readyHost()
        let end = Moment.now + limits.timeout + ScriptSlot.grace
        do throws(HostProcess.Ending) {
            let answer = try host.exchange(frame, until: end, memory: limits.memory)
            // One that stopped a script is about to end; one that has grown gives the memory back
            // by ending.
            let isEnding = answer.starts(with: #"{"killed""#.utf8)
            if isEnding || host.residentBytes > limits.memory / 2 { discard() }
            return answer
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

    private func readyHost() throws -> HostProcess {
        if let host, host.isAlive { return host }
        host = nil
        do throws(HostProcess.Ending) {
            let new = try HostProcess.start(executable)
            host = new
            return new
        } catch {
            throw ScriptError.unavailable("\(error)")
        }
    }

    private func discard() {
        host?.kill()
        host = nil
    }
}
