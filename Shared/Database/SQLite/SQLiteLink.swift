import CSQLite
import Glibc
import ServiceRuntime

/// A connection to a SQLite file. Statements are prepared once each.
final class SQLiteLink: DatabaseLink {
    /// Prepared statements kept by a connection; beyond it the one unused for longest goes.
    static let statementLimit = 256

    /// The most that a connection keeps of the file: for reads, and for what one transaction of a
    /// thousand records touches, which would be read again, or written early, with less.
    static let cacheKilobytes = 8 << 10

    let engine = Dialect.Engine.sqlite
    let handle: OpaquePointer
    let warden = Warden()
    private var statements: [String: Statement] = [:]
    private var tick: UInt64 = 0

    /// Opens or (for writing) creates the file.
    init(path: String, access: Connection.Access, busyTimeout: Duration) throws {
        var handle: OpaquePointer?
        let flags =
            SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
            | (access == .confined ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE)
            | (access == .write ? SQLITE_OPEN_CREATE : 0)
        let code = sqlite3_open_v2(path, &handle, flags, nil)
        guard code == SQLITE_OK, let handle else {
            let error = DatabaseError(code: code, handle: handle, sql: "open \(path)")
            sqlite3_close_v2(handle)
            throw error
        }
        self.handle = handle
        wait(atMost: busyTimeout, access)
        try configure(access)
    }

    /// How long others may hold a lock. SQLite's own pauses grow to 100 ms, in which other programs
    /// come and go; who writes for many looks again after each millisecond.
    private func wait(atMost limit: Duration, _ access: Connection.Access) {
        let milliseconds = Int(limit.nanoseconds / 1_000_000)
        guard access == .write else {
            sqlite3_busy_timeout(handle, Int32(milliseconds))
            return
        }
        sqlite3_busy_handler(
            handle,
            { limit, count in
                guard count < Int(bitPattern: limit) else { return 0 }
                usleep(1000)
                return 1
            }, UnsafeMutableRawPointer(bitPattern: milliseconds))
    }

    private func configure(_ access: Connection.Access) throws {
        try script(
            """
            pragma foreign_keys = on; pragma temp_store = memory;
            pragma cache_size = -\(SQLiteLink.cacheKilobytes);
            """)
        if access == .foreign || access == .foreignWrite {
            try script("pragma trusted_schema = off; pragma cell_size_check = on;")
            geartrain_sqlite_defend(handle)
        }
        if access == .foreignWrite { return }
        guard access == .write else {
            try script("pragma query_only = on;")
            if access == .confined { try confine() }
            warden.install(in: handle, isConfined: access == .confined)
            return
        }
        var mode: String?
        _ = try step("pragma journal_mode = wal", []) { row in
            mode = row.text(0)
            return false
        }
        guard mode == "wal" else {
            throw DatabaseError.failed(
                code: Int(SQLITE_ERROR), message: "the file cannot be kept with a write-ahead log",
                sql: "pragma journal_mode = wal")
        }
        // The count opens the log's index, whose locks tell of other processes.
        try script(
            """
            pragma synchronous = full; pragma journal_size_limit = 67108864;
            select count(*) from sqlite_schema;
            """)
    }

    /// What a statement of somebody else's gathers goes to a file when it is much, and its values
    /// have a length.
    private func confine() throws {
        try script("pragma temp_store = file; pragma trusted_schema = off;")
        try QueryFunctions.install(in: handle)
        geartrain_sqlite_defend(handle)
        sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, Int32(Confinement.lengthLimit))
        sqlite3_limit(handle, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000)
        sqlite3_limit(handle, SQLITE_LIMIT_EXPR_DEPTH, 200)
        sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0)
        sqlite3_limit(handle, SQLITE_LIMIT_WORKER_THREADS, 0)
    }

    deinit {
        statements.removeAll()
        sqlite3_close_v2(handle)
    }

    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    func step(_ sql: String, _ values: [SQLValue], _ body: (Row) throws -> Bool) throws -> Int {
        let statement = try prepared(sql)
        statement.isInUse = true
        defer {
            sqlite3_reset(statement.handle)
            sqlite3_clear_bindings(statement.handle)
            statement.isInUse = false
        }
        try statement.bind(values, database: handle)
        while true {
            let code = sqlite3_step(statement.handle)
            if code == SQLITE_DONE { break }
            guard code == SQLITE_ROW else {
                throw DatabaseError(code: code, handle: handle, sql: sql)
            }
            guard try body(Row(.sqlite(statement.handle))) else { break }
        }
        return Int(sqlite3_changes(handle))
    }

    func insert(_ sql: String, _ values: [SQLValue]) throws -> Int64? {
        let changed = try step(sql, values) { _ in true }
        return changed > 0 ? sqlite3_last_insert_rowid(handle) : nil
    }

    func copy(
        _ table: String, _ columns: [String], _ body: (CopyRows) throws -> Void
    ) throws -> Int {
        let names = columns.map(Dialect.quote).joined(separator: ", ")
        let sql = """
            insert into \(Dialect.quote(table)) (\(names)) values (\(Dialect.marks(columns.count)))
            """
        var count = 0
        try body(
            CopyRows { values in
                count += 1
                do {
                    _ = try self.step(sql, values) { _ in true }
                } catch let error as DatabaseError {
                    throw CopyError(table: table, row: count, cause: error).thrown
                }
            })
        return count
    }

    func script(_ sql: String) throws {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw DatabaseError(code: code, handle: handle, sql: sql) }
    }

    func begin(_ kind: TransactionKind) throws {
        _ = try step(kind == .write ? "begin immediate" : "begin", []) { _ in true }
    }

    func note(_ sql: String) throws { _ = try step(sql, []) { _ in true } }
    // A file is one process's; other programs enqueue nothing.
    func tellCopies(of queue: String) {}
    func commit() throws { _ = try step("commit", []) { _ in true } }
    func rollback() throws { _ = try step("rollback", []) { _ in true } }

    func timed<T>(_ limit: Duration, _ body: () throws -> T) throws -> T {
        warden.end = SystemClock().monotonicNanoseconds() + limit.nanoseconds
        defer { warden.end = .max }
        return try body()
    }

    func prepared(_ sql: String) throws -> Statement {
        tick += 1
        if let known = statements[sql] {
            if known.isInUse { return try Statement(sql, database: handle) }
            known.lastUse = tick
            return known
        }
        let statement = try Statement(sql, database: handle)
        try admit(statement)
        statement.lastUse = tick
        if statements.count >= SQLiteLink.statementLimit {
            let oldest = statements.values.filter { !$0.isInUse }.min { $0.lastUse < $1.lastUse }
            if let oldest { statements[oldest.sql] = nil }
        }
        statements[sql] = statement
        return statement
    }
}
