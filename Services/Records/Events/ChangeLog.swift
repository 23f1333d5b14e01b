import Contracts
import Database
import JSON
import RPC
import ServiceRuntime

/// The table `change_log`, which the triggers write: history and outbox in one.
enum ChangeLog {
    /// The root of what another program did is its own entry.
    static func root(_ root: String, door: String, seq: Int64) -> String {
        door == Door.database.rawValue && root.isEmpty ? "database:\(seq)" : root
    }

    /// What turning the history of a class on or off is called; such an entry is about no record
    /// (0) and no event.
    static func switching(_ isOn: Bool) -> String { isOn ? "history-on" : "history-off" }

    /// Notes that the history of a class was turned on or off.
    static func noteSwitch(
        _ connection: Connection, class number: Int64, isOn: Bool, account: String, root: String,
        now: Timestamp
    ) throws {
        try connection.run(
            """
            INSERT INTO change_log (class, record, operation, version, time, account, door, root, \
            via, depth, kept) VALUES (?, 0, ?, 0, ?, ?, ?, ?, '', 0, 1)
            """,
            [
                .integer(number), .text(switching(isOn)), .text(now.text), .text(account),
                .text(Door.system.rawValue), .text(root),
            ])
    }

    /// Leaves a number out, for a change that nobody is told of: by the last number a change shows
    /// itself (`CountCache.State`).
    static func skip(_ connection: Connection) throws {
        guard connection.dialect.isSQLite else { return }
        let changed = try connection.run(
            "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'change_log'")
        if changed == 0 {
            try connection.run("INSERT INTO sqlite_sequence (name, seq) VALUES ('change_log', 1)")
        }
    }

    /// An entry as it leaves: a `RecordEvent` in bytes. The log has records as JSON already, so
    /// that nothing is parsed on the way.
    struct Entry {
        var seq: Int64
        var event: JSONBytes
    }

    private static let columns = """
        l.seq, c.model, c.code, l.record, l.operation, l.time, l.account, l.door, l.root, l.via, \
        l.depth, l.before, l.after, l.cause_account
        """

    /// The entries after `position` in order, up to `limit` or `bytes`, one at least.
    static func entries(
        _ connection: Connection, after position: Int64, limit: Int, bytes: Int, store: String
    ) throws -> [Entry] {
        var entries: [Entry] = []
        var total = 0
        try connection.each(
            """
            SELECT \(columns) FROM change_log AS l JOIN class AS c ON c.number = l.class \
            WHERE l.seq > ? AND l.record > 0 ORDER BY l.seq LIMIT ?
            """, [.integer(position), .integer(Int64(limit))]
        ) { row in
            let entry = Entry(seq: row.integer(0), event: event(row, store: store))
            total += entry.event.bytes.count
            if !entries.isEmpty, total > bytes { return false }
            entries.append(entry)
            return true
        }
        return entries
    }

    private static func event(_ row: Row, store: String) -> JSONBytes {
        let seq = row.integer(0)
        let door = row.text(7)
        let type =
            switch row.text(4) {
            case "insert": "record.created"
            case "delete": "record.deleted"
            default: "record.changed"
            }
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        writer.key("id")
        writer.string("\(store)-\(seq)")
        writer.key("type")
        writer.string(type)
        writer.key("record")
        writer.string("\(row.text(1)).\(row.text(2))")
        writer.key("recordID")
        writer.integer(row.integer(3))
        writer.key("time")
        writer.string(row.text(5))
        writer.key("account")
        writer.string(row.text(6))
        writer.key("door")
        writer.string(door)
        writer.key("cause")
        writer.beginObject()
        writer.key("root")
        writer.string(root(row.text(8), door: door, seq: seq))
        writer.key("via")
        writer.string(row.text(9))
        writer.key("depth")
        writer.integer(row.integer(10))
        if let account = row.optionalText(13) {
            writer.key("account")
            writer.string(account)
        }
        writer.endObject()
        writer.key("before")
        writer.record(row, 11)
        writer.key("after")
        writer.record(row, 12)
        writer.endObject()
        return JSONBytes(writer.bytes)
    }
}

extension JSONWriter {
    /// A record as the triggers wrote it. It is read as text: what another program wrote as broken
    /// UTF-8 is mended, and stops nothing.
    fileprivate mutating func record(_ row: Row, _ column: Int) {
        guard let text = row.optionalText(column) else { return null() }
        raw(JSONBytes(Array(text.utf8)))
    }
}

/// `DeliverEvents` with the events in bytes already.
struct EventBatch: Call {
    typealias Response = Done
    static let path = DeliverEvents.path
    let events: [JSONBytes]

    init(events: [JSONBytes]) { self.events = events }

    init(json reader: inout JSONReader) throws(JSONError) {
        events = try DeliverEvents(json: &reader).events.map {
            JSONBytes(JSONCoder.encode($0).bytes)
        }
    }

    func write(json writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("events")
        writer.beginArray()
        for event in events { writer.raw(event) }
        writer.endArray()
        writer.endObject()
    }
}
