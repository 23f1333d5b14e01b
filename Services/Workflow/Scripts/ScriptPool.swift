import Glibc
import ServiceRuntime

/// The script hosts of the service: at most so many at once, started when there is work, ended
/// when there has been none for a while. Jobs wait in order; beyond a limit they are refused.
actor ScriptPool {
    struct Settings: Sendable {
        /// The program `script-host`.
        var executable: String
        var hosts = 2
        var limits = ScriptLimits(timeout: .seconds(2), memory: 256 << 20)
        /// A host without work ends after this.
        var idle = Duration.seconds(60)
        /// Jobs that may wait.
        var queueLimit = 256
    }

    nonisolated let settings: Settings
    private let runtime: Runtime
    private var made = 0
    private var idle: [ScriptSlot] = []
    private var waiting: [CheckedContinuation<ScriptSlot, any Error>] = []
    /// Sources that had to be stopped lately. They may hold all hosts but one, so that who uses
    /// up his time again and again does not use up the others'.
    private var suspects = Suspects()
    private var waitingSuspects: [CheckedContinuation<ScriptSlot, any Error>] = []
    private var busySuspects = 0
    private var used: [ObjectIdentifier: UInt64] = [:]
    private var sweeper: Task<Void, Never>?
    private var isClosed = false
    private let waitingGauge: Gauge
    private let duration: Histogram

    init(settings: Settings, runtime: Runtime) {
        self.settings = settings
        self.runtime = runtime
        waitingGauge = runtime.metrics.gauge(
            "geartrain_workflow_script_jobs_waiting", help: "Script jobs that wait for a host.")
        duration = runtime.metrics.histogram(
            "geartrain_workflow_script_duration_seconds", help: "Time of a script job in its host.")
    }

    /// Runs a job; throws only `ScriptError`. A script that fails is an outcome, not an error; an
    /// error ends the job as a whole.
    func run(_ job: ScriptJob) async throws -> ScriptAnswer {
        guard !job.units.isEmpty else { return ScriptAnswer.empty }
        let isSuspect = suspects.contains(job, at: runtime.clock.monotonicNanoseconds())
        let slot = try await take(isSuspect)
        defer { giveBack(slot, isSuspect) }
        var limits = settings.limits
        if let timeout = job.timeout { limits.timeout = min(timeout, settings.limits.timeout) }
        let start = runtime.clock.monotonicNanoseconds()
        defer { duration.observe(nanoseconds: runtime.clock.monotonicNanoseconds() &- start) }
        do {
            return try await slot.run(job, limits: limits)
        } catch let error as ScriptError {
            report(error)
            if case .killed = error {
                suspects.add(job, at: runtime.clock.monotonicNanoseconds())
            }
            throw error
        }
    }

    /// The hosts and their threads, whether they work or not.
    var hostCount: Int { made }

    var suspectCounts: (busy: Int, waiting: Int) { (busySuspects, waitingSuspects.count) }

    /// The processes that wait for work.
    func idleHosts() async -> [pid_t] {
        var pids: [pid_t] = []
        for slot in idle { if let pid = await slot.hostPID() { pids.append(pid) } }
        return pids
    }

    /// Ends every host. Jobs that wait are refused.
    func close() async {
        isClosed = true
        sweeper?.cancel()
        for waiter in waiting + waitingSuspects {
            waiter.resume(throwing: ScriptError.unavailable("closing"))
        }
        waiting = []
        waitingSuspects = []
        let slots = idle
        idle = []
        for slot in slots { await slot.close() }
    }

    private func take(_ isSuspect: Bool) async throws -> ScriptSlot {
        guard !isClosed else { throw ScriptError.unavailable("closed") }
        if isSuspect, busySuspects >= max(1, settings.hosts - 1) {
            return try await wait(isSuspect)
        }
        if isSuspect { busySuspects += 1 }
        if let slot = idle.popLast() { return slot }
        if made < settings.hosts {
            made += 1
            return ScriptSlot(executable: settings.executable, number: made)
        }
        if isSuspect { busySuspects -= 1 }
        return try await wait(isSuspect)
    }

    /// For a slot that is given back; one that a suspect gets is counted by who gives it.
    private func wait(_ isSuspect: Bool) async throws -> ScriptSlot {
        guard waiting.count + waitingSuspects.count < settings.queueLimit else {
            throw ScriptError.busy(limit: settings.queueLimit)
        }
        return try await withCheckedThrowingContinuation { continuation in
            if isSuspect {
                waitingSuspects.append(continuation)
            } else {
                waiting.append(continuation)
            }
            waitingGauge.set(waiting.count + waitingSuspects.count)
        }
    }

    private func giveBack(_ slot: ScriptSlot, _ wasSuspect: Bool) {
        if wasSuspect { busySuspects -= 1 }
        let mayHelpSuspect = busySuspects < max(1, settings.hosts - 1) && !waitingSuspects.isEmpty
        if isClosed {
            Task { await slot.close() }
        } else if !waiting.isEmpty {
            waiting.removeFirst().resume(returning: slot)
        } else if mayHelpSuspect {
            busySuspects += 1
            waitingSuspects.removeFirst().resume(returning: slot)
        } else {
            used[ObjectIdentifier(slot)] = runtime.clock.monotonicNanoseconds()
            idle.append(slot)
            sweepLater()
        }
        waitingGauge.set(waiting.count + waitingSuspects.count)
    }

    /// One sleeping task while there is a host that may have to end.
    private func sweepLater() {
        guard sweeper == nil else { return }
        let wait = settings.idle
        sweeper = Task { [runtime] in
            try? await runtime.clock.sleep(for: wait)
            await self.sweep()
        }
    }

    private func sweep() async {
        sweeper = nil
        guard !isClosed else { return }
        let now = runtime.clock.monotonicNanoseconds()
        let limit = UInt64(max(0, settings.idle.milliseconds)) * 1_000_000
        let ending = idle.filter { now &- (used[ObjectIdentifier($0)] ?? 0) >= limit }
        idle.removeAll { slot in ending.contains { $0 === slot } }
        made -= ending.count
        for slot in ending { used[ObjectIdentifier(slot)] = nil }
        if made > 0 { sweepLater() }
        for slot in ending { await slot.close() }
    }

    private func report(_ error: ScriptError) {
        switch error {
        case .killed(let limit, let script, _):
            runtime.log.warning(
                "a script was stopped",
                ["script": .string(script), "limit": .string(limit.rawValue)])
        case .unavailable(let why):
            runtime.log.error("no script host", ["error": .string(why)])
        case .failed, .busy: break
        }
    }
}

extension ScriptAnswer {
    static let empty = ScriptAnswer(outcomes: [], usedLinks: [])

    private init(outcomes: [ScriptOutcome], usedLinks: [String]) {
        self.outcomes = outcomes
        self.usedLinks = usedLinks
    }
}
