import HTTP
import ServiceRuntime
import Synchronization

/// Slows down guessing without locking anybody out: after a few failures for one account from one
/// address, that address waits, longer each time. Many failures for one account from everywhere,
/// or from one address for all accounts, make those wait who are not known to the account; its
/// owner at a known address or browser does not. Of several copies of the gateway each has its
/// share of the failures that are free.
final class LoginLimiter: Sendable {
    static let freeFailures = 5
    static let firstWait = Duration.seconds(1)
    static let longestWait = Duration.seconds(900)
    /// Failures for one account from strangers, and from one address, within `memory`.
    static let accountLimit = 50
    static let addressLimit = 100
    /// What did nothing for so long is forgotten.
    static let memory = Duration.seconds(900)
    /// Places remembered; beyond it the oldest half is forgotten.
    static let placeLimit = 20_000

    struct Attempt: Sendable {
        let account: String
        let address: String
        /// Whether the account's owner was there before.
        let isKnown: Bool
    }

    /// Whose failures are counted together.
    private enum Place: Hashable {
        case pair(account: String, address: String)
        case account(String)
        case address(String)
    }

    private struct Failures {
        var count = 0
        var last: UInt64
        /// No attempt before it.
        var until: UInt64 = 0
    }

    private let clock: any WallClock
    private let share: CopyShare
    private let places = Mutex<[Place: Failures]>([:])

    init(clock: any WallClock, share: CopyShare = .whole) {
        self.clock = clock
        self.share = share
    }

    /// Counts an attempt as failed before it is made (many at once shall not slip through), or
    /// throws 429.
    func begin(_ attempt: Attempt) throws {
        let now = clock.monotonicNanoseconds()
        let wait = places.withLock { places -> UInt64? in
            let counted = LoginLimiter.places(attempt).map { place, free in
                (place, share(free), LoginLimiter.current(places[place], now))
            }
            if let until = counted.map(\.2.until).max(), until > now { return until - now }
            if places.count >= LoginLimiter.placeLimit { LoginLimiter.forget(&places) }
            for (place, free, failures) in counted {
                var failures = failures
                failures.count += 1
                failures.last = now
                if failures.count >= free {
                    let wait = LoginLimiter.wait(after: failures.count - free)
                    failures.until = now + wait.nanoseconds
                }
                places[place] = failures
            }
            return nil
        }
        guard let wait else { return }
        throw Problem.tooManyRequests(
            "Too many failed log-ins; try again later, or from where you logged in before.",
            retryAfter: Int(wait / 1_000_000_000) + 1)
    }

    /// The password was right: the pair begins anew, and the attempt was no failure of others.
    func succeeded(_ attempt: Attempt) {
        undo(attempt)
        places.withLock {
            $0[.pair(account: attempt.account, address: attempt.address)] = nil
        }
    }

    /// The attempt said nothing about the password (the queue was full, say).
    func undo(_ attempt: Attempt) {
        places.withLock { places in
            for (place, _) in LoginLimiter.places(attempt) {
                guard var failures = places[place] else { continue }
                failures.count -= 1
                // Who logs in to an account of his own must not thereby end the wait of others.
                if case .pair = place { failures.until = 0 }
                places[place] = failures.count > 0 ? failures : nil
            }
        }
    }

    /// Where an attempt counts, with how many failures are free there.
    private static func places(_ attempt: Attempt) -> [(Place, Int)] {
        let pair = Place.pair(account: attempt.account, address: attempt.address)
        guard !attempt.isKnown else { return [(pair, freeFailures)] }
        return [
            (pair, freeFailures), (.account(attempt.account), accountLimit),
            (.address(attempt.address), addressLimit),
        ]
    }

    private static func current(_ failures: Failures?, _ now: UInt64) -> Failures {
        guard let failures, now &- failures.last <= memory.nanoseconds else {
            return Failures(last: now)
        }
        return failures
    }

    /// 1 s, then doubling.
    private static func wait(after doublings: Int) -> Duration {
        min(firstWait * (1 << min(doublings, 20)), longestWait)
    }

    private static func forget(_ places: inout [Place: Failures]) {
        let middle = places.values.map(\.last).sorted()[places.count / 2]
        places = places.filter { $0.value.last > middle }
    }
}
