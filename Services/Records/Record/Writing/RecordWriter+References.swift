import Contracts
import Database
import RPC
import ServiceRuntime

/// What goes with a record: rows of other tables, or of its own, and what is no longer referred to.
extension RecordWriter {
    /// Records that may go or be changed with one.
    static let cascadeLimit = 10_000

    private struct Row: Hashable {
        let table: String
        let id: Int64
    }

    /// Deletes a row and does to those that refer to it what their columns say. Nobody needs a
    /// grant for these; each stands in history with the same cause.
    func remove(_ id: Int64) throws {
        let start = Row(table: recordClass.table, id: id)
        var rows = [(row: start, deletion: definition.deletion)]
        var going: Set<Row> = [start]
        var next = 0
        while next < rows.count {
            let row = rows[next].row
            next += 1
            for referrer in referrers(row) where referrer.column.onDelete == .cascade {
                for id in try ids(referrer, row, limit: RecordWriter.cascadeLimit + 1) {
                    let further = Row(table: referrer.table, id: id)
                    guard going.insert(further).inserted else { continue }
                    rows.append((further, referrer.deletion))
                    if rows.count > RecordWriter.cascadeLimit { throw tooMany }
                }
            }
        }
        for (row, deletion) in rows { try refuse(row, deletion, going) }
        for (row, deletion) in rows { try store(row, deletion) }
        var cleared = 0
        for (row, _) in rows {
            for referrer in referrers(row) where referrer.column.onDelete == .clear {
                cleared += try clear(referrer, row)
                if rows.count + cleared > RecordWriter.cascadeLimit { throw tooMany }
            }
        }
    }

    private func referrers(_ row: Row) -> [Referrer] { snapshot.referrers[row.table] ?? [] }

    private var tooMany: RecordsError {
        .conflict(
            "More than \(RecordWriter.cascadeLimit) records would go or change with it; "
                + "delete some of them first.")
    }

    private func ids(_ referrer: Referrer, _ row: Row, limit: Int) throws -> [Int64] {
        try connection.query(
            "SELECT id FROM \(referrer.table) WHERE \(referrer.condition("?")) LIMIT \(limit)",
            [.integer(row.id)]
        ) { $0.integer(0) }
    }

    /// A row that goes for good must not be what another points to, and where a column says so not
    /// one that is only hidden either.
    private func refuse(_ row: Row, _ deletion: DeletionKind, _ going: Set<Row>) throws {
        for referrer in referrers(row) {
            let action = referrer.column.onDelete ?? (deletion == .physical ? .refuse : nil)
            guard action == .refuse else { continue }
            let others = try ids(referrer, row, limit: going.count + 1)
            guard others.contains(where: { !going.contains(Row(table: referrer.table, id: $0)) })
            else { continue }
            throw RecordsError.conflict(
                "Records of \(referrer.type) refer to it by \(referrer.column.code).")
        }
    }

    private func store(_ row: Row, _ deletion: DeletionKind) throws {
        switch deletion {
        case .logical:
            try store(
                """
                UPDATE \(row.table) SET version = version + 1, modified = ?, modifier = ?, \
                deleted = 1 WHERE id = ?
                """, [.text(now.text), .text(context.principal.account), .integer(row.id)])
        case .physical: try store("DELETE FROM \(row.table) WHERE id = ?", [.integer(row.id)])
        }
    }

    private func clear(_ referrer: Referrer, _ row: Row) throws -> Int {
        let marks: [SQLValue] = referrer.column.many ? [.integer(row.id)] : []
        return try connection.run(
            """
            UPDATE \(referrer.table) SET version = version + 1, modified = ?, modifier = ?, \
            \(quoted(referrer.column.code)) = \(referrer.cleared("?")) \
            WHERE \(referrer.condition("?"))
            """,
            [.text(now.text), .text(context.principal.account)] + marks + [.integer(row.id)])
    }
}
