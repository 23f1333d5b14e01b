/// Threads that read, each on a connection of its own, opened when it is first needed.
final class Readers: Sendable {
    typealias Job = @Sendable (Result<Connection, any Error>) -> Void

    let queue: ThreadQueue<Job>
    private let path: String
    private let access: Connection.Access
    private let busyTimeout: Duration

    init(_ configuration: DatabaseConfiguration, access: Connection.Access = .read) {
        path = configuration.location
        self.access = access
        busyTimeout = configuration.busyTimeout
        queue = ThreadQueue(limit: configuration.readQueueLimit)
    }

    /// One thread's life: until the queue is closed and empty.
    func run() {
        var connection: Connection?
        while let job = queue.take(1, waiting: true).first {
            do {
                let open =
                    try connection
                    ?? Connection(path: path, access: access, busyTimeout: busyTimeout)
                connection = open
                job(.success(open))
            } catch {
                job(.failure(error))
            }
        }
    }

    /// Runs `body` on a thread, in one read transaction.
    func read<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let refusal = queue.push { lent in
                continuation.resume(
                    with: Result {
                        try lent.get().snapshot(body)
                    })
            }
            if let refusal { continuation.resume(throwing: DatabaseError(refusal)) }
        }
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
