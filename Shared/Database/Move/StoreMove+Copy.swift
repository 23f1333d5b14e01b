extension StoreMove {
    /// Rows of one COPY: what is wrong with one is known when these were sent.
    private static let rowsAtOnce = 100_000

    /// Copies every row in one transaction, and lets numbering go on where it was.
    public func copy() throws {
        try explained("copying") {
            let tables = try movedTables()
            try target.writing {
                // What triggers make of a row came with the row.
                let watched = tables.filter(\.hasTriggers).map { Dialect.quote($0.name) }
                for name in watched {
                    try target.script("alter table \(name) disable trigger user")
                }
                // What migrations put in is the source's, too.
                if !tables.isEmpty {
                    let names = tables.map { Dialect.quote($0.name) }
                    try target.script("truncate table \(names.joined(separator: ", "))")
                }
                for table in tables {
                    try copy(table)
                    try renumber(table)
                }
                for name in watched {
                    try target.script("alter table \(name) enable trigger user")
                }
                try layout.derive(source.connection, target)
            }
            for table in tables { try target.script("analyze \(Dialect.quote(table.name))") }
        }
    }

    private func copy(_ table: MovedTable) throws {
        let columns = table.copied
        let rows = try source.rows(of: table, columns)
        var (count, isOver) = (0, false)
        while !isOver {
            do {
                count += try target.copy(into: table.name, columns: columns) { copied in
                    while copied.count < StoreMove.rowsAtOnce {
                        guard let row = try rows.next() else {
                            isOver = true
                            return
                        }
                        try copied.add(columns.indices.map { row.value($0) })
                    }
                }
            } catch let error as CopyError {
                throw try refused(error, table, after: count)
            }
        }
    }

    private func refused(
        _ error: CopyError, _ table: MovedTable, after count: Int
    ) throws -> MoveError {
        var error = error
        guard let row = error.row else { return MoveError("\(error)") }
        error.row = row + count
        let rows = try source.rows(of: table, table.key.map(\.name))
        for _ in 1..<(row + count) { _ = try rows.next() }
        let place = try rows.next().map { StoreMove.place(of: $0, 0..<table.key.count, table) }
        return MoveError(
            "the server does not take \(place ?? "a row") (\(error)): mend it in \(source.path)"
                + " and move again")
    }

    /// Numbers are given once, also where the rows that had the last ones are gone.
    private func renumber(_ table: MovedTable) throws {
        for column in table.columns where column.isNumbering {
            let last = try source.lastNumber(table.name, column.name)
            guard last > 0 else { continue }
            let place = "\(Dialect.quote(schema)).\(Dialect.quote(table.name))"
            _ = try target.count(
                "select setval(pg_get_serial_sequence(?, ?)::regclass, ?)",
                [.text(place), .text(column.name), .integer(last)])
        }
    }

    /// What a row is called in a complaint: numbers of its key, and no content.
    static func place(of row: Row, _ columns: Range<Int>, _ table: MovedTable) -> String {
        let known = zip(columns, table.key).compactMap { index, column -> String? in
            guard table.hasKey, case .integer(let number) = row.value(index) else { return nil }
            return "\(column.name) \(number)"
        }
        return known.isEmpty
            ? "a row of \(table.name)"
            : "the row of \(table.name) with \(known.joined(separator: ", "))"
    }
}
