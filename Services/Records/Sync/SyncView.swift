import Contracts
import Database
import JSON
import RPC

/// What a synchronization reads of a class: a key and some columns of every record.
struct SyncView: Sendable {
    private struct Column: Sendable {
        var sql: String
        var isText: Bool
    }

    private let recordClass: RecordClass
    private let keys: [String]
    private let columns: [Column]

    /// Refuses who may not read every record and all of these columns in each.
    init(
        _ access: ClassAccess, key: [String], columns: [WriteRows.Column],
        _ targets: (FullCode) -> (RecordClass, RowRights)?
    ) throws {
        recordClass = access.recordClass
        guard !key.isEmpty else {
            throw RecordsError.validation([
                FieldProblem(pointer: "/key", code: "required", detail: "Name a key.")
            ])
        }
        guard let read = access.rights.read, read.condition(alias: "r") == nil else {
            throw RecordsError.forbidden(
                "A synchronization needs the right to read every record of \(recordClass.type).")
        }
        let found = try key.map {
            try SyncView.column(WriteRows.Column($0), access, read, targets, isKey: true)
        }
        keys = found.map(\.sql)
        self.columns = found + (try columns.map { try SyncView.column($0, access, read, targets) })
    }

    private static func column(
        _ wanted: WriteRows.Column, _ access: ClassAccess, _ read: RowRights,
        _ targets: (FullCode) -> (RecordClass, RowRights)?, isKey: Bool = false
    ) throws -> Column {
        let code = wanted.code
        if isKey, code == "id" { return Column(sql: "r.id", isText: false) }
        let definition = access.recordClass.definition
        guard let position = access.recordClass.positions[code],
            read.columns[position] == .everywhere
        else {
            throw RecordsError.forbidden(
                "A synchronization needs the right to read the column \(code) of every record of"
                    + " \(access.recordClass.type).")
        }
        let column = definition.columns[position]
        if let by = wanted.by {
            return try meant(column, by, column.target.flatMap(targets))
        }
        let isStored = column.type != .computed && column.type != .file && !column.many
        let isText = ![.integer, .decimal, .boolean, .reference].contains(column.type)
        guard isStored, !isKey || column.type == .integer || isText else {
            throw RecordsError.validation([
                FieldProblem(
                    pointer: isKey ? "/key" : "/columns", code: "unsupported",
                    detail: "The column \(code) cannot be synchronized: it must be stored, of one"
                        + " value, and no file.")
            ])
        }
        return Column(sql: "r." + quoted(code), isText: isText)
    }

    /// What a reference means, told by a column of its record: also of one that was deleted since.
    private static func meant(
        _ column: ColumnDefinition, _ by: String, _ target: (RecordClass, RowRights)?
    ) throws -> Column {
        guard !column.many, let (recordClass, rights) = target,
            let position = recordClass.positions[by], rights.condition(alias: "t") == nil,
            rights.columns[position] == .everywhere,
            recordClass.definition.uniqueKeys.contains([by])
        else {
            throw RecordsError.forbidden(
                "The reference \(column.code) is synchronized by the column \(by) of the class that"
                    + " it refers to: it must be unique, and yours to read in every record.")
        }
        let isNumber = recordClass.definition.columns[position].type == .integer
        return Column(
            sql: "(SELECT t.\(quoted(by)) FROM \(recordClass.table) AS t"
                + " WHERE t.id = r.\(quoted(column.code)))", isText: !isNumber)
    }

    /// The sum of each range.
    func sums(_ connection: Connection, _ call: SumRecords) throws -> RowSums {
        guard call.bounds.count <= SumRecords.rangeLimit else {
            throw RecordsError.tooLarge(
                limit: SumRecords.rangeLimit,
                "One call sums at most \(SumRecords.rangeLimit) ranges.")
        }
        var after = call.after
        return RowSums(
            items: try call.bounds.map { bound in
                let (sql, values) = statement("", after: after, through: bound)
                after = bound
                return RowSums.Item(try sum(connection, sql, values))
            })
    }

