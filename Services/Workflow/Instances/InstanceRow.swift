import Contracts
import Database
import JSON
import RPC
import ServiceRuntime

/// An instance as it is stored.
struct InstanceRow: Sendable {
    struct Parent: Sendable {
        var instance: Int64
        var visit: Int64
    }

    var id: Int64
    var definition: Int64
    var workflow: FullCode
    var type: FullCode?
    var record: Int64?
    /// Who started it.
    var account: String
    /// Why it was started.
    var cause: Cause
    var started: Timestamp
    var ended: Timestamp?
    /// The step of another instance that waits for this one's end.
    var parent: Parent?
    var snapshot: InstanceSnapshot

    /// `model.class/id`.
    var recordText: String? {
        guard let type, let record else { return nil }
        return "\(type)/\(record)"
    }

    static let columns = """
        id, definition, model, workflow, state, class, record, account, root, via, depth, started, \
        ended, visit_count, instance_values, last_event, cause_account, parent, parent_visit
        """

    /// From a row of `columns`; the visits are not among them.
    init(_ row: Row) throws {
        id = row.integer(0)
        definition = row.integer(1)
        workflow = FullCode(model: row.text(2), code: row.text(3))
        type = row.optionalText(5).flatMap { FullCode($0) }
        record = row.optionalInteger(6)
        account = row.text(7)
        cause = Cause(
            root: row.text(8), via: row.text(9), depth: Int(row.integer(10)),
            account: row.optionalText(16))
        started = Timestamp(milliseconds: row.integer(11))
        ended = row.optionalInteger(12).map { Timestamp(milliseconds: $0) }
        if let instance = row.optionalInteger(17) {
            parent = Parent(instance: instance, visit: row.integer(18))
        }
        snapshot = InstanceSnapshot(
            state: InstanceSnapshot.State(rawValue: row.text(4)) ?? .failed, visits: [],
            visitCount: row.integer(13),
            values: try JSONValue(parsing: Array(row.text(14).utf8)).object ?? JSONObject(),
            event: try JSONValue(parsing: Array(row.text(15).utf8)))
    }

    /// With the visits that are open.
    static func find(_ id: Int64, _ connection: Connection) throws -> InstanceRow? {
        let found = try connection.first(
            "select \(columns) from instance where id = ?", [.integer(id)]
        ) { try InstanceRow($0) }
        guard var found else { return nil }
        found.snapshot.visits = try connection.query(
            """
            select visit, step, state, lane, fork, branches, has_arrivals, retries, cause, held
            from step where instance = ?
                and state in ('ready', 'waiting', 'held', 'failed', 'forked') order by visit
            """, [.integer(id)], visit)
        return found
    }

    private static func visit(_ row: Row) throws -> InstanceSnapshot.Visit {
        InstanceSnapshot.Visit(
            number: row.integer(0), step: row.text(1),
            phase: InstanceSnapshot.Visit.Phase(rawValue: row.text(2)) ?? .failed,
            lane: row.integer(3), fork: row.optionalInteger(4), branches: Int(row.integer(5)),
            hasArrivals: row.integer(6) != 0, retries: Int(row.integer(7)),
            cause: try row.optionalText(8).map {
                try JSONCoder.decode(Cause.self, from: JSONValue(parsing: Array($0.utf8)))
            },
            held: try row.optionalText(9).flatMap {
                Arrival(try JSONValue(parsing: Array($0.utf8)))
            })
    }
}

extension InstanceRow {
    /// Of an instance that is about to begin.
    init(_ start: InstanceStore.Start, at time: Timestamp) {
        id = 0
        definition = start.version.id
        workflow = start.version.fullCode
        type = start.version.workflow.type
        record = start.record
        account = start.account
        cause = start.cause
        started = time
        ended = nil
        parent = start.parent
        snapshot = InstanceSnapshot(values: start.values)
    }
}
