import Contracts
import Database
import HTTP
import JSON
import RPC
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

    /// Nil also where its model is not the caller's.
    func find(
        _ id: Int64, as principal: Principal, _ connection: Connection
    ) throws -> Incident? {
        var conditions = IncidentStore.conditions(principal)
        conditions.add("id = ?", .integer(id))
        return try connection.first(
            "select id, kind, instance, visit, action, state, job_run from incident"
                + conditions.clause, conditions.values
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
    func list(
        of principal: Principal, after: Int64, limit: Int, _ connection: Connection
    ) throws -> [(Int64, JSONValue)] {
        var conditions = IncidentStore.conditions(principal)
        conditions.add("state = 'open' and id > ?", .integer(after))
        return try connection.query(
            """
            select \(IncidentStore.columns) from incident\(conditions.clause)
            order by id limit \(limit)
            """, conditions.values
        ) { ($0.integer(0), try IncidentStore.view($0)) }
    }

    /// A token that names models sees what is about a record, an instance or a job of theirs.
    private static func conditions(_ principal: Principal) -> Conditions {
        var conditions = Conditions()
        guard let models = principal.narrowing else { return conditions }
        let (isRecord, values) = Conditions.of("class", models)
        let marks = models.map { _ in "?" }.joined(separator: ", ")
        let names = models.map { SQLValue.text($0) }
        conditions.add(
            """
            (\(isRecord)
            or exists (select 1 from instance i
                where i.id = incident.instance and i.model in (\(marks)))
            or exists (select 1 from job_run r
                where r.id = incident.job_run and r.model in (\(marks))))
            """, values + names + names)
        return conditions
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
