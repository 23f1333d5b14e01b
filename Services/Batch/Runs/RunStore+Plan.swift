import Contracts
import Database
import HTTP
import JSON
import ServiceRuntime

// Plans, what undoes a run, and what follows one.
extension RunStore {
    /// The stage goes on, or another begins.
    static func move(_ connection: Connection, _ run: Int64, to place: Run.Place) throws {
        try connection.run(
            "update run set place = ? where id = ?", [.text(text(place)), .integer(run)])
    }

    static func addUnknown(_ connection: Connection, _ run: Int64, _ count: Int) throws {
        try connection.run(
            "update run set unknown_rows = unknown_rows + ? where id = ?",
            [.integer(Int64(count)), .integer(run)])
    }

    /// The plan is made: what was counted is what it would do, and nothing is done yet.
    static func setPlan(_ connection: Connection, _ run: Int64, now: Timestamp) throws {
        guard let made = try self.run(connection, run) else { return }
        try connection.run(
            """
            update run set state = 'planned', plan = ?, inserted = 0, updated = 0, unchanged = 0,
                deleted = 0, place = ? where id = ?
            """,
            [
                .text(made.counters.json.text), .text(text(Run.Place(stage: .check))),
                .integer(run),
            ])
        try RunLog.add(connection, run, "The plan is made.", now: now)
    }

    /// The plan is to be done.
    static func apply(_ connection: Connection, _ run: Int64, now: Timestamp) throws {
        try connection.run("update run set state = 'running' where id = ?", [.integer(run)])
        try RunLog.add(connection, run, "The plan is to be applied.", now: now)
        try Migrations.queue.enqueue(
            connection, key: String(run), payload: [], due: now, now: now)
    }

    /// The run that undoes another; the one that did before, where there is one.
    static func undo(_ connection: Connection, _ new: New, of run: Int64, now: Timestamp) throws
        -> Int64
    {
        if let known = try self.run(connection, run)?.undoneBy { return known }
        let made = try create(connection, new, now: now).run
        try connection.run(
            "update run set undone_by = ? where id = ?", [.integer(made), .integer(run)])
        return made
    }

    static func hasReceipts(_ connection: Connection, _ run: Int64) throws -> Bool {
        try connection.count(
            "select count(*) from receipt where run = ?", [.integer(run)]) > 0
    }

    /// The number behind all receipts, for what is no row of the file.
    static func nextReceipt(_ connection: Connection, _ run: Int64) throws -> Int {
        Int(
            try connection.count(
                "select coalesce(max(number + rows), 1) from receipt where run = ?",
                [.integer(run)]))
    }

    /// Queues what the definition says follows the run.
    static func follow(_ connection: Connection, _ run: Int64, now: Timestamp) throws {
        try Migrations.queue.enqueue(
            connection, key: Following.prefix + String(run), payload: [], due: now, now: now)
    }

    /// A problem that does not end the run.
    static func note(_ connection: Connection, _ run: Int64, _ problem: Problem) throws {
        try connection.run(
            "update run set problem = ? where id = ?",
            [.text(RunProblem.json(problem).text), .integer(run)])
    }
}

extension Run.Counters {
    init(json: JSONValue) {
        self.init()
        read = Int(json["read"]?.integer ?? 0)
        inserted = Int(json["inserted"]?.integer ?? 0)
        updated = Int(json["updated"]?.integer ?? 0)
        unchanged = Int(json["unchanged"]?.integer ?? 0)
        deleted = Int(json["deleted"]?.integer ?? 0)
        rejected = Int(json["rejected"]?.integer ?? 0)
    }
}
