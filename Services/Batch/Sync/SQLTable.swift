import Contracts
import Database
import JSON

/// A table of a database that is asked in SQL.
struct SQLTable: ExternalTable {
    let source: any ForeignSource
    let name: String
    let statements: SQLStatements
    let reading: RowReading

    init(
        _ source: any ForeignSource, table: String, key: SyncColumn, columns: [SyncColumn],
        cursor: String?, declared: [ForeignColumn]
    ) {
        self.source = source
        name = table
        reading = RowReading(key: key, columns: columns)
        let affinity = declared.first { $0.name == key.theirs }?.affinity ?? .other
        statements = SQLStatements(
            dialect: source.dialect, table: table, key: key, keyAffinity: affinity,
            columns: columns.map(\.theirs), cursor: cursor)
        isKeyUnique = declared.first { $0.name == key.theirs }?.isUnique ?? false
    }

    private let isKeyUnique: Bool

    func close() { source.close() }

    func columns() async throws -> [ForeignColumn]? { try await source.columns(of: name) }

    func count() async throws -> (rows: Int, keyless: Int) {
        let counts = try await source.read { [statements] session in
            try session.first(statements.count) { ($0.integer(0), $0.integer(1)) } ?? (0, 0)
        }
        return (Int(counts.0), Int(counts.1 - counts.0))
    }

    func repeatedKey() async throws -> SyncKey? {
        if isKeyUnique { return nil }
        return try await source.read { [statements, reading] session in
            try session.first(statements.repeated) { reading.rawKey($0) } ?? nil
        }
    }

