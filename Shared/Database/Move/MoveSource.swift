import CSQLite
import ServiceRuntime

/// A SQLite store that is moved: nobody else writes it meanwhile, and it is left as it is.
final class MoveSource {
    let path: String
    let connection: Connection
    private let ownership: Ownership

    init(_ path: String) throws {
        guard Files.exists(path) else {
            throw MoveError(
                "there is no \(path); name the data folder by GEARTRAIN_DATA or --data")
        }
        self.path = path
        ownership = Ownership(path: path + "-owner")
        guard ownership.isHeld else {
            throw MoveError("\(path) is in use: stop its service first")
        }
        connection = try Connection(path: path, access: .write, busyTimeout: .seconds(1))
        do {
            try connection.link.begin(.write)
        } catch DatabaseError.busy {
            throw MoveError("\(path) is in use: end the program that writes it first")
        }
        // A damaged index would hide rows from the copy and from its verification alike.
        let found = try connection.query("pragma integrity_check(10)") { $0.text(0) }
        guard found == ["ok"] else {
            throw MoveError(
                "\(path) is damaged (\(found.joined(separator: "; "))): restore a backup first")
        }
        let orphan = try connection.first("pragma foreign_key_check") { $0.text(0) }
        guard orphan == nil else {
            throw MoveError("\(path): rows of \(orphan ?? "") refer to rows that are not there")
        }
    }

    deinit { try? connection.link.rollback() }

    /// Refuses a store of another version of the program.
    func check(_ migrations: [Migration]) throws {
        let applied = try Migration.applied(connection)
        for old in applied
        where migrations.first(where: { $0.name == old.name })?.checksum != old.checksum {
            throw MoveError(
                "\(path) has the migration \(old.name), which this version does not: move it with"
                    + " the version that last ran on it")
        }
        let names = Set(applied.map(\.name))
        guard migrations.allSatisfy({ names.contains($0.name) }) else {
            throw MoveError(
                "\(path) is of an older version: start this version on it once, stop it, and move"
                    + " it then")
        }
    }

    /// Tables with rows of their own, in small letters, which are all one to SQLite.
    func tables() throws -> Set<String> {
        Set(
            try connection.query(
                """
                select lower(name) from pragma_table_list
                where schema = 'main' and type = 'table' and name not like 'sqlite@_%' escape '@'
                """
            ) { $0.text(0) })
    }

    /// Computed columns too.
    func columns(of table: String) throws -> Set<String> {
        Set(
            try connection.query(
                "select name from pragma_table_xinfo(?) where hidden <> 1", [.text(table)]
            ) { $0.text(0) })
    }

    /// The largest number that a column gave, of rows that are gone too.
    func lastNumber(_ table: String, _ column: String) throws -> Int64 {
        let largest = try connection.count(
            "select max(\(Dialect.quote(column))) from \(Dialect.quote(table))")
        let hasCounters = try connection.count(
            "select count(*) from sqlite_schema where name = 'sqlite_sequence'")
        guard hasCounters > 0 else { return largest }
        return max(
            largest,
            try connection.count(
                "select max(seq) from sqlite_sequence where lower(name) = ?", [.text(table)]))
    }

    /// The rows of a table in the order of their key, as the target has them.
    func rows(of table: MovedTable, _ columns: [String]) throws -> MoveRows {
        guard let link = connection.link as? SQLiteLink else {
            throw MoveError("\(path) is no file of SQLite")
        }
        let names = columns.map(Dialect.quote).joined(separator: ", ")
        let order = try table.key.map { column in
            let name = Dialect.quote(column.name)
            guard column.isText, try hasZero(name, in: table) else { return name }
            try ServerOrder.install(in: link.handle)
            return "\(name) collate \(ServerOrder.name)"
        }
        return MoveRows(
            try Statement(
                "select \(names) from \(Dialect.quote(table.name))"
                    + (order.isEmpty ? "" : " order by \(order.joined(separator: ", "))"),
                database: link.handle), link.handle)
    }

    private func hasZero(_ name: String, in table: MovedTable) throws -> Bool {
        try connection.count(
            """
            select exists (select 1 from \(Dialect.quote(table.name))
                where instr(\(name), char(0)) > 0)
            """) == 1
    }
}

/// The order of texts by their bytes as the server has them, in which U+0000 is U+FFFD.
private enum ServerOrder {
    static let name = "server_order"

    static func install(in handle: OpaquePointer) throws {
        let code = sqlite3_create_collation(handle, name, SQLITE_UTF8, nil) {
            _, leftCount, left, rightCount, right in
            let left = ServerOrder.bytes(UnsafeRawBufferPointer(start: left, count: Int(leftCount)))
            let right = ServerOrder.bytes(
                UnsafeRawBufferPointer(start: right, count: Int(rightCount)))
            return left == right ? 0 : left.lexicographicallyPrecedes(right) ? -1 : 1
        }
        guard code == SQLITE_OK else {
            throw DatabaseError(code: code, handle: handle, sql: "create collation")
        }
    }

    private static func bytes(_ text: UnsafeRawBufferPointer) -> [UInt8] {
        text.flatMap { $0 == 0 ? [0xEF, 0xBF, 0xBD] : [$0] }
    }
}

/// Rows of a SQLite table one by one.
final class MoveRows {
    private let statement: Statement
    private let database: OpaquePointer

    init(_ statement: Statement, _ database: OpaquePointer) {
        self.statement = statement
        self.database = database
    }

    /// Valid until the next; nil at the end.
    func next() throws -> Row? {
        let code = sqlite3_step(statement.handle)
        if code == SQLITE_DONE { return nil }
        guard code == SQLITE_ROW else {
            throw DatabaseError(code: code, handle: database, sql: statement.sql)
        }
        return Row(.sqlite(statement.handle))
    }
}
