import ServiceRuntime

/// The times of a schedule that have come and have no rows yet.
struct Occurrences: Sendable {
    /// Oldest first; at most `limit`, the newest.
    var newest: [Timestamp] = []
    /// How many came before those, and the first of them.
    var olderCount = 0
    var oldest: Timestamp?

    /// So many are told one by one.
    static let limit = 1000
    /// Nothing further back is looked for, however long the service was away.
    static let lookBack = Duration.seconds(366 * 86_400)

    init(of schedule: CronSchedule, in zone: TimeZone, after: Timestamp, upTo now: Timestamp) {
        var time = max(after, now.advanced(by: .zero - Occurrences.lookBack))
        while let next = schedule.next(after: time, in: zone), next <= now {
            if newest.count >= 2 * Occurrences.limit { dropOlder() }
            newest.append(next)
            time = next
        }
        dropOlder()
    }

    private mutating func dropOlder() {
        let count = newest.count - Occurrences.limit
        guard count > 0 else { return }
        oldest = oldest ?? newest.first
        olderCount += count
        newest.removeFirst(count)
    }
}
