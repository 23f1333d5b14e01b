import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// What a transition says, as rows.
extension InstanceStore {
    /// Where an effect happens.
    struct Place {
        let id: Int64
        /// Those that were open before.
        let visits: [InstanceSnapshot.Visit]
        let workflow: WorkflowDefinition
        /// What the step was given that left or stands.
        var given: JSONValue?
        /// Of what comes from outside.
        let cause: Cause?

        var withoutInput: Place {
            var copy = self
            copy.given = nil
            return copy
        }

        func step(_ visit: Int64) -> StepDefinition? {
            visits.first { $0.number == visit }.flatMap { workflow.step($0.step) }
        }
    }

    func write(_ effect: StepEffect, _ place: Place, _ connection: Connection) throws {
        let id = SQLValue.integer(place.id)
        switch effect {
        case .entered(let visit, let kind): try enter(visit, kind, id, connection)
        case .stands(let visit, let event, let key, let until):
            try stand(visit, event, key, until, place, connection)
        case .moves(let visit, let byTimer):
            try release(visit, byTimer: byTimer, place, connection)
        case .held(let visit, let arrival):
            try hold(visit, arrival, place, connection)
        case .escalated(let visit):
            try connection.run(
                "update step set state = 'waiting', held = null where instance = ? and visit = ?",
                [id, .integer(visit)])
            try tasks.escalate(place.id, visit: visit, connection)
        case .narrowed(let visit, let branches, let hasArrivals):
            try connection.run(
                """
                update step set branches = ?, has_arrivals = ? where instance = ? and visit = ?
                """,
                [
                    .integer(Int64(branches)), .integer(hasArrivals ? 1 : 0), id, .integer(visit),
                ])
        case .left(let visit, let skipped, let output):
            try connection.run(
                """
                update step set state = ?, left_at = ?, input = coalesce(?, input), output = ?,
                    attempts = attempts + ?
                where instance = ? and visit = ?
                """,
                [
                    skipped ? "skipped" : "done", .integer(clock.now().milliseconds),
                    SQLValue(place.given?.text), .text(output.text), .integer(skipped ? 0 : 1), id,
                    .integer(visit),
                ])
        case .failed(let visit):
            try connection.run(
                "update step set state = 'failed' where instance = ? and visit = ?",
                [id, .integer(visit)])
        case .readyAgain(let visit, let byPerson):
            try connection.run(
                """
                update step set state = 'ready', held = null\
                \(byPerson ? ", failures = 0, retries = retries + 1" : "")
                where instance = ? and visit = ?
                """, [id, .integer(visit)])
        case .ended: break
        }
    }

    private func enter(
        _ visit: InstanceSnapshot.Visit, _ kind: String, _ id: SQLValue, _ connection: Connection
    ) throws {
        try connection.run(
            """
            insert into step (instance, visit, step, kind, state, entered, lane, fork, branches,
                cause)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                id, .integer(visit.number), .text(visit.step), .text(kind),
                .text(visit.phase.rawValue), .integer(clock.now().milliseconds),
                .integer(visit.lane), SQLValue(visit.fork), .integer(Int64(visit.branches)),
                SQLValue(visit.cause.map { JSONCoder.encode($0).text }),
            ])
    }

    private func stand(
        _ visit: Int64, _ event: FullCode?, _ key: String?, _ until: Timestamp?,
        _ place: Place, _ connection: Connection
    ) throws {
        let id = place.id
        try connection.run(
            """
            update step set state = 'waiting', event = ?, event_key = ?,
                input = coalesce(?, input)
            where instance = ? and visit = ?
            """,
            [
                SQLValue(event?.code), SQLValue(key), SQLValue(place.given?.text), .integer(id),
                .integer(visit),
            ])
        if let event {
            try connection.run(
                "insert into wait (instance, visit, event, event_key) values (?, ?, ?, ?)",
                [.integer(id), .integer(visit), .text(event.description), SQLValue(key)])
        }
        if let until {
            try Queues.timer.enqueue(
                connection, key: TimerKey(id, visit).text, payload: [], due: until,
                now: clock.now())
        }
    }

    /// What a step waited for goes.
    private func release(
        _ visit: Int64, byTimer: Bool, _ place: Place, _ connection: Connection
    ) throws {
        let id = place.id
        switch place.step(visit)?.kind {
        case .event(let wait):
            try connection.run(
                "delete from wait where instance = ? and visit = ?",
                [.integer(id), .integer(visit)])
            if wait.timeout == nil { return }
        case .task:
            try tasks.close(id, visit: visit, connection)
            try Queues.timer.cancel(
                connection, key: TimerKey(id, visit, isReminder: true).text)
        case .timer, .run: break
        default: return
        }
        if !byTimer { try Queues.timer.cancel(connection, key: TimerKey(id, visit).text) }
    }

    private func hold(
        _ visit: Int64, _ arrival: Arrival, _ place: Place, _ connection: Connection
    ) throws {
        try connection.run(
            """
            update step set state = 'held', held = ?, cause = coalesce(?, cause)
            where instance = ? and visit = ?
            """,
            [
                .text(arrival.json.text),
                SQLValue(place.cause.map { JSONCoder.encode($0).text }), .integer(place.id),
                .integer(visit),
            ])
        // A task stays until it is known whether it only goes to others.
        if case .task = place.step(visit)?.kind, arrival == .timeout { return }
        try release(visit, byTimer: arrival == .timeout, place, connection)
    }

    // MARK: The end

    /// What an instance leaves behind.
    func end(
        _ id: Int64, _ snapshot: InstanceSnapshot, parent: InstanceRow.Parent?, _ cause: Cause?,
        _ connection: Connection
    ) throws {
        // What was kept for it alone nobody will take any more.
        try connection.run(
            """
            update event set state = 'unheard'
            where state = 'buffered' and scope = 'instance' and instance = ?
            """, [.integer(id)])
        if snapshot.state == .cancelled {
            for child in try children(of: id, connection) {
                try apply(.cancel, to: child, note: Note(cause: cause), connection)
            }
            try incidents.closeAll(
                ofInstance: id, resolution: "cancelled", account: "system", connection)
        }
        guard let parent else { return }
        if snapshot.state == .finished {
            try apply(
                .arrived(visit: parent.visit, .ended(.object(snapshot.values))),
                to: parent.instance, connection)
        } else {
            try fail(
                parent.instance, visit: parent.visit,
                .stepFailed("the instance \(id) that it waits for was cancelled"), connection)
        }
    }

    /// The instances that this one waits for, as far as they have not ended.
    func children(of id: Int64, _ connection: Connection) throws -> [Int64] {
        try connection.query(
            """
            select id from instance
            where parent = ? and state not in ('finished', 'cancelled') order by id
            """, [.integer(id)]
        ) { $0.integer(0) }
    }
}
