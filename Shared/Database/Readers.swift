/// Threads that read, each on a connection of its own, opened when it is first needed.
final class Readers: Sendable {
    typealias Job = @Sendable (Result<Connection, any Error>) -> Void

    let queue: ThreadQueue<Job>
    private let open: @Sendable () throws -> Connection

    init(_ configuration: DatabaseConfiguration, access: Connection.Access = .read) {
        open = { try configuration.connection(access) }
        queue = ThreadQueue(limit: configuration.readQueueLimit)
    }

    /// One thread's life: until the queue is closed and empty.
    func run() {
        var connection: Connection?
        while let job = queue.take(1, waiting: true).first {
            do {
                let opened = try connection ?? open()
                connection = opened
                job(.success(opened))
            } catch {
                job(.failure(error))
            }
        }
    }

    /// Runs `body` on a thread, in one read transaction.
    func read<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        try await look { try $0.snapshot(body) }
    }

    /// Runs `body` on a thread, each of its statements for itself. A server that was started anew
    /// is asked once more, and so is one whose plan was from before a change of its table.
    func look<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let refusal = queue.push { lent in
                continuation.resume(
                    with: Result {
                        let connection = try lent.get()
                        do {
                            return try body(connection)
                        } catch DatabaseError.away where !connection.isInTransaction {
                            return try body(connection)
                        } catch DatabaseError.busy where !connection.dialect.isSQLite {
                            return try body(connection)
                        }
                    })
            }
            if let refusal { continuation.resume(throwing: DatabaseError(refusal)) }
        }
    }
}

extension DatabaseConfiguration {
    /// A connection of one thread; the one that writes says which `copy` of the service it is of.
    func connection(_ access: Connection.Access, copy: Int64? = nil) throws -> Connection {
        #if PostgreSQL
            if PostgresPlace.isOne(location) {
                let place = try PostgresPlace(location, schema: schema)
                let link = PostgresLink(
                    place, access: access, lockWait: busyTimeout, copy: copy, gate: gate)
                let connection = Connection(link)
                connection.copy = copy
                return connection
            }
        #endif
        return try Connection(path: location, access: access, busyTimeout: busyTimeout)
    }
}

extension DatabaseError {
    init<E>(_ refusal: ThreadQueue<E>.Refusal) {
        switch refusal {
        case .full: self = .overloaded
        case .closed: self = .closed
        }
    }
}
