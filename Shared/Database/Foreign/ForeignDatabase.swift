import Glibc
import ServiceRuntime

/// A SQLite file of another program: opened as it is, never created, neither its journal nor its
/// schema changed, and its triggers and views trusted with nothing. All work is done on one thread
/// of its own, which ends with `close`.
public final class ForeignDatabase: Sendable {
    /// The file as it was when it was opened.
    private struct Identity: Equatable {
        var device: UInt
        var number: UInt

        init?(_ path: String) {
            var info = stat()
            guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
            device = UInt(info.st_dev)
            number = UInt(info.st_ino)
        }
    }

    private let path: String
    private let identity: Identity
    private let readers: Readers

    /// Throws `DatabaseError.failed` where there is no such file. A lock of the other program is
    /// waited for as long as `busyTimeout`; then it is `DatabaseError.busy`.
    public init(path: String, isWritten: Bool, busyTimeout: Duration = .seconds(5)) throws {
        guard let identity = Identity(path) else { throw ForeignDatabase.gone(path) }
        self.path = path
        self.identity = identity
        var configuration = DatabaseConfiguration(location: path)
        configuration.busyTimeout = busyTimeout
        let readers = Readers(configuration, access: isWritten ? .foreignWrite : .foreign)
        self.readers = readers
        try detachThread(name: "db-foreign") { readers.run() }
    }

    deinit { readers.queue.close() }

    /// Runs `body` in one read transaction. Throws `DatabaseError.failed` where the file was
    /// removed or replaced since it was opened: what is read then is nobody's any more.
    public func read<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T)
        async throws -> T
    {
        let answer = try await readers.read(body)
        try check()
        return answer
    }

    /// Runs `body` in a transaction that begins with the write lock.
    public func write<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T)
        async throws -> T
    {
        try check()
        return try await withCheckedThrowingContinuation { continuation in
            let refusal = readers.queue.push { lent in
                continuation.resume(with: Result { try lent.get().changing(body) })
            }
            if let refusal { continuation.resume(throwing: DatabaseError(refusal)) }
        }
    }

    public func close() { readers.queue.close() }

    private func check() throws {
        guard Identity(path) == identity else { throw ForeignDatabase.gone(path) }
    }

    private static func gone(_ path: String) -> DatabaseError {
        .failed(code: Int(ENOENT), message: "the file is not there", sql: "open \(path)")
    }
}

extension Connection {
    /// Runs `body` in a transaction that has the write lock from its beginning.
    fileprivate func changing<T>(_ body: (Connection) throws -> T) throws -> T {
        try writing { try body(self) }
    }
}
