import Contracts
import Database
import JSON

/// A database that is asked in SQL.
struct SQLDatabase: ExternalDatabase {
    let source: any ForeignSource

    func columns(of table: String) async throws -> [ForeignColumn]? {
        try await source.columns(of: table)
    }

    func table(_ definition: SyncDefinition, _ columns: SyncColumns) -> any ExternalTable {
        SQLTable(source, definition, columns)
    }

    func close() { source.close() }
}

/// A table of a database that is asked in SQL.
struct SQLTable: ExternalTable {
    let source: any ForeignSource
    let statements: SQLStatements
    let reading: RowReading

    init(_ source: any ForeignSource, _ definition: SyncDefinition, _ columns: SyncColumns) {
        self.source = source
        changes = definition.cursor == nil ? .none : .byCursor
        let name = definition.source.table
        reading = RowReading(keys: columns.keys, columns: columns.columns)
        let terms = columns.keys.map { key in
            KeyTerm(source.dialect, key, columns.theirs.first { $0.name == key.theirs })
        }
        statements = SQLStatements(
            dialect: source.dialect, table: name, keys: terms,
            columns: columns.columns.map(\.theirs), cursor: definition.cursor)
        isKeyUnique = columns.keys.contains { key in
            columns.theirs.contains { $0.name == key.theirs && $0.isUnique }
        }
    }

    private let isKeyUnique: Bool
    let changes: ExternalTableChanges

    private var isWatched: Bool { source.dialect.hasOwnOrder }

    func close() { source.close() }

    func count() async throws -> (rows: Int, keyless: Int) {
        let counts = try await source.read { [statements] session in
            try session.first(statements.count) { ($0.integer(0), $0.integer(1)) } ?? (0, 0)
        }
        return (Int(counts.0), Int(counts.1 &- counts.0))
    }

    func repeatedKey() async throws -> SyncKey? {
        if isKeyUnique { return nil }
        return try await source.read { [statements, reading] session in
            try session.first(statements.repeated) { reading.rawKey($0) } ?? nil
        }
    }

    func buckets(after: SyncKey?, count: Int, rows: Int) async throws -> [ExternalBucket] {
        try await source.read { [statements, reading, isWatched] session in
            var buckets: [ExternalBucket] = []
            var bucket = ExternalBucket()
            var (inBucket, total) = (0, 0)
            var order = KeyOrder()
            try session.each(
                statements, reading, after: after, through: nil, limit: count * rows
            ) { row in
                if let hash = reading.hash(row) {
                    bucket.sum.add(hash)
                } else {
                    bucket.refused += 1
                }
                if isWatched { try order.check(reading.rawKey(row)) }
                inBucket += 1
                total += 1
                if inBucket == rows {
                    bucket.through = reading.rawKey(row)
                    buckets.append(bucket)
                    bucket = ExternalBucket()
                    inBucket = 0
                }
                return true
            }
            if total < count * rows { buckets.append(bucket) }
            return buckets
        }
    }

    func rows(after: SyncKey?, through: SyncKey?, limit: Int) async throws -> ExternalRows {
        try await source.read { [statements, reading, isWatched] session in
            var result = ExternalRows()
            var order = KeyOrder()
            var last: SyncKey?
            var count = 0
            try session.each(
                statements, reading, after: after, through: through, limit: limit
            ) { row in
                count += 1
                last = reading.rawKey(row)
                if isWatched { try order.check(last) }
                result.append(reading.row(row))
                // It can be gone on only after a key.
                return last == nil || !result.isFull(of: limit)
            }
            // There may be more, if only nothing.
            if count == limit || result.isFull(of: limit), last != through { result.cut = last }
            return result
        }
    }

    func rows(_ keys: [SyncKey]) async throws -> ExternalRows {
        try await source.read { [statements, reading] session in
            var result = ExternalRows()
            result.left = keys
            while !result.left.isEmpty, !result.isFull(of: SyncWork.pageRows) {
                let part = Array(result.left.prefix(SQLStatements.keyLimit))
                result.left.removeFirst(part.count)
                try session.eachRow(of: part, statements, reading, locking: false) { row, _ in
                    result.append(reading.row(row))
                }
            }
            return result
        }
    }

    func changes(from place: SyncCursor, limit: Int) async throws -> ExternalChanges {
        try await source.read { [statements, reading] session in
            var changes = ExternalChanges()
            var count = 0
            let (sql, values) = statements.changes(from: place, limit: limit)
            try session.each(sql, values) { row in
                count += 1
                let cursor = row.value(reading.keys.count + reading.columns.count)
                changes.place = SyncCursor(value: cursor, key: reading.rawKey(row))
                changes.rows.append(reading.row(row))
                return !changes.rows.isFull(of: limit)
            }
            changes.more = count == limit || changes.rows.isFull(of: limit)
            return changes
        }
    }

    func lastCursor() async throws -> SyncCursor? {
        let value = try await source.read { [statements] session in
            try session.first(statements.lastCursor) { $0.value(0) } ?? .null
        }
        return value == .null ? nil : SyncCursor(value: value)
    }
}

/// Keys as they come, of engines whose order may not be ours.
private struct KeyOrder {
    private var last: SyncKey?

    mutating func check(_ key: SyncKey?) throws(ForeignError) {
        defer { last = key }
        guard let last, let key, key < last else { return }
        throw .unusable(
            "it has \(last.text) before \(key.text): texts are keys only where their order is that"
                + " of their bytes. Use a key of whole numbers, or a binary collation")
    }
}

extension ForeignSession {
    func first<T>(
        _ sql: String, _ values: [SQLValue] = [], _ map: (any ForeignRow) throws -> T
    ) throws -> T? {
        var answer: T?
        try each(sql, values) { row in
            answer = try map(row)
            return false
        }
        return answer
    }

    /// The rows of a range in their order.
    func each(
        _ statements: SQLStatements, _ reading: RowReading, after: SyncKey?, through: SyncKey?,
        limit: Int, _ body: (any ForeignRow) throws -> Bool
    ) throws {
        guard statements.isFollowed, through == nil else {
            let (sql, values) = statements.range(after: after, through: through, limit: limit)
            return try each(sql, values, body)
        }
        let (sql, values) = statements.range(after: after, through: nil, limit: nil)
        try follow(
            sql, values, from: after?.json.text ?? "", rows: limit,
            place: { reading.rawKey($0)?.json.text ?? "" }, body)
    }

    /// The rows of some keys, with their keys.
    func eachRow(
        of keys: [SyncKey], _ statements: SQLStatements, _ reading: RowReading, locking: Bool,
        _ body: (any ForeignRow, SyncKey) throws -> Void
    ) throws {
        var rest = keys[...]
        while !rest.isEmpty {
            let part = rest.prefix(SQLStatements.keyLimit)
            rest = rest.dropFirst(part.count)
            let wanted = Set(part)
            let (sql, values) = statements.byKeys(part, locking: locking)
            try each(sql, values) { row in
                if let key = reading.rawKey(row), wanted.contains(key) { try body(row, key) }
                return true
            }
        }
    }
}

extension ExternalRows {
    mutating func append(_ row: RowReading.Result) {
        switch row {
        case .row(let row):
            rows.append(row)
            for case .text(let text) in row.values { bytes += text.utf8.count }
        case .refused(let row): refused.append(row)
        }
    }
}
