import CSQLite
import ServiceRuntime

/// One moment of several SQLite databases, copied while their services go on. All write locks are
/// held together for as long as it takes to begin a read of each; what is copied afterwards is what
/// stood then. Calls block.
public final class DatabaseCut {
    /// A database that is looked at, and what it is copied to.
    public struct Part: Sendable {
        public var from: String
        public var to: String

        public init(from: String, to: String) {
            self.from = from
            self.to = to
        }
    }

    /// Pages between two looks at whether something failed.
    private static let pagesAtOnce: Int32 = 4096

    private let parts: [Part]
    private var readers: [RawConnection] = []

    /// Takes the cut. `during` runs while nobody can write. A lock that is not given at once gives
    /// the others back, so that no service waits for another's; throws `DatabaseError.busy` where
    /// that goes on for `wait`.
    public init(
        _ parts: [Part], wait: Duration = .seconds(30), during: () throws -> Void = {}
    ) throws {
        self.parts = parts
        let end = ContinuousClock.now + wait
        while true {
            do {
                let locks = try parts.map { try RawConnection.locking($0.from) }
                for part in parts { readers.append(try RawConnection.reading(part.from)) }
                try during()
                for lock in locks { try lock.run("rollback") }
                return
            } catch let error as DatabaseError {
                readers.removeAll()
                guard case .busy = error, ContinuousClock.now < end else { throw error }
            }
        }
    }

    /// Writes the copies: whole files without a log beside them.
    public func copy() throws {
        for (part, reader) in zip(parts, readers) {
            let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            let target = try RawConnection(part.to, flags, .seconds(5))
            try reader.copy(to: target, pages: DatabaseCut.pagesAtOnce)
            try target.run("pragma journal_mode = delete")
        }
        readers.removeAll()
    }

    /// What SQLite finds wrong with a copy; nil where it is sound.
    public static func fault(in path: String) throws -> String? {
        let connection = try RawConnection(path, SQLITE_OPEN_READONLY, .seconds(5))
        let found = try connection.texts("pragma integrity_check(10)")
        guard found == ["ok"] else { return found.joined(separator: "; ") }
        let orphans = try connection.texts("pragma foreign_key_check")
        return orphans.isEmpty ? nil : "rows of \(orphans[0]) refer to rows that are not there"
    }

    /// Puts the log of a copy that was opened back into its file.
    public static func settle(_ path: String) throws {
        try RawConnection(path, SQLITE_OPEN_READWRITE, .seconds(5))
            .run("pragma journal_mode = delete")
    }
}

/// A connection with nothing of ours in it.
private final class RawConnection {
    private let handle: OpaquePointer

    init(_ path: String, _ flags: Int32, _ wait: Duration) throws {
        var handle: OpaquePointer?
        let code = sqlite3_open_v2(path, &handle, flags | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let handle else {
            let error = DatabaseError(code: code, handle: handle, sql: "open \(path)")
            sqlite3_close_v2(handle)
            throw error
        }
        self.handle = handle
        sqlite3_busy_timeout(handle, Int32(wait.nanoseconds / 1_000_000))
    }

    deinit { sqlite3_close_v2(handle) }

    /// How long one lock may be waited for while others are held.
    private static let lockWait = Duration.milliseconds(500)

    static func locking(_ path: String) throws -> RawConnection {
        let connection = try RawConnection(path, SQLITE_OPEN_READWRITE, lockWait)
        try connection.run("begin immediate")
        return connection
    }

    static func reading(_ path: String) throws -> RawConnection {
        let connection = try RawConnection(path, SQLITE_OPEN_READWRITE, lockWait)
        try connection.run("pragma query_only = on; begin; select count(*) from sqlite_schema")
        return connection
    }

    func run(_ sql: String) throws {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw DatabaseError(code: code, handle: handle, sql: sql) }
    }

    /// The first column of each row.
    func texts(_ sql: String) throws -> [String] {
        var statement: OpaquePointer?
        var code = sqlite3_prepare_v2(handle, sql, -1, &statement, nil)
        defer { sqlite3_finalize(statement) }
        var result: [String] = []
        while code == SQLITE_OK || code == SQLITE_ROW {
            code = sqlite3_step(statement)
            guard code == SQLITE_ROW else { break }
            result.append(sqlite3_column_text(statement, 0).map { String(cString: $0) } ?? "")
        }
        guard code == SQLITE_DONE else { throw DatabaseError(code: code, handle: handle, sql: sql) }
        return result
    }

    /// What this connection's open transaction sees.
    func copy(to target: RawConnection, pages: Int32) throws {
        guard let backup = sqlite3_backup_init(target.handle, "main", handle, "main") else {
            throw DatabaseError(
                code: sqlite3_errcode(target.handle), handle: target.handle, sql: "backup")
        }
        var code = SQLITE_OK
        while code == SQLITE_OK { code = sqlite3_backup_step(backup, pages) }
        sqlite3_backup_finish(backup)
        guard code == SQLITE_DONE else {
            throw DatabaseError(code: code, handle: target.handle, sql: "backup")
        }
    }
}
