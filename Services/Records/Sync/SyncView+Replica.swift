import Contracts
import Database
import JSON
import RPC

/// What another instance copies a class by.
extension SyncView {
    /// Changes that one answer looks at: fewer where their records are too large for it.
    private static let changeLimits = [ChangedKeys.limit, 100, 10, 1]

    /// The checksums of consecutive ranges of so many records.
    func ranges(_ connection: Connection, _ call: ReadReplica) throws -> JSONBytes {
        let (count, rows) = (
            min(max(1, call.count ?? 1), ReadReplica.rangeLimit),
            min(max(1, call.rows ?? ReadReplica.rowLimit), ReadReplica.rowLimit)
        )
        var writer = JSONWriter(capacity: 64 * count)
        writer.beginObject()
        writer.key("items")
        writer.beginArray()
        var (sum, total) = (RowSum(), 0)
        func end(_ through: JSONValue) {
            writer.beginObject()
            writer.key("through")
            writer.value(through)
            let item = RowSums.Item(sum)
            writer.key("count")
            writer.integer(item.count)
            writer.key("sum")
            // As a text: no other reader loses digits of it.
            writer.string(String(item.sum))
            writer.endObject()
            sum = RowSum()
        }
        try each(connection, after: call.after, limit: count * rows) { row in
            sum.add(hash(row))
            total += 1
            if total % rows == 0 { end(key(row)) }
        }
        if total < count * rows { end(.null) }
        writer.endArray()
        writer.endObject()
        return JSONBytes(writer.bytes)
    }

    /// The records whose changes were committed after a position.
    func changes(_ connection: Connection, _ call: ReadReplica) throws -> JSONBytes {
        for limit in SyncView.changeLimits {
            let changed = try changed(
                connection, key: call.key, after: call.position, limit: limit)
            var page = Page()
            page.writer.beginObject()
            page.writer.key("items")
            page.writer.beginArray()
            try read(connection, keys: changed.keys, &page)
            if page.isFull, limit > 1 { continue }
            page.writer.endArray()
            page.writer.key("position")
            page.writer.integer(changed.position)
            page.writer.key("more")
            page.writer.boolean(changed.more)
            page.writer.key("unknown")
            page.writer.boolean(changed.unknown)
            page.writer.endObject()
            return JSONBytes(page.writer.bytes)
        }
        throw RecordsError.tooLarge(limit: Page.bytesLimit, "A record is too large to be copied.")
    }
}

extension RecordStore {
    func replica(_ call: ReadReplica, _ context: CallContext) async throws -> JSONBytes {
        try await current { snapshot in
            let access = try snapshot.access(call.type, context, purpose: .exporting)
            if call.part == .columns {
                return JSONBytes(JSONCoder.encode(try snapshot.describe(call.type, context)).bytes)
            }
            let view = try SyncView(
                access, key: call.key, columns: call.columns, snapshot.targets(for: context))
            return try await database.read(within: RecordStore.sumTime) { connection in
                switch call.part {
                case .ranges: return try view.ranges(connection, call)
                case .changes: return try view.changes(connection, call)
                case .rows, .columns:
                    var rows = StoredRows(
                        call.type, key: call.key, columns: call.columns, export: true)
                    rows.after = call.after
                    rows.through = call.through
                    return try view.rows(connection, rows)
                }
            }
        }
    }
}
