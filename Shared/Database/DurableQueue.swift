import ServiceRuntime

/// Work as rows: due time, lease, attempts, last error. Every thing that must not be lost (outbox, inbox,
/// mails, workflow actions, timers, jobs) is an item of such a queue before it is done.
///
/// Several copies of a service may work on one queue: an item is leased for a time, and taken again by
/// someone else when the lease ran out.
public struct DurableQueue: Sendable {
    /// One unit of work.
    public struct Item: Sendable {
        public let id: Int64
        /// Unique in the queue while the item lives; a second enqueue of the same key does nothing.
        public let key: String
        public let payload: [UInt8]
        /// How often it was leased, this time included.
        public let attempts: Int
        public let due: Timestamp
        public let created: Timestamp
    }

    /// The table is `queue_<name>`.
    public init(name: String) { fatalError("stub") }

    /// Its table and indexes.
    public var migration: Migration { fatalError("stub") }

    /// Adds an item in the caller's transaction; false where the key is there already.
    @discardableResult
    public func enqueue(
        _ connection: Connection, key: String, payload: [UInt8], due: Timestamp, now: Timestamp
    ) throws -> Bool { fatalError("stub") }

    /// Takes up to `limit` due items, oldest due first, until `until`.
    public func lease(
        _ connection: Connection, now: Timestamp, until: Timestamp, limit: Int
    ) throws -> [Item] { fatalError("stub") }

    /// The work is done: the item goes, in the transaction that holds its effect.
    public func complete(_ connection: Connection, _ item: Item) throws { fatalError("stub") }

    /// Not now: due again at `due`, with the reason.
    public func retry(_ connection: Connection, _ item: Item, due: Timestamp, error: String) throws
    { fatalError("stub") }

    /// Not any more by itself: kept as dead until a person acts.
    public func bury(_ connection: Connection, _ item: Item, error: String) throws {
        fatalError("stub")
    }

    /// Removes an item by key (a timer that is no longer needed); false where there is none.
    @discardableResult
    public func cancel(_ connection: Connection, key: String) throws -> Bool { fatalError("stub") }

    /// When the next item is due (or its lease ends); nil where nothing waits.
    public func nextDue(_ connection: Connection) throws -> Timestamp? { fatalError("stub") }
}

/// Works on a queue: leases, handles up to `concurrency` at a time, waits for a wake-up or the next due time.
/// A `Service` of the group: on shutdown it takes nothing new and finishes what runs.
public final class QueueWorker: Service {
    /// What became of an item; each is written in one transaction.
    public enum Outcome: Sendable {
        /// Done; the closure writes the effect in the transaction that removes the item.
        case done((@Sendable (Connection) throws -> Void)? = nil)
        /// Again after the backoff.
        case retry(String)
        /// Again at a time.
        case retryAt(Timestamp, String)
        /// A person must look; the closure writes the incident in the same transaction.
        case bury(String, (@Sendable (Connection) throws -> Void)? = nil)
    }

    public let name: String

    /// `backoff` gives the wait after the n-th failed attempt (from 1). An error that `handle` throws is a
    /// retry with that error.
    public init(
        _ queue: DurableQueue, database: Database, runtime: Runtime, name: String,
        concurrency: Int = 8, lease: Duration = .seconds(60),
        backoff: @escaping @Sendable (Int) -> Duration,
        handle: @escaping @Sendable (DurableQueue.Item) async throws -> Outcome
    ) { fatalError("stub") }

    /// Something was enqueued: look now. Call it after the commit.
    public func wake() { fatalError("stub") }
    public func run() async throws { fatalError("stub") }
    public func shutdown() async { fatalError("stub") }
}

/// Doubling waits with jitter: `first`, then twice as long each time, at most `most`.
public func exponentialBackoff(first: Duration, most: Duration, random: any RandomSource)
    -> @Sendable (Int) -> Duration
{ fatalError("stub") }
