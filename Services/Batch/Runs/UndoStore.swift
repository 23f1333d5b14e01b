import Database
import JSON

/// A record that a run could not bring to where it should be, with the reason.
struct Conflict: Sendable {
    var record: Int64
    var reason: String

    static func keep(_ connection: Connection, _ run: Int64, record: Int64, _ reason: String) throws
    {
        try connection.run(
            """
            insert into run_conflict (run, record, reason) values (?, ?, ?)
            on conflict (run, record) do nothing
            """, [.integer(run), .integer(record), .text(reason)])
    }

    static func first(_ connection: Connection, _ run: Int64, _ limit: Int) throws -> [Conflict] {
        try connection.query(
            "select record, reason from run_conflict where run = ? order by record limit ?",
            [.integer(run), .integer(Int64(limit))]
        ) { Conflict(record: $0.integer(0), reason: $0.text(1)) }
    }

    var json: JSONValue { ["record": .number(JSONNumber(record)), "reason": .string(reason)] }
}

/// What a run did to a record, all receipts together: what must be done to have it as it was.
struct UndoRecord: Sendable {
    enum Kind: String, Sendable { case inserted, changed, deleted, gone }

    var record: Int64
    /// The version that the run left.
    var version: Int64
    var kind: Kind
    /// The values that changed columns had before the run.
    var before: JSONObject

    /// Adds a receipt to what is known of its record.
    static func add(_ connection: Connection, _ undo: Int64, _ result: JSONValue) throws {
        let parts = result.array ?? []
        guard parts.count >= 3, let word = parts[0].string, word != "none",
            let record = parts[1].integer, let version = parts[2].integer
        else { return }
        var item =
            try find(connection, undo, record)
            ?? UndoRecord(
                record: record, version: version, kind: word == "insert" ? .inserted : .changed,
                before: JSONObject())
        item.version = version
        if word == "delete" { item.kind = item.kind == .inserted ? .gone : .deleted }
        for (column, values) in (parts.count > 3 ? parts[3].object : nil)?.members ?? []
        where item.before[column] == nil {
            item.before[column] = values.array?.first ?? .null
        }
        try connection.run(
            "delete from undo_record where run = ? and record = ?",
            [.integer(undo), .integer(record)])
        try connection.run(
            """
            insert into undo_record (run, record, version, kind, before) values (?, ?, ?, ?, ?)
            """,
            [
                .integer(undo), .integer(record), .integer(item.version),
                .text(item.kind.rawValue), .text(JSONValue.object(item.before).text),
            ])
    }

    private static func find(_ connection: Connection, _ undo: Int64, _ record: Int64) throws
        -> UndoRecord?
    {
        try connection.first(
            "select record, version, kind, before from undo_record where run = ? and record = ?",
            [.integer(undo), .integer(record)], read)
    }

    /// The next records, the newest first: what refers to another mostly came after it.
    static func page(_ connection: Connection, _ undo: Int64, before record: Int64, limit: Int)
        throws -> [UndoRecord]
    {
        try connection.query(
            """
            select record, version, kind, before from undo_record
            where run = ? and record < ? order by record desc limit ?
            """, [.integer(undo), .integer(record), .integer(Int64(limit))], read)
    }

    private static func read(_ row: Row) throws -> UndoRecord {
        UndoRecord(
            record: row.integer(0), version: row.integer(1),
            kind: Kind(rawValue: row.text(2)) ?? .changed,
            before: try JSONValue(parsing: Array(row.text(3).utf8)).object ?? JSONObject())
    }

    /// As Records is told it; nil where nothing is to be done.
    var item: JSONValue? {
        let (id, at) = (JSONValue.number(JSONNumber(record)), JSONValue.number(JSONNumber(version)))
        return switch kind {
        case .inserted: ["delete", id, at]
        case .changed: before.isEmpty ? nil : ["change", id, at, .object(before)]
        case .deleted: ["restore", id, at]
        case .gone: nil
        }
    }
}
