import Glibc
import ServiceRuntime

/// The script hosts of one lane. There are places for jobs that end soon, and others for those that
/// take longer: when somebody waits, a job that has run for a while goes over to a slow place, and
/// its host to a lower priority. Hosts start when there is work and end when there has been none
/// for a while; one spare stands ready meanwhile. Jobs wait in order; beyond a limit they are
/// refused.
actor ScriptPool {
    struct Settings: Sendable {
        /// The program `script-host`.
        var executable: String
        /// For logs and metrics: what the jobs are.
        var lane = "computing"
        var hosts = 2
        var slowHosts = 3
        /// From when on a job is slow, where others wait for its place.
        var slowAfter = Duration.milliseconds(20)
        var limits = ScriptLimits(timeout: .seconds(2), memory: 256 << 20)
        /// What ended within this, the last time, can be waited for by who has more to do.
        var quickWithin = Duration.milliseconds(20)
        /// A host without work ends after this.
        var idle = Duration.seconds(60)
        /// Jobs that may wait.
        var queueLimit = 256
    }

    private struct Waiter {
        let standing: SourceHistory.Standing
        let continuation: CheckedContinuation<ScriptSlot, any Error>
    }

    private struct Work {
        let slot: ScriptSlot
        let since: Moment
        let standing: SourceHistory.Standing
        var isSlow: Bool
    }

    /// So many for each host that a job which waits with them still comes soon.
    private static let soonWaiting = 16
    /// How often it is looked for slow jobs while somebody waits.
    private static let lookEvery = Duration.milliseconds(5)

    nonisolated let settings: Settings
    private let runtime: Runtime
    private var work: [ObjectIdentifier: Work] = [:]
    private var idle: [ScriptSlot] = []
    /// Hosts of lower priority, for slow places.
    private var idleSlow: [ScriptSlot] = []
    private var spare: ScriptSlot?
    /// Hosts that are being started ahead.
    private var warming = 0
    /// In the order in which they came.
    private var waiting: [Waiter] = []
    private var history = SourceHistory()
    private var used: [ObjectIdentifier: UInt64] = [:]
    private var lastUse: UInt64 = 0
    private var made = 0
    private var sweeper: Task<Void, Never>?
    private var looker: Task<Void, Never>?
    private var isClosed = false
    private let waitingGauge: Gauge
    private let duration: Histogram

    init(settings: Settings, runtime: Runtime) {
        self.settings = settings
        self.runtime = runtime
        let labels = ["lane": settings.lane]
        waitingGauge = runtime.metrics.gauge(
            "geartrain_workflow_script_jobs_waiting", help: "Script jobs that wait for a host.",
            labels: labels)
        duration = runtime.metrics.histogram(
            "geartrain_workflow_script_duration_seconds", help: "Time of a script job in its host.",
            labels: labels)
    }

    /// Runs a job; throws only `ScriptError`. A script that fails is an outcome, not an error; an
    /// error ends the job as a whole. `answering` answers what its scripts ask by `gt`.
    func run(_ job: ScriptJob, answering: ScriptAnswering? = nil) async throws -> ScriptAnswer {
        guard !job.units.isEmpty else { return ScriptAnswer.empty }
        return try await run(job, SourceHistory.key(job), answering)
    }

    /// The same, where its answer can be expected soon: it ended at once the last time, a host
    /// stands, and few wait. Else nil, and it is not run.
    func runSoon(
        _ job: ScriptJob, answering: ScriptAnswering? = nil
    ) async throws -> ScriptAnswer? {
        let key = SourceHistory.key(job)
        guard history.isQuick(job, key), !(work.isEmpty && idle.isEmpty),
            waiting.count < settings.hosts * ScriptPool.soonWaiting
        else { return nil }
        return try await run(job, key, answering)
    }

    private func run(
        _ job: ScriptJob, _ key: Int, _ answering: ScriptAnswering?
    ) async throws -> ScriptAnswer {
        let slot = try await take(history.standing(key, at: runtime.clock.monotonicNanoseconds()))
        let start = Moment.now
        defer { giveBack(slot) }
        var limits = settings.limits
        if let timeout = job.timeout { limits.timeout = timeout }
        do {
            let answer = try await slot.run(job, limits: limits, answering: answering)
            let time = Moment.now - start
            duration.observe(nanoseconds: time.nanoseconds)
            if time < SourceHistory.soon { history.noteEnded(key) }
            history.note(key, isQuick: time < settings.quickWithin)
            return answer
        } catch let error as ScriptError {
            report(error)
            if case .killed = error {
                history.noteStopped(key, at: runtime.clock.monotonicNanoseconds())
            }
            throw error
        }
    }

    /// The hosts and their threads, whether they work or not.
    var hostCount: Int {
        work.count + idle.count + idleSlow.count + (spare == nil ? 0 : 1) + warming
    }

    var suspectCounts: (busy: Int, waiting: Int) {
        (work.values.count { $0.standing == .suspect }, waitingCount(of: .suspect))
    }

    /// The processes that wait for work.
    func idleHosts() -> [pid_t] { idle.compactMap(\.hostPID) }

    /// Ends every host. Jobs that wait are refused.
    func close() async {
        isClosed = true
        sweeper?.cancel()
        looker?.cancel()
        for waiter in waiting {
            waiter.continuation.resume(throwing: ScriptError.unavailable("closing"))
        }
        waiting = []
        let slots = idle + idleSlow + [spare].compactMap(\.self)
        (idle, idleSlow, spare) = ([], [], nil)
        for slot in slots { await slot.close() }
    }
}

