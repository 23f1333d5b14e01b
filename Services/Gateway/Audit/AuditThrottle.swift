import ServiceRuntime
import Synchronization

/// Keeps those who knock at the door all night from filling the disk with it: so many entries of a
/// kind from an address in a while, and so many in all; beyond that they are only counted.
final class AuditThrottle: Sendable {
    static let window = Duration.seconds(600)
    static let addressLimit = 20
    static let totalLimit = 1000
    /// Pairs of kind and address remembered; beyond it only the total bounds.
    static let pairLimit = 5000

    private struct Pair: Hashable {
        let kind: Audit.Kind
        let address: String
    }

    private struct State {
        var began: UInt64 = 0
        var total = 0
        var written: [Pair: Int] = [:]
        var missed: [Pair: Int] = [:]
    }

    private let clock: any WallClock
    private let state = Mutex(State())

    init(clock: any WallClock) {
        self.clock = clock
    }

    static func words(_ missed: Int) -> String { "(and \(missed) alike that are not listed)" }

    /// Whether an entry may be written: then how many were only counted since the last one;
    /// otherwise nil, and it is counted.
    func take(_ kind: Audit.Kind, address: String) -> Int? {
        let now = clock.monotonicNanoseconds()
        let pair = Pair(kind: kind, address: address)
        return state.withLock { state in
            if now &- state.began > AuditThrottle.window.nanoseconds {
                state.began = now
                state.total = 0
                state.written = [:]
            }
            let isKnown = state.missed[pair] != nil || state.written[pair] != nil
            let hasRoom = state.written.count + state.missed.count < AuditThrottle.pairLimit
            let written = state.written[pair, default: 0]
            guard state.total < AuditThrottle.totalLimit, written < AuditThrottle.addressLimit
            else {
                // Where there is no room for the pair, it is counted without its address.
                let counted = isKnown || hasRoom ? pair : Pair(kind: kind, address: "")
                state.missed[counted, default: 0] += 1
                return nil
            }
            state.total += 1
            if isKnown || hasRoom { state.written[pair] = written + 1 }
            return state.missed.removeValue(forKey: pair) ?? 0
        }
    }

    /// What was only counted and told by no entry since.
    func drain() -> [(kind: Audit.Kind, address: String, missed: Int)] {
        state.withLock { state in
            defer { state.missed = [:] }
            return state.missed.map { ($0.key.kind, $0.key.address, $0.value) }
        }
    }
}
