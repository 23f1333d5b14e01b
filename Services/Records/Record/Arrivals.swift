import Contracts
import Database
import JSON
import RPC
import ServiceRuntime
import Synchronization

/// New records on a server, those that wait at the same time in one statement: each alone would be
/// an exchange with the server, and a run of the triggers, for itself. Only what needs nothing else
/// of the database comes here; whatever the statement is refused for, each goes alone then and is
/// told what is wrong with it.
final class Arrivals: Sendable {
    /// Records of one statement.
    static let limit = 64
    /// Characters of a record; a larger one goes alone.
    static let sizeLimit = 16 << 10
    /// Records that wait; who comes then waits with all other writes.
    static let waitingLimit = 4096

    /// A record that can be inserted as it is.
    struct Arrival: Sendable {
        let snapshot: ModelSnapshot
        let access: ClassAccess
        let plan: RecordPlan
        let returning: SQLText
        /// Of `returning`, for this caller at this moment.
        let asked: [SQLValue]
        /// See `RecordClass.row`.
        let row: [SQLValue]
        let writer: WriteContext

        /// Whether one statement can insert both.
        func goes(with other: Arrival) -> Bool {
            plan === other.plan && asked == other.asked
        }
    }

    private struct Waiting: Sendable {
        let arrival: Arrival
        let continuation: CheckedContinuation<[UInt8]?, any Error>
    }

    private struct State {
        var waiting: [Waiting] = []
        /// A write is on its way that will take them.
        var isCalled = false
    }

    /// Those that a write has taken, for when it fails.
    private final class Taken: Sendable {
        let waiting = Mutex<[Waiting]>([])
    }

    private let database: Database
    private let models: ModelStore
    private let state = Mutex(State())

    init(database: Database, models: ModelStore) {
        self.database = database
        self.models = models
    }

    /// Inserts it, and answers it as the caller may read it; nil where it must go alone.
    func insert(_ arrival: Arrival) async throws -> [UInt8]? {
        try await withCheckedThrowingContinuation { continuation in
            let (isTaken, isFirst) = state.withLock { state in
                guard state.waiting.count < Arrivals.waitingLimit else { return (false, false) }
                state.waiting.append(Waiting(arrival: arrival, continuation: continuation))
                defer { state.isCalled = true }
                return (true, !state.isCalled)
            }
            if isFirst { call() }
            if !isTaken { continuation.resume(returning: nil) }
        }
    }

    private func call() { Task { await write() } }

    private func write() async {
        let taken = Taken()
        do {
            let answers = try await database.write { [self] connection in
                let waiting = take()
                taken.waiting.withLock { $0 = waiting }
                return try insert(waiting.map(\.arrival), connection)
            }
            for (one, answer) in zip(taken.waiting.withLock { $0 }, answers) {
                one.continuation.resume(returning: answer)
            }
        } catch {
            // It may have come to nothing before it began.
            let waiting = taken.waiting.withLock { $0 }
            for one in waiting.isEmpty ? take() : waiting {
                one.continuation.resume(throwing: error)
            }
        }
    }

    private func take() -> [Waiting] {
        let (taken, isMore) = state.withLock { state in
            let taken = Array(state.waiting.prefix(Arrivals.limit))
            state.waiting.removeFirst(taken.count)
            state.isCalled = !state.waiting.isEmpty
            return (taken, state.isCalled)
        }
        if isMore { call() }
        return taken
    }

    /// On the writer's thread. An answer is nil where the record was not inserted.
    private func insert(
        _ arrivals: [Arrival], _ connection: Connection
    ) throws -> [[UInt8]?] {
        var answers: [[UInt8]?] = Array(repeating: nil, count: arrivals.count)
        var places = Array(arrivals.indices)
        while let first = places.first {
            let leader = arrivals[first]
            let together = places.filter { arrivals[$0].goes(with: leader) }
            places.removeAll { arrivals[$0].goes(with: leader) }
            guard try models.isCurrent(leader.snapshot, connection) else { continue }
            let found = try? connection.savepoint {
                try Arrivals.insert(together.map { arrivals[$0] }, as: leader, connection)
            }
            for (place, answer) in zip(together, found ?? []) { answers[place] = answer }
        }
        try connection.announce(EventRelay.topic)
        return answers
    }

    private static func insert(
        _ arrivals: [Arrival], as leader: Arrival, _ connection: Connection
    ) throws -> [[UInt8]] {
        let plan = leader.plan
        let answers = try leader.access.recordClass.insert(
            arrivals.map(\.row), by: arrivals.map(\.writer), returning: leader.returning.text,
            asked: leader.asked, connection
        ) { row in
            row.integer(plan.width + 1) == 1
                ? plan.bytes(row).bytes : RecordWriter.answer(row.integer(plan.width), 1)
        }
        try WriteContext.end(connection)
        return answers
    }
}

extension RecordStore {
    /// The record that the call wants, where it can be inserted together with others: nothing is to
    /// be asked of the database but whether it takes the row. A body with faults goes alone as
    /// well, since all that is wrong with it is told at once.
    func arrival(
        of body: JSONValue, _ call: CreateRecord, _ context: CallContext
    ) throws -> Arrivals.Arrival? {
        let snapshot = models.current
        guard database.isShared, context.idempotencyKey == nil, call.rules != false,
            !context.cause.isWithoutRules, !snapshot.hasBeforeRules(call.type)
        else { return nil }
        let access = try snapshot.access(call.type, context)
        let recordClass = access.recordClass
        guard recordClass.sequenceColumns.isEmpty, let plan = access.plan,
            let returning = plan.returning, access.rights.insert?.asked.isEmpty == true
        else { return nil }
        var draft = try access.insertDraft(body, at: "")
        draft.requireAll(of: recordClass.definition, at: "")
        let isLookedUp = (recordClass.guardedColumns + recordClass.fileColumns).contains {
            draft.values[$0] ?? .null != .null
        }
        guard draft.isClean, !isLookedUp else { return nil }
        draft.make(of: recordClass, runtime.random)
        let (account, now) = (context.principal.account, runtime.clock.now())
        let row = recordClass.row(of: draft, account: account, now: now)
        guard row.lazy.map(\.size).reduce(0, +) <= Arrivals.sizeLimit else { return nil }
        return Arrivals.Arrival(
            snapshot: snapshot, access: access, plan: plan, returning: returning,
            asked: returning.values(for: QueryMoment(account: account, now: now)), row: row,
            writer: WriteContext(
                account: account, door: context.door, cause: context.cause, now: now))
    }
}

extension SQLValue {
    /// Characters of a text; other values are small.
    fileprivate var size: Int {
        guard case .text(let text) = self else { return 0 }
        return text.utf8.count
    }
}
