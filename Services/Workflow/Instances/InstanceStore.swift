import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Instances in the database: every change is one transition of the machine, written with all
/// that follows from it in the caller's transaction.
struct InstanceStore: Sendable {
    let definitions: DefinitionStore
    let incidents: IncidentStore
    let clock: any WallClock

    var tasks: TaskStore { TaskStore(clock: clock) }

    /// What `values` of an instance take as JSON at most, in bytes.
    static let valuesLimit = 256 << 10

    /// What a new instance is made of.
    struct Start: Sendable {
        var version: DefinitionStore.Version
        var record: Int64?
        var values = JSONObject()
        var cause: Cause
        var account: String
        /// The same key starts one instance, whenever it comes again.
        var key: String?
        /// The step that waits for its end.
        var parent: InstanceRow.Parent?
    }

    /// Starts an instance and queues its first step; the id of the one that is there where the
    /// key was used.
    func start(_ start: Start, _ connection: Connection) throws -> Int64 {
        try begin(InstanceWalk(start, at: clock.now()), start, connection).id
    }

    /// The same, with the steps that it has taken already; answers how it stands then.
    func begin(
        _ walk: InstanceWalk, _ start: Start, _ connection: Connection
    ) throws -> (id: Int64, state: InstanceSnapshot.State) {
        if let key = start.key {
            let known = try connection.first(
                "select id, state from instance where start_key = ?", [.text(key)]
            ) { ($0.integer(0), InstanceSnapshot.State(rawValue: $0.text(1)) ?? .failed) }
            if let known { return known }
        }
        var row = walk.row
        row.id = try insert(row, key: start.key, connection)
        try write(walk.passages, of: row.id, walk.version.workflow, nil, connection)
        let latest = try goOn(row, after: walk.passages, Note(), connection)
        return (row.id, latest.snapshot.state)
    }

    private func insert(_ row: InstanceRow, key: String?, _ connection: Connection) throws -> Int64
    {
        let snapshot = row.snapshot
        return try connection.insert(
            """
            insert into instance (definition, model, workflow, state, class, record, account, root,
                via, depth, started, ended, visit_count, instance_values, last_event, start_key,
                cause_account, parent, parent_visit)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'null', ?, ?, ?, ?)
            """,
            [
                .integer(row.definition), .text(row.workflow.model), .text(row.workflow.code),
                .text(snapshot.state.rawValue), SQLValue(row.type?.description),
                SQLValue(row.record), .text(row.account), .text(row.cause.root),
                .text(row.cause.via), .integer(Int64(row.cause.depth)),
                .integer(row.started.milliseconds), SQLValue(row.ended?.milliseconds),
                .integer(snapshot.visitCount), .text(JSONValue.object(snapshot.values).text),
                SQLValue(key), SQLValue(row.cause.account), SQLValue(row.parent?.instance),
                SQLValue(row.parent?.visit),
            ])
    }

    /// Refuses values that are too large to be carried from step to step.
    static func check(_ values: JSONObject) throws {
        guard JSONValue.object(values).bytes.count > valuesLimit else { return }
        throw WorkflowError.valuesTooLarge(limit: valuesLimit)
    }

    /// What else a transition writes.
    struct Note: Sendable {
        /// What the step was given.
        var input: JSONValue?
        /// Of what comes from outside.
        var cause: Cause?
        /// Of whoever goes on with this lane himself: it is not queued.
        var lane: Int64?
    }

    /// Applies an input; false where it came too late, and then nothing changes. Queues the
    /// instance where a step is ready, and takes a buffered event where it came to wait for one.
    @discardableResult
    func apply(
        _ input: StepInput, to id: Int64, note: Note = Note(), _ connection: Connection
    ) throws -> Bool {
        try advance(input, to: id, note: note, connection) != nil
    }

    /// As `apply`. Answers how the instance stands now; nil where the input came too late.
    func advance(
        _ input: StepInput, to id: Int64, note: Note, _ connection: Connection
    ) throws -> InstanceRow? {
        guard let row = try InstanceRow.find(id, connection),
            let version = try definitions.version(row.definition, connection)
        else { return nil }
        return try advance(input, row, version, note, connection)
    }

    private func advance(
        _ input: StepInput, _ before: InstanceRow, _ version: DefinitionStore.Version,
        _ note: Note, _ connection: Connection
    ) throws -> InstanceRow? {
        let transition = StepMachine(definition: version.workflow)
            .apply(input, cause: note.cause, to: before.snapshot)
        guard let transition else { return nil }
        let passage = InstanceWalk.Passage(
            input: input, given: note.input, visits: before.snapshot.visits,
            effects: transition.effects, time: clock.now())
        try write([passage], of: before.id, version.workflow, note.cause, connection)
        if before.snapshot.state == .paused { try tasks.queueReminders(of: before.id, connection) }
        var row = before
        row.snapshot = transition.snapshot
        if row.snapshot.state.isOver { row.ended = passage.time }
        try write(row, connection)
        return try goOn(row, after: [passage], note, connection)
    }

