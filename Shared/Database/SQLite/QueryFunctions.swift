import CSQLite

/// Functions for statements that somebody else wrote: `sum`, `avg` and `total` that lose no
/// decimals, and `gt_decimal(unscaled, scale)`, which gives a stored decimal as a number.
enum QueryFunctions {
    /// A function of ours; no model's statement may call it.
    static let decimal = "gt_decimal"

    private static let flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS

    static func install(in database: OpaquePointer) throws(DatabaseError) {
        try check(
            sqlite3_create_function_v2(
                database, decimal, 2, flags, nil,
                { context, _, values in
                    guard let values, sqlite3_value_type(values[0]) != SQLITE_NULL else {
                        return sqlite3_result_null(context)
                    }
                    let number = ExactDecimal.double(
                        unscaled: sqlite3_value_int64(values[0]),
                        scale: Int(sqlite3_value_int(values[1])))
                    guard let number else {
                        return sqlite3_result_error(
                            context, "a decimal has more than 15 digits, too many for a query", -1)
                    }
                    sqlite3_result_double(context, number)
                }, nil, nil, nil), database)
        try sum("sum", database) { context in
            switch QueryFunctions.sum(context)?.pointee.outcome ?? .none {
            case .none: sqlite3_result_null(context)
            case .whole(let value): sqlite3_result_int64(context, value)
            case .real(let value): sqlite3_result_double(context, value)
            case .tooWide: QueryFunctions.refuse(context)
            }
        }
        try sum("total", database) { context in
            switch QueryFunctions.sum(context)?.pointee.outcome ?? .none {
            case .none: sqlite3_result_double(context, 0)
            case .whole(let value): sqlite3_result_double(context, Double(value))
            case .real(let value): sqlite3_result_double(context, value)
            case .tooWide: QueryFunctions.refuse(context)
            }
        }
        try sum("avg", database) { context in
            guard let sum = QueryFunctions.sum(context)?.pointee, sum.count > 0 else {
                return sqlite3_result_null(context)
            }
            sqlite3_result_double(context, sum.approximate / Double(sum.count))
        }
    }

    private static func refuse(_ context: OpaquePointer?) {
        sqlite3_result_error(context, "a sum has more than 15 digits", -1)
    }

    /// The sum of the group or window; its memory, all zeros at first, is the engine's.
    private static func sum(_ context: OpaquePointer?) -> UnsafeMutablePointer<ExactSum>? {
        // All zeros is an empty sum.
        sqlite3_aggregate_context(context, Int32(MemoryLayout<ExactSum>.stride + 16)).map {
            $0.alignedUp(for: ExactSum.self).assumingMemoryBound(to: ExactSum.self)
        }
    }

    private static func add(
        _ context: OpaquePointer?, _ values: UnsafeMutablePointer<OpaquePointer?>?, sign: Int
    ) {
        guard let value = values?[0] else { return }
        guard let sum = sum(context) else { return sqlite3_result_error_nomem(context) }
        switch sqlite3_value_numeric_type(value) {
        case SQLITE_NULL: break
        case SQLITE_INTEGER: sum.pointee.add(sqlite3_value_int64(value), sign: sign)
        default: sum.pointee.add(sqlite3_value_double(value), sign: sign)
        }
    }

    private static func sum(
        _ name: String, _ database: OpaquePointer,
        _ result: @escaping @convention(c) (OpaquePointer?) -> Void
    ) throws(DatabaseError) {
        try check(
            sqlite3_create_window_function(
                database, name, 1, flags, nil,
                { context, _, values in QueryFunctions.add(context, values, sign: 1) },
                result, result,
                { context, _, values in QueryFunctions.add(context, values, sign: -1) }, nil),
            database)
    }

    private static func check(
        _ code: Int32, _ database: OpaquePointer
    ) throws(DatabaseError) {
        guard code == SQLITE_OK else {
            throw DatabaseError(code: code, handle: database, sql: "functions")
        }
    }
}
