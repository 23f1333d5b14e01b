import Database

/// The SQL for one table of another database.
struct SQLStatements: Sendable {
    /// Keys of one statement that finds rows by them.
    static let keyLimit = 100
    /// Rows of one statement that inserts, and the marks that it may have.
    static let insertLimit = 100
    private static let markLimit = 10_000

    let count: String
    let repeated: String
    let update: String
    let delete: String
    let lastCursor: String
    /// Rows of a statement that inserts.
    let insertRows: Int
    /// The order of the keys is made anew for each range: better once for all.
    let isFollowed: Bool

    private let dialect: ForeignDialect
    private let keys: [KeyTerm]
    private let columns: Int
    private let list: String
    private let from: String
    private let insertHead: String
    private let cursor: String

    init(
        dialect: ForeignDialect, table: String, keys: [KeyTerm], columns: [String],
        cursor: String?
    ) {
        self.dialect = dialect
        self.keys = keys
        self.columns = columns.count
        from = dialect.table(table)
        isFollowed = dialect.engine == .postgresql && keys.contains(where: \.isSorted)
        let quoted = columns.map(dialect.quote)
        list = ([keys.list] + quoted).joined(separator: ", ")
        self.cursor = cursor.map(dialect.quote) ?? "NULL"
        let good = keys.good
        count = "SELECT count(CASE WHEN \(good) THEN 1 END), count(*) FROM \(from)"
        repeated =
            "SELECT \(keys.map(\.sample).joined(separator: ", ")) FROM \(from)"
            + " WHERE \(good) GROUP BY \(keys.order) HAVING count(*) > 1"
            + ([.sqlite, .postgresql, .mysql].contains(dialect.engine) ? " LIMIT 1" : "")
        insertHead =
            "INSERT INTO \(from) (\((keys.map(\.plain) + quoted).joined(separator: ", "))) VALUES "
        insertRows = max(
            1,
            min(SQLStatements.insertLimit, SQLStatements.markLimit / (keys.count + columns.count)))
        let sets = quoted.map { "\($0) = ?" }.joined(separator: ", ")
        update = "UPDATE \(from) SET \(sets) WHERE \(good) AND \(keys.isEqual)"
        delete = "DELETE FROM \(from) WHERE \(good) AND \(keys.isEqual)"
        lastCursor = "SELECT max(\(self.cursor)) FROM \(from)"
    }

    /// The values by which `update` and `delete` find a row.
    func bound(_ key: SyncKey) -> [SQLValue] { keys.values(key) }

    func insert(rows: Int) -> String {
        let marks = repeatElement("?", count: keys.count + columns).joined(separator: ", ")
        return insertHead + repeatElement("(\(marks))", count: rows).joined(separator: ", ")
    }

    /// The rows of some keys, up to `keyLimit`; with `locking` they stay as they are until the
    /// transaction has ended. Of a few engines there may be rows with keys that only look alike.
    func byKeys(_ wanted: ArraySlice<SyncKey>, locking: Bool) -> (String, [SQLValue]) {
        var sql = "SELECT \(list) FROM \(from) WHERE \(keys.good) AND "
        var values: [SQLValue] = []
        // One text for any number of keys, which is prepared once: the last stands for the rest.
        let count = wanted.count == 1 ? 1 : SQLStatements.keyLimit
        guard let last = wanted.last else { return (sql + "1 = 0", []) }
        let all = Array(wanted) + Array(repeating: last, count: count - wanted.count)
        if keys.count == 1 {
            let term = keys[0].isNarrowed ? keys[0].plain : keys[0].ordered
            let marks = repeatElement("?", count: count).joined(separator: ", ")
            sql += count == 1 ? "\(term) = ?" : "\(term) IN (\(marks))"
            values = all.map(\.parts[0].sql)
        } else {
            let terms = repeatElement("(\(keys.isEqual))", count: count)
            sql += "(" + terms.joined(separator: " OR ") + ")"
            values = all.flatMap(keys.values)
        }
        return (sql + (locking ? dialect.locking : ""), values)
    }

    /// Without `limit` as it can be followed.
    func range(after: SyncKey?, through: SyncKey?, limit: Int?) -> (String, [SQLValue]) {
        var sql = "SELECT \(list) FROM \(from) WHERE \(keys.good)"
        var values: [SQLValue] = []
        for (key, isEnd) in [(after, false), (through, true)] {
            guard let key else { continue }
            let (condition, bound) = keys.comparison(key, through: isEnd, dialect)
            sql += " AND \(condition)"
            values += bound
        }
        return (
            sql + " ORDER BY \(keys.order)" + (limit.map { dialect.limit($0) } ?? ""), values
        )
    }

    func changes(from place: SyncCursor, limit: Int) -> (String, [SQLValue]) {
        var sql = "SELECT \(list), \(cursor) FROM \(from) WHERE \(keys.good) AND \(cursor) >= ?"
        var values = [place.value]
        if let key = place.key {
            let (condition, bound) = keys.comparison(key, through: false, dialect)
            sql += " AND (\(cursor) > ? OR \(condition))"
            values += [place.value] + bound
        }
        return (sql + " ORDER BY \(cursor), \(keys.order)" + dialect.limit(limit), values)
    }
}
