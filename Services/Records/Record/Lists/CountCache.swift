import Database
import Synchronization

/// Totals of lists, kept by what they depend on: the statement with its values, and the state of
/// all records and of the directory. Whoever changes a record, this service or another program,
/// makes another state.
final class CountCache: Sendable {
    static let limit = 4096

    /// A state of the database, as far as lists depend on it: the last number of the change log,
    /// the version of the directory, and the generation of the models; of a server which
    /// transactions are to be seen.
    struct State: Hashable, Sendable {
        let words: [SQLValue]

        init(_ connection: Connection) throws {
            let sql =
                connection.dialect.isSQLite
                ? """
                SELECT (SELECT seq FROM sqlite_sequence WHERE name = 'change_log'), \
                (SELECT version FROM directory), (SELECT generation FROM store)
                """ : "SELECT CAST(pg_current_snapshot() AS TEXT), 0, 0"
            words = try connection.first(sql) { row in (0..<3).map { row.value($0) } } ?? []
        }
    }

    private struct Key: Hashable {
        let sql: String
        let values: [SQLValue]
    }

    private struct Kept {
        let state: State
        let values: [SQLValue]
    }

    private let kept = Mutex<[Key: Kept]>([:])

    /// The count of `sql` in the state that the connection's transaction sees.
    func count(_ connection: Connection, _ sql: String, _ values: [SQLValue]) throws -> Int64 {
        guard case .integer(let count) = try row(connection, sql, values, width: 1).first else {
            return 0
        }
        return count
    }

    /// The one row of `sql`, which has `width` columns.
    func row(
        _ connection: Connection, _ sql: String, _ values: [SQLValue], width: Int
    ) throws -> [SQLValue] {
        let state = try State(connection)
        let key = Key(sql: sql, values: values)
        if let known = kept.withLock({ $0[key] }), known.state == state { return known.values }
        let found =
            try connection.first(sql, values) { row in (0..<width).map { row.value($0) } } ?? []
        kept.withLock { kept in
            if kept.count >= CountCache.limit { kept.removeAll(keepingCapacity: true) }
            kept[key] = Kept(state: state, values: found)
        }
        return found
    }
}