    /// The columns, the key first, of the records of a range.
    private func statement(_ before: String, after: JSONValue?, through: JSONValue?) -> (
        sql: String, values: [SQLValue]
    ) {
        let list = columns.map(\.sql).joined(separator: ", ")
        var sql =
            "SELECT \(before)\(list) FROM \(recordClass.table) AS r WHERE r.deleted = 0"
            + recordClass.rows.condition("r")
        var values: [SQLValue] = []
        if let after = stored(after ?? .null) {
            sql += " AND \(tuple) > \(marks)"
            values += after
        } else {
            for key in keys { sql += " AND \(key) IS NOT NULL" }
        }
        if let through = stored(through ?? .null) {
            sql += " AND \(tuple) <= \(marks)"
            values += through
        }
        // A tuple that begins with what is greater is greater, whatever the rest: also nothing.
        if keys.count > 1, after != nil {
            for key in keys { sql += " AND \(key) IS NOT NULL" }
        }
        return (sql, values)
    }

    private var order: String { keys.joined(separator: ", ") }
    private var tuple: String { keys.count == 1 ? keys[0] : "(\(keys.joined(separator: ", ")))" }
    private var marks: String {
        keys.count == 1 ? "?" : "(\(repeatElement("?", count: keys.count).joined(separator: ", ")))"
    }

    /// The records of a range or of some keys.
    func rows(_ connection: Connection, _ call: StoredRows) throws -> JSONBytes {
        var page = Page()
        page.writer.beginObject()
        page.writer.key("items")
        page.writer.beginArray()
        guard (call.keys?.count ?? 0) <= StoredRows.keyLimit else {
            throw RecordsError.tooLarge(
                limit: StoredRows.keyLimit, "One call names at most \(StoredRows.keyLimit) keys.")
        }
        if let keys = call.keys {
            try read(connection, keys: keys, &page)
        } else {
            let (sql, values) = statement(
                "r.id, r.version, ", after: call.after, through: call.through)
            try read(
                connection, sql + " ORDER BY \(order) LIMIT \(StoredRows.limit + 1)", values, &page)
        }
        page.writer.endArray()
        page.writer.key("more")
        page.writer.boolean(page.isFull)
        page.writer.endObject()
        return JSONBytes(page.writer.bytes)
    }

    func read(_ connection: Connection, keys: [JSONValue], _ page: inout Page) throws {
        let (sql, _) = statement("r.id, r.version, ", after: nil, through: nil)
        for case let values? in keys.map(stored) where !page.isFull {
            try read(connection, sql + " AND \(tuple) = \(marks)", values, &page)
        }
    }

    struct Page {
        static let bytesLimit = 8 << 20
        var writer = JSONWriter(capacity: 64 << 10)
        var count = 0
        var isFull = false
    }

    private func read(
        _ connection: Connection, _ sql: String, _ values: [SQLValue], _ page: inout Page
    ) throws {
        try connection.each(sql, values) { row in
            guard page.count < StoredRows.limit, page.writer.bytes.count < Page.bytesLimit else {
                page.isFull = true
                return false
            }
            page.count += 1
            page.writer.beginArray()
            page.writer.integer(row.integer(0))
            page.writer.integer(row.integer(1))
            for (index, column) in columns.enumerated() {
                if row.isNull(index + 2) {
                    page.writer.null()
                } else if column.isText {
                    row.withText(index + 2) { page.writer.string(utf8: $0) }
                } else {
                    page.writer.integer(row.integer(index + 2))
                }
            }
            page.writer.endArray()
            return true
        }
    }

    private func sum(_ connection: Connection, _ sql: String, _ values: [SQLValue]) throws
        -> RowSum
    {
        var sum = RowSum()
        try connection.each(sql, values) { row in
            sum.add(hash(row))
            return true
        }
        return sum
    }

    /// The fingerprint of a row of the columns alone.
    func hash(_ row: Row) -> UInt64 {
        var hash = RowHash()
        for index in columns.indices {
            if row.isNull(index) {
                hash.null()
            } else if columns[index].isText {
                row.withText(index) { hash.text($0) }
            } else {
                hash.integer(row.integer(index))
            }
        }
        return hash.value
    }

    /// The key of such a row.
    func key(_ row: Row) -> JSONValue {
        let parts = keys.indices.map { SyncView.json(row.value($0)) ?? .null }
        return parts.count == 1 ? parts[0] : .array(parts)
    }

