import CSQLite

extension ForeignDatabase: ForeignSource {
    public var dialect: ForeignDialect { ForeignDialect(.sqlite) }

    public func columns(of table: String) async throws -> [ForeignColumn]? {
        try await asked { (connection: Connection) in
            let unique = try ForeignDatabase.unique(table, connection)
            let columns = try connection.query(
                "select name, type, pk from pragma_table_xinfo(?) where hidden <> 1",
                [.text(table)]
            ) { row in
                let (name, type) = (row.text(0), row.text(1))
                return (
                    ForeignColumn(
                        name: name, type: type, affinity: affinity(type),
                        isUnique: unique.contains(name)), row.integer(2)
                )
            }
            guard !columns.isEmpty else { return nil }
            let isAlone = columns.filter { $0.1 > 0 }.count == 1
            return columns.map { column, place in
                var column = column
                if place > 0, isAlone { column.isUnique = true }
                return column
            }
        }
    }

    /// Columns that alone are unique by an index over every row.
    private static func unique(_ table: String, _ connection: Connection) throws -> Set<String> {
        Set(
            try connection.query(
                """
                select max(i.name) from pragma_index_list(?) as l, pragma_index_info(l.name) as i
                where l."unique" = 1 and l.partial = 0 group by l.name
                having count(*) = 1 and max(i.name) is not null
                """, [.text(table)]
            ) { $0.text(0) })
    }

    public func read<T: Sendable>(
        _ body: @escaping @Sendable (any ForeignSession) throws -> T
    ) async throws -> T {
        try await asked { (connection: Connection) in try body(connection) }
    }

    public func write<T: Sendable>(
        _ body: @escaping @Sendable (any ForeignSession) throws -> T
    ) async throws -> T {
        do {
            return try await write { (connection: Connection) in try body(connection) }
        } catch {
            throw ForeignError(error)
        }
    }

    private func asked<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T)
        async throws -> T
    {
        do {
            return try await read { (connection: Connection) in try body(connection) }
        } catch {
            throw ForeignError(error)
        }
    }
}

/// By the rules of SQLite.
private func affinity(_ type: String) -> ForeignColumn.Affinity {
    let type = type.uppercased()
    if type.contains("INT") { return .integer }
    return ["CHAR", "CLOB", "TEXT"].contains(where: type.contains) ? .text : .other
}

extension Connection: ForeignSession {
    public func each(
        _ sql: String, _ values: [SQLValue], _ body: (any ForeignRow) throws -> Bool
    ) throws {
        try each(sql, values) { (row: Row) in try body(row) }
    }
}

extension Row: ForeignRow {
    public func kind(_ column: Int) -> ForeignKind {
        switch source {
        case .sqlite(let statement):
            switch sqlite3_column_type(statement, Int32(column)) {
            case SQLITE_INTEGER: .integer
            case SQLITE_FLOAT: .real
            case SQLITE_TEXT: .text
            case SQLITE_BLOB: .blob
            default: .null
            }
        #if PostgreSQL
            case .postgres(let row): row.kind(column)
        #endif
        }
    }
}
