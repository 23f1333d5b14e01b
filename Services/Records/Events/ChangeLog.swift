import Contracts
import Database
import JSON
import RPC

/// The table `change_log`, which the triggers write: history and outbox in one.
enum ChangeLog {
    /// The root of what another program did is its own entry.
    static func root(_ root: String, door: String, seq: Int64) -> String {
        door == Door.database.rawValue && root.isEmpty ? "database:\(seq)" : root
    }

    /// Who created a record that has no row any more; nil where it never was.
    static func creator(
        _ connection: Connection, _ recordClass: RecordClass, _ id: Int64
    ) throws -> String? {
        try connection.first(
            """
            SELECT account FROM change_log \
            WHERE class = ? AND record = ? AND operation = 'insert' ORDER BY seq LIMIT 1
            """, [.integer(recordClass.number), .integer(id)]
        ) { $0.text(0) }
    }

    /// An entry as it leaves.
    struct Entry {
        var seq: Int64
        var event: RecordEvent
        /// Of before and after.
        var bytes: Int
    }

    private static let columns = """
        l.seq, c.model, c.code, l.record, l.operation, l.time, l.account, l.door, l.root, l.via, \
        l.depth, l.before, l.after
        """

    /// The entries after `position` in order, up to `limit` or `bytes`.
    static func entries(
        _ connection: Connection, after position: Int64, limit: Int, bytes: Int, store: String
    ) throws -> [Entry] {
        var entries: [Entry] = []
        var total = 0
        try connection.each(
            """
            SELECT \(columns) FROM change_log AS l JOIN class AS c ON c.number = l.class \
            WHERE l.seq > ? ORDER BY l.seq LIMIT ?
            """, [.integer(position), .integer(Int64(limit))]
        ) { row in
            let entry = try entry(row, store: store)
            if !entries.isEmpty, total + entry.bytes > bytes { return false }
            total += entry.bytes
            entries.append(entry)
            return true
        }
        return entries
    }

    private static func entry(_ row: Row, store: String) throws -> Entry {
        let seq = row.integer(0)
        // Read as text: what another program wrote as broken UTF-8 is mended, and stops nothing.
        let before = row.optionalText(11)
        let after = row.optionalText(12)
        let door = row.text(7)
        let type =
            switch row.text(4) {
            case "insert": "record.created"
            case "delete": "record.deleted"
            default: "record.changed"
            }
        let event = RecordEvent(
            id: "\(store)-\(seq)", type: type,
            record: FullCode(model: row.text(1), code: row.text(2)), recordID: row.integer(3),
            time: row.text(5), account: row.text(6), door: Door(rawValue: door) ?? .system,
            cause: Cause(
                root: root(row.text(8), door: door, seq: seq), via: row.text(9),
                depth: Int(row.integer(10))),
            before: try parse(before), after: try parse(after))
        return Entry(
            seq: seq, event: event, bytes: (before?.utf8.count ?? 0) + (after?.utf8.count ?? 0))
    }

    private static func parse(_ text: String?) throws -> JSONValue {
        guard let text else { return .null }
        return try JSONValue(parsing: Array(text.utf8))
    }
}
