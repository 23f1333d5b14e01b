#if PostgreSQL
    import CPostgres
    import ServiceRuntime
    import Synchronization

    extension PostgresConnection: ForeignConnection {
        public func run(_ sql: String, _ values: [SQLValue]) throws -> Int {
            _ = try send(sql, values)
            return try finish()
        }

        /// All rows come, whatever `body` answers: a statement says itself how many it wants.
        public func each(
            _ sql: String, _ values: [SQLValue], _ body: (any ForeignRow) throws -> Bool
        ) throws {
            var types = try send(sql, values).types
            _ = PQsetSingleRowMode(link)
            var isWanted = true
            var fault: (any Error)?
            while let result = try next() {
                defer { PQclear(result) }
                if let error = error(of: result) {
                    fault = fault ?? error
                    continue
                }
                guard isWanted, fault == nil, PQntuples(result) > 0 else { continue }
                if types == nil {
                    let known = PostgresType.all(of: result)
                    know(known, of: sql)
                    types = known
                }
                do {
                    isWanted = try body(PostgresRow(result: result, row: 0, types: types ?? []))
                } catch {
                    fault = error
                }
            }
            if let fault { throw fault }
        }

        /// By a cursor that outlives its transaction: the server keeps its rows, and no state.
        public func follow(
            _ sql: String, _ values: [SQLValue], from start: String, rows: Int,
            place: (any ForeignRow) -> String, _ body: (any ForeignRow) throws -> Bool
        ) throws {
            let last = scan
            scan = nil
            let name = last?.place == start ? last?.name ?? nextScan() : nextScan()
            if name != last?.name {
                if let last { try simple("CLOSE \(last.name)") }
                _ = try run("DECLARE \(name) NO SCROLL CURSOR WITH HOLD FOR \(sql)", values)
            }
            var count = 0
            try each("FETCH \(rows) FROM \(name)", []) { row in
                count += 1
                if count == rows { scan = (name, place(row)) }
                return try body(row)
            }
            if scan == nil { try simple("CLOSE \(name)") }
        }

        /// Undoes what `body` did where it throws, and that alone.
        public func attempt(_ body: () throws -> Void) throws {
            try simple("SAVEPOINT attempt")
            do {
                try body()
            } catch {
                if isAlive { try simple("ROLLBACK TO attempt") }
                throw error
            }
            try simple("RELEASE attempt")
        }

        package func begin(writing: Bool) throws {
            try simple(
                writing ? "BEGIN" : "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        }

        package func commit() throws { try simple("COMMIT") }
        package func rollback() throws {
            // A cursor of this transaction is gone.
            scan = nil
            try simple("ROLLBACK")
        }
    }

    /// A PostgreSQL database of another program, over one connection on a thread of its own.
    public final class PostgresSource: ForeignSource {
        public let dialect = ForeignDialect(.postgresql)
        private let thread: ForeignThread<PostgresConnection>
        private let isClosed = Flag()

        private final class Flag: Sendable {
            let value = Atomic(false)
        }

        /// Connects when it is first asked.
        public init(_ address: PostgresAddress) throws {
            let isClosed = isClosed
            thread = try ForeignThread(name: "db-postgresql") {
                try PostgresConnection(address) { isClosed.value.load(ordering: .relaxed) }
            }
        }

        deinit { close() }

        public func close() {
            isClosed.value.store(true, ordering: .relaxed)
            thread.close()
        }

        public func read<T: Sendable>(
            _ body: @escaping @Sendable (any ForeignSession) throws -> T
        ) async throws -> T {
            try await thread.transact(writing: false, body)
        }

        public func write<T: Sendable>(
            _ body: @escaping @Sendable (any ForeignSession) throws -> T
        ) async throws -> T {
            try await thread.transact(writing: true, body)
        }

        public func columns(of table: String) async throws -> [ForeignColumn]? {
            let name = dialect.table(table)
            return try await read { session in
                var columns: [ForeignColumn] = []
                try session.each(PostgresSource.columns, [.text(name)]) { row in
                    var column = ForeignColumn(
                        name: row.text(0), type: row.text(1), affinity: .other,
                        isUnique: row.integer(5) == 1)
                    column.isByteOrdered = row.integer(4) == 1
                    let modifier = Int32(truncatingIfNeeded: row.integer(3))
                    switch row.integer(2) {
                    case 18, 19, 25, 1043: column.affinity = .text
                    case 2950: column.affinity = .guid
                    case let oid:
                        let type = PostgresType(
                            oid: UInt32(truncatingIfNeeded: oid), modifier: modifier)
                        if type == .integer { column.affinity = .integer }
                    }
                    columns.append(column)
                    return true
                }
                return columns.isEmpty ? nil : columns
            }
        }

        /// A domain is what it is made of. Whether texts are in the order of their bytes already,
        /// so that an index has this order; whether no two rows have one value.
        private static let columns = """
            SELECT a.attname, format_type(a.atttypid, a.atttypmod),
                CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END::int8,
                CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END,
                coalesce(c.collname IN ('C', 'POSIX') OR c.collname = 'default' AND
                    (SELECT datcollate IN ('C', 'POSIX')
                        AND coalesce(to_jsonb(d)->>'datlocprovider', 'c') = 'c'
                     FROM pg_database d WHERE datname = current_database()), false)::int,
                EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique
                    AND i.indisvalid AND i.indpred IS NULL AND i.indnkeyatts = 1
                    AND i.indkey[0] = a.attnum)::int
            FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                LEFT JOIN pg_collation c ON c.oid = a.attcollation
            WHERE a.attrelid = to_regclass(?) AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attnum
            """
    }
#endif
