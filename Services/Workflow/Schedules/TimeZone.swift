/// The clocks of a place, as IANA publishes them. Times are seconds since 1970: `utc`, or `local`
/// as the clocks of the place show them.
struct TimeZone: Sendable {
    /// A stretch of time in which the clocks go evenly: from `start`, before `end`, in UTC.
    struct Stretch: Sendable, Hashable {
        var start: Int64
        var end: Int64
        /// Seconds east of UTC.
        var offset: Int64

        /// What the clocks show when it begins, and what they would show when it ends.
        var localStart: Int64 { start + offset }
        var localEnd: Int64 { end + offset }
    }

    /// A name such as `Europe/Prague`.
    let name: String
    /// In UTC, ascending; each with the offset that holds from then on.
    private let transitions: [(time: Int64, offset: Int64)]
    /// Before the first transition.
    private let firstOffset: Int64
    /// After the last one; nil is as the last one says.
    private let rule: PosixZone?

    /// No transition is earlier or later, and sums with it do not overflow.
    static let distantPast: Int64 = -(1 << 40)
    static let distantFuture: Int64 = 1 << 40
    static let utc = TimeZone(name: "UTC", transitions: [], firstOffset: 0, rule: nil)

    init(
        name: String, transitions: [(time: Int64, offset: Int64)], firstOffset: Int64,
        rule: PosixZone?
    ) {
        self.name = name
        self.transitions = transitions
        self.firstOffset = firstOffset
        self.rule = rule
    }

    /// The stretch that has this moment in it.
    func stretch(at utc: Int64) -> Stretch {
        // The number of transitions up to then.
        var (low, high) = (0, transitions.count)
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle].time <= utc { low = middle + 1 } else { high = middle }
        }
        let start = low == 0 ? TimeZone.distantPast : transitions[low - 1].time
        if low == transitions.count, let rule {
            var stretch = rule.stretch(at: utc)
            stretch.start = max(stretch.start, start)
            return stretch
        }
        return Stretch(
            start: start,
            end: low == transitions.count ? TimeZone.distantFuture : transitions[low].time,
            offset: low == 0 ? firstOffset : transitions[low - 1].offset)
    }

    /// The furthest that the clocks had come before a stretch began.
    func shown(before stretch: Stretch) -> Int64 {
        var (shown, start) = (stretch.localStart, stretch.start)
        // The clocks of no place are set back twice within two of its stretches.
        for turn in 0..<2 where start > TimeZone.distantPast {
            let earlier = self.stretch(at: start - 1)
            shown = turn == 0 ? earlier.localEnd : max(shown, earlier.localEnd)
            start = earlier.start
        }
        return shown
    }

    func offset(at utc: Int64) -> Int64 { stretch(at: utc).offset }

    /// When the clocks show `local`: the first time if they do so twice, and the moment at which
    /// they jump over it if they never do.
    func utc(of local: Int64) -> Int64 {
        // No place is further than this from UTC.
        var stretch = self.stretch(at: local - 2 * 86_400)
        while local >= stretch.localEnd, stretch.end < TimeZone.distantFuture {
            stretch = self.stretch(at: stretch.end)
        }
        return max(local, stretch.localStart) - stretch.offset
    }
}
