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
    let clock: any WallClock

    /// What a new instance is made of.
    struct Start: Sendable {
        var version: DefinitionStore.Version
        var record: Int64?
        var values = JSONObject()
        var cause: Cause
        var account: String
        /// The same key starts one instance, whenever it comes again.
        var key: String?
    }

    /// Starts an instance and queues its first step; the id of the one that is there where the
    /// key was used.
    func start(_ start: Start, _ connection: Connection) throws -> Int64 {
        if let key = start.key {
            let known = try connection.first(
                "select id from instance where start_key = ?", [.text(key)]
            ) { $0.integer(0) }
            if let known { return known }
        }
        let machine = StepMachine(definition: start.version.workflow)
        guard
            let transition = machine.apply(.begun, to: InstanceSnapshot(values: start.values))
        else { throw Problem.internalError }
        let snapshot = transition.snapshot
        try connection.run(
            """
            insert into instance (definition, model, workflow, state, class, record, account, root,
                via, depth, started, ended, visit_count, instance_values, last_event, start_key,
                cause_account)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'null', ?, ?)
            """,
            [
                .integer(start.version.id), .text(start.version.model),
                .text(start.version.workflow.code), .text(snapshot.state.rawValue),
                SQLValue(start.version.workflow.type?.description), SQLValue(start.record),
                .text(start.account), .text(start.cause.root), .text(start.cause.via),
                .integer(Int64(start.cause.depth)), .integer(clock.now().milliseconds),
                snapshot.state.isOver ? .integer(clock.now().milliseconds) : .null,
                .integer(snapshot.visitCount), .text(JSONValue.object(snapshot.values).text),
                SQLValue(start.key), SQLValue(start.cause.account),
            ])
        let id = connection.lastInsertID
        for effect in transition.effects { try write(effect, of: id, given: nil, connection) }
        if snapshot.readyVisit != nil { try queue(id, connection) }
        return id
    }

    /// What else a transition writes about the visit that it is about.
    struct Note: Sendable {
        var input: JSONValue?
        /// Replaces the instance's cause: of what woke it.
        var cause: Cause?
    }

    /// Applies an input; false where it came too late, and then nothing changes. Queues the
    /// instance where a step is ready, and takes a buffered event where it came to wait for one.
    @discardableResult
    func apply(
        _ input: StepInput, to id: Int64, note: Note = Note(), _ connection: Connection
    ) throws -> Bool {
        guard let row = try advance(input, to: id, note: note, connection) else { return false }
        if row.snapshot.readyVisit != nil { try queue(id, connection) }
        return true
    }

    /// As `apply`, by whoever goes on with the instance himself: it is not queued. Answers how it
    /// stands now; nil where the input came too late.
    func advance(
        _ input: StepInput, to id: Int64, note: Note = Note(), _ connection: Connection
    ) throws -> InstanceRow? {
        guard var row = try InstanceRow.find(id, connection),
            let version = try definitions.version(row.definition, connection),
            let transition = StepMachine(definition: version.workflow)
                .apply(input, to: row.snapshot)
        else { return nil }
        for (index, effect) in transition.effects.enumerated() {
            // What a step was given is written with the first that is told of it.
            try write(effect, of: id, given: index == 0 ? note.input : nil, connection)
        }
        row.snapshot = transition.snapshot
        row.cause = note.cause ?? row.cause
        if row.snapshot.state.isOver { row.ended = clock.now() }
        try write(row, connection)
        return try takeBuffered(transition.effects, of: row, connection) ?? row
    }

    func hasReadyStep(_ id: Int64, _ connection: Connection) throws -> Bool {
        // The list is that of the index.
        try connection.count(
            """
            select count(*) from step
            where instance = ? and state in ('ready', 'waiting', 'failed') and state = 'ready'
            """, [.integer(id)]) > 0
    }

    func setError(
        _ id: Int64, visit: Int64, _ error: String, _ connection: Connection
    ) throws {
        try connection.run(
            "update step set error = ? where instance = ? and visit = ?",
            [.text(error), .integer(id), .integer(visit)])
    }

    /// One more failure of a step that may be tried again.
    func countFailure(
        _ id: Int64, visit: Int64, error: String, _ connection: Connection
    ) throws {
        try connection.run(
            "update step set failures = failures + 1, error = ? where instance = ? and visit = ?",
            [.text(error), .integer(id), .integer(visit)])
    }

    func failures(_ id: Int64, visit: Int64, _ connection: Connection) throws -> Int64 {
        try connection.count(
            "select failures from step where instance = ? and visit = ?",
            [.integer(id), .integer(visit)])
    }

    private func queue(_ id: Int64, _ connection: Connection) throws {
        let now = clock.now()
        try Queues.instance.enqueue(
            connection, key: String(id), payload: [], due: now, now: now)
    }

    private func write(_ row: InstanceRow, _ connection: Connection) throws {
        let (snapshot, cause) = (row.snapshot, row.cause)
        try connection.run(
            """
            update instance set state = ?, visit_count = ?, instance_values = ?, last_event = ?,
                root = ?, via = ?, depth = ?, ended = ?, cause_account = ? where id = ?
            """,
            [
                .text(snapshot.state.rawValue), .integer(snapshot.visitCount),
                .text(JSONValue.object(snapshot.values).text), .text(snapshot.event.text),
                .text(cause.root), .text(cause.via), .integer(Int64(cause.depth)),
                SQLValue(row.ended?.milliseconds), SQLValue(cause.account), .integer(row.id),
            ])
    }

    private func write(
        _ effect: StepEffect, of instance: Int64, given: JSONValue?, _ connection: Connection
    ) throws {
        let (id, now) = (SQLValue.integer(instance), SQLValue.integer(clock.now().milliseconds))
        switch effect {
        case .entered(let visit, let step, let kind):
            try connection.run(
                """
                insert into step (instance, visit, step, kind, state, entered)
                values (?, ?, ?, ?, 'ready', ?)
                """, [id, .integer(visit), .text(step), .text(kind), now])
        case .stands(let visit, let event, let key, let until):
            try stand(visit, event, key, until, of: instance, given: given, connection)
        case .moves(let visit, let byTimer):
            try connection.run(
                "delete from wait where instance = ? and visit = ?", [id, .integer(visit)])
            if !byTimer {
                try Queues.timer.cancel(connection, key: TimerKey(instance, visit).text)
            }
        case .left(let visit, let skipped, let output):
            try connection.run(
                """
                update step set state = ?, left_at = ?, output = ?, input = coalesce(?, input)
                where instance = ? and visit = ?
                """,
                [
                    skipped ? "skipped" : "done", now, .text(output.text), SQLValue(given?.text),
                    id, .integer(visit),
                ])
        case .failed(let visit):
            try connection.run(
                "update step set state = 'failed' where instance = ? and visit = ?",
                [id, .integer(visit)])
        case .readyAgain(let visit):
            try connection.run(
                "update step set state = 'ready', failures = 0 where instance = ? and visit = ?",
                [id, .integer(visit)])
        case .ended:
            // What was kept for it alone nobody will take any more.
            try connection.run(
                """
                update event set state = 'unheard'
                where state = 'buffered' and scope = 'instance' and instance = ?
                """, [id])
        }
    }

    private func stand(
        _ visit: Int64, _ event: FullCode?, _ key: String?, _ until: Timestamp?,
        of instance: Int64, given: JSONValue?, _ connection: Connection
    ) throws {
        try connection.run(
            """
            update step set state = 'waiting', event = ?, event_key = ?,
                input = coalesce(?, input)
            where instance = ? and visit = ?
            """,
            [
                SQLValue(event?.code), SQLValue(key), SQLValue(given?.text), .integer(instance),
                .integer(visit),
            ])
        if let event {
            try connection.run(
                "insert into wait (instance, visit, event, event_key) values (?, ?, ?, ?)",
                [.integer(instance), .integer(visit), .text(event.description), SQLValue(key)])
        }
        if let until {
            let timer = TimerKey(instance, visit).text
            try Queues.timer.enqueue(
                connection, key: timer, payload: [], due: until, now: clock.now())
        }
    }

    /// Where the instance came to wait for an event that is kept already, it takes it at once.
    /// Answers how it stands then.
    private func takeBuffered(
        _ effects: [StepEffect], of row: InstanceRow, _ connection: Connection
    ) throws -> InstanceRow? {
        var latest: InstanceRow?
        for case .stands(let visit, let event?, let key, _) in effects {
            let store = EventStore(definitions: definitions, clock: clock)
            let found = try store.buffered(event, for: row, key: key, connection)
            guard let found else { continue }
            let taken = try advance(
                .event(visit: visit, content: found.content), to: row.id,
                note: Note(cause: found.cause), connection)
            guard let taken else { continue }
            try store.markTaken(found.id, activated: 1, connection)
            latest = taken
        }
        return latest
    }
}

/// The key of a timer.
struct TimerKey {
    let instance: Int64
    let visit: Int64

    init(_ instance: Int64, _ visit: Int64) {
        self.instance = instance
        self.visit = visit
    }

    init?(_ text: String) {
        let parts = text.split(separator: "/")
        guard parts.count == 2, let instance = Int64(parts[0]), let visit = Int64(parts[1]) else {
            return nil
        }
        self.init(instance, visit)
    }

    var text: String { "\(instance)/\(visit)" }
}
