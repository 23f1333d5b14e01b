#if PostgreSQL
    import CPostgres

    /// How a column's text is read.
    enum PostgresType: Sendable {
        case integer, real, boolean, binary, text
        /// `numeric`, which is read as its text.
        case decimal
        /// Filled with blanks that do not count.
        case padded
        /// With the offset of UTC.
        case moment

        init(oid: UInt32, modifier: Int32) {
            switch oid {
            case 20, 21, 23, 26: self = .integer
            case 700, 701: self = .real
            case 16: self = .boolean
            case 17: self = .binary
            case 1042: self = .padded
            case 1184: self = .moment
            // numeric(p, 0) of so few digits that they are a whole number here.
            case 1700 where modifier >= 4 && modifier - 4 & 0xffff == 0 && modifier - 4 >> 16 <= 18:
                self = .integer
            case 1700: self = .decimal
            default: self = .text
            }
        }

        static func all(of result: OpaquePointer) -> [PostgresType] {
            (0..<PQnfields(result)).map {
                PostgresType(oid: PQftype(result, $0), modifier: PQfmod(result, $0))
            }
        }
    }

    /// A row, valid until the next.
    struct PostgresRow: ForeignRow {
        let result: OpaquePointer
        let row: Int32
        let types: [PostgresType]

        func isNull(_ column: Int) -> Bool { PQgetisnull(result, row, Int32(column)) == 1 }

        private func bytes(_ column: Int) -> UnsafeBufferPointer<UInt8> {
            let start = UnsafeRawPointer(PQgetvalue(result, row, Int32(column)))
            let count = Int(PQgetlength(result, row, Int32(column)))
            return UnsafeBufferPointer(
                start: start?.assumingMemoryBound(to: UInt8.self), count: count)
        }

        func kind(_ column: Int) -> ForeignKind {
            guard !isNull(column) else { return .null }
            switch types[column] {
            // A numeric may be NaN, which is no whole number.
            case .integer: return PostgresRow.isWhole(bytes(column)) ? .integer : .text
            case .boolean: return .integer
            case .real: return .real
            case .binary: return .blob
            case .text, .decimal, .padded, .moment: return .text
            }
        }

        func integer(_ column: Int) -> Int64 {
            guard !isNull(column) else { return 0 }
            let bytes = bytes(column)
            if types[column] == .boolean { return bytes.first == UInt8(ascii: "t") ? 1 : 0 }
            var (value, isNegative): (Int64, Bool) = (0, false)
            for byte in bytes {
                if byte == UInt8(ascii: "-") {
                    isNegative = true
                } else {
                    // Negative all along: the lowest number has no opposite.
                    value = value &* 10 &- Int64(byte &- UInt8(ascii: "0"))
                }
            }
            return isNegative ? value : 0 &- value
        }

        /// Zero where it is null or no number.
        func double(_ column: Int) -> Double {
            guard !isNull(column) else { return 0 }
            return Double(String(decoding: bytes(column), as: UTF8.self)) ?? 0
        }

        /// Bytes; a text's are its UTF-8.
        func blob(_ column: Int) -> [UInt8] {
            guard !isNull(column) else { return [] }
            let bytes = bytes(column)
            guard types[column] == .binary else { return Array(bytes) }
            var result: [UInt8] = []
            result.reserveCapacity(bytes.count / 2)
            var index = 2
            while index + 1 < bytes.count {
                result.append(
                    PostgresRow.digit(bytes[index]) << 4 | PostgresRow.digit(bytes[index + 1]))
                index += 2
            }
            return result
        }

        private static func digit(_ byte: UInt8) -> UInt8 {
            byte <= UInt8(ascii: "9") ? byte &- UInt8(ascii: "0") : byte &- UInt8(ascii: "a") + 10
        }

        func name(_ column: Int) -> String {
            PQfname(result, Int32(column)).map { String(cString: $0) } ?? ""
        }

        /// The digits of a `numeric`; nil of what is none, such as NaN.
        func decimal(_ column: Int) -> String? {
            guard case .decimal = types[column], !isNull(column) else { return nil }
            let bytes = bytes(column)
            guard let last = bytes.last, (48...57).contains(last) else { return nil }
            return String(decoding: bytes, as: UTF8.self)
        }

        /// Of the longest value, in bytes.
        var longest: Int {
            types.indices.reduce(0) { max($0, Int(PQgetlength(result, row, Int32($1)))) }
        }

        private static func isWhole(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
            let digits = bytes.first == UInt8(ascii: "-") ? bytes.dropFirst() : bytes[...]
            return !digits.isEmpty && digits.allSatisfy { (48...57).contains($0) }
        }

        func value(_ column: Int) -> SQLValue {
            guard !isNull(column) else { return .null }
            switch types[column] {
            case .integer where !PostgresRow.isWhole(bytes(column)):
                return .text(String(decoding: bytes(column), as: UTF8.self))
            case .integer, .boolean: return .integer(integer(column))
            case .real: return .real(Double(String(decoding: bytes(column), as: UTF8.self)) ?? 0)
            case .binary: return .blob(blob(column))
            case .text, .decimal, .padded, .moment:
                return .text(text(column))
            }
        }

        func withText<T>(
            _ column: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> T
        ) rethrows -> T {
            let bytes = bytes(column)
            switch types[column] {
            case .padded:
                let blank = UInt8(ascii: " ")
                let count = bytes.lastIndex { $0 != blank }.map { $0 + 1 } ?? 0
                return try body(UnsafeBufferPointer(rebasing: bytes[..<count]))
            case .moment where bytes.suffix(3).elementsEqual("+00".utf8):
                let text = Array(bytes.dropLast(3)) + [UInt8(ascii: "Z")]
                return try text.withUnsafeBufferPointer(body)
            default: return try body(bytes)
            }
        }
    }
#endif
