import CSQLite
import Glibc
import ServiceRuntime
import Synchronization

/// One database that this process alone writes through (foreign programs may too): a writer thread
/// with group commit, readers that never wait for it.
public final class Database: Sendable {
    let configuration: DatabaseConfiguration
    let runtime: Runtime
    private let writer: Writer
    private let readers: Readers
    private let confinedReaders: Readers
    private let loopConnections: [LoopConnection]
    private let threads: ThreadCount
    /// Holds the lock that says which process the leases of its queues belong to.
    private let ownership: Ownership?
    private let engine: Dialect.Engine
    private let reclaimed = Mutex<Set<String>>([])
    /// Of a database that other copies share.
    private let news: CopyNews?
    /// What tells this copy of the service from the others that share the database, and is new each
    /// time that it is opened; nil of a file. See `Connection.isThere`.
    public let copy: Int64?

    /// Opens or creates it. `groups` may be empty where no point reads on loops are needed.
    public static func open(
        _ configuration: DatabaseConfiguration, runtime: Runtime
    ) async throws -> Database {
        if PostgresPlace.isOne(configuration.location) {
            return try await open(server: configuration, runtime: runtime)
        }
        _ = configureOnce
        let folder = configuration.location.split(separator: "/", omittingEmptySubsequences: false)
            .dropLast().joined(separator: "/")
        if !folder.isEmpty, access(folder, F_OK) != 0 { try Files.makeFolder(folder) }
        try MovedMark.check(configuration.location)
        let connection = try Connection(
            path: configuration.location, access: .write, busyTimeout: configuration.busyTimeout)
        return try Database(configuration, runtime: runtime, writing: connection)
    }

    private static let configureOnce: Int32 = geartrain_sqlite_configure()

    init(
        _ configuration: DatabaseConfiguration, runtime: Runtime,
        writing connection: sending Connection
    ) throws {
        self.configuration = configuration
        self.runtime = runtime
        engine = connection.dialect.engine
        copy = connection.copy
        let writer = Writer(connection, configuration: configuration)
        let readers = Readers(configuration)
        let confinedReaders = Readers(configuration, access: .confined)
        let news =
            engine == .postgresql ? CopyNews(copy: connection.copy, clock: runtime.clock) : nil
        self.news = news
        let threads = ThreadCount(
            1 + configuration.readerThreads + configuration.confinedThreads
                + (news == nil ? 0 : 1))
        self.writer = writer
        self.readers = readers
        self.confinedReaders = confinedReaders
        self.threads = threads
        // A server's answers are waited for, which a loop must not do.
        loopConnections =
            engine == .sqlite ? runtime.loops.loops.map { _ in LoopConnection() } : []
        ownership = engine == .sqlite ? Ownership(path: configuration.location + "-owner") : nil
        #if PostgreSQL
            if let news {
                let place = try PostgresPlace(
                    configuration.location, schema: configuration.schema)
                try detachThread(name: "db-news") {
                    news.run(place)
                    threads.ended()
                }
            }
        #endif
        try detachThread(name: "db-writer") {
            writer.run()
            threads.ended()
        }
        for _ in 0..<configuration.readerThreads {
            try detachThread(name: "db-reader") {
                readers.run()
                threads.ended()
            }
        }
        for _ in 0..<configuration.confinedThreads {
            try detachThread(name: "db-confined") {
                confinedReaders.run()
                threads.ended()
            }
        }
    }

    deinit {
        news?.close()
        writer.queue.close()
        readers.queue.close()
        confinedReaders.queue.close()
    }

