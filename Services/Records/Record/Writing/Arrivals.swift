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
    /// Bytes of a record's texts; a larger one goes alone.
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
        let draft: RecordDraft
        /// Whether what it refers to is to be looked up.
        let refers: Bool
        let context: CallContext
        let now: Timestamp

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
        /// Writes on their way that will take them, `limit` each.
        var calls = 0
    }

    /// Those that a write has taken, for when it fails.
    private final class Taken: Sendable {
        let waiting = Mutex<[Waiting]?>(nil)
    }

    private let database: Database
    private let models: ModelStore
    private let random: any RandomSource
    private let state = Mutex(State())

    init(database: Database, models: ModelStore, random: any RandomSource) {
        self.database = database
        self.models = models
        self.random = random
    }

    /// Inserts it, and answers it as the caller may read it; nil where it must go alone.
    func insert(_ arrival: Arrival) async throws -> [UInt8]? {
        try await withCheckedThrowingContinuation { continuation in
            let (isTaken, isOver) = state.withLock { state in
                guard state.waiting.count < Arrivals.waitingLimit else { return (false, false) }
                state.waiting.append(Waiting(arrival: arrival, continuation: continuation))
                let isOver = state.waiting.count > state.calls * Arrivals.limit
                if isOver { state.calls += 1 }
                return (true, isOver)
            }
            if isOver { Task { await write() } }
            if !isTaken { continuation.resume(returning: nil) }
        }
    }

    private func write() async {
        let taken = Taken()
        do {
            let answers = try await database.write { [self] connection in
                let waiting = take()
                taken.waiting.withLock { $0 = waiting }
                return try insert(waiting.map(\.arrival), connection)
            }
            for (one, answer) in zip(taken.waiting.withLock { $0 } ?? [], answers) {
                one.continuation.resume(returning: answer)
            }
        } catch {
            // It may have come to nothing before it began.
            let waiting = taken.waiting.withLock { $0 } ?? take()
            for one in waiting { one.continuation.resume(throwing: error) }
        }
    }

    private func take() -> [Waiting] {
        state.withLock { state in
            let taken = Array(state.waiting.prefix(Arrivals.limit))
            state.waiting.removeFirst(taken.count)
            state.calls -= 1
            return taken
        }
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
            let found = try Arrivals.unlessRefused(connection) {
                let good = try together.filter { try isWhole(arrivals[$0], connection) }
                let bytes = try insert(good.map { arrivals[$0] }, as: leader, connection)
                return zip(good, bytes)
            }
            if let found { for (place, answer) in found { answers[place] = answer } }
        }
        try connection.announce(EventRelay.topic)
        return answers
    }

    /// What `body` makes; nil where it was refused, and nothing of it stands. Throws what has
    /// nothing to do with it, such as a lost connection.
    static func unlessRefused<T>(
        _ connection: Connection, _ body: () throws -> T
    ) throws -> T? {
        do { return try connection.savepoint(body) } catch let error as any TemporaryError
            where error.isTemporary
        { throw error } catch { return nil }
    }

    /// Whether all that it refers to is there for its caller.
    private func isWhole(_ arrival: Arrival, _ connection: Connection) throws -> Bool {
        guard arrival.refers else { return true }
        var draft = arrival.draft
        try writer(of: arrival, connection).checkStored(&draft, id: nil, at: "")
        return draft.isClean
    }

    private func writer(of arrival: Arrival, _ connection: Connection) -> RecordWriter {
        RecordWriter(
            connection: connection, access: arrival.access, snapshot: arrival.snapshot,
            context: arrival.context, now: arrival.now, random: random)
    }

    /// One statement. The records get their ids in the order that they have here.
    private func insert(
        _ arrivals: [Arrival], as leader: Arrival, _ connection: Connection
    ) throws -> [[UInt8]] {
        guard !arrivals.isEmpty else { return [] }
        let (plan, recordClass) = (leader.plan, leader.access.recordClass)
        let writers = arrivals.map { writer(of: $0, connection) }
        let rows = zip(arrivals, writers).map { arrival, writer in
            recordClass.row(of: arrival.draft, account: writer.account, now: arrival.now)
        }
        let answers = try recordClass.insert(
            rows, by: writers.map(\.writeContext), returning: leader.returning.text,
            asked: leader.asked, idAt: plan.width, connection
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
    /// be asked of the database but what it refers to, and whether it takes the row. A body with
    /// faults goes alone as well, since all that is wrong with it is told at once.
    func arrival(
        of body: JSONValue, _ call: CreateRecord, _ context: CallContext
    ) -> Arrivals.Arrival? {
        let snapshot = models.current
        guard database.isShared, context.idempotencyKey == nil, call.rules != false,
            !context.cause.isWithoutRules, !snapshot.hasBeforeRules(call.type)
        else { return nil }
        // What is not there may have come a moment ago, through another copy.
        guard let access = try? snapshot.access(call.type, context) else { return nil }
        let recordClass = access.recordClass
        guard recordClass.sequenceColumns.isEmpty, let plan = access.plan,
            let returning = plan.returning, access.rights.insert?.asked.isEmpty == true
        else { return nil }
        guard var draft = try? access.insertDraft(body, at: "") else { return nil }
        draft.requireAll(of: recordClass.definition, at: "")
        guard draft.isClean, draft.size <= Arrivals.sizeLimit,
            !draft.hasValue(of: recordClass.fileColumns)
        else { return nil }
        draft.make(of: recordClass, runtime.random)
        let now = runtime.clock.now()
        let moment = QueryMoment(account: context.principal.account, now: now)
        return Arrivals.Arrival(
            snapshot: snapshot, access: access, plan: plan, returning: returning,
            asked: returning.values(for: moment), draft: draft,
            refers: draft.hasValue(of: recordClass.guardedColumns), context: context, now: now)
    }
}

extension RecordDraft {
    /// Bytes of its texts; other values are small.
    fileprivate var size: Int {
        values.reduce(0) { sum, value in
            if case .text(let text) = value { sum + text.utf8.count } else { sum }
        }
    }

    fileprivate func hasValue(of positions: [Int]) -> Bool {
        positions.contains { values[$0] ?? .null != .null }
    }
}
