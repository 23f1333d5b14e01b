/// Jobs whose sources had to be stopped lately, by their text.
struct Suspects {
    private var since: [Int: UInt64] = [:]

    /// After this a job is as good as any other again.
    static let life: UInt64 = 60_000_000_000
    static let limit = 1000

    mutating func add(_ job: ScriptJob, at now: UInt64) {
        if since.count >= Suspects.limit {
            since = since.filter { now &- $0.value < Suspects.life }
            if since.count >= Suspects.limit { since = [:] }
        }
        since[Suspects.key(job)] = now
    }

    func contains(_ job: ScriptJob, at now: UInt64) -> Bool {
        guard !since.isEmpty, let then = since[Suspects.key(job)] else { return false }
        return now &- then < Suspects.life
    }

    private static func key(_ job: ScriptJob) -> Int {
        var hasher = Hasher()
        for unit in job.units { hasher.combine(unit.source) }
        return hasher.finalize()
    }
}
