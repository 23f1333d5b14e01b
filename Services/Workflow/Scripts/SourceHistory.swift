/// What the pool knows of sources, by their text: those that ended soon the last time they ran, and
/// those that had to be stopped lately. Who uses up his time again and again does not use up the
/// others', and nor do many that nobody knows.
struct SourceHistory {
    enum Standing: Sendable { case proven, unknown, suspect }

    private var stopped: [Int: UInt64] = [:]
    private var proven: Set<Int> = []
    /// Those that ended at once.
    private var quick: Set<Int> = []

    /// What ends within this ends soon, also where the processor has much to do.
    static let soon = Duration.milliseconds(250)
    /// After this a source that was stopped is as good as one that nobody knows.
    static let life: UInt64 = 60_000_000_000
    static let stoppedLimit = 1000
    static let provenLimit = 10_000

    func standing(_ key: Int, at now: UInt64) -> Standing {
        if let then = stopped[key], now &- then < SourceHistory.life { return .suspect }
        return proven.contains(key) ? .proven : .unknown
    }

    mutating func noteStopped(_ key: Int, at now: UInt64) {
        proven.remove(key)
        quick.remove(key)
        if stopped.count >= SourceHistory.stoppedLimit {
            stopped = stopped.filter { now &- $0.value < SourceHistory.life }
            if stopped.count >= SourceHistory.stoppedLimit { stopped = [:] }
        }
        stopped[key] = now
    }

    mutating func noteEnded(_ key: Int) {
        if proven.count >= SourceHistory.provenLimit { proven = [] }
        proven.insert(key)
    }

    mutating func note(_ key: Int, isQuick: Bool) {
        guard isQuick else {
            quick.remove(key)
            return
        }
        if quick.count >= SourceHistory.provenLimit { quick = [] }
        quick.insert(key)
    }

    /// Whether it, or each of a chain, ended at once the last time.
    func isQuick(_ job: ScriptJob, _ key: Int) -> Bool {
        guard job.work == .chain else { return quick.contains(key) }
        return job.units.allSatisfy { quick.contains(SourceHistory.key([$0])) }
    }

    static func key(_ job: ScriptJob) -> Int { key(job.units) }

    private static func key(_ units: [ScriptJob.Unit]) -> Int {
        var hasher = Hasher()
        for unit in units { hasher.combine(unit.source) }
        return hasher.finalize()
    }
}
