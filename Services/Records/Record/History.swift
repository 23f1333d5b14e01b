import Contracts
import Crypto
import Database
import JSON
import ServiceRuntime

/// The change log of one record, as far as the reader may read the record's columns.
struct History {
    static let defaultLimit = 50
    static let limitRange = 1...1000
    /// A page ends early when it has this many bytes.
    static let bytesLimit = 8 << 20

    let access: ClassAccess
    /// What holds for the record of what the reader's grants ask of rows.
    let held: [RowPredicate]

    private static let columns =
        "seq, version, operation, time, account, door, root, via, before, after"

    /// `{"items", "next"}`.
    func answer(_ connection: Connection, _ call: RecordHistory) throws -> JSONBytes {
        let limit = call.limit ?? History.defaultLimit
        guard History.limitRange.contains(limit) else {
            throw RecordsError.validation([
                FieldProblem(
                    pointer: "/limit", code: "out-of-range", detail: "This must be 1 to 1000.")
            ])
        }
        let isNewest = call.newest ?? false
        let start = try History.position(call.cursor, isNewest)
        var writer = JSONWriter(capacity: 256 * limit)
        writer.beginObject()
        writer.key("items")
        writer.beginArray()
        var (count, last) = (0, start)
        var isFull = false
        try connection.each(
            """
            SELECT \(History.columns) FROM change_log \
            WHERE class IN (\(access.recordClass.numbersSQL)) AND record = ? AND kept = 1 \
            AND seq \(isNewest ? "<" : ">") ? \
            ORDER BY seq \(isNewest ? "DESC" : "ASC") LIMIT ?
            """,
            [
                .integer(call.id), .integer(start), .integer(Int64(limit) + 1),
            ]
        ) { row in
            if count == limit || writer.bytes.count > History.bytesLimit {
                isFull = true
                return false
            }
            writer.raw(try entry(row))
            (count, last) = (count + 1, row.integer(0))
            return true
        }
        writer.endArray()
        writer.key("next")
        if isFull {
            writer.string(Base64.encodeURL(Array("\(isNewest ? "new" : "old"):\(last)".utf8)))
        } else {
            writer.null()
        }
        writer.endObject()
        return JSONBytes(writer.bytes)
    }

    /// The entry after which a page begins.
    private static func position(_ cursor: String?, _ isNewest: Bool) throws -> Int64 {
        guard let cursor, !cursor.isEmpty else { return isNewest ? Int64.max : 0 }
        let text = Base64.decodeURL(cursor).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == (isNewest ? "new" : "old"),
            let position = Int64(parts[1]), position > 0
        else { throw RecordsError.cursor }
        return position
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
            AND operation = 'change' ORDER BY seq DESC LIMIT \(History.limitRange.upperBound)
            """, [.integer(id), .integer(version)]
        ) { row in
            for change in try changes(row, before: 0, after: 1) { codes.insert(change.column) }
            return true
        }
        return readable.filter { codes.contains($0) }
    }
}
