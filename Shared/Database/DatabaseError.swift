import CSQLite
import ServiceRuntime

/// What can go wrong with a database.
public enum DatabaseError: Error, Sendable {
    /// A constraint; `columns` as far as the engine names them (of a CHECK: the constraint's name).
    case constraint(kind: Constraint, table: String?, columns: [String])
    /// No room: on the disk, or by a limit.
    case full(String)
    /// Too many writes wait.
    case overloaded
    /// A foreign program holds the lock too long.
    case busy
    /// The server cannot be reached, or ended the connection: what was being written may stand or
    /// not.
    case away(String)
    /// A statement took longer than it may.
    case interrupted
    /// A statement that is wrong, a damaged file, an I/O error, a failed COMMIT.
    case failed(code: Int, message: String, sql: String)
    /// The schema is not this program's.
    case schema(String)

    public enum Constraint: Sendable { case unique, notNull, foreignKey, check, other }
}

extension DatabaseError: TemporaryError {
    /// Whether the same write may well succeed in a moment.
    public var isTemporary: Bool {
        switch self {
        case .full, .overloaded, .busy, .away: true
        case .constraint, .interrupted, .failed, .schema: false
        }
    }

    static let closed = DatabaseError.failed(
        code: Int(SQLITE_MISUSE), message: "the database is closed", sql: "")

    /// Of what a SQLite connection last said.
    init(code: Int32, handle: OpaquePointer?, sql: String) {
        let message = handle.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) } ?? ""
        switch code & 0xff {
        case SQLITE_BUSY, SQLITE_LOCKED: self = .busy
        case SQLITE_FULL: self = .full(message)
        case SQLITE_INTERRUPT: self = .interrupted
        case SQLITE_CONSTRAINT where code != ExtendedCode.trigger:
            self = DatabaseError.constraint(extendedCode: code, message: message)
        default: self = .failed(code: Int(code), message: message, sql: sql)
        }
    }

    /// Reads `UNIQUE constraint failed: ticket.model, ticket.code`.
    private static func constraint(extendedCode: Int32, message: String) -> DatabaseError {
        let kind: Constraint =
            switch extendedCode {
            case ExtendedCode.unique, ExtendedCode.primaryKey,
                ExtendedCode.rowid:
                .unique
            case ExtendedCode.notNull: .notNull
            case ExtendedCode.foreignKey: .foreignKey
            case ExtendedCode.check: .check
            default: .other
            }
        let parts = message.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, kind != .foreignKey else {
            return .constraint(kind: kind, table: nil, columns: [])
        }
        let named = parts[1].drop { $0 == " " }
        if kind == .check { return .constraint(kind: kind, table: nil, columns: [String(named)]) }
        var table: String?
        var columns: [String] = []
        for item in named.split(separator: ",") {
            let path = item.drop { $0 == " " }.split(separator: ".")
            guard path.count == 2 else { continue }
            table = String(path[0])
            columns.append(String(path[1]))
        }
        return .constraint(kind: kind, table: table, columns: columns)
    }
}

/// SQLite's extended codes; its macros over macros do not import.
private enum ExtendedCode {
    static let check = SQLITE_CONSTRAINT | 1 << 8
    static let foreignKey = SQLITE_CONSTRAINT | 3 << 8
    static let notNull = SQLITE_CONSTRAINT | 5 << 8
    static let primaryKey = SQLITE_CONSTRAINT | 6 << 8
    static let trigger = SQLITE_CONSTRAINT | 7 << 8
    static let unique = SQLITE_CONSTRAINT | 8 << 8
    static let rowid = SQLITE_CONSTRAINT | 10 << 8
}
