import CSQLite

/// A row, valid within the closure that got it. Columns count from 0.
public struct Row {
    enum Source {
        case sqlite(OpaquePointer)
        #if PostgreSQL
            case postgres(PostgresRow)
        #endif
    }

    let source: Source

    init(_ source: Source) { self.source = source }

    public func integer(_ column: Int) -> Int64 {
        switch source {
        case .sqlite(let statement): return sqlite3_column_int64(statement, Int32(column))
        #if PostgreSQL
            case .postgres(let row): return row.integer(column)
        #endif
        }
    }
    public func optionalInteger(_ column: Int) -> Int64? {
        isNull(column) ? nil : integer(column)
    }
    public func double(_ column: Int) -> Double {
        switch source {
        case .sqlite(let statement): return sqlite3_column_double(statement, Int32(column))
        #if PostgreSQL
            case .postgres(let row): return row.double(column)
        #endif
        }
    }
    public func text(_ column: Int) -> String {
        withText(column) { String(decoding: $0, as: UTF8.self) }
    }
    public func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }
    public func blob(_ column: Int) -> [UInt8] {
        switch source {
        case .sqlite(let statement):
            guard let start = sqlite3_column_blob(statement, Int32(column)) else { return [] }
            let count = Int(sqlite3_column_bytes(statement, Int32(column)))
            return Array(UnsafeRawBufferPointer(start: start, count: count))
        #if PostgreSQL
            case .postgres(let row): return row.blob(column)
        #endif
        }
    }
    public func boolean(_ column: Int) -> Bool { integer(column) != 0 }
    public func isNull(_ column: Int) -> Bool {
        switch source {
        case .sqlite(let statement):
            return sqlite3_column_type(statement, Int32(column)) == SQLITE_NULL
        #if PostgreSQL
            case .postgres(let row): return row.isNull(column)
        #endif
        }
    }
    public func value(_ column: Int) -> SQLValue {
        switch source {
        case .sqlite(let statement):
            return switch sqlite3_column_type(statement, Int32(column)) {
            case SQLITE_INTEGER: .integer(integer(column))
            case SQLITE_FLOAT: .real(double(column))
            case SQLITE_TEXT: .text(text(column))
            case SQLITE_BLOB: .blob(blob(column))
            default: .null
            }
        #if PostgreSQL
            case .postgres(let row): return row.value(column)
        #endif
        }
    }
    /// An exact number with decimals, in digits; nil where the value is none. A file has no such.
    public func decimal(_ column: Int) -> String? {
        switch source {
        case .sqlite: return nil
        #if PostgreSQL
            case .postgres(let row): return row.decimal(column)
        #endif
        }
    }
    /// The UTF-8 of a text column without a copy, for the JSON writer.
    public func withText<T>(_ column: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> T)
        rethrows -> T
    {
        switch source {
        case .sqlite(let statement):
            let start = sqlite3_column_text(statement, Int32(column))
            let count = Int(sqlite3_column_bytes(statement, Int32(column)))
            return try body(UnsafeBufferPointer(start: start, count: start == nil ? 0 : count))
        #if PostgreSQL
            case .postgres(let row): return try row.withText(column, body)
        #endif
        }
    }
    public var columnCount: Int {
        switch source {
        case .sqlite(let statement): return Int(sqlite3_column_count(statement))
        #if PostgreSQL
            case .postgres(let row): return row.types.count
        #endif
        }
    }
    public func columnName(_ column: Int) -> String {
        switch source {
        case .sqlite(let statement):
            return sqlite3_column_name(statement, Int32(column)).map { String(cString: $0) } ?? ""
        #if PostgreSQL
            case .postgres(let row): return row.name(column)
        #endif
        }
    }

    /// Appends the value so that no other value of any type has the same bytes: its type, the
    /// length of its content, its content.
    public func appendExactly(_ column: Int, to bytes: inout [UInt8]) {
        switch source {
        case .sqlite(let statement): appendExactly(statement, column, to: &bytes)
        #if PostgreSQL
            case .postgres(let row): Row.appendExactly(row.value(column), to: &bytes)
        #endif
        }
    }

    private func appendExactly(_ statement: OpaquePointer, _ column: Int, to bytes: inout [UInt8]) {
        let type = sqlite3_column_type(statement, Int32(column))
        guard type == SQLITE_TEXT || type == SQLITE_BLOB else {
            return Row.appendExactly(value(column), to: &bytes)
        }
        // A text's bytes as they are stored, broken UTF-8 too.
        let start = sqlite3_column_blob(statement, Int32(column))
        let count = Int(sqlite3_column_bytes(statement, Int32(column)))
        bytes.append(UInt8(truncatingIfNeeded: type))
        bytes.appendInteger(UInt64(count))
        if let start { bytes += UnsafeRawBufferPointer(start: start, count: count) }
    }

    /// The numbers of the types are SQLite's, whatever the engine.
    private static func appendExactly(_ value: SQLValue, to bytes: inout [UInt8]) {
        switch value {
        case .null: bytes.append(UInt8(SQLITE_NULL))
        case .integer(let integer):
            bytes.append(UInt8(SQLITE_INTEGER))
            bytes.appendInteger(UInt64(bitPattern: integer))
        case .real(let real):
            bytes.append(UInt8(SQLITE_FLOAT))
            bytes.appendInteger(real.bitPattern)
        case .text(let text):
            bytes.append(UInt8(SQLITE_TEXT))
            bytes.appendInteger(UInt64(text.utf8.count))
            bytes += text.utf8
        case .blob(let blob):
            bytes.append(UInt8(SQLITE_BLOB))
            bytes.appendInteger(UInt64(blob.count))
            bytes += blob
        }
    }
}

extension [UInt8] {
    fileprivate mutating func appendInteger(_ value: UInt64) {
        for shift in stride(from: 56, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
        }
    }
}
