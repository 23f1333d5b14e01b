import ServiceRuntime

// What became of an item, and what the one who handled it does next.
extension QueueWorker {
    /// Writes the outcome; answers the item that was leased with it.
    func settled(_ item: DurableQueue.Item, _ outcome: Outcome) async -> DurableQueue.Item? {
        var next: (item: DurableQueue.Item, until: Timestamp)?
        do {
            next = try await settle(item, outcome)
        } catch QueueError.leaseLost {
            runtime.log.warning(
                "an item was taken away while it was handled",
                ["queue": .string(queue.name), "key": .string(item.key)])
        } catch {
            await settleFailure(item, error)
        }
        if places.exchange(item, for: next) { signal.fire() }
        return next?.item
    }

    private func settle(
        _ item: DurableQueue.Item, _ outcome: Outcome
    ) async throws -> (item: DurableQueue.Item, until: Timestamp)? {
        let now = runtime.clock.now()
        let retryDue = now.advanced(by: backoff(item.attempts))
        let until = now.advanced(by: lease)
        let takesMore = !signal.isStopping
        gauges.count(outcome)
        let next = try await database.write {
            [queue, places, signal, onDead] connection -> DurableQueue.Item? in
            let due = try QueueWorker.write(outcome, item, retryDue, queue, connection)
            if case .bury = outcome { try onDead?(connection, item) }
            // It may be due before the time for which the worker sleeps.
            if due != nil { connection.atEnd { if $0 { signal.fire() } } }
            guard takesMore else { return nil }
            // It may itself be due again at once.
            return try queue.lease(connection, now: now, until: until, limit: 1) { id in
                id != item.id && places.holds(id)
            }.first
        }
        if case .decide(_, let committed) = outcome { committed() }
        return next.map { ($0, until) }
    }

    /// Answers when it is due again; nil where it is done.
    private static func write(
        _ outcome: Outcome, _ item: DurableQueue.Item, _ retryDue: Timestamp,
        _ queue: DurableQueue, _ connection: Connection
    ) throws -> Timestamp? {
        switch outcome {
        case .done(let effect):
            try effect?(connection)
            try queue.complete(connection, item)
            return nil
        case .retry(let reason):
            try queue.retry(connection, item, due: retryDue, error: reason)
            return retryDue
        case .retryAt(let due, let reason):
            try queue.retry(connection, item, due: due, error: reason)
            return due
        case .bury(let reason, let effect):
            try effect?(connection)
            try queue.bury(connection, item, error: reason)
            return nil
        case .decide(let effect, _):
            guard let due = try effect(connection) else {
                try queue.complete(connection, item)
                return nil
            }
            try queue.retry(connection, item, due: due, error: "")
            return due
        }
    }

    /// The effect could not be written: the item is tried again. While not even that can be written
    /// since the database is away, it is kept, so that nobody waits for the end of its lease.
    private func settleFailure(_ item: DurableQueue.Item, _ error: any Error) async {
        let details: KeyValuePairs<String, Log.Value> = [
            "queue": .string(queue.name), "key": .string(item.key), "error": "\(error)",
        ]
        runtime.log.error("the outcome of an item could not be written", details)
        gauges.count(.retry(""))
        while true {
            let due = runtime.clock.now().advanced(by: backoff(item.attempts))
            do {
                try await database.write { [queue] connection in
                    try queue.retry(connection, item, due: due, error: "\(error)")
                }
                signal.fire()
                return
            } catch is QueueError {
                return
            } catch {
                let mayPass = (error as? any TemporaryError)?.isTemporary == true
                guard mayPass, !signal.isStopping,
                    (try? await runtime.clock.sleep(for: QueueWorker.failureWait)) != nil
                else { break }
            }
        }
        runtime.log.error("an item waits for the end of its lease", details)
    }
}
