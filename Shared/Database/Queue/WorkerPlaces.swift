import ServiceRuntime
import Synchronization

/// Who is being handled by a worker, and how much more may be.
final class WorkerPlaces: Sendable {
    private struct Running {
        let item: DurableQueue.Item
        var leasedUntil: Timestamp
    }

    private struct State {
        var running: [Int64: Running] = [:]
        /// Kept for items that stand in a transaction.
        var reserved = 0
        /// Leased and durable, and not begun.
        var handed: [DurableQueue.Item] = []
        var isOpen = false
    }

    private let state = Mutex(State())
    private let most: Int

    init(_ most: Int) { self.most = most }

    func open() { state.withLock { $0.isOpen = true } }

    /// Nothing comes by itself any more; answers what came last.
    func close() -> [DurableQueue.Item] {
        state.withLock { state in
            state.isOpen = false
            defer { state.handed = [] }
            return state.handed
        }
    }

    var isEmpty: Bool { state.withLock { $0.running.isEmpty && $0.reserved == 0 } }

    var room: Int { state.withLock { most - $0.running.count - $0.reserved } }

    // MARK: Handing over

    func reserve() -> Bool {
        state.withLock { state in
            guard state.isOpen, state.running.count + state.reserved < most else { return false }
            state.reserved += 1
            return true
        }
    }

    /// Keeps all places that are free; answers how many.
    func reserveAll() -> Int {
        state.withLock { state in
            let free = max(0, most - state.running.count - state.reserved)
            state.reserved += free
            return free
        }
    }

    func giveBack(_ count: Int) { state.withLock { $0.reserved -= count } }

    /// Where the worker has ended meanwhile, the item waits for the end of its lease.
    func hand(_ item: DurableQueue.Item, until: Timestamp) {
        state.withLock { state in
            state.reserved -= 1
            guard state.isOpen else { return }
            state.running[item.id] = Running(item: item, leasedUntil: until)
            state.handed.append(item)
        }
    }

    func takeHanded() -> [DurableQueue.Item] {
        state.withLock { state in
            defer { state.handed = [] }
            return state.handed
        }
    }

    // MARK: What runs

    /// Of `count` places that were kept, these are needed.
    func fill(_ count: Int, _ items: [DurableQueue.Item], until: Timestamp) {
        state.withLock { state in
            state.reserved -= count
            for item in items { state.running[item.id] = Running(item: item, leasedUntil: until) }
        }
    }

    /// One has ended, and another may have taken its place. Answers whether there is room now that
    /// was not there before.
    func exchange(
        _ item: DurableQueue.Item, for next: (item: DurableQueue.Item, until: Timestamp)?
    ) -> Bool {
        state.withLock { state in
            let wasFull = state.running.count + state.reserved >= most
            // The same one may be due again at once.
            state.running[item.id] = nil
            if let next {
                state.running[next.item.id] = Running(item: next.item, leasedUntil: next.until)
            }
            return wasFull && next == nil
        }
    }

    func holds(_ id: Int64) -> Bool { state.withLock { $0.running[id] != nil } }

    func items(leasedUntil end: Timestamp) -> [DurableQueue.Item] {
        state.withLock { state in
            state.running.values.filter { $0.leasedUntil < end }.map(\.item)
        }
    }

    func extended(_ ids: [Int64], until: Timestamp) {
        state.withLock { state in
            for id in ids { state.running[id]?.leasedUntil = until }
        }
    }

    var earliestEnd: Timestamp? {
        state.withLock { $0.running.values.map(\.leasedUntil).min() }
    }
}
