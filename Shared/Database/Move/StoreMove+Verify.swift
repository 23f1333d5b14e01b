import CSQLite
import Crypto

extension StoreMove {
    /// Rows that are fetched at a time.
    private static let page = 1000

    /// Reads both sides row by row, in the order of their keys, and holds each value against the
    /// other. Throws at the first that differs, and where a side has a row more.
    public func verify() throws -> [Table] {
        try explained("verifying") {
            let tables = try movedTables()
            return try target.snapshot { _ in
                try tables.enumerated().map { try verify($1, cursor: "moved_\($0)") }
            }
        }
    }

    private func verify(_ table: MovedTable, cursor: String) throws -> Table {
        let names = table.columns.map(\.name)
        let rows = try source.rows(of: table, names)
        let order = table.key.map { "\(Dialect.quote($0.name)) nulls first" }
        try target.script(
            """
            declare \(cursor) no scroll cursor for
            select \(names.map(Dialect.quote).joined(separator: ", "))
            from \(Dialect.quote(table.name))
            \(order.isEmpty ? "" : "order by \(order.joined(separator: ", "))")
            """)
        var answer = Table(name: table.name, rows: 0, replaced: 0, sha256: "")
        var hash = SHA256()
        var bytes: [UInt8] = []
        var fetched = StoreMove.page
        while fetched == StoreMove.page {
            fetched = 0
            try target.each("fetch \(StoreMove.page) from \(cursor)") { there in
                fetched += 1
                guard let here = try rows.next() else {
                    throw MoveError(
                        "the server has \(place(of: there, table)), and the source has not")
                }
                bytes.removeAll(keepingCapacity: true)
                for index in names.indices {
                    switch Sameness(here, there, index) {
                    case .same: break
                    case .replaced: answer.replaced += 1
                    case .different:
                        throw MoveError(
                            "\(names[index]) of \(place(of: here, table)) is not the same on both"
                                + " sides: if its value is not of the column's type, mend it in"
                                + " \(source.path) and move again")
                    }
                    there.appendExactly(index, to: &bytes)
                }
                hash.update(bytes)
                answer.rows += 1
                return true
            }
        }
        if let here = try rows.next() {
            throw MoveError("the source has \(place(of: here, table)), and the server has not")
        }
        try target.script("close \(cursor)")
        answer.sha256 = Hex.encode(hash.finish())
        return answer
    }

    private func place(of row: Row, _ table: MovedTable) -> String {
        guard table.hasKey, let first = table.key.first,
            let index = table.columns.firstIndex(where: { $0.name == first.name })
        else { return "a row of \(table.name)" }
        return StoreMove.place(of: row, index..<(index + 1), table)
    }
}

/// How a value of SQLite and one of the server compare.
private enum Sameness {
    case same
    /// But for what the server does not have in texts.
    case replaced
    case different

    init(_ here: Row, _ there: Row, _ column: Int) {
        guard case .sqlite(let statement) = here.source else {
            self = .different
            return
        }
        switch sqlite3_column_type(statement, Int32(column)) {
        case SQLITE_TEXT: self = Sameness.texts(here, there, column)
        case SQLITE_NULL: self = there.isNull(column) ? .same : .different
        case SQLITE_FLOAT:
            guard case .real(let real) = there.value(column) else {
                self = .different
                return
            }
            self = real.bitPattern == here.double(column).bitPattern ? .same : .different
        default: self = here.value(column) == there.value(column) ? .same : .different
        }
    }

    private static func texts(_ here: Row, _ there: Row, _ column: Int) -> Sameness {
        guard there.isText(column) else { return .different }
        return here.withText(column) { left in
            there.withText(column) { right in
                if left.elementsEqual(right) { return .same }
                let replaced = String(decoding: left, as: UTF8.self).utf8.flatMap { byte in
                    byte == 0 ? Array("\u{FFFD}".utf8) : [byte]
                }
                return replaced.elementsEqual(right) ? .replaced : .different
            }
        }
    }
}

extension Row {
    /// Whether a server's value is a text.
    fileprivate func isText(_ column: Int) -> Bool {
        #if PostgreSQL
            if case .postgres(let row) = source { return row.kind(column) == .text }
        #endif
        return false
    }
}
