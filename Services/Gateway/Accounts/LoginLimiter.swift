import HTTP
import ServiceRuntime
import Synchronization

/// Slows down guessing: after a few failures for one account from one address, that address waits,
/// longer each time. The account's owner at another address, and others at the same address, do
/// not.
final class LoginLimiter: Sendable {
    static let freeFailures = 5
    static let firstWait = Duration.seconds(1)
    static let longestWait = Duration.seconds(900)
    /// A pair that did nothing for so long is forgotten.
    static let memory = Duration.seconds(900)
    /// Pairs remembered; beyond it the oldest half is forgotten.
    static let pairLimit = 20_000

    private struct Pair: Hashable {
        let account: String
        let address: String
    }

    private struct Failures {
        var count: Int
        var last: UInt64
        /// No attempt before it.
        var until: UInt64
    }

    private let clock: any WallClock
    private let pairs = Mutex<[Pair: Failures]>([:])

    init(clock: any WallClock) {
        self.clock = clock
    }

    /// Counts an attempt as failed before it is made (many at once shall not slip through), or
    /// throws 429.
    func begin(account: String, address: String) throws {
        let now = clock.monotonicNanoseconds()
        let pair = Pair(account: account, address: address)
        let wait = pairs.withLock { pairs -> UInt64? in
            var failures = pairs[pair] ?? Failures(count: 0, last: now, until: 0)
            if now &- failures.last > LoginLimiter.memory.nanoseconds {
                failures = Failures(count: 0, last: now, until: 0)
            }
            if failures.until > now { return failures.until - now }
            failures.count += 1
            failures.last = now
            if failures.count >= LoginLimiter.freeFailures {
                failures.until = now + LoginLimiter.wait(after: failures.count).nanoseconds
            }
            if pairs.count >= LoginLimiter.pairLimit { LoginLimiter.forget(&pairs) }
            pairs[pair] = failures
            return nil
        }
        guard let wait else { return }
        throw Problem.tooManyRequests(
            "Too many failed log-ins for this account from this address.",
            retryAfter: Int(wait / 1_000_000_000) + 1)
    }

    /// The password was right.
    func succeeded(account: String, address: String) {
        pairs.withLock { $0[Pair(account: account, address: address)] = nil }
    }

    /// The attempt said nothing about the password (the queue was full, say).
    func undo(account: String, address: String) {
        pairs.withLock { pairs in
            let pair = Pair(account: account, address: address)
            guard var failures = pairs[pair] else { return }
            failures.count -= 1
            failures.until = 0
            pairs[pair] = failures.count > 0 ? failures : nil
        }
    }

    /// 1 s after the fifth failure, then doubling.
    private static func wait(after failures: Int) -> Duration {
        let doublings = min(failures - freeFailures, 20)
        return min(firstWait * (1 << doublings), longestWait)
    }

    private static func forget(_ pairs: inout [Pair: Failures]) {
        let middle = pairs.values.map(\.last).sorted()[pairs.count / 2]
        pairs = pairs.filter { $0.value.last > middle }
    }
}

extension Duration {
    /// Whole nanoseconds of a duration that is not negative.
    var nanoseconds: UInt64 {
        UInt64(components.seconds) * 1_000_000_000
            + UInt64(components.attoseconds / 1_000_000_000)
    }
}
