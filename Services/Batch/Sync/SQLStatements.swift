import Database

/// The SQL for one table of another database.
struct SQLStatements: Sendable {
    let count: String
    let repeated: String
    /// One row by its key: the key and the columns.
    let byKey: String
    let insert: String
    let update: String
    let delete: String
    let lastCursor: String

    /// Of an integer key a text is asked for by nothing, and the other way round.
    private let key: SyncColumn
    private let list: String
    private let from: String
    private let good: String
    private let ordered: String
    private let cursor: String

    init(
        dialect: ForeignDialect, table: String, key: SyncColumn,
        keyAffinity: ForeignColumn.Affinity, columns: [String], cursor: String?
    ) {
        self.key = key
        let plain = dialect.quote(key.theirs)
        let isText = key.form != .integer
        var term = plain
        var good = "\(plain) IS NOT NULL"
        if isText {
            if keyAffinity == .text {
                if dialect.engine == .sqlite { good = "typeof(\(plain)) = 'text'" }
            } else {
                term = "CAST(\(plain) AS TEXT)"
                if dialect.engine == .sqlite {
                    good = "typeof(\(plain)) IN ('integer', 'real', 'text')"
                }
            }
        } else if dialect.engine == .sqlite {
            good = "typeof(\(plain)) = 'integer'"
        }
        self.good = good
        ordered = isText ? dialect.ordered(term) : term
        from = dialect.table(table)
        let quoted = columns.map(dialect.quote)
        list = ([term] + quoted).joined(separator: ", ")
        self.cursor = cursor.map(dialect.quote) ?? "NULL"

        count = "SELECT count(CASE WHEN \(good) THEN 1 END), count(*) FROM \(from)"
        repeated =
            "SELECT \(term) FROM \(from) WHERE \(good) GROUP BY \(ordered)"
            + " HAVING count(*) > 1 LIMIT 1"
        byKey = "SELECT \(list) FROM \(from) WHERE \(good) AND \(ordered) = ?"
        let marks = Array(repeating: "?", count: columns.count + 1).joined(separator: ", ")
        insert =
            "INSERT INTO \(from) (\(([plain] + quoted).joined(separator: ", "))) VALUES (\(marks))"
        let sets = quoted.map { "\($0) = ?" }.joined(separator: ", ")
        update = "UPDATE \(from) SET \(sets) WHERE \(good) AND \(ordered) = ?"
        delete = "DELETE FROM \(from) WHERE \(good) AND \(ordered) = ?"
        lastCursor = "SELECT max(\(self.cursor)) FROM \(from)"
    }

    func bound(_ key: SyncKey) -> SQLValue {
        switch key {
        case .integer(let integer): .integer(integer)
        case .text(let text): .text(text)
        }
    }

    func range(after: SyncKey?, through: SyncKey?, limit: Int) -> (String, [SQLValue]) {
        var sql = "SELECT \(list) FROM \(from) WHERE \(good)"
        var values: [SQLValue] = []
        if let after {
            sql += " AND \(ordered) > ?"
            values.append(bound(after))
        }
        if let through {
            sql += " AND \(ordered) <= ?"
            values.append(bound(through))
        }
        return (sql + " ORDER BY \(ordered) LIMIT \(limit)", values)
    }

    func changes(from place: SyncCursor, limit: Int) -> (String, [SQLValue]) {
        var sql = "SELECT \(list), \(cursor) FROM \(from) WHERE \(good) AND \(cursor) >= ?"
        var values = [place.value]
        if let key = place.key {
            sql += " AND (\(cursor) > ? OR \(ordered) > ?)"
            values += [place.value, bound(key)]
        }
        return (sql + " ORDER BY \(cursor), \(ordered) LIMIT \(limit)", values)
    }
}
