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
        /// An item of a queue that is not tried any more.
        case dead = "dead-letter"
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
        /// What the service itself calls it: of a dead item, `queue/key`.
        var ownerKey: String?
    }

    struct Incident: Sendable {
        var id: Int64
        var kind: String
        var instance: Int64?
        var visit: Int64?
        var action: Int64?
        var jobRun: Int64?
        var isOpen: Bool
        var service: String
        /// What its owner calls it.
        var ownerKey: String?
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
                problem, cycle, once_key, owner_key, state)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open') on conflict (once_key) do nothing
            """,
            [
                .text(opening.kind.rawValue), .integer(clock.now().milliseconds),
                SQLValue(opening.instance), SQLValue(opening.visit), SQLValue(opening.action),
                SQLValue(opening.jobRun), SQLValue(opening.type?.description),
                SQLValue(opening.record),
                .text(JSONValue.object(problem).text), SQLValue(opening.cycle?.text),
                SQLValue(opening.onceKey), SQLValue(opening.ownerKey),
            ])
        counter.increment(by: added)
    }

    /// Nil also where the caller may not know of it.
    func find(
        _ id: Int64, as principal: Principal, _ connection: Connection
    ) throws -> Incident? {
        var conditions = IncidentQuery.conditions(principal)
        conditions.add("id = ?", .integer(id))
        return try connection.first(
            """
            select id, kind, instance, visit, action, job_run, state, service, owner_key
            from incident\(conditions.clause)
            """, conditions.values
        ) {
            Incident(
                id: $0.integer(0), kind: $0.text(1), instance: $0.optionalInteger(2),
                visit: $0.optionalInteger(3), action: $0.optionalInteger(4),
                jobRun: $0.optionalInteger(5), isOpen: $0.text(6) == "open",
                service: $0.text(7), ownerKey: $0.optionalText(8))
        }
    }

    /// What another service tells of one of its own: it is opened once, ends once, and is never
    /// open again.
    func take(_ report: IncidentReport, _ connection: Connection) throws {
        let slash = report.record?.lastIndex(of: "/")
        let type = slash.flatMap { at in report.record.map { String($0[..<at]) } }
        let record = slash.flatMap { at in
            report.record.flatMap { Int64($0[$0.index(after: at)...]) }
        }
        let time = Timestamp(report.time) ?? clock.now()
        let end =
            report.resolution == nil
            ? nil : report.resolvedAt.flatMap(Timestamp.init) ?? clock.now()
        let known = try connection.count(
            "select count(*) from incident where once_key = ?",
            [.text(IncidentStore.onceKey(report))])
        try connection.run(
            """
            insert into incident (kind, time, class, record, model, problem, cycle, once_key,
                service, owner_key, link, actions, permission, state, resolution, resolved_by,
                resolved_at)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (once_key) do update set state = excluded.state,
                resolution = excluded.resolution, resolved_by = excluded.resolved_by,
                resolved_at = excluded.resolved_at
                where incident.state = 'open' and excluded.state = 'resolved'
            """,
            [
                .text(report.kind), .integer(time.milliseconds), SQLValue(type), SQLValue(record),
                SQLValue(report.model), .text(IncidentStore.text(report.problem)),
                SQLValue(report.problem["cycle"]?.text), .text(IncidentStore.onceKey(report)),
                .text(report.service), .text(report.key), SQLValue(report.link),
                .text(report.actions.map(\.rawValue).joined(separator: " ")),
                SQLValue(report.permission), .text(end == nil ? "open" : "resolved"),
                SQLValue(report.resolution), SQLValue(report.resolvedBy),
                SQLValue(end?.milliseconds),
            ])
        if known == 0 { counter.increment() }
    }

    private static func onceKey(_ report: IncidentReport) -> String {
        "\(report.service)/\(report.key)"
    }

    /// With its code as ours have it; the way that led there stands beside the problem.
    private static func text(_ problem: JSONValue) -> String {
        guard var object = problem.object else { return problem.text }
        object["cycle"] = nil
        if let code = Problem(json: problem)?.code { object["code"] = .string(code) }
        return JSONValue.object(object).text
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
            where instance = ? and state = 'open' and (cast(? as bigint) is null or visit = ?)
            """,
            [
                .text(resolution), .text(account), .integer(clock.now().milliseconds),
                .integer(instance), SQLValue(visit), SQLValue(visit),
            ])
    }
}
