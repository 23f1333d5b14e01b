import Database
import ServiceRuntime

/// Reads one mailbox, one reading after the other, and rests between them: where the source can
/// tell of new mail, on a connection that is kept open for that.
actor MailboxReader {
    let definition: MailboxDefinition
    private let source: any MailSource
    private let tools: MailboxReading.Tools
    private var last: Task<Void, any Error>?
    private(set) var isReading = false
    /// What is kept open between readings.
    private var kept: (any MailSession)?
    private var resting: Task<Void, Never>?
    /// How often a reading has ended the rest.
    private var interruptions = 0

    init(_ definition: MailboxDefinition, source: any MailSource, tools: MailboxReading.Tools) {
        self.definition = definition
        self.source = source
        self.tools = tools
    }

    /// One reading; readings of the same mailbox come one after the other.
    func read() async throws {
        let before = last
        let task = Task {
            _ = await before?.result
            try await self.readAlone()
        }
        last = task
        try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    private func readAlone() async throws {
        isReading = true
        defer { isReading = false }
        do {
            // A reading that somebody asked for does not wait for the rest to end.
            if let resting {
                interruptions += 1
                resting.cancel()
                await resting.value
            }
            let reading = MailboxReading(
                definition, source: source, session: try await session(), tools: tools)
            do {
                try await reading.run()
            } catch {
                await reading.session.close()
                throw error
            }
            let session = await reading.session
            if !Task.isCancelled, await session.canWait() {
                kept = session
            } else {
                await session.close()
            }
            try await keepReading(problem: nil)
        } catch {
            // A shutdown is no failure of the source.
            guard !Task.isCancelled else { throw CancellationError() }
            tools.metrics.readFailures.increment()
            tools.runtime.log.warning(
                "a mailbox cannot be read",
                ["mailbox": .string("\(definition.code)"), "error": "\(error)"])
            try await keepReading(problem: "\(error)")
            throw error
        }
    }

    /// What was kept, where it still answers, or a new one.
    private func session() async throws -> any MailSession {
        if let session = kept {
            kept = nil
            do {
                try await session.refresh()
                return session
            } catch {
                await session.close()
                guard !Task.isCancelled else { throw CancellationError() }
            }
        }
        return try await source.open()
    }

    private func keepReading(problem: String?) async throws {
        let (store, code, now) = (tools.store, definition.code, tools.runtime.clock.now())
        try await tools.database.write {
            try store.keepReading($0, code, problem: problem, now: now)
        }
    }

    // MARK: Between readings

    /// Ends with new mail, when the time has passed, or when the connection is lost. A reading that
    /// was asked for meanwhile does not end it.
    func rest(atMost limit: Duration) async {
        let clock = tools.runtime.clock
        let end = clock.monotonicNanoseconds() + limit.nanoseconds
        while !Task.isCancelled {
            while let reading = last {
                _ = await reading.result
                if last == reading { break }
            }
            let now = clock.monotonicNanoseconds()
            guard now < end else { return }
            let before = interruptions
            await restAlone(.nanoseconds(end - now))
            if interruptions == before { return }
        }
    }

    private func restAlone(_ left: Duration) async {
        let (clock, session) = (tools.runtime.clock, kept)
        kept = nil
        let task = Task {
            guard let session else {
                try? await clock.sleep(for: left)
                return
            }
            do {
                _ = try await session.wait(atMost: left)
                self.kept = session
            } catch {
                // Lost, or ended by whoever wants to read: the reading that follows opens another.
                await session.close()
            }
        }
        resting = task
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        if resting == task { resting = nil }
    }

    /// Gives back what is kept.
    func close() async {
        let session = kept
        kept = nil
        await session?.close()
    }
}
