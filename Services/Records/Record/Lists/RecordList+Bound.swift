/// A page whose largest values come first, of a column without an index. The engine goes through
/// the rows by id and keeps the best so far; where values grow with the ids, as times do, each row
/// is better than all before it and is put in its place, for nothing. So the best among the newest
/// rows are looked at first: what is below them is on no page.
struct OrderBound {
    /// Rows that are looked at first, besides as many as are wanted.
    static let sample = 1000

    private let key: SQLText
    private let table: String

    /// Nil where it would save nothing.
    init?(_ order: OrderBy, of recordClass: RecordClass) {
        guard let first = order.keys.first, first.descending, first.column.isPlain,
            let code = first.code, code != "id", !recordClass.definition.hasIndex(ledBy: code)
        else { return nil }
        key = first.column.sql
        table = recordClass.table
    }

    /// What the first `count` rows under `condition` satisfy; true of all where the newest rows
    /// are not that many.
    func condition(_ condition: SQLText, count: Int) -> SQLText {
        let alias = QueryScope.alias
        let newest = """
            \(alias).id > coalesce((SELECT id FROM \(table) ORDER BY id DESC \
            LIMIT 1 OFFSET \(OrderBound.sample + count)), 0)
            """
        var best = "SELECT " + key + " AS c FROM \(table) AS \(alias) WHERE " + condition
        best.append(" AND \(newest) AND " + key + " IS NOT NULL ORDER BY c DESC LIMIT \(count)")
        // Without a bound the comparison is neither true nor false.
        return "(" + key + " >= (SELECT CASE WHEN count(*) = \(count) THEN min(c) END FROM ("
            + best + ") AS b)) IS NOT FALSE"
    }
}

extension ClassDefinition {
    /// Whether the table has an index in the order of a column.
    func hasIndex(ledBy code: String) -> Bool {
        let own = column(code).map { $0.unique || $0.isIndexed } ?? false
        return own || (indexes + uniqueSets).contains { $0.first == code }
    }
}
