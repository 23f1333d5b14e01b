#if ODBC
    import CODBC
    import Database

    /// A column of a result as it is read.
    struct ODBCColumn {
        enum Kind { case integer, real, text, padded, binary, moment }

        var name: String
        var kind: Kind
        var type: Int

        /// Numbers of so many digits without decimals are whole numbers here.
        private static let integerDigits = 18

        init(name: String, type: Int, size: UInt, digits: Int, isUnsigned: Bool) {
            self.name = name
            self.type = type
            switch Int32(type) {
            case SQL_TINYINT, SQL_SMALLINT, SQL_INTEGER, SQL_BIT: kind = .integer
            case SQL_BIGINT: kind = isUnsigned ? .text : .integer
            case SQL_DECIMAL, SQL_NUMERIC:
                kind = digits == 0 && size <= ODBCColumn.integerDigits ? .integer : .text
            case SQL_REAL, SQL_FLOAT, SQL_DOUBLE: kind = .real
            case SQL_BINARY, SQL_VARBINARY, SQL_LONGVARBINARY: kind = .binary
            case SQL_TYPE_TIMESTAMP: kind = .moment
            case SQL_CHAR, SQL_WCHAR: kind = .padded
            default: kind = .text
            }
        }

        var affinity: ForeignColumn.Affinity {
            if kind == .integer { return .integer }
            let texts = [SQL_VARCHAR, SQL_WVARCHAR]
            return texts.contains(Int32(type)) ? .text : .other
        }
    }

    enum ODBCCell {
        case null
        case integer(Int64)
        case real(Double)
        /// UTF-8.
        case text([UInt8])
        case blob([UInt8])
    }

    /// A row that was read whole: drivers give columns once, and in their order.
    struct ODBCRow: ForeignRow {
        let cells: [ODBCCell]

        func kind(_ column: Int) -> ForeignKind {
            switch cells[column] {
            case .null: .null
            case .integer: .integer
            case .real: .real
            case .text: .text
            case .blob: .blob
            }
        }

        func integer(_ column: Int) -> Int64 {
            if case .integer(let integer) = cells[column] { return integer }
            return 0
        }

        func value(_ column: Int) -> SQLValue {
            switch cells[column] {
            case .null: .null
            case .integer(let integer): .integer(integer)
            case .real(let real): .real(real)
            case .text(let text): .text(String(decoding: text, as: UTF8.self))
            case .blob(let blob): .blob(blob)
            }
        }

        func withText<T>(
            _ column: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> T
        ) rethrows -> T {
            if case .text(let text) = cells[column] {
                return try text.withUnsafeBufferPointer(body)
            }
            return try body(UnsafeBufferPointer(start: nil, count: 0))
        }
    }
#endif
