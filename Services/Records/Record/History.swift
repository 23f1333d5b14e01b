import Contracts
import Database
import JSON
import ServiceRuntime

/// The change log of one record, as far as the reader may read the record's columns.
struct History {
    /// Entries of one answer, the newest that there are, and their bytes.
    static let entryLimit = 1000
    static let bytesLimit = 8 << 20

    let access: ClassAccess
    /// What holds for the record of what the reader's grants ask of rows.
    let held: [RowPredicate]

    private static let columns =
        "seq, version, operation, time, account, door, root, via, before, after"

    /// `{"items": […]}`, oldest first; `truncated` where older ones were left out.
    func answer(_ connection: Connection, id: Int64) throws -> JSONBytes {
        var entries: [JSONBytes] = []
        var bytes = 0
        var isTruncated = false
        try connection.each(
            """
            SELECT \(History.columns) FROM change_log \
            WHERE class IN (\(access.recordClass.numbersSQL)) AND record = ? AND kept = 1 \
            ORDER BY seq DESC
            """, [.integer(id)]
        ) { row in
            let entry = try entry(row)
            bytes += entry.bytes.count
            if entries.count == History.entryLimit || bytes > History.bytesLimit {
                isTruncated = true
                return false
            }
            entries.append(entry)
            return true
        }
        var writer = JSONWriter(capacity: bytes + 64)
        writer.beginObject()
        writer.key("items")
        writer.beginArray()
        for entry in entries.reversed() { writer.raw(entry) }
        writer.endArray()
        if isTruncated {
            writer.key("truncated")
            writer.boolean(true)
        }
        writer.endObject()
        return JSONBytes(writer.bytes)
    }

    private func entry(_ row: Row) throws -> JSONBytes {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("version")
        writer.integer(row.integer(1))
        for (key, column) in [("operation", 2), ("time", 3), ("account", 4), ("door", 5)] {
            writer.key(key)
            writer.string(row.text(column))
        }
        let root = ChangeLog.root(row.text(6), door: row.text(5), seq: row.integer(0))
        let via = row.text(7)
        writer.key("cause")
        writer.string(via.isEmpty ? root : via)
        writer.key("root")
        writer.string(root)
        writer.key("changes")
        writer.beginArray()
        for change in try changes(row, before: 8, after: 9) {
            writer.beginObject()
            writer.key("column")
            writer.string(change.column)
            writer.key("old")
            writer.value(change.old)
            writer.key("new")
            writer.value(change.new)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return JSONBytes(writer.bytes)
    }

    struct Change {
        var column: String
        var old: JSONValue
        var new: JSONValue
    }

    /// What differs, in the order of the class's columns; deleting and restoring change no column.
    private func changes(_ row: Row, before: Int, after: Int) throws -> [Change] {
        guard let new = try row.optionalText(after).map(History.parse) else { return [] }
        let old = try row.optionalText(before).map(History.parse) ?? .null
        return readable.compactMap { code in
            let change = Change(
                column: code, old: old[code] ?? .null, new: new[code] ?? .null)
            return change.old == change.new ? nil : change
        }
    }

    private static func parse(_ text: String) throws -> JSONValue {
        try JSONValue(parsing: Array(text.utf8))
    }

    private var readable: [String] {
        let columns = access.recordClass.definition.columns
        return columns.indices.filter {
            access.rights.read?.covers(column: $0, held) ?? false
        }.map { columns[$0].code }
    }

    /// The columns that later versions than `version` changed, for someone whose copy is stale.
    func columnsChanged(
        _ connection: Connection, id: Int64, since version: Int64
    ) throws -> [String] {
        var codes: Set<String> = []
        try connection.each(
            """
            SELECT before, after FROM change_log \
            WHERE class IN (\(access.recordClass.numbersSQL)) AND record = ? AND version > ? \
            AND operation = 'change' ORDER BY seq DESC LIMIT \(History.entryLimit)
            """, [.integer(id), .integer(version)]
        ) { row in
            for change in try changes(row, before: 0, after: 1) { codes.insert(change.column) }
            return true
        }
        return readable.filter { codes.contains($0) }
    }
}
