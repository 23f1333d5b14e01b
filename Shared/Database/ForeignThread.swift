import ServiceRuntime

/// A connection to another database, used by one thread alone.
package protocol ForeignConnection: ForeignSession, SendableMetatype {
    /// False once it was lost: the next work gets another.
    var isAlive: Bool { get }
    func begin(writing: Bool) throws
    func commit() throws
    func rollback() throws
}

/// The thread on which a connection lives; it ends with `close`. The connection is opened when it
/// is first needed, and again after it was lost.
package final class ForeignThread<Session: ForeignConnection>: Sendable {
    private typealias Job = @Sendable (Result<Session, any Error>) -> Void

    /// Waits of one source: one run asks little at a time.
    private static var queueLimit: Int { 64 }

    private let queue: ThreadQueue<Job>

    package init(name: String, open: @escaping @Sendable () throws -> Session) throws(DatabaseError)
    {
        let queue = ThreadQueue<Job>(limit: ForeignThread.queueLimit)
        self.queue = queue
        try startThread(name: name) {
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
            return try await withCheckedThrowingContinuation { continuation in
                let refusal = queue.push { lent in
                    continuation.resume(with: Result { try body(lent.get()) })
                }
                if let refusal { continuation.resume(throwing: DatabaseError(refusal)) }
            }
        } catch {
            throw ForeignError(error)
        }
    }

    /// Runs `body` in one transaction.
    package func transact<T: Sendable>(
        writing: Bool, _ body: @escaping @Sendable (any ForeignSession) throws -> T
    ) async throws -> T {
        try await run { session in
            try session.begin(writing: writing)
            do {
                let answer = try body(session)
                try session.commit()
                return answer
            } catch {
                if session.isAlive { try? session.rollback() }
                throw error
            }
        }
    }
}
