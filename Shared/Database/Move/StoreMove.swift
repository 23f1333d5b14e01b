import ServiceRuntime

/// One SQLite store on its way into a schema of a PostgreSQL. Until `finish` no service starts on
/// what is there, and the source is as it was. Calls block, and throw `MoveError`.
public final class StoreMove {
    /// What is the same on both sides.
    public struct Table: Sendable {
        public var name: String
        public var rows: Int
        /// Values in which U+0000, or bytes that are no UTF-8, became U+FFFD.
        public var replaced: Int
        /// Over all values in the order of the key: 64 hexadecimal digits.
        public var sha256: String
    }

    /// How long another session may hold a lock, such as one of a move that was killed.
    private static let lockWait = Duration.seconds(30)

    public let layout: StoreLayout
    public let schema: String
    let source: MoveSource
    let target: Connection
    private let place: PostgresPlace
    private let standing: Standing

    private enum Standing {
        case nothing
        /// A move that was cut.
        case unfinished
        /// Tables of something else, or of a move that came to its end.
        case tables
    }

    /// Locks the source, connects, and looks whether both are fit.
    public init(
        _ layout: StoreLayout, from path: String, to configuration: DatabaseConfiguration
    ) throws {
        self.layout = layout
        var configuration = configuration
        configuration.busyTimeout = StoreMove.lockWait
        let place = try PostgresPlace(configuration.location, schema: configuration.schema)
        let schema = place.schema
        self.place = place
        self.schema = schema
        let (source, target, standing) = try StoreMove.explained(layout.service, "looking") {
            let source = try MoveSource(path)
            try source.check(layout.migrations)
            let target = try configuration.connection(.write)
            return (source, target, try StoreMove.look(target, place))
        }
        guard standing == .unfinished || !MovedMark.stands(path) else {
            throw MoveError(
                "\(path) was moved before, and the store may have gone on there since. To move it"
                    + " once more as it was then, remove \(path)-moved")
        }
        guard standing != .tables else {
            throw MoveError(
                "the schema \(schema) of the database \(place.address.database) has tables"
                    + " already: a move goes into an empty one")
        }
        self.source = source
        self.target = target
        self.standing = standing
    }

    /// What stands there; throws where nothing can be put there.
    private static func look(_ target: Connection, _ place: PostgresPlace) throws -> Standing {
        try target.script("set statement_timeout = 0; set idle_in_transaction_session_timeout = 0")
        do {
            // Waits: the server notices only after a while that a move has ended or was killed.
            try target.script("select pg_advisory_lock(\(place.lockNumber(of: "move")))")
        } catch DatabaseError.busy {
            throw MoveError("another move into the schema \(place.schema) goes on")
        }
        let encoding = try target.first("show server_encoding") { $0.text(0) }
        guard encoding == "UTF8" else {
            throw MoveError(
                "the database \(place.address.database) has the encoding \(encoding ?? "");"
                    + " make one with the encoding UTF8")
        }
        let tables = try StoreMove.tables(target, place.schema)
        guard tables.contains("schema_migration") else {
            return tables.isEmpty ? .nothing : .tables
        }
        let marks = try target.count(
            "select count(*) from \(Dialect.quote(place.schema)).schema_migration where name = ?",
            [.text(Migration.unfinishedMove)])
        return marks > 0 ? .unfinished : .tables
    }

    private static func tables(_ target: Connection, _ schema: String) throws -> Set<String> {
        Set(
            try target.query(
                """
                select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where n.nspname = ? and c.relkind in ('r', 'p')
                """, [.text(schema)]
            ) { $0.text(0) })
    }

    /// Makes the tables, by the service's own migrations, and what was begun before anew.
    public func make(at now: Timestamp) throws {
        try explained("making its tables") {
            try target.writing {
                if standing == .unfinished {
                    try target.script("drop schema \(Dialect.quote(schema)) cascade")
                }
                try target.makeSchema(schema)
                guard try StoreMove.tables(target, schema).isEmpty else {
                    throw MoveError(
                        "a service has begun to use the schema \(schema) since it was looked at:"
                            + " stop it, and empty the schema")
                }
                try target.script(Migration.table)
                try target.run(
                    "insert into schema_migration (name, checksum, applied) values (?, '', ?)",
                    [.text(Migration.unfinishedMove), .integer(now.milliseconds)])
            }
            try target.migrate(layout.migrations, at: now, isMoving: true)
            try target.writing { try layout.prepare(source.connection, target) }
        }
    }

    /// What is copied, in an order in which references hold. Throws where the two sides differ in
    /// their tables or columns.
    func movedTables() throws -> [MovedTable] {
        func own(_ names: Set<String>) -> Set<String> {
            names.filter { $0 != "schema_migration" && !layout.isDerived($0) }
        }
        let there = own(try StoreMove.tables(target, schema))
        let here = own(try source.tables())
        if let unknown = here.subtracting(there).min() {
            throw MoveError(
                "the table \(unknown) of \(source.path) is none of this program's: take it out"
                    + " first, with what it holds")
        }
        if let missing = there.subtracting(here).min() {
            throw MoveError("\(source.path) has no table \(missing)")
        }
        let tables = try there.map { try MovedTable($0, at: target, schema: schema) }
        for table in tables {
            let (left, right) = (
                try source.columns(of: table.name), Set(table.columns.map(\.name))
            )
            guard left == right else {
                throw MoveError(
                    "the columns \(left.symmetricDifference(right).sorted()) of the table"
                        + " \(table.name) are on one side only: another program changed it")
            }
        }
        return try MovedTable.ordered(tables, at: target, schema: schema)
    }

    /// Marks the sources as moved, and then makes the targets, all at once, such as services start
    /// on.
    public static func finish(_ moves: [StoreMove], at now: Timestamp) throws {
        guard let first = moves.first else { return }
        try first.explained("finishing") {
            for move in moves {
                let address = move.place.address
                try MovedMark.set(
                    move.source.path,
                    words: "moved at \(now.text) to the schema \(move.schema) of the database"
                        + " \(address.database) on \(address.host):\(address.port)")
            }
            try first.target.writing {
                for move in moves {
                    let count = try first.target.run(
                        "delete from \(Dialect.quote(move.schema)).schema_migration where name = ?",
                        [.text(Migration.unfinishedMove)])
                    guard count == 1 else {
                        throw MoveError("somebody changed the schema \(move.schema) meanwhile")
                    }
                }
            }
        }
    }

    func explained<T>(_ what: String, _ body: () throws -> T) throws -> T {
        try StoreMove.explained(layout.service, what, body)
    }

    private static func explained<T>(
        _ service: String, _ what: String, _ body: () throws -> T
    ) throws -> T {
        do {
            return try body()
        } catch let error as MoveError {
            throw MoveError("\(service): \(error)")
        } catch let error as DatabaseError {
            throw MoveError("\(service), while \(what): \(error.words)")
        } catch {
            throw MoveError("\(service), while \(what): \(error)")
        }
    }
}