// Places.
extension ScriptPool {
    private func take(_ standing: SourceHistory.Standing) async throws -> ScriptSlot {
        guard !isClosed else { throw ScriptError.unavailable("closed") }
        if hasPlace(for: standing), waitingCount(of: standing) == 0 { return occupy(standing) }
        // Who is stopped again and again does not fill the queue either.
        let limit = standing == .suspect ? settings.queueLimit / 2 : settings.queueLimit
        let count = standing == .suspect ? waitingCount(of: .suspect) : waiting.count
        guard count < limit else { throw ScriptError.busy(limit: limit) }
        return try await withCheckedThrowingContinuation { continuation in
            waiting.append(Waiter(standing: standing, continuation: continuation))
            waitingGauge.set(waiting.count)
            lookLater()
        }
    }

    private func waitingCount(of standing: SourceHistory.Standing) -> Int {
        waiting.count { $0.standing == standing }
    }

    /// Sources that nobody knows leave a place to those that are known to end soon.
    private func hasPlace(for standing: SourceHistory.Standing) -> Bool {
        let quick = work.values.count { !$0.isSlow }
        switch standing {
        case .suspect: return work.count - quick < settings.slowHosts
        case .proven: return quick < settings.hosts
        case .unknown:
            let unknown = work.values.count { !$0.isSlow && $0.standing == .unknown }
            return quick < settings.hosts && unknown < max(1, settings.hosts - 1)
        }
    }

    private func occupy(_ standing: SourceHistory.Standing) -> ScriptSlot {
        let isSlow = standing == .suspect
        let slot =
            (isSlow ? idleSlow.popLast() : nil) ?? idle.popLast() ?? takeSpare() ?? makeSlot()
        if isSlow { slot.lower() }
        work[ObjectIdentifier(slot)] = Work(
            slot: slot, since: .now, standing: standing, isSlow: isSlow)
        return slot
    }

    private func takeSpare() -> ScriptSlot? {
        defer { spare = nil }
        return spare
    }

    private func makeSlot() -> ScriptSlot {
        made += 1
        return ScriptSlot(
            executable: settings.executable, name: "\(settings.lane.prefix(6))-\(made % 10_000)")
    }

    private func giveBack(_ slot: ScriptSlot) {
        work[ObjectIdentifier(slot)] = nil
        lastUse = runtime.clock.monotonicNanoseconds()
        if slot.isRunning || isClosed { keep(slot) } else { warm(slot) }
        serve()
        if spare == nil, warming == 0, !isClosed { warm(makeSlot()) }
        sweepLater()
    }

    /// A host that stands and has no work.
    private func keep(_ slot: ScriptSlot) {
        used[ObjectIdentifier(slot)] = runtime.clock.monotonicNanoseconds()
        if isClosed {
            end([slot])
        } else if slot.isLowered {
            if idleSlow.count < settings.slowHosts { idleSlow.append(slot) } else { end([slot]) }
        } else if idle.count < settings.hosts {
            idle.append(slot)
        } else if spare == nil {
            spare = slot
        } else {
            end([slot])
        }
    }

    /// Starts a host before anybody waits for it.
    private func warm(_ slot: ScriptSlot) {
        warming += 1
        Task {
            await slot.warm()
            warming -= 1
            if isClosed || isOver(since: lastUse) {
                end([slot])
            } else if spare == nil {
                spare = slot
            } else {
                keep(slot)
            }
            serve()
        }
    }

    private func end(_ slots: [ScriptSlot]) {
        for slot in slots {
            used[ObjectIdentifier(slot)] = nil
            Task { await slot.close() }
        }
    }

    /// Gives free places to who waits, each to the first who may have it.
    private func serve() {
        var index = 0
        while index < waiting.count {
            let waiter = waiting[index]
            guard hasPlace(for: waiter.standing) else {
                index += 1
                continue
            }
            waiting.remove(at: index)
            waiter.continuation.resume(returning: occupy(waiter.standing))
        }
        waitingGauge.set(waiting.count)
    }

    // MARK: Slow jobs

    private func lookLater() {
        guard looker == nil else { return }
        // A script's time is real time, whatever clock the service lives by.
        looker = Task {
            while !Task.isCancelled, !waiting.isEmpty {
                try? await SystemClock().sleep(for: ScriptPool.lookEvery)
                moveSlow()
            }
            looker = nil
        }
    }

    private func moveSlow() {
        let now = Moment.now
        let slow = work.filter { !$0.value.isSlow && now - $0.value.since >= settings.slowAfter }
            .sorted { $0.value.since < $1.value.since }
        for (id, item) in slow where work.values.count(where: \.isSlow) < settings.slowHosts {
            work[id]?.isSlow = true
            item.slot.lower()
        }
        serve()
    }

    // MARK: Hosts without work

    /// One sleeping task while there is a host that may have to end.
    private func sweepLater() {
        guard sweeper == nil, !isClosed else { return }
        let wait = settings.idle
        sweeper = Task { [runtime] in
            try? await runtime.clock.sleep(for: wait)
            self.sweep()
        }
    }

    private func sweep() {
        sweeper = nil
        guard !isClosed else { return }
        let ending = (idle + idleSlow).filter { isOver(since: used[ObjectIdentifier($0)] ?? 0) }
        idle.removeAll { slot in ending.contains { $0 === slot } }
        idleSlow.removeAll { slot in ending.contains { $0 === slot } }
        end(ending)
        if work.isEmpty, isOver(since: lastUse), let last = takeSpare() { end([last]) }
        if hostCount > 0 { sweepLater() }
    }

    private func isOver(since then: UInt64) -> Bool {
        let now = runtime.clock.monotonicNanoseconds()
        return now &- then >= UInt64(max(0, settings.idle.milliseconds)) * 1_000_000
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
