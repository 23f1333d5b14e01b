import Contracts
import Database
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
        let type = start.version.workflow.type
        try connection.run(
            """
            insert into instance (definition, model, workflow, state, class, record, account, root,
                via, depth, started, visit_count, instance_values, last_event, start_key)
            values (?, ?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, 0, ?, 'null', ?)
            """,
            [
                .integer(start.version.id), .text(start.version.model),
                .text(start.version.workflow.code), SQLValue(type?.description),
                SQLValue(start.record), .text(start.account), .text(start.cause.root),
                .text(start.cause.via), .integer(Int64(start.cause.depth)),
                .integer(clock.now().milliseconds), .text(JSONValue.object(start.values).text),
                SQLValue(start.key),
            ])
        let id = connection.lastInsertID
        try apply(.begun, to: id, connection)
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
        guard let row = try InstanceRow.find(id, connection),
            let version = try definitions.version(row.definition, connection),
            let transition = StepMachine(definition: version.workflow)
                .apply(input, to: row.snapshot)
        else { return false }
        if let input = note.input, let visit = visit(of: transition.effects) {
            try connection.run(
                "update step set input = ? where instance = ? and visit = ?",
                [.text(input.text), .integer(id), .integer(visit)])
        }
        for effect in transition.effects { try write(effect, of: row, connection) }
        try write(transition.snapshot, cause: note.cause ?? row.cause, of: id, connection)
        try takeBuffered(transition.effects, of: row, connection)
        if try hasReadyStep(id, connection) { try queue(id, connection) }
        return true
    }

    func hasReadyStep(_ id: Int64, _ connection: Connection) throws -> Bool {
        try connection.count(
            "select count(*) from step where instance = ? and state = 'ready'", [.integer(id)]) > 0
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

    /// The visit that a transition is about: the first that is named.
    private func visit(of effects: [StepEffect]) -> Int64? {
        effects.lazy.compactMap { effect in
            switch effect {
            case .stands(let visit, _, _, _), .moves(let visit, _), .left(let visit, _, _),
                .failed(let visit), .readyAgain(let visit):
                visit
            case .entered, .ended: nil
            }
        }.first
    }

    private func write(
        _ snapshot: InstanceSnapshot, cause: Cause, of id: Int64, _ connection: Connection
    ) throws {
        try connection.run(
            """
            update instance set state = ?, visit_count = ?, instance_values = ?, last_event = ?,
                root = ?, via = ?, depth = ? where id = ?
            """,
            [
                .text(snapshot.state.rawValue), .integer(snapshot.visitCount),
                .text(JSONValue.object(snapshot.values).text), .text(snapshot.event.text),
                .text(cause.root), .text(cause.via), .integer(Int64(cause.depth)), .integer(id),
            ])
    }

    private func write(
        _ effect: StepEffect, of row: InstanceRow, _ connection: Connection
    ) throws {
        let (id, now) = (SQLValue.integer(row.id), SQLValue.integer(clock.now().milliseconds))
        switch effect {
        case .entered(let visit, let step, let kind):
            try connection.run(
                """
                insert into step (instance, visit, step, kind, state, entered)
                values (?, ?, ?, ?, 'ready', ?)
                """, [id, .integer(visit), .text(step), .text(kind), now])
        case .stands(let visit, let event, let key, let until):
            try stand(visit, event, key, until, of: row, connection)
        case .moves(let visit, let byTimer):
            try connection.run(
                "delete from wait where instance = ? and visit = ?", [id, .integer(visit)])
            if !byTimer {
                try Queues.timer.cancel(connection, key: TimerKey(row.id, visit).text)
            }
        case .left(let visit, let skipped, let output):
            try connection.run(
                """
                update step set state = ?, left_at = ?, output = ? where instance = ? and visit = ?
                """,
                [
                    skipped ? "skipped" : "done", now, .text(output.text), id, .integer(visit),
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
            try connection.run("update instance set ended = ? where id = ?", [now, id])
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
        of row: InstanceRow, _ connection: Connection
    ) throws {
        try connection.run(
            """
            update step set state = 'waiting', event = ?, event_key = ?
            where instance = ? and visit = ?
            """,
            [SQLValue(event?.code), SQLValue(key), .integer(row.id), .integer(visit)])
        if let event {
            try connection.run(
                "insert into wait (instance, visit, event, event_key) values (?, ?, ?, ?)",
                [.integer(row.id), .integer(visit), .text(event.description), SQLValue(key)])
        }
        if let until {
            let timer = TimerKey(row.id, visit).text
            try Queues.timer.enqueue(
                connection, key: timer, payload: [], due: until, now: clock.now())
        }
    }

    /// Where the instance came to wait for an event that is kept already, it takes it at once.
    private func takeBuffered(
        _ effects: [StepEffect], of row: InstanceRow, _ connection: Connection
    ) throws {
        for case .stands(let visit, let event?, let key, _) in effects {
            let store = EventStore(definitions: definitions, clock: clock)
            let found = try store.buffered(event, for: row, key: key, connection)
            guard let found else { continue }
            let taken = try apply(
                .event(visit: visit, content: found.content), to: row.id,
                note: Note(cause: found.cause), connection)
            if taken { try store.markTaken(found.id, activated: 1, connection) }
        }
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
