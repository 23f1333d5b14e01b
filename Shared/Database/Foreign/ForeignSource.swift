/// A database of another program, of whatever engine: SQL goes in, rows come out.
public protocol ForeignSource: Sendable {
    var dialect: ForeignDialect { get }

    /// The columns of a table or view in their order; nil where there is none of that name.
    func columns(of table: String) async throws -> [ForeignColumn]?

    /// Runs `body` in one transaction that reads.
    func read<T: Sendable>(_ body: @escaping @Sendable (any ForeignSession) throws -> T)
        async throws -> T

    /// Runs `body` in one transaction; what it throws undoes all of it.
    func write<T: Sendable>(_ body: @escaping @Sendable (any ForeignSession) throws -> T)
        async throws -> T

    func close()
}

/// A connection within a transaction.
public protocol ForeignSession {
    /// Runs a statement; answers the number of rows it changed. After what it throws nothing else
    /// can be done, unless `attempt` ran it.
    @discardableResult
    func run(_ sql: String, _ values: [SQLValue]) throws -> Int

    /// Rows one by one until `body` answers false.
    func each(_ sql: String, _ values: [SQLValue], _ body: (any ForeignRow) throws -> Bool) throws

    /// The next rows of a query that has no index for its order, so many from a place on. Where the
    /// last call ended there, the rows are those of its moment: they were ordered once. `place`
    /// tells where a row is.
    func follow(
        _ sql: String, _ values: [SQLValue], from start: String, rows: Int,
        place: (any ForeignRow) -> String, _ body: (any ForeignRow) throws -> Bool
    ) throws

    /// Runs `body`; what it throws undoes what it did, and that alone.
    func attempt(_ body: () throws -> Void) throws
}

extension ForeignSession {
    /// Of engines in which a statement that fails undoes itself, and where `body` is one statement.
    public func attempt(_ body: () throws -> Void) throws { try body() }

    /// Of sessions that keep none: ordered each time.
    public func follow(
        _ sql: String, _ values: [SQLValue], from start: String, rows: Int,
        place: (any ForeignRow) -> String, _ body: (any ForeignRow) throws -> Bool
    ) throws {
        try each(sql + " LIMIT \(rows)", values, body)
    }
}

/// A row, valid within the closure that got it. Columns count from 0.
public protocol ForeignRow {
    func kind(_ column: Int) -> ForeignKind
    func integer(_ column: Int) -> Int64
    func value(_ column: Int) -> SQLValue
    /// The UTF-8 of a text without a copy.
    func withText<T>(_ column: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> T) rethrows -> T
}

extension ForeignRow {
    func text(_ column: Int) -> String {
        withText(column) { String(decoding: $0, as: UTF8.self) }
    }
}

public enum ForeignKind: Sendable { case null, integer, real, text, blob }

/// A column as the other database declares it.
public struct ForeignColumn: Sendable, Hashable {
    public enum Affinity: Sendable { case integer, text, guid, other }

    public var name: String
    /// As it was declared.
    public var type: String
    public var affinity: Affinity
    /// No two rows have the same value.
    public var isUnique: Bool
    /// Its texts are in the order of their bytes without being told so.
    public var isByteOrdered = false

    public init(name: String, type: String, affinity: Affinity, isUnique: Bool) {
        self.name = name
        self.type = type
        self.affinity = affinity
        self.isUnique = isUnique
    }
}

/// Why another program's database cannot be used.
public enum ForeignError: Error, Sendable {
    /// It passes, or may: away, locked, out of room.
    case away(String)
    /// A row is refused by a rule of the table.
    case constraint(String)
    /// It does not pass by itself.
    case unusable(String)

    /// Of whatever was thrown by a source.
    public init(_ error: any Error) {
        switch error {
        case let error as ForeignError: self = error
        case let error as PostgresError: self.init(error)
        case DatabaseError.busy: self = .away("another program holds its lock")
        case DatabaseError.full(let message): self = .away("it has no room: \(message)")
        case DatabaseError.away(let message): self = .away(message)
        case DatabaseError.overloaded: self = .away("too much waits for it")
        case DatabaseError.interrupted: self = .away("it was interrupted")
        case DatabaseError.constraint(let kind, let table, let columns):
            let names = columns.map { (table.map { $0 + "." } ?? "") + $0 }
            self = .constraint("\(kind) \(names.joined(separator: ", "))")
        case DatabaseError.schema(let message): self = .unusable(message)
        case DatabaseError.failed(let code, let message, _):
            switch Int32(code) & 0xff {
            case 1 where code == 1, 8, 11, 20, 26: self = .unusable(message)
            case 19: self = .constraint(message)
            default: self = .away(message)
            }
        default: self = .away("\(error)")
        }
    }

    public var message: String {
        switch self {
        case .away(let message), .constraint(let message), .unusable(let message): message
        }
    }
}
