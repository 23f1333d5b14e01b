import ServiceRuntime

/// Decides how long the writer leaves the write lock free for other programs, though it has more to
/// write itself.
///
/// SQLite keeps no queue for its lock. Who waits looks again 1, 3, 8, 18, 33, 53, 78, 103, 128, 178
/// and 228 ms after its first look, and then each 100 ms; a look that meets a taken lock leaves no
/// trace. A writer under load holds the lock nearly always, so that such a look finds it free by
/// luck only. Where the writer rests in time, and for longer than the pauses that a waiter has come
/// to meanwhile, one look falls into the rest: nobody waits longer than a turn, the transaction
/// that stands at its end, and one pause.
///
/// Where the lock was free for more than half of the time no rest is needed: a look finds it free
/// more often than not, and there are six of them in 33 ms. So a turn begins anew with each span of
/// 10 ms of which that is true.
struct WriteTurns {
    /// The longest that the writer goes on without a rest. Who came at its beginning looks again
    /// after 53 ms, and then after 25.
    static let turn = Duration.milliseconds(50).nanoseconds
    /// How long a waiter may have waited at most, and how long the rest is then: its pause until
    /// then, and 2 ms for its waking up. Beyond the first only a transaction leads that is long
    /// itself.
    private static let rests: [(waited: UInt64, rest: UInt64)] = [
        (Duration.milliseconds(128).nanoseconds, Duration.milliseconds(27).nanoseconds),
        (Duration.milliseconds(228).nanoseconds, Duration.milliseconds(52).nanoseconds),
        (.max, Duration.milliseconds(102).nanoseconds),
    ]
    /// The rest after a turn that was not too long.
    static let rest = rests[0].rest

    /// How long it is looked before it is told how much of the time the lock was held.
    private static let span = Duration.milliseconds(10).nanoseconds

    /// When the turn began.
    private var start: UInt64 = 0
    /// When the lock was taken last, and when it was let go.
    private var taken: UInt64 = 0
    private var end: UInt64 = 0
    /// When the span began, and for how long the lock was held since.
    private var spanStart: UInt64 = 0
    private var held: UInt64 = 0

    /// The rest that the turn until now asks for.
    private var rest: UInt64 {
        let waited = end > start ? end - start : 0
        return WriteTurns.rests.first { waited <= $0.waited }?.rest ?? WriteTurns.rest
    }

    /// Nanoseconds for which the lock is still to stay free, if anybody else is there; 0 is not at
    /// all.
    mutating func pause(at now: UInt64) -> UInt64 {
        look(at: now)
        guard isOver(at: now), now < end + rest else { return 0 }
        return end + rest - now
    }

    /// Ends a span. Who came with the last transaction has waited since.
    private mutating func look(at now: UInt64) {
        guard now >= spanStart + WriteTurns.span else { return }
        if held < (now - spanStart) / 2 { start = max(start, taken) }
        (spanStart, held) = (now, 0)
    }

    /// Whether the transaction that stands has used up the turn.
    func isOver(at now: UInt64) -> Bool { now >= start + WriteTurns.turn }

    /// The lock is taken.
    mutating func took(at now: UInt64) {
        // Where little is written the lock was free long enough by itself.
        if now >= end + rest {
            start = now
            (spanStart, held) = (now, 0)
        }
        taken = now
    }

    /// Nobody else is there, so that nobody has waited until now.
    mutating func foundNobody(at now: UInt64) { start = now }

    /// The lock is free again.
    mutating func left(at now: UInt64) {
        end = now
        held += now - taken
    }
}