    /// Runs `body` in the current group's transaction under its own savepoint, and returns after
    /// the COMMIT. What `body` throws undoes its own statements only; a failed COMMIT throws for
    /// everyone in it.
    @discardableResult
    public func write<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T)
        async throws -> T
    {
        try await ask(.grouped, body)
    }

    /// Runs `body` in a transaction of its own, and returns after the COMMIT; what it throws undoes
    /// all of it. For what writes many rows: nobody else's COMMIT waits for these, and there is no
    /// savepoint, which would keep a copy of every page and slow down each statement by those that
    /// went before it.
    @discardableResult
    public func writeMany<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T)
        async throws -> T
    {
        try await ask(.sole, body)
    }

    /// Runs `body` alone, outside any transaction, on the writer thread (VACUUM, DDL that needs
    /// it).
    @discardableResult
    public func exclusive<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T)
        async throws -> T
    {
        try await ask(.alone, body)
    }

    /// Runs `body` on a reader thread in one read transaction (a consistent view): scans, lists,
    /// exports. Where a `limit` is given and its statements take longer,
    /// `DatabaseError.interrupted`.
    public func read<T: Sendable>(
        within limit: Duration? = nil, _ body: @escaping @Sendable (Connection) throws -> T
    ) async throws -> T {
        guard let limit else { return try await readers.read(body) }
        return try await readers.read { try $0.timed(limit, body) }
    }

    /// Runs `body`, whose statements somebody else wrote, on a thread for such, in one read
    /// transaction: it reaches what `confinement` lets it reach.
    public func read<T: Sendable>(
        confinedBy confinement: Confinement,
        _ body: @escaping @Sendable (Connection) throws -> T
    ) async throws -> T {
        try await confinedReaders.read { connection in
            try connection.link.confined(by: confinement) { try body(connection) }
        }
    }

    /// Runs `body` where it is: on an event loop on that loop's own connection, each statement for
    /// itself; otherwise as `read`. For statements of microseconds (a row by its key, a page by an
    /// index).
    public func pointRead<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T)
        async throws -> T
    {
        guard let slot = loopSlot else {
            guard engine == .sqlite else { return try await readers.look(body) }
            return try await read(body)
        }
        return try body(slot.connection(configuration))
    }

    /// Runs `body`, which reads and nothing else, in one read transaction: where it is, on an event
    /// loop on that loop's own connection, as long as that takes a few steps, and else again on a
    /// reader thread. What was too long for the loop under this `name` is sent to a thread at once
    /// the next time. `limit` as of `read`.
    public func quickRead<T: Sendable>(
        _ name: String, within limit: Duration,
        _ body: @escaping @Sendable (Connection) throws -> T
    ) async throws -> T {
        guard let slot = loopSlot else { return try await read(within: limit, body) }
        let connection = try slot.connection(configuration)
        guard !slot.isLong(name) else { return try await read(within: limit, body) }
        do {
            return try connection.hurried { try $0.snapshot(body) }
        } catch DatabaseError.interrupted {
            slot.note(long: name)
            return try await read(within: limit, body)
        }
    }

    /// The place of this event loop's connection; nil on any other thread.
    private var loopSlot: LoopConnection? {
        guard !loopConnections.isEmpty, let loop = EventLoop.current,
            loop.index < loopConnections.count,
            runtime.loops.loops[loop.index] === loop
        else { return nil }
        return loopConnections[loop.index]
    }

    /// A number that changes with every commit by another process (SQLite's `data_version`); of a
    /// server with other commits too.
    public func foreignVersion() async throws -> Int64 {
        guard engine == .sqlite else {
            return try await pointRead {
                try $0.count("select txid_snapshot_xmax(txid_current_snapshot())")
            }
        }
        // Only the connection that writes can tell: to any other, this process's own commits look
        // foreign.
        return try await ask(.look) { try $0.count("pragma data_version") }
    }

    /// Whether this copy of the service is the one that does `work`, which only one does at a time;
    /// the only copy is, at once. It may still say so for a moment after another took over.
    public func leads(_ work: String) -> Bool { news?.leads(work) ?? true }

    /// Calls `body`, on a thread that must not wait, after any copy has committed what it announced
    /// under `topic`, and whenever such words may have been lost. Of a file there are no copies.
    public func follow(_ topic: String, _ body: @escaping @Sendable () -> Void) {
        news?.follow(topic, body)
    }

    private static let retryWait = Duration.seconds(1)
    private static let retries = 60

    /// Reads again what another copy told of under `topic`: until it succeeds, for a minute, since
    /// nobody says it twice unless the words themselves were lost.
    public func readAgain(_ topic: String, _ body: @escaping @Sendable () async throws -> Void) {
        Task { [runtime] in
            for _ in 0..<Database.retries {
                do { return try await body() } catch {
                    runtime.log.warning(
                        "what another copy told of is not read",
                        ["topic": .string(topic), "error": .string("\(error)")])
                }
                guard (try? await runtime.clock.sleep(for: Database.retryWait)) != nil
                else { return }
            }
        }
    }

    /// Whether other copies of the service may have it open.
    public var isShared: Bool { news != nil }

    /// How many copies of the service have it open, this one among them, as counted every two
    /// seconds; 1 of a file.
    public var copies: Int { news?.copies ?? 1 }

    /// Writes that wait for the writer thread.
    public var waitingWrites: Int { writer.queue.count }

    /// How this engine spells what SQL leaves open.
    public var dialect: Dialect { Dialect(engine: engine) }

    /// Waits for what is queued and closes.
    public func close() async {
        news?.close()
        writer.queue.close()
        readers.queue.close()
        confinedReaders.queue.close()
        for (loop, slot) in zip(runtime.loops.loops, loopConnections) where slot.isUsed {
            await Task(executorPreference: loop) { slot.close() }.value
        }
        await threads.allEnded()
        ownership?.release()
    }

    /// Whether leases that stand in queue `name` are from an earlier life of this process and may
    /// be taken back: once for each queue, and only where no other process has the database open.
    func mayReclaim(_ name: String) -> Bool {
        ownership?.isHeld == true && reclaimed.withLock { $0.insert(name).inserted }
    }

    /// From here on, what is enqueued for `desk` and due at once goes to it, while it has room;
    /// what was enqueued before is committed by then, so that whoever looks finds it.
    func openDesk(_ desk: any QueueDesk, for queue: String) async throws {
        news?.add(desk, for: queue)
        try await ask(.alone) { $0.desks[queue] = desk }
    }

    func closeDesk(_ desk: any QueueDesk, for queue: String) async throws {
        news?.remove(desk, for: queue)
        try await ask(.look) { if $0.desks[queue] === desk { $0.desks[queue] = nil } }
    }

    private func ask<T: Sendable>(
        _ kind: WriterJobKind, _ body: @escaping @Sendable (Connection) throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let refusal = writer.queue.push(WriterTask(kind, continuation, body))
            if let refusal { continuation.resume(throwing: DatabaseError(refusal)) }
        }
    }
}
