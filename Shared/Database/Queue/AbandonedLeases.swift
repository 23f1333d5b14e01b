import ServiceRuntime
import Synchronization

/// Gives back what copies of a service had leased that are no more, long before the leases end.
///
/// A copy holds a lock of its own (`PostgresPlace.lock(ofCopy:)`) in two of its sessions. They end
/// as soon as the process has ended, or half a minute after its machine has gone. A copy
/// whose sessions were only cut has them again within `patience` and keeps its leases; and whoever
/// settles an item that was given back all the same finds that it is his no more.
final class AbandonedLeases: Sendable {
    private struct State {
        var nextLook: UInt64 = 0
        /// Since when copies were seen to be missing, each time that was looked.
        var missing: [Int64: UInt64] = [:]
    }

    private let state = Mutex(State())
    /// What one copy of all does.
    private static let work = "leases"
    private static let interval = Duration.seconds(1)
    /// How long a copy may have no session.
    static let patience = Duration.seconds(5)
    /// Looks that are further apart say nothing of what was between them.
    private static let gapLimit = Duration.seconds(4)

    /// Looks, if it is time to. `lease` is the longest that an item is leased for.
    func look(_ queue: DurableQueue, _ database: Database, _ runtime: Runtime, lease: Duration)
        async throws
    {
        guard database.isShared, isTime(runtime) else { return }
        guard database.leads(AbandonedLeases.work) else { return forget() }
        let now = runtime.clock.now()
        let missing: [Int64]
        do {
            missing = try await database.pointRead {
                try queue.missingHolders($0, now: now, before: now.advanced(by: lease))
            }
        } catch {
            // The server was away: others may not be back yet.
            forget()
            throw error
        }
        let gone = gone(missing, at: runtime.clock.monotonicNanoseconds())
        guard !gone.isEmpty else { return }
        let released = try await database.write {
            try queue.releaseLeases($0, of: gone, now: now)
        }
        runtime.log.warning(
            "a copy of this service is gone: what it had begun is given to others",
            ["queue": .string(queue.name), "items": .integer(released)])
    }

    private func isTime(_ runtime: Runtime) -> Bool {
        let now = runtime.clock.monotonicNanoseconds()
        return state.withLock { state in
            guard now >= state.nextLook else { return false }
            if now > state.nextLook + AbandonedLeases.gapLimit.nanoseconds { state.missing = [:] }
            state.nextLook = now + AbandonedLeases.interval.nanoseconds
            return true
        }
    }

    private func forget() { state.withLock { $0.missing = [:] } }

    /// Those of `missing` that were so for long enough.
    private func gone(_ missing: [Int64], at now: UInt64) -> [Int64] {
        state.withLock { state in
            let before = state.missing
            state.missing = [:]
            for copy in missing { state.missing[copy] = before[copy] ?? now }
            return missing.filter {
                now - (before[$0] ?? now) >= AbandonedLeases.patience.nanoseconds
            }
        }
    }
}
