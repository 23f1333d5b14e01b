import ServiceRuntime
import TestSupport
import Testing

@testable import Database

/// When the writer leaves the lock to others.
@Suite struct WriteTurnsTests {
    private static let millisecond: UInt64 = 1_000_000

    /// When SQLite's busy handler looks at a taken lock, in milliseconds after its first look.
    private static let looks: [UInt64] = [
        0, 1, 3, 8, 18, 33, 53, 78, 103, 128, 178, 228, 328, 428, 528, 628, 728,
    ]

    @Test func `a look falls into a rest, whenever a waiter comes`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = TestRandom(seed: seed)
        for round in 0..<300 {
            // Every third writer has transactions that alone take longer than a turn.
            let longest = (round % 3 == 0 ? 400 : 20) * WriteTurnsTests.millisecond
            // When the lock was taken and let go by a writer that always has more to write.
            var taken: [Range<UInt64>] = []
            var turns = WriteTurns()
            var now = UInt64.random(in: 0...WriteTurns.rest, using: &random)
            for _ in 0..<400 {
                now += turns.pause(at: now)
                turns.took(at: now)
                let end = now + UInt64.random(in: 1...longest, using: &random)
                turns.left(at: end)
                taken.append(now..<end)
                now = end + 1
            }
            let last = taken[300].lowerBound
            for _ in 0..<50 {
                let start = UInt64.random(in: 0..<last, using: &random)
                let wait = WriteTurnsTests.looks.first { look in
                    let moment = start + look * WriteTurnsTests.millisecond
                    return !taken.contains { $0.contains(moment) }
                }
                // A turn, a transaction, a pause.
                let most = 50 + longest / WriteTurnsTests.millisecond + (round % 3 == 0 ? 100 : 25)
                #expect(wait ?? .max <= most, "seed \(seed), round \(round), at \(start)")
            }
        }
    }

    @Test func `who writes little never rests`() {
        var turns = WriteTurns()
        var now: UInt64 = 1
        for _ in 0..<100 {
            #expect(turns.pause(at: now) == 0)
            turns.took(at: now)
            turns.left(at: now + WriteTurnsTests.millisecond)
            now += WriteTurns.rest + 2 * WriteTurnsTests.millisecond
        }
    }

    @Test func `a rest is not longer than what is left of it`() {
        var turns = WriteTurns()
        turns.took(at: WriteTurns.rest)
        let end = WriteTurns.rest + WriteTurns.turn
        #expect(turns.isOver(at: end))
        turns.left(at: end)
        #expect(turns.pause(at: end) == WriteTurns.rest)
        #expect(turns.pause(at: end + 1000) == WriteTurns.rest - 1000)
        #expect(turns.pause(at: end + WriteTurns.rest) == 0)
        turns.took(at: end + WriteTurns.rest)
        #expect(!turns.isOver(at: end + WriteTurns.rest))
    }

    @Test func `a rest is as long as the pause that a waiter has come to`() {
        for (waited, rest) in [(60, 27), (128, 27), (129, 52), (228, 52), (229, 102), (5000, 102)] {
            var turns = WriteTurns()
            let start = WriteTurns.rest
            turns.took(at: start)
            let end = start + UInt64(waited) * WriteTurnsTests.millisecond
            turns.left(at: end)
            #expect(turns.pause(at: end) == UInt64(rest) * WriteTurnsTests.millisecond)
            // Who came after this moment has not waited for long.
            turns.foundNobody(at: end)
            turns.took(at: end)
            #expect(!turns.isOver(at: end + WriteTurns.turn - 1))
            turns.left(at: end + WriteTurns.turn)
            #expect(turns.pause(at: end + WriteTurns.turn) == WriteTurns.rest)
        }
    }

    @Test func `who holds the lock for less than half of the time does not rest, and need not`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = TestRandom(seed: seed)
        var waits: [UInt64] = []
        var rests = 0
        for _ in 0..<100 {
            // Transactions of up to a millisecond, and pauses a little longer.
            let longest = UInt64.random(in: 100_000...1_000_000, using: &random)
            var taken: [Range<UInt64>] = []
            var turns = WriteTurns()
            var now: UInt64 = WriteTurns.rest
            for _ in 0..<3000 {
                if turns.pause(at: now) != 0 { rests += 1 }
                turns.took(at: now)
                let end = now + UInt64.random(in: 1...longest, using: &random)
                turns.left(at: end)
                taken.append(now..<end)
                now = end + longest / 4 + UInt64.random(in: 1...longest, using: &random)
            }
            let last = taken[2000].lowerBound
            for _ in 0..<20 {
                let start = UInt64.random(in: 0..<last, using: &random)
                let look = WriteTurnsTests.looks.first { look in
                    let moment = start + look * WriteTurnsTests.millisecond
                    let next = taken.partitioningIndex { $0.upperBound > moment }
                    return next == taken.count || !taken[next].contains(moment)
                }
                waits.append(look ?? .max)
            }
        }
        // By chance some hold it for long, and some find it taken at each look.
        #expect(rests <= 30, "seed \(seed)")
        waits.sort()
        #expect(waits[waits.count * 98 / 100] <= 53, "seed \(seed)")
        #expect(waits[waits.count * 995 / 1000] <= 228, "seed \(seed)")
    }
}

extension [Range<UInt64>] {
    /// The first of which this holds; it holds of all after it.
    fileprivate func partitioningIndex(_ holds: (Range<UInt64>) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
