import ServiceRuntime

/// How many connections mailboxes hold to each server. Who comes over the limit waits in turn.
actor ServerSlots {
    private struct Waiter {
        let id: Int
        let continuation: CheckedContinuation<Void, any Error>
    }

    private let limit: Int
    private var used: [String: Int] = [:]
    private var waiters: [String: [Waiter]] = [:]
    private var lastID = 0

    init(limit: Int) { self.limit = limit }

    /// Takes a slot, at once or when one is free; throws `CancellationError` only.
    func take(_ server: String) async throws {
        try Task.checkCancellation()
        guard used[server, default: 0] >= limit else {
            used[server, default: 0] += 1
            return
        }
        lastID += 1
        let id = lastID
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation {
                (continuation: CheckedContinuation<Void, any Error>) in
                // The handler may have run before.
                guard !Task.isCancelled else {
                    continuation.resume(throwing: CancellationError())
                    return
                }
                waiters[server, default: []].append(Waiter(id: id, continuation: continuation))
            }
        } onCancel: {
            Task { await self.cancel(server, id) }
        }
    }

    private func cancel(_ server: String, _ id: Int) {
        guard let index = waiters[server]?.firstIndex(where: { $0.id == id }) else { return }
        waiters[server]?.remove(at: index).continuation.resume(throwing: CancellationError())
    }

    /// Gives a slot back, to who waits longest.
    func give(_ server: String) {
        if let next = waiters[server]?.first {
            waiters[server]?.removeFirst()
            next.continuation.resume()
        } else {
            used[server, default: 0] -= 1
        }
    }

    /// Whether a slot may be held while nothing is read: one is always left to read with.
    func mayRest(_ server: String) -> Bool { used[server, default: 0] < limit }
}
