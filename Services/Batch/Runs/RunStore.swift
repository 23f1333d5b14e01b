import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// The SQL of runs. Every function is one step of a caller's transaction.
enum RunStore {
    /// What a new run needs to be a row.
    struct New: Sendable {
        var kind: Run.Kind
        var code: FullCode
        var definition: JSONValue
        var context: CallContext
        var key: String?
        var file: String
        var bytes = 0
        var sha256: String?
        var isPlanning = false
        var undoes: Int64?
    }

    private static let columns = """
        id, kind, model, code, definition, state, principal, cause, started, ended, file, bytes,
        place, mapping, problem, cancel, rows_read, inserted, updated, unchanged, deleted, rejected,
        planning, plan, undoes, undone_by, unknown_rows, verified, verified_through
        """

    /// Makes the run and its work; the run that the same key made before, instead, where there is
    /// one.
    static func create(_ connection: Connection, _ new: New, now: Timestamp) throws -> (
        run: Int64, isNew: Bool
    ) {
        let account = new.context.principal.account
        if let key = new.key {
            let kept = try connection.first(
                """
                select id, sha256 from run
                where account = ? and kind = ? and model = ? and code = ? and request_key = ?
                """,
                [
                    .text(account), .text(new.kind.rawValue), .text(new.code.model),
                    .text(new.code.code), .text(key),
                ]
            ) { ($0.integer(0), $0.optionalText(1)) }
            if let kept {
                guard kept.1 == new.sha256 else { throw BatchError.keyReused }
                return (kept.0, false)
            }
        }
        let run = try connection.insert(
            """
            insert into run (kind, model, code, definition, state, account, principal, cause,
                request_key, created, file, bytes, sha256, place, planning, undoes)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(new.kind.rawValue), .text(new.code.model), .text(new.code.code),
                .text(new.definition.text),
                // A plan is `planned` when it is made, and not before.
                .text(new.isPlanning ? "running" : "planned"), .text(account),
                .text(JSONCoder.encode(new.context.principal).text),
                .text(JSONCoder.encode(new.context.cause).text), SQLValue(new.key),
                .text(now.text), .text(new.file), .integer(Int64(new.bytes)),
                SQLValue(new.sha256), .text(text(Run.Place())),
                .integer(new.isPlanning ? 1 : 0), SQLValue(new.undoes),
            ])
        try Migrations.queue.enqueue(
            connection, key: String(run), payload: [], due: now, now: now)
        return (run, true)
    }

    static func run(_ connection: Connection, _ id: Int64) throws -> Run? {
        try connection.first(
            "select \(columns) from run where id = ?", [.integer(id)], read)
    }

    /// The runs of a clause, `where … order by … limit …`.
    static func runs(
        _ connection: Connection, _ clause: String, _ values: [SQLValue]
    ) throws -> [Run] {
        try connection.query("select \(columns) from run \(clause)", values, read)
    }

    /// From the worker's first look on, a run is running.
    static func begin(_ connection: Connection, _ run: Int64, now: Timestamp) throws {
        try connection.run(
            """
            update run set state = 'running', started = coalesce(started, ?)
            where id = ? and (state = 'planned' or started is null)
            """, [.text(now.text), .integer(run)])
    }

    /// Fixes how fields become columns, and where the first row of data begins.
    static func setMapping(
        _ connection: Connection, _ run: Int64, mapping: JSONValue, place: Run.Place
    ) throws {
        try connection.run(
            "update run set mapping = ?, place = ? where id = ?",
            [.text(mapping.text), .text(text(place)), .integer(run)])
    }

    /// A chunk is done: counters and place move together, and what held the run up is over.
    static func advance(
        _ connection: Connection, _ run: Int64, by counters: Run.Counters, to place: Run.Place,
        bytes: Int? = nil
    ) throws {
        try connection.run(
            """
            update run set place = ?, problem = null, bytes = coalesce(?, bytes),
                rows_read = rows_read + ?,
                inserted = inserted + ?, updated = updated + ?, unchanged = unchanged + ?,
                deleted = deleted + ?, rejected = rejected + ?
            where id = ?
            """,
            [
                .text(text(place)), SQLValue(bytes.map { Int64($0) }),
                .integer(Int64(counters.read)), .integer(Int64(counters.inserted)),
                .integer(Int64(counters.updated)), .integer(Int64(counters.unchanged)),
                .integer(Int64(counters.deleted)), .integer(Int64(counters.rejected)),
                .integer(run),
            ])
        try connection.run("delete from prepared_chunk where run = ?", [.integer(run)])
    }

    static func end(
        _ connection: Connection, _ run: Int64, _ state: Run.State, problem: Problem? = nil,
        now: Timestamp
    ) throws {
        try connection.run(
            "update run set state = ?, ended = ?, problem = ? where id = ?",
            [
                .text(state.rawValue), .text(now.text),
                SQLValue(problem.map { RunProblem.json($0).text }), .integer(run),
            ])
        try connection.run("delete from prepared_chunk where run = ?", [.integer(run)])
        let why = problem.map { ": \($0.detail ?? $0.title)" } ?? "."
        try RunLog.add(connection, run, "Ended as \(state.rawValue)\(why)", now: now)
    }

    /// Asks the run to stop: at once where it has not begun, else before its next chunk.
    static func cancel(_ connection: Connection, _ run: Run, now: Timestamp) throws {
        try connection.run("update run set cancel = 1 where id = ?", [.integer(run.id)])
        guard run.state == .planned else { return }
        try end(connection, run.id, .cancelled, now: now)
        try Migrations.queue.cancel(connection, key: String(run.id))
    }

    static func isCancelled(_ connection: Connection, _ run: Int64) throws -> Bool {
        try connection.count("select cancel from run where id = ?", [.integer(run)]) != 0
    }

    /// The files that runs name.
    static func files(_ connection: Connection) throws -> Set<String> {
        Set(try connection.query("select file from run") { $0.text(0) })
    }

    static func text(_ place: Run.Place) -> String {
        var object = JSONObject()
        object["offset"] = JSONValue(place.offset)
        object["line"] = JSONValue(place.line)
        object["stage"] = .string(place.stage.rawValue)
        object["number"] = JSONValue(place.number)
        if let cursor = place.cursor { object["cursor"] = .string(cursor) }
        if let writer = place.writer { object["writer"] = writer }
        return JSONValue.object(object).text
    }

    private static func json(_ text: String) throws -> JSONValue {
        try JSONValue(parsing: Array(text.utf8))
    }

    private static func read(_ row: Row) throws -> Run {
        let place = try json(row.text(12))
        return Run(
            id: row.integer(0), kind: Run.Kind(rawValue: row.text(1)) ?? .import,
            definitionCode: FullCode(model: row.text(2), code: row.text(3)),
            definition: try json(row.text(4)),
            state: Run.State(rawValue: row.text(5)) ?? .failed,
            principal: try JSONCoder.decode(Principal.self, from: json(row.text(6))),
            cause: try JSONCoder.decode(Cause.self, from: json(row.text(7))),
            started: row.optionalText(8), ended: row.optionalText(9), file: row.text(10),
            bytes: Int(row.integer(11)),
            place: Run.Place(
                offset: Int(place["offset"]?.integer ?? 0), line: Int(place["line"]?.integer ?? 1),
                cursor: place["cursor"]?.string, writer: place["writer"],
                stage: Run.Stage(rawValue: place["stage"]?.string ?? "") ?? .rows,
                number: Int(place["number"]?.integer ?? 0)),
            mapping: try row.optionalText(13).map(json),
            problem: try row.optionalText(14).map(json), isCancelled: row.boolean(15),
            isPlanning: row.boolean(22),
            plan: try row.optionalText(23).map(json).map(Run.Counters.init(json:)),
            undoes: row.optionalInteger(24), undoneBy: row.optionalInteger(25),
            unknownRows: Int(row.integer(26)),
            verified: row.optionalInteger(27).map { $0 != 0 },
            verifiedThrough: row.optionalText(28),
            counters: Run.Counters(
                read: Int(row.integer(16)), inserted: Int(row.integer(17)),
                updated: Int(row.integer(18)), unchanged: Int(row.integer(19)),
                deleted: Int(row.integer(20)), rejected: Int(row.integer(21))))
    }
}
