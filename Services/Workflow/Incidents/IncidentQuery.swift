import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// `GET /api/incidents`, oldest first, as far as the caller may know of them.
struct IncidentQuery: Sendable {
    private var conditions: Conditions
    private let limit: Int

    init(_ call: ListIncidents, as principal: Principal) throws {
        limit = try InstanceQuery.limit(call.limit)
        conditions = IncidentQuery.conditions(principal)
        conditions.add("state = ?", .text((call.state ?? .open).rawValue))
        if let kind = call.kind { conditions.add("kind = ?", .text(kind)) }
        if let service = call.service { conditions.add("service = ?", .text(service)) }
        if let record = call.record {
            guard let slash = record.lastIndex(of: "/"),
                let id = Int64(record[record.index(after: slash)...])
            else {
                throw WorkflowError.invalid(
                    pointer: "/record", detail: "Write a record as model.class/id.")
            }
            conditions.add("class = ?", .text(String(record[..<slash])))
            conditions.add("record = ?", .integer(id))
        }
        if let cursor = call.cursor {
            guard let after = Int64(cursor) else { throw WorkflowError.invalidCursor }
            conditions.add("id > ?", .integer(after))
        }
    }

    func run(_ connection: Connection) throws -> JSONValue {
        let rows = try connection.query(
            """
            select \(IncidentQuery.columns) from incident\(conditions.clause)
            order by id limit \(limit + 1)
            """, conditions.values
        ) { ($0.integer(0), try IncidentQuery.view($0)) }
        let page = rows.prefix(limit)
        let next = rows.count > limit ? page.last.map { JSONValue.string(String($0.0)) } : nil
        return ["items": .array(page.map(\.1)), "next": next ?? .null]
    }

    /// A token that names models sees what is about a record, an instance, a job or a mailbox of
    /// theirs; what another service has asks for the right to see it there.
    static func conditions(_ principal: Principal) -> Conditions {
        var conditions = Conditions()
        if !principal.isSystem {
            let marks = Dialect.marks(principal.permissions.count)
            conditions.add(
                "(permission is null or permission in (\(marks)))",
                principal.permissions.map { .text($0) })
        }
        guard let models = principal.narrowing else { return conditions }
        let (isRecord, values) = Conditions.of("class", models)
        let marks = Dialect.marks(models.count)
        let names = models.map { SQLValue.text($0) }
        conditions.add(
            """
            (\(isRecord) or model in (\(marks))
            or exists (select 1 from instance i
                where i.id = incident.instance and i.model in (\(marks)))
            or exists (select 1 from job_run r
                where r.id = incident.job_run and r.model in (\(marks))))
            """, values + names + names + names)
        return conditions
    }

    static func view(_ id: Int64, _ connection: Connection) throws -> JSONValue? {
        try connection.first(
            "select \(columns) from incident where id = ?", [.integer(id)], view)
    }

    private static let columns = """
        id, kind, time, instance, class, record, problem, cycle, state, resolution, resolved_by, \
        resolved_at, job_run, service, visit, action, link, actions, \
        (select r.model || '.' || r.job from job_run r where r.id = incident.job_run)
        """

    private static func view(_ row: Row) throws -> JSONValue {
        func text(_ column: Int) -> JSONValue {
            row.optionalText(column).map { .string($0) } ?? .null
        }
        func parsed(_ column: Int) throws -> JSONValue {
            try row.optionalText(column).map { try JSONValue(parsing: Array($0.utf8)) } ?? .null
        }
        var view = JSONObject([
            ("id", .number(JSONNumber(row.integer(0)))), ("kind", text(1)), ("service", text(13)),
            ("time", .string(Timestamp(milliseconds: row.integer(2)).text)),
            ("instance", row.optionalInteger(3).map { .number(JSONNumber($0)) } ?? .null),
            ("record", record(row).map { .string($0.text) } ?? .null),
            ("problem", try parsed(6)), ("cycle", try parsed(7)),
            ("link", link(row).map { .string($0) } ?? .null), ("actions", actions(row)),
            ("state", text(8)),
        ])
        if let run = row.optionalInteger(12) { view["run"] = .number(JSONNumber(run)) }
        if row.optionalText(9) != nil {
            view["resolution"] = text(9)
            view["resolvedBy"] = text(10)
            view["resolvedAt"] = row.optionalInteger(11).map {
                .string(Timestamp(milliseconds: $0).text)
            }
        }
        return .object(view)
    }

    private static func record(_ row: Row) -> (text: String, path: String)? {
        guard let type = row.optionalText(4), let id = row.optionalInteger(5) else { return nil }
        let path = type.split(separator: ".").joined(separator: "/")
        return ("\(type)/\(id)", "/api/records/\(path)/\(id)")
    }

    /// Where it can be looked at.
    private static func link(_ row: Row) -> String? {
        if let link = row.optionalText(16) { return link }
        if let instance = row.optionalInteger(3) { return "/api/instances/\(instance)" }
        if let run = row.optionalInteger(12), let job = row.optionalText(18) {
            return "/api/jobs/\(job)/runs/\(run)"
        }
        return record(row)?.path
    }

    /// What can be done about it; nothing any more where it is resolved.
    private static func actions(_ row: Row) -> JSONValue {
        guard row.text(8) == "open" else { return [] }
        if let own = row.optionalText(17) {
            return .array(own.split(separator: " ").map { .string(String($0)) })
        }
        let hasWork =
            row.optionalInteger(14) != nil || row.optionalInteger(15) != nil
            || row.optionalInteger(12) != nil
        let isDead = row.text(1) == IncidentStore.Kind.dead.rawValue
        return hasWork || isDead ? ["retry", "skip", "close"] : ["skip", "close"]
    }
}
