import ServiceRuntime
import Synchronization

/// A connection to another database, used by one thread alone.
package protocol ForeignConnection: ForeignSession, SendableMetatype {
    /// False once it was lost: the next work gets another.
    var isAlive: Bool { get }
    func begin(writing: Bool) throws
    func commit() throws
    func rollback() throws
}

/// When a driver last gave an answer. Its calls cannot be broken off: where it is silent for longer
/// than it may, whoever waits for it is told so, and the thread is left to it.
package final class ForeignPulse: Sendable {
    private let limit: Duration
    private let clock: any WallClock
    private let last: Atomic<UInt64>
    private let lost = Atomic(false)

    package init(limit: Duration, clock: any WallClock) {
        self.limit = limit
        self.clock = clock
        last = Atomic(clock.monotonicNanoseconds())
    }

    /// The driver gave an answer.
    package func beat() { last.store(clock.monotonicNanoseconds(), ordering: .relaxed) }

    /// Whether its silence was too long once: nothing is done with it any more.
    package var isLost: Bool { lost.load(ordering: .acquiring) }

    /// Returns where the silence has become too long, or the task is cancelled.
    fileprivate func silence() async {
        while !Task.isCancelled {
            let now = clock.monotonicNanoseconds()
            let begun = last.load(ordering: .relaxed)
            let gone = Duration.nanoseconds(Int64(now > begun ? now - begun : 0))
            if gone >= limit { return lost.store(true, ordering: .releasing) }
            do { try await clock.sleep(for: limit - gone) } catch { return }
        }
    }

    fileprivate var error: ForeignError {
        .away("it gave no answer for \(limit.components.seconds) seconds")
    }
}

/// The thread on which a connection lives; it ends with `close`. The connection is opened when it
/// is first needed, and again after it was lost.
package final class ForeignThread<Session: ForeignConnection>: Sendable {
    private typealias Job = @Sendable (Result<Session, any Error>) -> Void

    /// Waits of one source: one run asks little at a time.
    private static var queueLimit: Int { 64 }

    private let queue: ThreadQueue<Job>
    private let pulse: ForeignPulse?

    /// `pulse` is of a driver that has no limit of its own for every call, and is told of each
    /// answer.
    package init(
        name: String, pulse: ForeignPulse? = nil, open: @escaping @Sendable () throws -> Session
    ) throws(DatabaseError) {
        let queue = ThreadQueue<Job>(limit: ForeignThread.queueLimit)
        self.queue = queue
        self.pulse = pulse
        try detachThread(name: name) {
            var session: Session?
            while let job = queue.take(1, waiting: true).first {
                do {
                    let opened = try session ?? open()
                    session = opened
                    job(.success(opened))
                    if !opened.isAlive { session = nil }
                } catch {
                    job(.failure(error))
                }
            }
        }
    }

    deinit { queue.close() }

    package func close() { queue.close() }

    /// Throws what `body` throws, or `ForeignError`.
    package func run<T: Sendable>(_ body: @escaping @Sendable (Session) throws -> T) async throws
        -> T
    {
        do {
            guard let pulse else { return try await asked(Answer(), body) }
            if pulse.isLost { throw pulse.error }
            pulse.beat()
            let answer = Answer<T>()
            let watch = Task {
                await pulse.silence()
                if pulse.isLost { answer.give(.failure(pulse.error)) }
            }
            defer { watch.cancel() }
            return try await asked(answer) { session in
                // What waited behind a call that was given up is not begun.
                if pulse.isLost { throw pulse.error }
                return try body(session)
            }
        } catch {
            throw ForeignError(error)
        }
    }

    private func asked<T: Sendable>(
        _ answer: Answer<T>, _ body: @escaping @Sendable (Session) throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            answer.wait(continuation)
            let refusal = queue.push { lent in
                answer.give(Result { try body(lent.get()) })
            }
            if let refusal { answer.give(.failure(DatabaseError(refusal))) }
        }
    }

    /// The first answer is the one.
    private final class Answer<T: Sendable>: Sendable {
        private let waiting = Mutex<CheckedContinuation<T, any Error>?>(nil)

        func wait(_ continuation: CheckedContinuation<T, any Error>) {
            waiting.withLock { $0 = continuation }
        }

        func give(_ result: Result<T, any Error>) {
            waiting.withLock { waiting in
                defer { waiting = nil }
                return waiting
            }?.resume(with: result)
        }
    }

    /// Runs `body` in one transaction.
    package func transact<T: Sendable>(
        writing: Bool, _ body: @escaping @Sendable (any ForeignSession) throws -> T
    ) async throws -> T {
        try await run { [pulse] session in
            try session.begin(writing: writing)
            do {
                let answer = try body(session)
                // Nobody waits for it any more, and what nobody knows of is not done.
                if let pulse, pulse.isLost { throw pulse.error }
                try session.commit()
                return answer
            } catch {
                if session.isAlive { try? session.rollback() }
                throw error
            }
        }
    }
}