    /// Records behind a key, in the order of their keys.
    func each(
        _ connection: Connection, after: JSONValue?, limit: Int,
        _ body: (Row) throws -> Void
    ) throws {
        let (sql, values) = statement("", after: after, through: nil)
        try connection.each(sql + " ORDER BY \(order) LIMIT \(limit)", values) { row in
            try body(row)
            return true
        }
    }

    /// The values of a key; nil where it is none.
    private func stored(_ key: JSONValue) -> [SQLValue]? {
        let values = (keys.count == 1 ? [key] : key.array ?? []).compactMap { part -> SQLValue? in
            switch part {
            case .string(let text): .text(text)
            case .number(let number): number.integer.map { .integer($0) }
            case .null, .boolean, .array, .object: nil
            }
        }
        return values.count == keys.count ? values : nil
    }

    /// The keys of what was committed after a position.
    func changed(
        _ connection: Connection, key codes: [String], after: Int64?, limit: Int = ChangedKeys.limit
    ) throws -> ChangedKeyList {
        let last = try connection.count("SELECT coalesce(max(seq), 0) FROM change_log")
        let isUnknown = !recordClass.definition.history
        guard let after, !isUnknown else {
            return ChangedKeyList(keys: [], position: last, more: false, unknown: isUnknown)
        }
        var keys: [JSONValue] = []
        var known: Set<JSONValue> = []
        var position = after
        var count = 0
        let list = codes.map { code in
            ["before", "after"].map { side in
                let value = "json_extract(\(side), ?)"
                let isNumber = recordClass.definition.column(code)?.form == .integer
                return isNumber || code == "id" ? "CAST(\(value) AS BIGINT)" : value
            }.joined(separator: ", ")
        }
        try connection.each(
            """
            SELECT seq, record, \(list.joined(separator: ", ")) FROM change_log \
            WHERE seq > ? AND class IN (\(recordClass.numbersSQL)) AND record > 0 \
            ORDER BY seq LIMIT ?
            """,
            codes.flatMap { [SQLValue.text("$.\"\($0)\""), .text("$.\"\($0)\"")] }
                + [.integer(after), .integer(Int64(limit))]
        ) { row in
            position = row.integer(0)
            count += 1
            for side in 0..<2 {
                let parts = codes.enumerated().compactMap { index, code in
                    SyncView.json(row.value(code == "id" ? 1 : 2 + 2 * index + side))
                }
                guard parts.count == codes.count else { continue }
                let key = parts.count == 1 ? parts[0] : .array(parts)
                if known.insert(key).inserted { keys.append(key) }
            }
            return true
        }
        let more = count == limit
        return ChangedKeyList(
            keys: keys, position: more ? position : max(position, last), more: more,
            unknown: false)
    }

    private static func json(_ value: SQLValue) -> JSONValue? {
        switch value {
        case .integer(let integer): .number(JSONNumber(integer))
        case .text(let text): .string(text)
        case .null, .real, .blob: nil
        }
    }
}

extension RecordStore {
    /// How long the ranges of one call may take.
    static let sumTime = Duration.seconds(60)

    func sums(_ call: SumRecords, _ context: CallContext) async throws -> RowSums {
        try await current { snapshot in
            let view = try SyncView(
                snapshot.access(call.type, context, purpose: RecordStore.purpose(call.export)),
                key: call.key, columns: call.columns, snapshot.targets(for: context))
            return try await database.read(within: RecordStore.sumTime) {
                try view.sums($0, call)
            }
        }
    }

    func storedRows(_ call: StoredRows, _ context: CallContext) async throws -> JSONBytes {
        try await current { snapshot in
            let view = try SyncView(
                snapshot.access(call.type, context, purpose: RecordStore.purpose(call.export)),
                key: call.key, columns: call.columns, snapshot.targets(for: context))
            return try await database.read(within: RecordStore.sumTime) {
                try view.rows($0, call)
            }
        }
    }

    private static func purpose(_ export: Bool?) -> ClassRights.Purpose? {
        export == true ? .exporting : nil
    }

    func changedKeys(_ call: ChangedKeys, _ context: CallContext) async throws -> ChangedKeyList {
        try await current { snapshot in
            let access = try snapshot.access(call.type, context)
            let view = try SyncView(
                access, key: call.key, columns: [], snapshot.targets(for: context))
            return try await database.read {
                try view.changed($0, key: call.key, after: call.after)
            }
        }
    }
}
