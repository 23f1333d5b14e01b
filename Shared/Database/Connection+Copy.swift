extension Connection {
    /// Puts rows into a table in bulk: `body` adds one after the other, each with a value for each
    /// of `columns`, in memory that does not grow with them. Within `body` this connection takes no
    /// other statement. Answers how many rows went in. Throws `CopyError` for what the engine does
    /// not take, which may come after further rows were added; `DatabaseError` for what passes (no
    /// room, a lock, a server that is away); and what `body` throws. The transaction must be undone
    /// then, at least to a savepoint.
    @discardableResult
    public func copy(
        into table: String, columns: [String], _ body: (CopyRows) throws -> Void
    ) throws -> Int {
        try link.copy(table, columns, body)
    }
}

/// Takes the rows of one `copy`.
public final class CopyRows {
    private let put: ([SQLValue]) throws -> Void
    /// Rows that were added.
    public private(set) var count = 0

    init(_ put: @escaping ([SQLValue]) throws -> Void) { self.put = put }

    public func add(_ values: [SQLValue]) throws {
        count += 1
        try put(values)
    }
}

/// What a table does not take of a copy.
public struct CopyError: Error, Sendable, CustomStringConvertible {
    public var table: String
    /// Of those that were added, from 1; nil where it is not about a row, or nobody knows which.
    public var row: Int?
    public var column: String?
    public var cause: DatabaseError

    public var description: String {
        let place = (row.map { ", row \($0)" } ?? "") + (column.map { ", column \($0)" } ?? "")
        return "copy into \(table)\(place): \(cause.words)"
    }
}

extension CopyError {
    /// What is to be thrown: what passes is nothing of the rows.
    var thrown: any Error { cause.isTemporary ? cause : self }
}

extension DatabaseError {
    /// What is wrong, for a person.
    public var words: String {
        switch self {
        case .constraint(let kind, let table, let columns):
            let place = [table].compactMap { $0 } + columns
            return "the constraint \(kind) does not hold (\(place.joined(separator: ", ")))"
        case .full(let words): return "there is no room: \(words)"
        case .overloaded: return "too many writes wait"
        case .busy: return "somebody else holds a lock of it"
        case .away(let words): return "the server is away: \(words)"
        case .interrupted: return "a statement took longer than it may"
        case .failed(_, let message, let sql):
            return sql.isEmpty ? message : "\(message) (\(sql.prefix(200)))"
        case .schema(let words): return words
        }
    }
}
