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
        let time: Timestamp

        func step(_ visit: Int64) -> StepDefinition? {
            visits.first { $0.number == visit }.flatMap { workflow.step($0.step) }
        }
    }

    /// What transitions say, in their order. `cause` is of what comes from outside.
    func write(
        _ passages: [InstanceWalk.Passage], of id: Int64, _ workflow: WorkflowDefinition,
        _ cause: Cause?, _ connection: Connection
    ) throws {
        let brief = BriefVisits(passages)
        for passage in passages {
            var place = Place(
                id: id, visits: passage.visits, workflow: workflow, given: passage.given,
                cause: cause, time: passage.time)
            for effect in passage.effects {
                switch effect {
                case .entered(let visit, let kind):
                    let left = brief.ends[visit.number]
                    try enter(visit, kind, left, place, connection)
                case .left(let visit, _, _) where brief.ends[visit] != nil: break
                default: try write(effect, place, connection)
                }
                // What a step was given is written with the first that is told of it.
                place.given = nil
            }
        }
    }

    private func write(_ effect: StepEffect, _ place: Place, _ connection: Connection) throws {
        let id = SQLValue.integer(place.id)
        switch effect {
        case .entered(let visit, let kind): try enter(visit, kind, nil, place, connection)
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
                    skipped ? "skipped" : "done", .integer(place.time.milliseconds),
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

    /// One that is left in the same transaction is one row, written once.
    private func enter(
        _ visit: InstanceSnapshot.Visit, _ kind: String, _ left: BriefVisits.End?,
        _ place: Place, _ connection: Connection
    ) throws {
        var state = visit.phase.rawValue
        if let left { state = left.skipped ? "skipped" : "done" }
        try connection.run(
            """
            insert into step (instance, visit, step, kind, state, entered, lane, fork, branches,
                cause, left_at, input, output, attempts)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .integer(place.id), .integer(visit.number), .text(visit.step), .text(kind),
                .text(state), .integer(place.time.milliseconds), .integer(visit.lane),
                SQLValue(visit.fork), .integer(Int64(visit.branches)),
                SQLValue(visit.cause.map { JSONCoder.encode($0).text }),
                SQLValue(left?.time.milliseconds), SQLValue(left?.given?.text),
                SQLValue(left?.output.text), .integer(left.map { $0.skipped ? 0 : 1 } ?? 0),
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
                """
                insert into wait (instance, visit, event, event_key, workflow)
                values (?, ?, ?, ?, (select model || '.' || workflow from instance where id = ?))
                """,
                [
                    .integer(id), .integer(visit), .text(event.description), SQLValue(key),
                    .integer(id),
                ])
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

/// The visits that are entered and left in one transaction, and of which nothing else is said.
private struct BriefVisits {
    struct End {
        let skipped: Bool
        let output: JSONValue
        let given: JSONValue?
        let time: Timestamp
    }

    private(set) var ends: [Int64: End] = [:]

    init(_ passages: [InstanceWalk.Passage]) {
        var entered: Set<Int64> = []
        for passage in passages {
            for (index, effect) in passage.effects.enumerated() {
                switch effect {
                case .entered(let visit, _): entered.insert(visit.number)
                case .left(let visit, let skipped, let output):
                    guard entered.contains(visit) else { break }
                    ends[visit] = End(
                        skipped: skipped, output: output,
                        given: index == 0 ? passage.given : nil, time: passage.time)
                case .stands(let visit, _, _, _), .moves(let visit, _), .held(let visit, _),
                    .escalated(let visit), .narrowed(let visit, _, _), .failed(let visit),
                    .readyAgain(let visit, _):
                    entered.remove(visit)
                case .ended: break
                }
            }
        }
    }
}
