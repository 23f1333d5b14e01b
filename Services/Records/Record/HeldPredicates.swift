import Database

/// Which of the predicates that a caller's grants name hold for one record: what decides on the
/// rows and columns of writes and of history. (Lists decide within their own statement.)
struct HeldPredicates: Sendable {
    private let recordClass: RecordClass
    private let predicates: [RowPredicate]
    /// `, p1, p2`.
    private let columns: SQLText
    /// Of a row; its id comes last.
    private let ofRow: SQLText
    /// Version, every column and the predicates of a record that is not deleted; its id comes last.
    let standing: SQLText
    /// The same of one that was deleted logically.
    let deleted: SQLText

    init(_ recordClass: RecordClass, _ rights: ClassRights) {
        self.recordClass = recordClass
        predicates = rights.predicates
        var columns = SQLText()
        for predicate in predicates {
            columns.append(", " + predicate.check(alias: QueryScope.alias))
        }
        self.columns = columns
        let source = " FROM \(recordClass.table) AS \(QueryScope.alias) WHERE "
        let rows = recordClass.rows.condition(QueryScope.alias)
        ofRow = "SELECT 1" + columns + (source + "1 = 1\(rows) AND r.id = ")
        let codes = recordClass.definition.columns.map { ", r." + quoted($0.code) }.joined()
        let row = "SELECT r.version" + codes + columns
        standing = row + (source + "r.deleted = 0\(rows) AND r.id = ")
        deleted = row + (source + "r.deleted = 1\(rows) AND r.id = ")
    }

    /// Of a row, deleted or not; nil where there is none.
    func of(
        _ id: Int64, _ connection: Connection, _ moment: QueryMoment
    ) throws -> [RowPredicate]? {
        try connection.first(ofRow.text + "?", ofRow.values(for: moment) + [.integer(id)]) {
            read($0, from: 1)
        }
    }

    /// Of a record whose row is gone, as it was when it went; nil where there never was one.
    func ofGone(
        _ id: Int64, _ connection: Connection, _ moment: QueryMoment
    ) throws -> [RowPredicate]? {
        let codes = Set(predicates.map { $0.column ?? "creator" }).sorted()
        let values = codes.map { ", json_extract(l.before, '$.\($0)') AS \(quoted($0))" }.joined()
        let sql =
            "SELECT 1" + columns + " FROM (SELECT 1\(values) FROM change_log AS l "
            + "WHERE l.class IN (\(recordClass.numbersSQL)) AND l.record = " + SQLText(.integer(id))
            + " AND l.operation = 'delete' ORDER BY l.seq DESC LIMIT 1) AS \(QueryScope.alias)"
        return try connection.first(sql.text, sql.values(for: moment)) { read($0, from: 1) }
    }

    /// Those that hold, of a row that has them from a position on.
    func read(_ row: Row, from position: Int) -> [RowPredicate] {
        predicates.enumerated().filter { row.boolean(position + $0.offset) }.map(\.element)
    }
}
