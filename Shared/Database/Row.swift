import CSQLite

/// A row, valid within the closure that got it. Columns count from 0.
public struct Row {
    let statement: OpaquePointer

    public func integer(_ column: Int) -> Int64 { sqlite3_column_int64(statement, Int32(column)) }
    public func optionalInteger(_ column: Int) -> Int64? {
        isNull(column) ? nil : integer(column)
    }
    public func double(_ column: Int) -> Double { sqlite3_column_double(statement, Int32(column)) }
    public func text(_ column: Int) -> String {
        withText(column) { String(decoding: $0, as: UTF8.self) }
    }
    public func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }
    public func blob(_ column: Int) -> [UInt8] {
        guard let start = sqlite3_column_blob(statement, Int32(column)) else { return [] }
        let count = Int(sqlite3_column_bytes(statement, Int32(column)))
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }
    public func boolean(_ column: Int) -> Bool { integer(column) != 0 }
    public func isNull(_ column: Int) -> Bool {
        sqlite3_column_type(statement, Int32(column)) == SQLITE_NULL
    }
    public func value(_ column: Int) -> SQLValue {
        switch sqlite3_column_type(statement, Int32(column)) {
        case SQLITE_INTEGER: .integer(integer(column))
        case SQLITE_FLOAT: .real(double(column))
        case SQLITE_TEXT: .text(text(column))
        case SQLITE_BLOB: .blob(blob(column))
        default: .null
        }
    }
    /// The UTF-8 of a text column without a copy, for the JSON writer.
    public func withText<T>(_ column: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> T)
        rethrows -> T
    {
        let start = sqlite3_column_text(statement, Int32(column))
        let count = Int(sqlite3_column_bytes(statement, Int32(column)))
        return try body(UnsafeBufferPointer(start: start, count: start == nil ? 0 : count))
    }
    public var columnCount: Int { Int(sqlite3_column_count(statement)) }
    public func columnName(_ column: Int) -> String {
        sqlite3_column_name(statement, Int32(column)).map { String(cString: $0) } ?? ""
    }

    /// Appends the value so that no other value of any type has the same bytes: its type, the
    /// length of its content, its content.
    public func appendExactly(_ column: Int, to bytes: inout [UInt8]) {
        let type = sqlite3_column_type(statement, Int32(column))
        bytes.append(UInt8(truncatingIfNeeded: type))
        switch type {
        case SQLITE_NULL: return
        case SQLITE_INTEGER: bytes.appendInteger(UInt64(bitPattern: integer(column)))
        case SQLITE_FLOAT: bytes.appendInteger(double(column).bitPattern)
        default:
            // A text's bytes as they are stored, broken UTF-8 too.
            let start = sqlite3_column_blob(statement, Int32(column))
            let count = Int(sqlite3_column_bytes(statement, Int32(column)))
            bytes.appendInteger(UInt64(count))
            if let start { bytes += UnsafeRawBufferPointer(start: start, count: count) }
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
