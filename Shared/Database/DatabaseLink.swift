import ServiceRuntime

/// A session with an engine, used by one thread at a time: what `Connection` is made of.
protocol DatabaseLink: AnyObject {
    var engine: Dialect.Engine { get }
    /// The number of the advisory lock of who writes; nil of a file.
    var writeLock: Int64? { get }
    /// Whether a transaction is open.
    var isInTransaction: Bool { get }
    /// Runs a statement to its end, or until `body` answers false; answers how many rows it
    /// changed.
    func step(_ sql: String, _ values: [SQLValue], _ body: (Row) throws -> Bool) throws -> Int
    /// Inserts one row; the id that it got, or nil where it was not inserted.
    func insert(_ sql: String, _ values: [SQLValue]) throws -> Int64?
    /// Puts the rows that `body` adds into a table.
    func copy(_ table: String, _ columns: [String], _ body: (CopyRows) throws -> Void) throws -> Int
    /// Forgets how statements are done: their tables are not what they were.
    func forgetPlans() throws
    /// Several statements without values, in the engine's own words.
    func script(_ sql: String) throws
    func begin(_ kind: TransactionKind) throws
    /// Small statements that belong to the transaction (savepoints), in order; they may wait until
    /// the next other statement, so that they cost no exchange of their own.
    func note(_ sql: String) throws
    /// Tells the workers of other copies, when it is committed, that something is in a queue.
    func tellCopies(of queue: String) throws
    func commit() throws
    func rollback() throws
    /// Statements within `body` end with `DatabaseError.interrupted` when `limit` has passed.
    func timed<T>(_ limit: Duration, _ body: () throws -> T) throws -> T
    /// Runs `body`, whose statements somebody else wrote and keep within `confinement`.
    func confined<T>(by confinement: Confinement, _ body: () throws -> T) throws -> T
    /// Why a statement of somebody else's cannot be run; nil where it can.
    func fault(of sql: String, within confinement: Confinement) throws -> String?
}

extension DatabaseLink {
    var writeLock: Int64? { nil }
    func forgetPlans() {}
}

enum TransactionKind {
    /// Alone among those that write by this program, in this process and in others.
    case write
    /// One state of the whole database.
    case read
}