    /// Writes the steps of a walk as if they had been taken one by one. Where the instance has
    /// changed meanwhile only the first is: the others may come out differently now. Answers how
    /// the instance stands; nil where even the first came too late.
    func advance(_ walk: InstanceWalk, _ connection: Connection) throws -> InstanceRow? {
        guard let first = walk.passages.first,
            var row = try InstanceRow.find(walk.row.id, connection)
        else { return nil }
        guard row.snapshot == walk.origin else {
            let note = Note(input: first.given, lane: walk.lane)
            return try advance(first.input, row, walk.version, note, connection)
        }
        row.snapshot = walk.row.snapshot
        row.ended = walk.row.ended
        try write(walk.passages, of: row.id, walk.version.workflow, nil, connection)
        try write(row, connection)
        return try goOn(row, after: walk.passages, Note(lane: walk.lane), connection)
    }

    /// What follows once an instance is written. Answers how it stands then.
    private func goOn(
        _ row: InstanceRow, after passages: [InstanceWalk.Passage], _ note: Note,
        _ connection: Connection
    ) throws -> InstanceRow {
        try queueReady(row.snapshot, of: row.id, except: note.lane, connection)
        if row.snapshot.state.isOver {
            try end(row.id, row.snapshot, parent: row.parent, note.cause, connection)
        }
        let effects = passages.flatMap(\.effects)
        return try takeBuffered(effects, of: row, note.lane, connection) ?? row
    }

    func hasReadyStep(_ key: TurnKey, _ connection: Connection) throws -> Bool {
        let row = try InstanceRow.find(key.instance, connection)
        return row?.snapshot.readyVisit(in: key.lane) != nil
    }

    private func queueReady(
        _ snapshot: InstanceSnapshot, of id: Int64, except lane: Int64?, _ connection: Connection
    ) throws {
        guard snapshot.state != .paused else { return }
        let now = clock.now()
        for visit in snapshot.visits where visit.phase == .ready && visit.lane != lane {
            try Queues.instance.enqueue(
                connection, key: TurnKey(id, lane: visit.lane).text, payload: [], due: now,
                now: now)
        }
    }

    private func write(_ row: InstanceRow, _ connection: Connection) throws {
        let snapshot = row.snapshot
        try connection.run(
            """
            update instance set state = ?, visit_count = ?, instance_values = ?, last_event = ?,
                ended = ?
            where id = ?
            """,
            [
                .text(snapshot.state.rawValue), .integer(snapshot.visitCount),
                .text(JSONValue.object(snapshot.values).text), .text(snapshot.event.text),
                SQLValue(row.ended?.milliseconds), .integer(row.id),
            ])
    }

    /// Where the instance came to wait for an event that is kept already, it takes it at once.
    /// Answers how it stands then.
    private func takeBuffered(
        _ effects: [StepEffect], of row: InstanceRow, _ lane: Int64?, _ connection: Connection
    ) throws -> InstanceRow? {
        var latest: InstanceRow?
        for case .stands(let visit, let event?, let key, _) in effects {
            let store = EventStore(
                definitions: definitions, incidents: incidents, clock: clock)
            let found = try store.buffered(event, for: row, key: key, connection)
            guard let found else { continue }
            let taken = try advance(
                .event(visit: visit, content: found.content), to: row.id,
                note: Note(cause: found.cause, lane: lane), connection)
            guard let taken else { continue }
            try store.markTaken(found.id, activated: 1, connection)
            latest = taken
        }
        return latest
    }

    // MARK: Failures

    func setError(
        _ id: Int64, visit: Int64, _ error: String, _ connection: Connection
    ) throws {
        try connection.run(
            "update step set error = ?, attempts = attempts + 1 where instance = ? and visit = ?",
            [.text(error), .integer(id), .integer(visit)])
    }

    /// One more failure of a step that may be tried again; how many there are since a person last
    /// said so.
    func countFailure(
        _ id: Int64, visit: Int64, error: String, _ connection: Connection
    ) throws -> Int64 {
        try connection.run(
            """
            update step set failures = failures + 1, attempts = attempts + 1, error = ?
            where instance = ? and visit = ?
            """, [.text(error), .integer(id), .integer(visit)])
        return try connection.count(
            "select failures from step where instance = ? and visit = ?",
            [.integer(id), .integer(visit)])
    }

    /// A step cannot be done: it fails, and a person is told. False where it came too late.
    @discardableResult
    func fail(
        _ id: Int64, visit: Int64, isCounted: Bool = false, _ problem: Problem,
        _ connection: Connection
    ) throws -> Bool {
        guard try apply(.failed(visit: visit), to: id, connection),
            let row = try InstanceRow.find(id, connection)
        else { return false }
        if !isCounted { try setError(id, visit: visit, problem.summary, connection) }
        try incidents.open(
            .init(
                kind: problem.code == "loop" ? .loop : .step, instance: id, visit: visit,
                type: row.type, record: row.record, problem: problem), connection)
        return true
    }
}
