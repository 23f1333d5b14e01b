import ServiceRuntime

/// A connection lent to a closure; using it after the closure is a programming error. Statements
/// are written with `?` and prepared once each.
public final class Connection {
    let link: any DatabaseLink
    private var savepointDepth = 0
    /// What was asked `once` in the open transaction.
    private var answers: [String: Int64] = [:]
    /// Told how the transaction ended in which they were added; see `atEnd`.
    private var endings: [@Sendable (Bool) -> Void] = []
    /// Whether a writer's group is open here, so that its end will be told.
    var isGrouped = false
    /// The workers of this process, by the name of their queue.
    var desks: [String: any QueueDesk] = [:]

    /// Which copy of the service this is to the others; see `PostgresPlace.lock(ofCopy:)`.
    var copy: Int64?
    /// Locks of copies that are there, up to what their number equals.
    static let presence = """
        pg_locks as held where held.locktype = 'advisory' and held.objsubid = 1 and held.granted
            and held.database = (select oid from pg_database where datname = current_database())
            and ((held.classid::bigint << 32) | held.objid::bigint)
        """

    /// Whether a copy of a service has a session with the server now; see `Database.copy`.
    public func isThere(copy: Int64) throws -> Bool {
        guard !dialect.isSQLite else { return false }
        return try count("select count(*) from \(Connection.presence) = ?", [.integer(copy)]) > 0
    }

    /// `copy` as a value.
    var holder: SQLValue { copy.map { .integer($0) } ?? .null }

    /// How this engine spells what SQL leaves open.
    public var dialect: Dialect { Dialect(engine: link.engine) }

    /// The number of the advisory lock that who writes into the schema holds; nil of a file.
    public var writeLock: Int64? { link.writeLock }

    enum Access {
        case write, read
        /// For statements that somebody else wrote.
        case confined
        /// Another program's file, to be read or also written, and otherwise left as it is.
        case foreign, foreignWrite
    }

    init(_ link: any DatabaseLink) { self.link = link }

    /// Opens or (for writing) creates a SQLite file.
    convenience init(path: String, access: Access, busyTimeout: Duration) throws {
        self.init(try SQLiteLink(path: path, access: access, busyTimeout: busyTimeout))
    }

    /// Runs a statement; answers the number of rows it changed.
    @discardableResult
    public func run(_ sql: String, _ values: [SQLValue] = []) throws -> Int {
        try link.step(sql, values) { _ in true }
    }

    /// Inserts one row into a table whose column `id` numbers itself; answers its id.
    @discardableResult
    public func insert(_ sql: String, _ values: [SQLValue] = []) throws -> Int64 {
        guard let id = try link.insert(sql, values) else {
            throw DatabaseError.failed(code: 1, message: "no row was inserted", sql: sql)
        }
        return id
    }

    /// As `insert`; nil where `on conflict do nothing` left the row out.
    public func insertIfAbsent(_ sql: String, _ values: [SQLValue] = []) throws -> Int64? {
        try link.insert(sql, values)
    }

    /// Every row through `map`.
    public func query<T>(_ sql: String, _ values: [SQLValue] = [], _ map: (Row) throws -> T) throws
        -> [T]
    {
        var answers: [T] = []
        _ = try link.step(sql, values) { row in
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
        _ = try link.step(sql, values) { row in
            answer = try map(row)
            return false
        }
        return answer
    }

    /// Rows one by one until `body` answers false.
    public func each(_ sql: String, _ values: [SQLValue] = [], _ body: (Row) throws -> Bool) throws
    {
        _ = try link.step(sql, values, body)
    }

    /// The first column of the first row as an integer; 0 where there is none.
    public func count(_ sql: String, _ values: [SQLValue] = []) throws -> Int64 {
        try first(sql, values) { $0.integer(0) } ?? 0
    }

    /// Several statements without values (DDL), in SQLite's words for types.
    public func script(_ sql: String) throws {
        try link.script(dialect.isSQLite ? sql : PostgresSchema.translated(sql))
    }

    /// As `script`, in the engine's own words: nothing is translated.
    public func verbatim(_ sql: String) throws { try link.script(sql) }

    /// Runs `body` under a savepoint of its own; what it throws undoes only its statements.
    public func savepoint<T>(_ body: () throws -> T) throws -> T {
        let name = "s\(savepointDepth)"
        try link.note("savepoint \(name)")
        savepointDepth += 1
        defer { savepointDepth -= 1 }
        let told = endings.count
        do {
            let answer = try body()
            try link.note("release \(name)")
            return answer
        } catch {
            tell(false, from: told)
            // After an error that made the engine roll back everything there is no savepoint left;
            // whoever began the transaction finds that out by `isInTransaction`.
            if isInTransaction {
                try link.note("rollback to \(name)")
                try link.note("release \(name)")
            }
            throw error
        }
    }

    /// What `body` answers, asked once in a transaction that writes: for what others can change
    /// only before it began or after it ended.
    public func once(_ name: String, _ body: () throws -> Int64) throws -> Int64 {
        if let known = answers[name] { return known }
        let answer = try body()
        answers[name] = answer
        return answer
    }

    /// After another copy of the service has changed tables; one's own `script` does it by itself.
    public func forgetPlans() throws { try link.forgetPlans() }

    /// As `once`, where this transaction itself has changed it.
    public func correct(_ name: String, to answer: Int64) { answers[name] = answer }

    /// Sets a parameter of ours (`geartrain.…`) for the rest of the transaction, or until the
    /// savepoint is taken back, without an exchange of its own. Of PostgreSQL alone.
    public func set(_ name: String, to value: String) throws {
        try link.note("set local \(name) = \(Dialect.literal(value))")
    }

    /// Begins a transaction of the writer.
    func begin() throws {
        answers = [:]
        try link.begin(.write)
    }

    /// Tells every copy of the service, when this is committed, that what is known under `topic` is
    /// not what it was; see `Database.follow`.
    public func announce(_ topic: String) throws { try link.tellCopies(of: topic) }

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
    var foreignPresence: ForeignPresence { ForeignPresence(of: (link as? SQLiteLink)?.handle) }

    /// Whether a transaction is open.
    var isInTransaction: Bool { link.isInTransaction }

    /// Runs `body` in a transaction that writes, alone among those of this program.
    func writing<T>(_ body: () throws -> T) throws -> T {
        try begin()
        do {
            let answer = try body()
            try link.commit()
            return answer
        } catch {
            if isInTransaction { try link.rollback() }
            throw error
        }
    }
}
