import Database
import JSON
import ServiceRuntime

/// What happened to a run, line by line: begun, interrupted, gone on, ended.
enum RunLog {
    /// Lines that one run keeps; the last one says that no more are.
    static let limit = 1000

    static func add(_ connection: Connection, _ run: Int64, _ text: String, now: Timestamp) throws {
        let count = Int(
            try connection.count("select count(*) from run_log where run = ?", [.integer(run)]))
        guard count < limit else { return }
        let line = count == limit - 1 ? "Further lines are not kept." : text
        try connection.run(
            "insert into run_log (run, number, time, text) values (?, ?, ?, ?)",
            [.integer(run), .integer(Int64(count) + 1), .text(now.text), .text(line)])
    }

    static func lines(_ connection: Connection, _ run: Int64) throws -> [JSONValue] {
        try connection.query(
            "select time, text from run_log where run = ? order by number", [.integer(run)]
        ) { ["time": .string($0.text(0)), "text": .string($0.text(1))] }
    }
}
