import Database

/// A column of a key in the SQL of another database: both sides have it in one order, whole numbers
/// by value and texts by their bytes.
struct KeyTerm: Sendable {
    /// The column.
    let plain: String
    /// What is read.
    let read: String
    /// Whether it can be a part of a key.
    let good: String
    /// What is compared, to the letter.
    let ordered: String
    /// One of several that are equal to the letter.
    let sample: String
    /// The column finds rows by an index, and perhaps some more than are equal to the letter.
    let isNarrowed: Bool
    /// No index has its order.
    let isSorted: Bool

    init(_ dialect: ForeignDialect, _ column: SyncColumn, _ declared: ForeignColumn?) {
        plain = dialect.quote(column.theirs)
        let affinity = declared?.affinity ?? .other
        let isSQLite = dialect.engine == .sqlite
        guard column.form != .integer else {
            read = plain
            good = isSQLite ? "typeof(\(plain)) = 'integer'" : "\(plain) IS NOT NULL"
            ordered = plain
            sample = plain
            isNarrowed = false
            isSorted = false
            return
        }
        if affinity == .text {
            read = plain
            good = isSQLite ? "typeof(\(plain)) = 'text'" : "\(plain) IS NOT NULL"
            let isOrdered = declared?.isByteOrdered ?? false
            ordered = isOrdered ? plain : dialect.ordered(plain)
            sample = "min(\(read))"
            isNarrowed = !isSQLite && !isOrdered
            isSorted = !isSQLite && !isOrdered
        } else if affinity == .guid, column.form == .guid {
            read = plain
            good = "\(plain) IS NOT NULL"
            ordered = plain
            sample = plain
            isNarrowed = false
            isSorted = false
        } else {
            read = dialect.text(plain)
            good =
                isSQLite
                ? "typeof(\(plain)) IN ('integer', 'real', 'text')" : "\(plain) IS NOT NULL"
            ordered = dialect.ordered(read)
            sample = "min(\(read))"
            isNarrowed = false
            isSorted = true
        }
    }
}

extension Array where Element == KeyTerm {
    var good: String { map(\.good).joined(separator: " AND ") }
    var list: String { map(\.read).joined(separator: ", ") }
    var order: String { map(\.ordered).joined(separator: ", ") }

    /// One key, to the letter; `values` has its values in the order of the marks.
    var isEqual: String {
        map { $0.isNarrowed ? "\($0.plain) = ? AND \($0.ordered) = ?" : "\($0.ordered) = ?" }
            .joined(separator: " AND ")
    }

    func values(_ key: SyncKey) -> [SQLValue] {
        zip(self, key.parts).flatMap { term, part in
            term.isNarrowed ? [part.sql, part.sql] : [part.sql]
        }
    }

    /// Rows behind a key, or up to it with `through`.
    func comparison(_ key: SyncKey, through: Bool, _ dialect: ForeignDialect) -> (
        sql: String, values: [SQLValue]
    ) {
        let mark = through ? "<=" : ">"
        let parts = key.parts.map(\.sql)
        guard count > 1 else { return ("\(order) \(mark) ?", parts) }
        if dialect.comparesRows {
            let marks = repeatElement("?", count: count).joined(separator: ", ")
            return ("(\(order)) \(mark) (\(marks))", parts)
        }
        // Part after part: first what an index can find, then what is exact.
        let strict = through ? "<" : ">"
        var sql = "\(self[count - 1].ordered) \(mark) ?"
        var values = [parts[count - 1]]
        for index in indices.dropLast().reversed() {
            let term = self[index].ordered
            sql = "(\(term) \(strict) ? OR (\(term) = ? AND \(sql)))"
            values = [parts[index], parts[index]] + values
        }
        return ("\(self[0].ordered) \(strict)= ? AND \(sql)", [parts[0]] + values)
    }
}
