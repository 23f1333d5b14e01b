import CSQLite

/// A prepared statement of one connection, kept for the next time.
final class Statement {
    let handle: OpaquePointer
    let sql: String
    /// A statement that is being stepped cannot be started again: a nested use gets one of its own.
    var isInUse = false
    /// The connection's tick when it was last used.
    var lastUse: UInt64 = 0

    // SQLite copies what is bound; a Swift string has no address beyond a closure.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    init(_ sql: String, database: OpaquePointer) throws(DatabaseError) {
        var handle: OpaquePointer?
        let code = sqlite3_prepare_v3(
            database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard code == SQLITE_OK else {
            throw DatabaseError(code: code, handle: database, sql: sql)
        }
        guard let handle else {
            throw DatabaseError.failed(
                code: Int(SQLITE_MISUSE), message: "the statement is empty", sql: sql)
        }
        self.handle = handle
        self.sql = sql
    }

    deinit { sqlite3_finalize(handle) }

    func bind(_ values: [SQLValue], database: OpaquePointer) throws(DatabaseError) {
        guard values.count == Int(sqlite3_bind_parameter_count(handle)) else {
            throw DatabaseError.failed(
                code: Int(SQLITE_RANGE),
                message: "\(values.count) values for \(sqlite3_bind_parameter_count(handle)) marks",
                sql: sql)
        }
        for index in values.indices {
            let code = bind(values[index], at: Int32(index + 1))
            guard code == SQLITE_OK else {
                throw DatabaseError(code: code, handle: database, sql: sql)
            }
        }
    }

    private func bind(_ value: SQLValue, at index: Int32) -> Int32 {
        switch value {
        case .null: return sqlite3_bind_null(handle, index)
        case .integer(let integer): return sqlite3_bind_int64(handle, index, integer)
        case .real(let real): return sqlite3_bind_double(handle, index, real)
        case .text(var text):
            return text.withUTF8 { utf8 in
                utf8.withMemoryRebound(to: CChar.self) { characters in
                    // A nil start would bind NULL.
                    characters.isEmpty
                        ? sqlite3_bind_text(handle, index, "", 0, Statement.transient)
                        : sqlite3_bind_text64(
                            handle, index, characters.baseAddress, UInt64(characters.count),
                            Statement.transient, UInt8(SQLITE_UTF8))
                }
            }
        case .blob(let bytes):
            return bytes.withUnsafeBytes { raw in
                raw.isEmpty
                    ? sqlite3_bind_zeroblob(handle, index, 0)
                    : sqlite3_bind_blob64(
                        handle, index, raw.baseAddress, UInt64(raw.count), Statement.transient)
            }
        }
    }
}
