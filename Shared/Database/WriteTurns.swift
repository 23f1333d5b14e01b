import ServiceRuntime

/// Decides how long the writer leaves the write lock free for other programs, though it has more to
/// write itself.
///
/// SQLite keeps no queue for its lock. Who waits looks again 1, 3, 8, 18, 33, 53, 78, 103 and 128
/// ms after its first look, and then after pauses of 50 and 100 ms; a look that meets a taken lock
/// leaves no trace. A writer under load holds the lock nearly always, so that such a look finds it
/// free by luck only. Where the writer rests in time, and for longer than the longest of the early
/// pauses, one look falls into the rest: nobody waits longer than a turn, the transaction that
/// stands at its end, and a pause.
struct WriteTurns {
    /// The longest that the writer goes on without a rest. A waiter that comes at its beginning
    /// looks 53 ms later, and then after 25 ms.
    static let turn = Duration.milliseconds(50).nanoseconds
    /// The longest pause between a waiter's early looks is 25 ms; the rest is for its waking up.
    static let rest = Duration.milliseconds(27).nanoseconds

    /// When the lock was taken first after a rest.
    private var start: UInt64 = 0
    /// When the lock was let go last.
    private var end: UInt64 = 0

    /// Nanoseconds for which the lock is still to stay free, if anybody else is there; 0 is not at
    /// all.
    func pause(at now: UInt64) -> UInt64 {
        guard now >= start + WriteTurns.turn, now < end + WriteTurns.rest else { return 0 }
        return end + WriteTurns.rest - now
    }

    /// Whether the transaction that stands has used up the turn.
    func isOver(at now: UInt64) -> Bool { now >= start + WriteTurns.turn }

    /// The lock is taken.
    mutating func took(at now: UInt64) {
        // Where little is written the lock was free long enough by itself.
        if now >= end + WriteTurns.rest { start = now }
    }

    /// The lock is free again.
    mutating func left(at now: UInt64) { end = now }
}
