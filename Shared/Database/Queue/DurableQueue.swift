import ServiceRuntime

/// Work as rows: due time, lease, attempts, last error. Every thing that must not be lost (outbox,
/// inbox, mails, workflow actions, timers, jobs) is an item of such a queue before it is done.
///
/// Several copies of a service may work on one queue: an item is leased for a time, and taken again
/// by someone else when the lease ran out.
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

    /// How much waits.
    public struct State: Sendable, Hashable {
        /// Items that are not dead, leased ones included.
        public var depth: Int
        public var dead: Int
        /// The due time of the item that should have been done first; nil where nothing waits.
        public var oldestDue: Timestamp?
    }

    public let name: String
    let table: String
    /// The most items that one worker works on at a time.
    static let heldLimit = 1024

    /// The table is `queue_<name>`.
    public init(name: String) {
        self.name = name
        table = Dialect.quote("queue_" + name)
    }

    /// Its table and indexes.
    public var migrations: [Migration] {
        [
            Migration("queue-\(name)-1") { try createTable($0) },
            Migration("queue-\(name)-2") { try addHolder($0) },
        ]
    }

    /// Makes its table and indexes where they are not there: for a queue that settings ask for.
    public func create(_ connection: Connection) throws {
        try createTable(connection)
        try addHolder(connection)
    }

    private func createTable(_ connection: Connection) throws {
        // `ready` is when an item may be taken: when it is due, or when its lease ends.
        try connection.script(
            """
            create table if not exists \(table) (
                id \(connection.dialect.identityColumn),
                key text not null unique,
                payload \(connection.dialect.blobType) not null,
                due bigint not null,
                ready bigint not null,
                attempts integer not null default 0,
                dead integer not null default 0,
                created bigint not null,
                error text);
            create index if not exists \(connection.dialect.quote("queue_\(name)_ready"))
                on \(table) (ready, id) where dead = 0;
            """)
    }

    /// Which copy has leased an item (`Connection.copy`), and at which attempt: those of an earlier
    /// version count attempts without saying who they are.
    private func addHolder(_ connection: Connection) throws {
        guard try !connection.hasColumn("holder", in: "queue_" + name) else { return }
        try connection.script(
            """
            alter table \(table) add column holder bigint;
            alter table \(table) add column holder_attempts integer;
            """)
    }

    /// Adds an item in the caller's transaction; false where the key is there already (a dead one
    /// too). One that is due goes to this process's worker after the commit, without being asked
    /// for; where it has no room, or is due later, the worker is woken to look.
    @discardableResult
    public func enqueue(
        _ connection: Connection, key: String, payload: [UInt8], due: Timestamp, now: Timestamp
    ) throws -> Bool {
        guard connection.isGrouped, let desk = connection.desks[name] else {
            let id = try insert(connection, key, payload, due: due, now: now, until: nil)
            if id != nil { try connection.link.tellCopies(of: name) }
            return id != nil
        }
        let until = due <= now ? desk.reserve(now) : nil
        let id: Int64?
        do {
            id = try insert(connection, key, payload, due: due, now: now, until: until)
        } catch {
            if until != nil { desk.giveBack() }
            throw error
        }
        if let until {
            guard let id else {
                desk.giveBack()
                return false
            }
            let item = Item(
                id: id, key: key, payload: payload, attempts: 1, due: due,
                created: now)
            connection.atEnd { $0 ? desk.take(item, until: until) : desk.giveBack() }
        } else if id != nil {
            connection.atEnd { if $0 { desk.wake() } }
            try connection.link.tellCopies(of: name)
        }
        return id != nil
    }

    /// With `until` it is leased from the beginning.
    private func insert(
        _ connection: Connection, _ key: String, _ payload: [UInt8], due: Timestamp,
        now: Timestamp, until: Timestamp?
    ) throws -> Int64? {
        try connection.insertIfAbsent(
            """
            insert into \(table)
                (key, payload, due, ready, attempts, created, holder, holder_attempts)
            values (?, ?, ?, ?, ?, ?, ?, 1) on conflict (key) do nothing
            """,
            [
                .text(key), .blob(payload), .integer(due.milliseconds),
                .integer((until ?? due).milliseconds), .integer(until == nil ? 0 : 1),
                .integer(now.milliseconds), until == nil ? .null : connection.holder,
            ])
    }

    /// Whether an item with this key is there, waiting, leased or dead.
    public func contains(_ connection: Connection, key: String) throws -> Bool {
        try connection.count("select count(*) from \(table) where key = ?", [.text(key)]) > 0
    }

    /// Takes up to `limit` due items, oldest due first, until `until`. What whoever asks still
    /// works on is `held`: where the clock has jumped over the end of its lease, it is not taken
    /// again.
    public func lease(
        _ connection: Connection, now: Timestamp, until: Timestamp, limit: Int,
        held: (Int64) -> Bool = { _ in false }
    ) throws -> [Item] {
        guard limit > 0 else { return [] }
        let items = try due(connection, now, limit, held)
        for item in items {
            try connection.run(
                """
                update \(table) set ready = ?, attempts = attempts + 1, holder = ?,
                    holder_attempts = attempts + 1 where id = ?
                """,
                [.integer(until.milliseconds), connection.holder, .integer(item.id)])
        }
        return items
    }

    private func due(
        _ connection: Connection, _ now: Timestamp, _ limit: Int, _ held: (Int64) -> Bool
    ) throws -> [Item] {
        let columns = "id, key, payload, attempts + 1, due, created"
        let source = "from \(table) where dead = 0 and ready <= ? order by ready, id"
        var items: [Item] = []
        if connection.dialect.isSQLite {
            try connection.each("select \(columns) \(source)", [.integer(now.milliseconds)]) {
                if !held($0.integer(0)) { items.append(Item($0)) }
                return items.count < limit
            }
            return items
        }
        // A server answers all that is asked for: payloads only of what is taken.
        let ids = try connection.query(
            "select id \(source) limit ?",
            [.integer(now.milliseconds), .integer(Int64(limit + DurableQueue.heldLimit))]
        ) { $0.integer(0) }.filter { !held($0) }.prefix(limit)
        guard !ids.isEmpty else { return [] }
        return try connection.query(
            """
            select \(columns) from \(table) where id in (\(Dialect.marks(ids.count)))
            order by ready, id
            """, ids.map { .integer($0) }, Item.init)
    }

    /// The work goes on: the lease now ends at `until`. Throws `QueueError.leaseLost` as `complete`
    /// does.
    public func extend(_ connection: Connection, _ item: Item, until: Timestamp) throws {
        try held(
            item,
            connection.run(
                "update \(table) set ready = ? where id = ? and attempts = ? and dead = 0",
                [.integer(until.milliseconds), .integer(item.id), .integer(Int64(item.attempts))]))
    }

    /// The work is done: the item goes, in the transaction that holds its effect. Throws
    /// `QueueError.leaseLost`, which undoes the effect, where someone else took the item meanwhile.
    public func complete(_ connection: Connection, _ item: Item) throws {
        try held(
            item,
            connection.run(
                "delete from \(table) where id = ? and attempts = ? and dead = 0",
                [.integer(item.id), .integer(Int64(item.attempts))]))
    }

    /// Not now: due again at `due`, with the reason.
    public func retry(_ connection: Connection, _ item: Item, due: Timestamp, error: String) throws
    {
        try held(
            item,
            connection.run(
                """
                update \(table) set due = ?, ready = ?, error = ?
                where id = ? and attempts = ? and dead = 0
                """,
                [
                    .integer(due.milliseconds), .integer(due.milliseconds), .text(error),
                    .integer(item.id), .integer(Int64(item.attempts)),
                ]))
    }

    /// Not any more by itself: kept as dead until a person acts.
    public func bury(_ connection: Connection, _ item: Item, error: String) throws {
        try held(
            item,
            connection.run(
                "update \(table) set dead = 1, error = ?"
                    + " where id = ? and attempts = ? and dead = 0",
                [.text(error), .integer(item.id), .integer(Int64(item.attempts))]))
    }

    /// A person acts: a dead item is due again at `due`, as if never tried; false where there is
    /// none.
    @discardableResult
    public func revive(_ connection: Connection, key: String, due: Timestamp) throws -> Bool {
        try connection.run(
            "update \(table) set dead = 0, attempts = 0, due = ?, ready = ?"
                + " where key = ? and dead = 1",
            [.integer(due.milliseconds), .integer(due.milliseconds), .text(key)]) > 0
    }

    /// Removes an item by key (a timer that is no longer needed); false where there is none.
    @discardableResult
    public func cancel(_ connection: Connection, key: String) throws -> Bool {
        try connection.run("delete from \(table) where key = ?", [.text(key)]) > 0
    }

    /// Whether an item is due, or leased, later than a time.
    public func hasLater(_ connection: Connection, than time: Timestamp) throws -> Bool {
        try connection.count(
            """
            select count(*) from
                (select 1 from \(table) where dead = 0 and ready > ? limit 1) as found
            """, [.integer(time.milliseconds)]) > 0
    }

    /// A clock was set back: what would wait until it has come again is due at `due`.
    public func hasten(_ connection: Connection, laterThan time: Timestamp, to due: Timestamp)
        throws
    {
        try connection.run(
            "update \(table) set due = ?, ready = ? where dead = 0 and ready > ?",
            [
                .integer(due.milliseconds), .integer(due.milliseconds),
                .integer(time.milliseconds),
            ])
    }

    /// When the next item is due (or its lease ends); nil where nothing waits.
    public func nextDue(_ connection: Connection) throws -> Timestamp? {
        try connection.first(
            "select ready from \(table) where dead = 0 order by ready, id limit 1"
        ) { Timestamp(milliseconds: $0.integer(0)) }
    }

    /// For metrics.
    public func state(_ connection: Connection) throws -> State {
        let dead = try connection.count("select count(*) from \(table) where dead = 1")
        return try connection.first(
            "select count(*), min(due) from \(table) where dead = 0"
        ) {
            State(
                depth: Int($0.integer(0)), dead: Int(dead),
                oldestDue: $0.optionalInteger(1).map { Timestamp(milliseconds: $0) })
        } ?? State(depth: 0, dead: Int(dead), oldestDue: nil)
    }

    private func held(_ item: Item, _ changed: Int) throws {
        guard changed > 0 else { throw QueueError.leaseLost(key: item.key) }
    }
}

extension DurableQueue.Item {
    fileprivate init(_ row: Row) {
        self.init(
            id: row.integer(0), key: row.text(1), payload: row.blob(2),
            attempts: Int(row.integer(3)), due: Timestamp(milliseconds: row.integer(4)),
            created: Timestamp(milliseconds: row.integer(5)))
    }
}

/// Where a queue's items go without being looked for: the worker of this process. Called on the
/// writer's thread.
protocol QueueDesk: AnyObject, Sendable {
    /// Keeps a place for one item; until when it is leased, or nil where there is no room.
    func reserve(_ now: Timestamp) -> Timestamp?
    /// The place is not needed.
    func giveBack()
    /// The item for which the place was kept; it is durable now.
    func take(_ item: DurableQueue.Item, until: Timestamp)
    func wake()
}

public enum QueueError: Error, Sendable {
    /// The lease ran out and another worker took the item, or it was cancelled.
    case leaseLost(key: String)
}
