import Glibc
import ServiceRuntime

/// What the writer thread is asked to do.
protocol WriterJob: AnyObject, Sendable {
    var kind: WriterJobKind { get }
    /// Runs the closure and keeps what came of it; answers the error where it threw.
    func run(_ connection: Connection, underSavepoint: Bool) -> (any Error)?
    /// Resumes the caller: with what came of the closure, or with `failure`.
    func finish(_ failure: (any Error)?)
}

enum WriterJobKind {
    /// In the group's transaction.
    case grouped
    /// In a transaction of its own.
    case sole
    /// Outside any transaction.
    case alone
    /// Wherever it falls, since it changes nothing.
    case look
}

final class WriterTask<Answer: Sendable>: WriterJob, @unchecked Sendable {
    let kind: WriterJobKind
    private let body: @Sendable (Connection) throws -> Answer
    private let continuation: CheckedContinuation<Answer, any Error>
    // Only the writer thread touches it.
    private var result: Result<Answer, any Error>?

    init(
        _ kind: WriterJobKind, _ continuation: CheckedContinuation<Answer, any Error>,
        _ body: @escaping @Sendable (Connection) throws -> Answer
    ) {
        self.kind = kind
        self.continuation = continuation
        self.body = body
    }

    func run(_ connection: Connection, underSavepoint: Bool) -> (any Error)? {
        do {
            let answer =
                underSavepoint
                ? try connection.savepoint { try body(connection) } : try body(connection)
            result = .success(answer)
            return nil
        } catch {
            result = .failure(error)
            return error
        }
    }

    func finish(_ failure: (any Error)?) {
        if let failure {
            continuation.resume(throwing: failure)
        } else if let result {
            continuation.resume(with: result)
        } else {
            continuation.resume(throwing: DatabaseError.closed)
        }
    }
}

/// The thread that writes. It takes what is queued as one group: the first write begins a
/// transaction, each further caller's closure runs under a savepoint, and when nothing more waits
/// (or a limit is reached) one COMMIT makes all of it durable, and only then is anybody resumed.
/// What writes many rows has a transaction to itself.
final class Writer: @unchecked Sendable {
    let queue: ThreadQueue<any WriterJob>
    private let connection: Connection
    private let groupLimit: Int
    // Never a manual one: a group must end though nobody turns the clock.
    private let clock = SystemClock()
    private let groupNanoseconds: UInt64
    private let foreigners: ForeignPresence
    private var turns = WriteTurns()
    /// Those whose statements stand in the open transaction.
    private var group: [any WriterJob] = []

    init(_ connection: Connection, configuration: DatabaseConfiguration) {
        self.connection = connection
        foreigners = connection.foreignPresence
        queue = ThreadQueue(limit: configuration.queueLimit)
        groupLimit = configuration.groupLimit
        groupNanoseconds = configuration.groupTime.nanoseconds
    }

    /// The thread's life: until the queue is closed and empty.
    func run() {
        while true {
            let jobs = queue.take(groupLimit, waiting: true)
            if jobs.isEmpty {
                // A desk that could not be closed would keep its worker, and that the database.
                connection.desks = [:]
                return
            }
            work(jobs)
        }
    }

    private func work(_ first: [any WriterJob]) {
        var jobs = first
        let end = clock.monotonicNanoseconds() + groupNanoseconds
        while !jobs.isEmpty {
            for (index, job) in jobs.enumerated() {
                switch job.kind {
                case .look:
                    _ = job.run(connection, underSavepoint: false)
                    job.finish(nil)
                case .alone:
                    commit()
                    rest()
                    turns.took(at: clock.monotonicNanoseconds())
                    _ = job.run(connection, underSavepoint: false)
                    abandonTransaction()
                    turns.left(at: clock.monotonicNanoseconds())
                    job.finish(nil)
                case .grouped, .sole:
                    let isSole = job.kind == .sole
                    if !group.isEmpty, isSole || isTurnOver { commit() }
                    if let failure = begin() {
                        // A foreign program holds the lock: all of these have waited for it.
                        for waiting in jobs[index...] { waiting.finish(failure) }
                        return
                    }
                    add(job)
                    if isSole { commit() }
                }
            }
            guard group.count < groupLimit, clock.monotonicNanoseconds() < end else { break }
            jobs = queue.take(groupLimit - group.count, waiting: false)
        }
        commit()
    }

    private func begin() -> (any Error)? {
        guard group.isEmpty, !connection.isInTransaction else { return nil }
        rest()
        do {
            try connection.begin()
            turns.took(at: clock.monotonicNanoseconds())
            return nil
        } catch {
            return error
        }
    }

    private var isTurnOver: Bool {
        turns.isOver(at: clock.monotonicNanoseconds()) && foreigners.isThere
    }

    /// Leaves the lock to other programs when it is their turn.
    private func rest() {
        let now = clock.monotonicNanoseconds()
        let pause = turns.pause(at: now)
        guard pause > 0 else { return }
        guard foreigners.isThere else { return turns.foundNobody(at: now) }
        usleep(UInt32(pause / 1000) + 1)
    }

    private func add(_ job: any WriterJob) {
        // The first can be undone with the transaction. A savepoint keeps a copy of every page that
        // is written under it, and SQLite walks through them at the end of each statement.
        let isFirst = group.isEmpty
        connection.isGrouped = true
        let error = job.run(connection, underSavepoint: !isFirst)
        connection.isGrouped = false
        if isFirst, error != nil {
            abandonTransaction()
            turns.left(at: clock.monotonicNanoseconds())
            connection.tell(false)
            return job.finish(nil)
        }
        group.append(job)
        // A full disk or an I/O error can make the engine roll back the whole transaction, and with
        // it what the others of this group wrote.
        guard !connection.isInTransaction else { return }
        turns.left(at: clock.monotonicNanoseconds())
        failGroup(
            error
                ?? DatabaseError.failed(
                    code: 0, message: "a write ended the transaction it was in", sql: ""))
    }

    private func commit() {
        guard !group.isEmpty else { return }
        defer { turns.left(at: clock.monotonicNanoseconds()) }
        do {
            try connection.link.commit()
        } catch {
            abandonTransaction()
            failGroup(error)
            return
        }
        let finished = group
        group = []
        connection.tell(true)
        for job in finished { job.finish(nil) }
    }

    private func failGroup(_ error: any Error) {
        let failed = group
        group = []
        connection.tell(false)
        for job in failed { job.finish(error) }
    }

    private func abandonTransaction() {
        guard connection.isInTransaction else { return }
        // Where even this fails the engine has rolled back already, or the next BEGIN says what is
        // wrong.
        _ = try? connection.link.rollback()
    }
}
