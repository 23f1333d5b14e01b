/// A connection lent to a closure; using it after the closure is a programming error. Statements are written
/// with `?` and prepared once each.
public final class Connection {
    /// Runs a statement; answers the number of rows it changed.
    @discardableResult
    public func run(_ sql: String, _ values: [SQLValue] = []) throws -> Int { fatalError("stub") }
    /// Every row through `map`.
    public func query<T>(_ sql: String, _ values: [SQLValue] = [], _ map: (Row) throws -> T) throws
        -> [T]
    { fatalError("stub") }
    /// The first row, or nil.
    public func first<T>(_ sql: String, _ values: [SQLValue] = [], _ map: (Row) throws -> T) throws
        -> T?
    { fatalError("stub") }
    /// Rows one by one until `body` answers false.
    public func each(_ sql: String, _ values: [SQLValue] = [], _ body: (Row) throws -> Bool) throws
    { fatalError("stub") }
    /// The first column of the first row as an integer; 0 where there is none.
    public func count(_ sql: String, _ values: [SQLValue] = []) throws -> Int64 {
        fatalError("stub")
    }
    /// Several statements without values (DDL).
    public func script(_ sql: String) throws { fatalError("stub") }
    /// The id that the last INSERT made.
    public var lastInsertID: Int64 { fatalError("stub") }
    /// Runs `body` under a savepoint of its own; what it throws undoes only its statements.
    public func savepoint<T>(_ body: () throws -> T) throws -> T { fatalError("stub") }
    public var dialect: Dialect { fatalError("stub") }
}

/// A row, valid within the closure that got it. Columns count from 0.
public struct Row {
    public func integer(_ column: Int) -> Int64 { fatalError("stub") }
    public func optionalInteger(_ column: Int) -> Int64? { fatalError("stub") }
    public func double(_ column: Int) -> Double { fatalError("stub") }
    public func text(_ column: Int) -> String { fatalError("stub") }
    public func optionalText(_ column: Int) -> String? { fatalError("stub") }
    public func blob(_ column: Int) -> [UInt8] { fatalError("stub") }
    public func boolean(_ column: Int) -> Bool { integer(column) != 0 }
    public func isNull(_ column: Int) -> Bool { fatalError("stub") }
    public func value(_ column: Int) -> SQLValue { fatalError("stub") }
    /// The UTF-8 of a text column without a copy, for the JSON writer.
    public func withText<T>(_ column: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> T)
        rethrows -> T
    { fatalError("stub") }
    public var columnCount: Int { fatalError("stub") }
    public func columnName(_ column: Int) -> String { fatalError("stub") }
}

/// A value of a statement.
public enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
}

extension SQLValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByNilLiteral, ExpressibleByBooleanLiteral
{
    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(nilLiteral: ()) { self = .null }
    public init(booleanLiteral value: Bool) { self = .integer(value ? 1 : 0) }
    public init(_ value: Int64?) { self = value.map { .integer($0) } ?? .null }
    public init(_ value: String?) { self = value.map { .text($0) } ?? .null }
    public init(_ value: Bool) { self = .integer(value ? 1 : 0) }
    public init(_ value: [UInt8]?) { self = value.map { .blob($0) } ?? .null }
}

/// What can go wrong with a database.
public enum DatabaseError: Error, Sendable {
    /// A constraint; `columns` as far as the engine names them.
    case constraint(kind: Constraint, table: String?, columns: [String])
    /// No room: on the disk, or by a limit.
    case full(String)
    /// Too many writes wait.
    case overloaded
    /// A foreign program holds the lock too long.
    case busy
    /// A statement that is wrong, a damaged file, an I/O error, a failed COMMIT.
    case failed(code: Int, message: String, sql: String)
    /// The schema is not this program's.
    case schema(String)

    public enum Constraint: Sendable { case unique, notNull, foreignKey, check, other }
}
