import Contracts
import Database
import JSON
import ServiceRuntime

/// Rows of the ledger as the API shows them.
struct JobView: Sendable {
    private static let columns = """
        id, model, job, cause_kind, planned, state, reason, level, class, record, account, \
        started, ended, problem
        """

    let clock: any WallClock

    /// Runs of a job before `before`, newest first.
    func list(
        _ job: FullCode, state: String?, before: Int64, limit: Int, _ connection: Connection
    ) throws -> [(Int64, JSONValue)] {
        try connection.query(
            """
            select \(JobView.columns) from job_run
            where model = ? and job = ? and id < ?\(state == nil ? "" : " and state = ?")
            order by id desc limit ?
            """,
            [.text(job.model), .text(job.code), .integer(before)]
                + (state.map { [.text($0)] } ?? []) + [.integer(Int64(limit))]
        ) { ($0.integer(0), try view($0)) }
    }

    /// One with its steps.
    func whole(_ id: Int64, of job: FullCode, _ connection: Connection) throws -> JSONValue? {
        let found = try connection.first(
            "select \(JobView.columns) from job_run where id = ? and model = ? and job = ?",
            [.integer(id), .text(job.model), .text(job.code)], view)
        guard var run = found?.object else { return nil }
        run["steps"] = .array(
            try connection.query(
                """
                select place, kind, target, state, attempt, started, ended, batch_run, output, error,
                    instance
                from job_step where run = ? order by place
                """, [.integer(id)], JobView.step))
        return .object(run)
    }

    /// The newest run that is not still planned, without its steps.
    func last(_ job: FullCode, _ connection: Connection) throws -> JSONValue? {
        try connection.first(
            """
            select \(JobView.columns) from job_run
            where model = ? and job = ? and state <> 'planned' order by id desc limit 1
            """, [.text(job.model), .text(job.code)], view)
    }

    private func view(_ row: Row) throws -> JSONValue {
        let planned = Timestamp(milliseconds: row.integer(4))
        let started = row.optionalInteger(11).map { Timestamp(milliseconds: $0) }
        let isPlanned = row.text(5) == "planned"
        // How late it began, or is by now.
        let began = started ?? (isPlanned ? clock.now() : nil)
        let late = began.map { max(0, ($0.milliseconds - planned.milliseconds) / 1000) }
        var record: JSONValue = .null
        if let type = row.optionalText(8), let id = row.optionalInteger(9) {
            record = .string("\(type)/\(id)")
        }
        return [
            "run": .number(JSONNumber(row.integer(0))),
            "job": .string("\(row.text(1)).\(row.text(2))"), "kind": .string(row.text(3)),
            "planned": .string(planned.text), "state": .string(row.text(5)),
            "reason": .init(row.optionalText(6)), "level": .number(JSONNumber(row.integer(7))),
            "record": record, "account": .init(row.optionalText(10)),
            "started": .init(started?.text), "ended": JobView.time(row, 12),
            "late": late.map { .number(JSONNumber($0)) } ?? .null,
            "problem": try JobView.json(row, 13),
        ]
    }

    private static func step(_ row: Row) throws -> JSONValue {
        [
            "place": .number(JSONNumber(row.integer(0) + 1)), "kind": .string(row.text(1)),
            "target": .init(row.optionalText(2)), "state": .string(row.text(3)),
            "attempt": .number(JSONNumber(row.integer(4))), "started": time(row, 5),
            "ended": time(row, 6),
            "run": row.optionalInteger(7).map { .number(JSONNumber($0)) } ?? .null,
            "instance": row.optionalInteger(10).map { .number(JSONNumber($0)) } ?? .null,
            "output": try json(row, 8), "error": .init(row.optionalText(9)),
        ]
    }

    private static func time(_ row: Row, _ column: Int) -> JSONValue {
        .init(row.optionalInteger(column).map { Timestamp(milliseconds: $0).text })
    }

    private static func json(_ row: Row, _ column: Int) throws -> JSONValue {
        try row.optionalText(column).map { try JSONValue(parsing: Array($0.utf8)) } ?? .null
    }
}

extension JSONValue {
    fileprivate init(_ text: String?) { self = text.map { .string($0) } ?? .null }
}
