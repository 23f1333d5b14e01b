import CSQLite
import Glibc
import ServiceRuntime

/// A connection lent to a closure; using it after the closure is a programming error. Statements
/// are written with `?` and prepared once each.
public final class Connection {
    /// Prepared statements kept by a connection; beyond it the one unused for longest goes.
    static let statementLimit = 256

    /// The most that a connection keeps of the file: for reads, and for what one transaction of a
    /// thousand records touches, which would be read again, or written early, with less.
    static let cacheKilobytes = 8 << 10

    private let handle: OpaquePointer
    private var statements: [String: Statement] = [:]
    private var tick: UInt64 = 0
    private var savepointDepth = 0
    let warden = Warden()
    /// Told how the transaction ended in which they were added; see `atEnd`.
    private var endings: [@Sendable (Bool) -> Void] = []
    /// Whether a writer's group is open here, so that its end will be told.
    var isGrouped = false
    /// The workers of this process, by the name of their queue.
    var desks: [String: any QueueDesk] = [:]

    public var dialect: Dialect { Dialect(engine: .sqlite) }

    enum Access {
        case write, read
        /// For statements that somebody else wrote.
        case confined
        /// Another program's file, to be read or also written, and otherwise left as it is.
        case foreign, foreignWrite
    }

    /// Opens or (for writing) creates the file.
    init(path: String, access: Access, busyTimeout: Duration) throws {
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
    private func wait(atMost limit: Duration, _ access: Access) {
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

    private func configure(_ access: Access) throws {
        try script(
            """
            pragma foreign_keys = on; pragma temp_store = memory;
            pragma cache_size = -\(Connection.cacheKilobytes);
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
        let mode = try first("pragma journal_mode = wal") { $0.text(0) }
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

    /// Runs a statement; answers the number of rows it changed.
    @discardableResult
    public func run(_ sql: String, _ values: [SQLValue] = []) throws -> Int {
        try stepping(sql, values) { _ in true }
        return Int(sqlite3_changes(handle))
    }

    /// Every row through `map`.
    public func query<T>(_ sql: String, _ values: [SQLValue] = [], _ map: (Row) throws -> T) throws
        -> [T]
    {
        var answers: [T] = []
        try stepping(sql, values) { row in
            answers.append(try map(row))
            return true
        }
        return answers
    }

    /// The first row, or nil.
    public func first<T>(_ sql: String, _ values: [SQLValue] = [], _ map: (Row) throws -> T) throws
        -> T?
    {
        var answer: T?
        try stepping(sql, values) { row in
            answer = try map(row)
            return false
        }
        return answer
    }

    /// Rows one by one until `body` answers false.
    public func each(_ sql: String, _ values: [SQLValue] = [], _ body: (Row) throws -> Bool) throws
    {
        try stepping(sql, values, body)
    }

    /// The first column of the first row as an integer; 0 where there is none.
    public func count(_ sql: String, _ values: [SQLValue] = []) throws -> Int64 {
        try first(sql, values) { $0.integer(0) } ?? 0
    }

    /// Several statements without values (DDL).
    public func script(_ sql: String) throws {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw DatabaseError(code: code, handle: handle, sql: sql) }
    }

    /// The id that the last INSERT made.
    public var lastInsertID: Int64 { sqlite3_last_insert_rowid(handle) }

    /// Runs `body` under a savepoint of its own; what it throws undoes only its statements.
    public func savepoint<T>(_ body: () throws -> T) throws -> T {
        let name = "s\(savepointDepth)"
        try run("savepoint \(name)")
        savepointDepth += 1
        defer { savepointDepth -= 1 }
        let told = endings.count
        do {
            let answer = try body()
            try run("release \(name)")
            return answer
        } catch {
            tell(false, from: told)
            // After an error that made the engine roll back everything there is no savepoint left;
            // whoever began the transaction finds that out by `isInTransaction`.
            if isInTransaction {
                try run("rollback to \(name)")
                try run("release \(name)")
            }
            throw error
        }
    }

    /// Calls `body` on this thread when what was written so far is durable (true) or undone
    /// (false). Only within a group.
    func atEnd(_ body: @escaping @Sendable (Bool) -> Void) { endings.append(body) }

    /// Tells everybody who asked, from the n-th on, how it ended.
    func tell(_ isDurable: Bool, from first: Int = 0) {
        guard endings.count > first else { return }
        let told = endings[first...]
        endings.removeSubrange(first...)
        for ending in told { ending(isDurable) }
    }

    /// Tells of other processes that have this database open.
    var foreignPresence: ForeignPresence { ForeignPresence(of: handle) }

    /// Whether a transaction is open.
    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Steps a statement to its end, or until `body` answers false.
    private func stepping(
        _ sql: String, _ values: [SQLValue], _ body: (Row) throws -> Bool
    ) throws {
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
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else {
                throw DatabaseError(code: code, handle: handle, sql: sql)
            }
            guard try body(Row(statement: statement.handle)) else { return }
        }
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
        if statements.count >= Connection.statementLimit {
            let oldest = statements.values.filter { !$0.isInUse }.min { $0.lastUse < $1.lastUse }
            if let oldest { statements[oldest.sql] = nil }
        }
        statements[sql] = statement
        return statement
    }
}