    func buckets(after: SyncKey?, count: Int, rows: Int) async throws -> [ExternalBucket] {
        try await source.read { [statements, reading] session in
            var buckets: [ExternalBucket] = []
            var bucket = ExternalBucket()
            var (inBucket, total) = (0, 0)
            let (sql, values) = statements.range(after: after, through: nil, limit: count * rows)
            try session.each(sql, values) { row in
                if let hash = reading.hash(row) {
                    bucket.sum.add(hash)
                } else {
                    bucket.refused += 1
                }
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
        try await source.read { [statements, reading] session in
            var result = ExternalRows()
            var last: SyncKey?
            var count = 0
            let (sql, values) = statements.range(
                after: after, through: through, limit: limit + 1)
            try session.each(sql, values) { row in
                guard count < limit else {
                    result.cut = last
                    return false
                }
                count += 1
                last = reading.rawKey(row)
                result.append(reading.row(row))
                return true
            }
            return result
        }
    }

    func rows(_ keys: [SyncKey]) async throws -> ExternalRows {
        try await source.read { [statements, reading] session in
            var result = ExternalRows()
            for key in keys {
                try session.each(statements.byKey, [statements.bound(key)]) { row in
                    result.append(reading.row(row))
                    return true
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
                let cursor = row.value(reading.columns.count + 1)
                changes.place = SyncCursor(value: cursor, key: reading.rawKey(row))
                changes.rows.append(reading.row(row))
                return true
            }
            changes.more = count == limit
            return changes
        }
    }

    func lastCursor() async throws -> SyncCursor? {
        let value = try await source.read { [statements] session in
            try session.first(statements.lastCursor) { $0.value(0) } ?? .null
        }
        return value == .null ? nil : SyncCursor(value: value)
    }

    func apply(_ writes: [ExternalWrite]) async throws -> [ExternalEffect] {
        try await source.write { session in try writes.map { try effect(of: $0, session) } }
    }

    private func effect(of write: ExternalWrite, _ session: any ForeignSession) throws
        -> ExternalEffect
    {
        let key = statements.bound(write.row.key)
        let standing = try session.first(statements.byKey, [key]) { reading.hash($0) ?? 0 }
        guard standing == write.expected else { return .stale }
        let values = zip(reading.columns, write.row.values).map { $0.sql($1) }
        do {
            switch write.kind {
            case .insert: try session.run(statements.insert, [key] + values)
            case .update: try session.run(statements.update, values + [key])
            case .delete: try session.run(statements.delete, [key])
            }
            return .done
        } catch {
            guard case .constraint(let message) = ForeignError(error) else { throw error }
            return .refused(message)
        }
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
}

extension ExternalRows {
    mutating func append(_ row: RowReading.Result) {
        switch row {
        case .row(let row): rows.append(row)
        case .refused(let row): refused.append(row)
        }
    }
}

/// How a row of theirs becomes one of ours: the key is its first column.
struct RowReading: Sendable {
    let key: SyncColumn
    let columns: [SyncColumn]

    enum Result {
        case row(SyncRow)
        case refused(ExternalRows.Refused)
    }

    /// The key as it stands, good or not: in its order.
    func rawKey(_ row: any ForeignRow) -> SyncKey? {
        switch row.value(0) {
        case .integer(let integer): .integer(integer)
        case .text(let text): .text(text)
        case .null, .real, .blob: nil
        }
    }

    /// A key is the same on both sides to the letter, so that both have one order.
    private func goodKey(_ row: any ForeignRow) throws(RowRefused) -> SyncKey {
        let raw = rawKey(row)
        guard let raw, try key.stored(row.value(0)) == raw.value else {
            throw RowRefused("\(key.ours): The key cannot be kept as it is.")
        }
        return raw
    }

    func row(_ row: any ForeignRow) -> Result {
        do throws(RowRefused) {
            let key = try goodKey(row)
            var values: [SyncValue] = []
            values.reserveCapacity(columns.count)
            for (index, column) in columns.enumerated() {
                values.append(try column.stored(row.value(index + 1)))
            }
            return .row(SyncRow(key: key, values: values))
        } catch {
            let raw = rawKey(row)
            return .refused(
                .init(key: raw, row: RefusedRow(key: raw?.text ?? "", reason: error.reason)))
        }
    }

    /// The same fingerprint as the row's, made without the row; nil where it is refused.
    func hash(_ row: any ForeignRow) -> UInt64? {
        var hash = RowHash()
        do throws(RowRefused) {
            if key.form == .integer || key.form == .text {
                try key.feed(row, 0, &hash)
            } else {
                try goodKey(row).value.feed(&hash)
            }
            for index in columns.indices { try columns[index].feed(row, index + 1, &hash) }
            return hash.value
        } catch {
            return nil
        }
    }
}

extension SyncColumn {
    /// What `stored` gives, fed without making it where nothing has to be converted.
    fileprivate func feed(_ row: any ForeignRow, _ index: Int, _ hash: inout RowHash)
        throws(RowRefused)
    {
        switch (row.kind(index), form) {
        case (.null, _): return hash.null()
        case (.integer, .integer): return hash.integer(row.integer(index))
        case (.integer, .decimal(let scale)) where scale <= 4:
            let factors: [Int64] = [1, 10, 100, 1000, 10_000]
            let (product, overflow) = row.integer(index).multipliedReportingOverflow(
                by: factors[scale])
            if !overflow { return hash.integer(product) }
        case (.text, .text), (.text, .date), (.text, .datetime):
            let isFed = row.withText(index) { bytes -> Bool in
                guard SyncColumn.isStored(bytes, form) else { return false }
                hash.text(bytes)
                return true
            }
            if isFed { return }
        default: break
        }
        try stored(row.value(index)).feed(&hash)
    }

    /// Whether the bytes look as Records stores them.
    private static func isStored(_ bytes: UnsafeBufferPointer<UInt8>, _ form: Form) -> Bool {
        func matches(_ pattern: StaticString) -> Bool {
            guard bytes.count == pattern.utf8CodeUnitCount else { return false }
            for index in 0..<bytes.count {
                let wanted = pattern.utf8Start[index]
                let isDigit = bytes[index] &- 0x30 < 10
                guard wanted == 0x30 ? isDigit : bytes[index] == wanted else { return false }
            }
            return true
        }
        switch form {
        case .text: return !bytes.contains(0)
        case .date: return matches("0000-00-00")
        case .datetime: return matches("0000-00-00T00:00:00.000Z")
        default: return false
        }
    }
}
