import Database
import ServiceRuntime
import Synchronization

/// Whether the rows that an account reaches by its units are few in a table. Then a list is made of
/// them alone; else it goes through the rows in its own order and tests each, which soon finds a
/// page. The engine cannot choose: it knows neither how many units an account has below it nor how
/// many rows these have.
final class RowReach: Sendable {
    /// The most rows that are few.
    static let largest = 5_000
    /// How long an account's rows count as many without being looked at again.
    static let memory = Duration.seconds(10)
    /// Accounts remembered.
    static let memoryLimit = 10_000

    private let table: String
    /// The ids of all rows reached, some twice.
    private let ids: SQLText
    private let many = Mutex<[String: Timestamp]>([:])

    /// Nil where one index finds the rows anyway, or none can.
    init?(_ recordClass: RecordClass, _ rights: RowRights) {
        guard let rows = rights.rows, rows.contains(where: { $0.scope != .own }),
            !rows.contains(where: \.isMany)
        else { return nil }
        table = recordClass.table
        var sum = SQLText()
        for predicate in rows {
            if !sum.text.isEmpty { sum.append(" UNION ALL ") }
            sum.append(predicate.reached(in: recordClass.table))
        }
        ids = sum
    }

    /// The ids of the rows as a JSON array; nil where they are many.
    func few(_ connection: Connection, _ moment: QueryMoment) throws -> SQLText? {
        let known = many.withLock { $0[moment.account] }
        if let known, known > moment.now { return nil }
        // With n rows of which k are reached, a page of 50 in the list's own order meets about
        // 50 n / k rows: as many as there are to be fetched by id where k is the root of 50 n.
        let rows = try connection.count("SELECT max(id) FROM \(table)")
        let limit = min(RowReach.largest, Int((50 * Double(rows)).squareRoot()))
        let found = try connection.query(
            ids.text + " LIMIT ?", ids.values(for: moment) + [.integer(Int64(limit + 1))]
        ) { $0.integer(0) }
        guard found.count <= limit else {
            many.withLock { many in
                if many.count >= RowReach.memoryLimit { many.removeAll(keepingCapacity: true) }
                many[moment.account] = moment.now.advanced(by: RowReach.memory)
            }
            return nil
        }
        let list = Set(found).sorted().map(String.init).joined(separator: ",")
        return SQLText(.text("[\(list)]"))
    }
}

extension RowPredicate {
    /// The ids of its rows, from the account's units to an index of the table.
    fileprivate func reached(in table: String) -> SQLText {
        let rows = "\(table) AS r WHERE r.deleted = 0 AND r.\(column.map(quoted) ?? "creator") = "
        switch scope {
        case .own: return "SELECT r.id FROM \(rows)" + SQLText(.me)
        case .unit(let structure):
            return "SELECT r.id FROM (SELECT m.unit FROM " + RowPredicate.units(of: structure)
                + ") AS u CROSS JOIN \(rows)u.unit"
        case .subtree(let structure):
            return "SELECT r.id FROM (SELECT c.unit FROM " + RowPredicate.subtrees(of: structure)
                + ") AS u CROSS JOIN \(rows)u.unit"
        }
    }
}
