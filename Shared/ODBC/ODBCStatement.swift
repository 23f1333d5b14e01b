#if ODBC
    import CODBC
    import Database

    /// A prepared statement.
    final class ODBCStatement {
        /// The most bytes of one value; the driver is asked for so many at a time.
        private static let valueLimit = 64 << 20
        private static let piece = 8 << 10
        /// Characters of a text that is none of the long types.
        private static let textLimit = 4000

        let handle: SQLHSTMT?
        private(set) var columns: [ODBCColumn] = []
        private var isDescribed = false

        init(_ connection: SQLHDBC?, _ sql: String) throws {
            var handle: SQLHSTMT?
            let code = SQLAllocHandle(SQLSMALLINT(SQL_HANDLE_STMT), connection, &handle)
            guard DriverAnswer.isGood(code) else {
                throw DriverAnswer.error(SQL_HANDLE_DBC, connection)
            }
            self.handle = handle
            var text = Array(sql.utf16)
            try check(SQLPrepareW(handle, &text, SQLINTEGER(text.count)))
        }

        deinit { SQLFreeHandle(SQLSMALLINT(SQL_HANDLE_STMT), handle) }

        private func check(_ code: SQLRETURN) throws {
            guard DriverAnswer.isGood(code) || code == SQLRETURN(SQL_NO_DATA) else {
                throw DriverAnswer.error(SQL_HANDLE_STMT, handle)
            }
        }

        /// Runs it; answers the number of rows that it changed.
        func run(_ values: [SQLValue]) throws -> Int {
            defer { reset() }
            try execute(values)
            var count: SQLLEN = 0
            try check(SQLRowCount(handle, &count))
            return max(0, count)
        }

        /// Rows one by one until `body` answers false.
        func each(_ values: [SQLValue], _ body: (ODBCRow) throws -> Bool) throws {
            defer { reset() }
            try execute(values)
            try describe()
            while true {
                let code = SQLFetch(handle)
                if code == SQLRETURN(SQL_NO_DATA) { return }
                try check(code)
                let cells = try columns.enumerated().map { try cell($0 + 1, $1) }
                guard try body(ODBCRow(cells: cells)) else { return }
            }
        }

        private func reset() {
            SQLFreeStmt(handle, SQLUSMALLINT(SQL_CLOSE))
            SQLFreeStmt(handle, SQLUSMALLINT(SQL_RESET_PARAMS))
        }

        func describe() throws {
            guard !isDescribed else { return }
            var count: SQLSMALLINT = 0
            try check(SQLNumResultCols(handle, &count))
            columns = try (0..<SQLUSMALLINT(count)).map { index in
                var name = [SQLWCHAR](repeating: 0, count: 256)
                var (length, type, digits, isNullable):
                    (
                        SQLSMALLINT, SQLSMALLINT, SQLSMALLINT, SQLSMALLINT
                    ) = (0, 0, 0, 0)
                var size: SQLULEN = 0
                try check(
                    SQLDescribeColW(
                        handle, index + 1, &name, SQLSMALLINT(name.count), &length, &type, &size,
                        &digits, &isNullable))
                var isUnsigned: SQLLEN = 0
                SQLColAttribute(
                    handle, index + 1, SQLUSMALLINT(SQL_DESC_UNSIGNED), nil, 0, nil, &isUnsigned)
                return ODBCColumn(
                    name: String(decoding: name.prefix(Int(length)), as: UTF16.self),
                    type: Int(type), size: UInt(size), digits: Int(digits),
                    isUnsigned: isUnsigned != 0)
            }
            isDescribed = true
        }

        // MARK: Values in

        private func execute(_ values: [SQLValue]) throws {
            // What is bound stays where it is until the statement has run.
            var kept: [UnsafeMutableRawPointer] = []
            defer { for pointer in kept { pointer.deallocate() } }
            for (index, value) in values.enumerated() {
                let place = UnsafeMutablePointer<SQLLEN>.allocate(capacity: 1)
                kept.append(UnsafeMutableRawPointer(place))
                try bind(SQLUSMALLINT(index + 1), value, place, &kept)
            }
            try check(SQLExecute(handle))
        }

        private func bind(
            _ number: SQLUSMALLINT, _ value: SQLValue, _ place: UnsafeMutablePointer<SQLLEN>,
            _ kept: inout [UnsafeMutableRawPointer]
        ) throws {
            func bind(
                _ type: Int32, _ sqlType: Int32, _ size: Int, _ bytes: UnsafeRawBufferPointer
            ) throws {
                let copy = UnsafeMutableRawPointer.allocate(
                    byteCount: max(8, bytes.count), alignment: 8)
                copy.copyMemory(
                    from: bytes.baseAddress ?? UnsafeRawPointer(copy), byteCount: bytes.count)
                kept.append(copy)
                try check(
                    SQLBindParameter(
                        handle, number, SQLSMALLINT(SQL_PARAM_INPUT), SQLSMALLINT(type),
                        SQLSMALLINT(sqlType), SQLULEN(size), 0, copy, SQLLEN(bytes.count), place))
            }
            switch value {
            case .null:
                place.pointee = SQLLEN(SQL_NULL_DATA)
                try bind(SQL_C_WCHAR, SQL_WVARCHAR, 1, UnsafeRawBufferPointer(start: nil, count: 0))
            case .integer(let integer):
                place.pointee = 8
                try withUnsafeBytes(of: integer) { try bind(SQL_C_SBIGINT, SQL_BIGINT, 19, $0) }
            case .real(let real):
                place.pointee = 8
                try withUnsafeBytes(of: real) { try bind(SQL_C_DOUBLE, SQL_DOUBLE, 15, $0) }
            case .text(let text):
                let units = Array(text.utf16)
                place.pointee = SQLLEN(2 * units.count)
                let isLong = units.count > ODBCStatement.textLimit
                try units.withUnsafeBytes {
                    try bind(
                        SQL_C_WCHAR, isLong ? SQL_WLONGVARCHAR : SQL_WVARCHAR,
                        max(1, units.count), $0)
                }
            case .blob(let blob):
                place.pointee = SQLLEN(blob.count)
                try blob.withUnsafeBytes {
                    try bind(SQL_C_BINARY, SQL_LONGVARBINARY, max(1, blob.count), $0)
                }
            }
        }

        // MARK: Values out

        private func cell(_ number: Int, _ column: ODBCColumn) throws -> ODBCCell {
            switch column.kind {
            case .integer:
                return try fixed(number, SQL_C_SBIGINT, Int64(0)).map { .integer($0) } ?? .null
            case .real: return try fixed(number, SQL_C_DOUBLE, 0.0).map { .real($0) } ?? .null
            case .moment:
                return try fixed(number, SQL_C_TYPE_TIMESTAMP, SQL_TIMESTAMP_STRUCT()).map {
                    .text(Array(ODBCStatement.text($0).utf8))
                } ?? .null
            case .binary:
                return try bytes(number, SQL_C_BINARY, ending: 0).map { .blob($0) } ?? .null
            case .text, .padded:
                guard let bytes = try bytes(number, SQL_C_WCHAR, ending: 2) else { return .null }
                var text = bytes.withUnsafeBytes { bytes in
                    Array(String(decoding: bytes.bindMemory(to: UInt16.self), as: UTF16.self).utf8)
                }
                if column.kind == .padded {
                    while text.last == UInt8(ascii: " ") { text.removeLast() }
                }
                return .text(text)
            }
        }

        private func fixed<T: BitwiseCopyable>(_ number: Int, _ type: Int32, _ zero: T) throws -> T?
        {
            var (value, length): (T, SQLLEN) = (zero, 0)
            try check(
                SQLGetData(
                    handle, SQLUSMALLINT(number), SQLSMALLINT(type), &value,
                    SQLLEN(MemoryLayout<T>.size), &length))
            return length == SQLLEN(SQL_NULL_DATA) ? nil : value
        }

        /// A value of any length, piece by piece; each ends with so many bytes of nothing.
        private func bytes(_ number: Int, _ type: Int32, ending: Int) throws -> [UInt8]? {
            var bytes: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: ODBCStatement.piece + ending)
            while true {
                var length: SQLLEN = 0
                let code = SQLGetData(
                    handle, SQLUSMALLINT(number), SQLSMALLINT(type), &piece, SQLLEN(piece.count),
                    &length)
                if code == SQLRETURN(SQL_NO_DATA) { return bytes }
                try check(code)
                if length == SQLLEN(SQL_NULL_DATA) { return nil }
                let isWhole = length >= 0 && length <= ODBCStatement.piece
                bytes += piece.prefix(isWhole ? Int(length) : ODBCStatement.piece)
                if isWhole { return bytes }
                guard bytes.count <= ODBCStatement.valueLimit else {
                    throw ODBCError(
                        state: "54000",
                        "a value has more than \(ODBCStatement.valueLimit >> 20) MiB")
                }
            }
        }

        private static func text(_ time: SQL_TIMESTAMP_STRUCT) -> String {
            func padded(_ number: Int, _ width: Int) -> String {
                let digits = String(number)
                return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
            }
            let date = [
                padded(Int(time.year), 4), padded(Int(time.month), 2), padded(Int(time.day), 2),
            ].joined(separator: "-")
            let clock = [time.hour, time.minute, time.second].map { padded(Int($0), 2) }
                .joined(separator: ":")
            let nanoseconds = Int(time.fraction)
            guard nanoseconds > 0 else { return "\(date) \(clock)" }
            return "\(date) \(clock).\(padded(nanoseconds / 1000, 6))"
        }
    }
#endif
