import Contracts
import Database
import HTTP
import JSON
import ServiceRuntime

/// What needs a person.
struct IncidentStore: Sendable {
    enum Kind: String, Sendable {
        /// A step that cannot be done.
        case step
        /// A condition or a value of a rule that cannot be evaluated.
        case rule
        /// A rule's action that cannot be done.
        case action
        /// Rules that meet themselves again.
        case loop
        /// A run of a job that failed, or a job whose records cannot be looked for.
        case job
        /// A task that nobody could be reminded of.
        case reminder
    }

    struct Opening: Sendable {
        var kind: Kind
        var instance: Int64?
        var visit: Int64?
        var action: Int64?
        var jobRun: Int64?
        var type: FullCode?
        var record: Int64?
        var problem: Problem
        var cycle: JSONValue?
        /// The same key opens one incident, however often.
        var onceKey: String?
        /// Where it happened.
        var service = "workflow"
    }

    struct Incident: Sendable {
        var id: Int64
        var kind: String
        var instance: Int64?
        var visit: Int64?
        var action: Int64?
        var jobRun: Int64?
        var isOpen: Bool
    }

    let clock: any WallClock
    let counter: Counter

    init(runtime: Runtime) {
        clock = runtime.clock
        counter = runtime.metrics.counter(
            "geartrain_workflow_incidents_total", help: "Incidents that were opened.")
    }

    func open(_ opening: Opening, _ connection: Connection) throws {
        let problem = JSONObject([
            ("status", .number(JSONNumber(Int64(opening.problem.status)))),
            ("code", .string(opening.problem.code)), ("title", .string(opening.problem.title)),
            ("detail", opening.problem.detail.map { .string($0) } ?? .null),
        ])
        let added = try connection.run(
            """
            insert into incident (kind, time, instance, visit, action, job_run, class, record,
                problem, cycle, once_key, service, state)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open') on conflict (once_key) do nothing
            """,
            [
                .text(opening.kind.rawValue), .integer(clock.now().milliseconds),
                SQLValue(opening.instance), SQLValue(opening.visit), SQLValue(opening.action),
                SQLValue(opening.jobRun), SQLValue(opening.type?.description),
                SQLValue(opening.record),
                .text(JSONValue.object(problem).text), SQLValue(opening.cycle?.text),
                SQLValue(opening.onceKey), .text(opening.service),
            ])
        counter.increment(by: added)
    }

    func find(_ id: Int64, _ connection: Connection) throws -> Incident? {
        try connection.first(
            "select id, kind, instance, visit, action, state, job_run from incident where id = ?",
            [.integer(id)]
        ) {
            Incident(
                id: $0.integer(0), kind: $0.text(1), instance: $0.optionalInteger(2),
                visit: $0.optionalInteger(3), action: $0.optionalInteger(4),
                jobRun: $0.optionalInteger(6), isOpen: $0.text(5) == "open")
        }
    }

    func close(
        _ id: Int64, resolution: String, account: String, _ connection: Connection
    ) throws {
        try connection.run(
            """
            update incident set state = 'resolved', resolution = ?, resolved_by = ?, resolved_at = ?
            where id = ?
            """,
            [
                .text(resolution), .text(account), .integer(clock.now().milliseconds), .integer(id),
            ])
    }

    /// Those that are open about an instance, or about one of its visits.
    func closeAll(
        ofInstance instance: Int64, visit: Int64? = nil, resolution: String, account: String,
        _ connection: Connection
    ) throws {
        try connection.run(
            """
            update incident set state = 'resolved', resolution = ?, resolved_by = ?, resolved_at = ?
            where instance = ? and state = 'open' and (? is null or visit = ?)
            """,
            [
                .text(resolution), .text(account), .integer(clock.now().milliseconds),
                .integer(instance), SQLValue(visit), SQLValue(visit),
            ])
    }

    private static let columns = """
        id, kind, time, instance, class, record, problem, cycle, state, resolution, resolved_by, \
        resolved_at, job_run, service
        """

    /// Open ones after `after`, oldest first, as API.md §6 has them.
    func list(after: Int64, limit: Int, _ connection: Connection) throws -> [(Int64, JSONValue)] {
        try connection.query(
            """
            select \(IncidentStore.columns) from incident
            where state = 'open' and id > ? order by id limit ?
            """, [.integer(after), .integer(Int64(limit))]
        ) { ($0.integer(0), try IncidentStore.view($0)) }
    }

    func view(_ id: Int64, _ connection: Connection) throws -> JSONValue? {
        try connection.first(
            "select \(IncidentStore.columns) from incident where id = ?", [.integer(id)],
            IncidentStore.view)
    }

    private static func view(_ row: Row) throws -> JSONValue {
        var record: JSONValue = .null
        if let type = row.optionalText(4), let id = row.optionalInteger(5) {
            record = .string("\(type)/\(id)")
        }
        var view = JSONObject([
            ("id", .number(JSONNumber(row.integer(0)))), ("kind", .string(row.text(1))),
            ("service", .string(row.text(13))),
            ("time", .string(Timestamp(milliseconds: row.integer(2)).text)),
            ("instance", row.optionalInteger(3).map { .number(JSONNumber($0)) } ?? .null),
            ("record", record), ("problem", try JSONValue(parsing: Array(row.text(6).utf8))),
            (
                "cycle",
                try row.optionalText(7).map { try JSONValue(parsing: Array($0.utf8)) } ?? .null
            ),
            ("state", .string(row.text(8))),
        ])
        if let run = row.optionalInteger(12) { view["run"] = .number(JSONNumber(run)) }
        if let resolution = row.optionalText(9) {
            view["resolution"] = .string(resolution)
            view["resolvedBy"] = row.optionalText(10).map { .string($0) }
            view["resolvedAt"] = row.optionalInteger(11).map {
                .string(Timestamp(milliseconds: $0).text)
            }
        }
        return .object(view)
    }
}
