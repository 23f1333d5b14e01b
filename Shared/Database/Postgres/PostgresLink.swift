#if PostgreSQL
    import ServiceRuntime

    /// A session of a store with PostgreSQL, opened when it is first needed and again after it was
    /// lost.
    final class PostgresLink: DatabaseLink {
        let engine = Dialect.Engine.postgresql
        let place: PostgresPlace
        private let access: Connection.Access
        private let lockWait: Duration
        private let copy: Int64?
        let isClosed: @Sendable () -> Bool
        private var session: PostgresConnection?
        /// Statements that go with the next one.
        private var noted: [String] = []
        /// Looks at statements of others; open for as long as a transaction.
        var examiner: PostgresConnection?
        /// A transaction was begun here, and has not ended by us.
        private var isBegun = false

        /// `lockWait` is how long others may hold a lock; then `DatabaseError.busy`. Of a `copy` of
        /// the service its sessions say that it is there.
        init(
            _ place: PostgresPlace, access: Connection.Access, lockWait: Duration,
            copy: Int64? = nil, gate: String? = nil,
            isClosed: @escaping @Sendable () -> Bool = { false }
        ) {
            self.place = place
            self.access = access
            self.lockWait = lockWait
            self.copy = copy
            self.gate = gate
            self.isClosed = isClosed
        }

        var writeLock: Int64? { place.lockNumber }
        /// See `DatabaseConfiguration.gate`.
        private let gate: String?

        var isInTransaction: Bool {
            guard isBegun, let session, session.isAlive else { return false }
            return noted.first?.hasPrefix("begin ") == true || session.isInTransaction
        }

        func step(
            _ sql: String, _ values: [SQLValue], _ body: (Row) throws -> Bool
        ) throws -> Int {
            do {
                return try asked { session in
                    guard access != .confined else {
                        try flush(session)
                        try session.stream(sql, values) { row in
                            try Confinement.admit(row)
                            return try body(Row(.postgres(row)))
                        }
                        return 0
                    }
                    let before = noted
                    noted = []
                    return try session.execute(before, sql, values) {
                        try body(Row(.postgres($0)))
                    }
                }
            } catch DatabaseError.failed(let code, let message, "") {
                throw DatabaseError.failed(code: code, message: message, sql: sql)
            }
        }

        func insert(_ sql: String, _ values: [SQLValue]) throws -> Int64? {
            var id: Int64?
            _ = try step(sql + " returning id", values) { row in
                id = row.integer(0)
                return false
            }
            return id
        }

        func copy(
            _ table: String, _ columns: [String], _ body: (CopyRows) throws -> Void
        ) throws -> Int {
            let names = columns.map(Dialect.quote).joined(separator: ", ")
            let sql = "copy \(Dialect.quote(table)) (\(names)) from stdin"
            return try asked { session in
                try flush(session)
                return try session.copy(into: table, sql, body)
            }
        }

        func forgetPlans() throws {
            try asked { session in
                try flush(session)
                try session.forgetPrepared()
            }
        }

        func script(_ sql: String) throws {
            try asked { session in
                try flush(session)
                try session.simple(sql)
                try session.forgetPrepared()
            }
        }

        func begin(_ kind: TransactionKind) throws {
            // A transaction whose connection was lost ended with it.
            isBegun = false
            noted = []
            examiner = nil
            switch kind {
            case .read:
                try asked { _ in }
                isBegun = true
                noted = ["begin isolation level repeatable read read only"]
                // A lock takes no state of the tables yet; the statement after it does.
                if let gate { noted.append("lock table \(gate) in access share mode") }
            case .write:
                // One writer at a time, whichever copy of the service it is in: what it reads
                // stands until it commits, as in a file. The lock is the schema's.
                let sql =
                    "begin isolation level read committed read write;"
                    + " select pg_advisory_xact_lock(\(place.lockNumber))"
                do {
                    try asked { try $0.simple(sql) }
                } catch DatabaseError.away where session?.isAlive == false {
                    // A server that was started anew ends what rested.
                    try asked { try $0.simple(sql) }
                } catch {
                    try? asked { try $0.simple("rollback") }
                    throw error
                }
                isBegun = true
            }
        }

        func note(_ sql: String) throws {
            guard isBegun else { throw DatabaseError.away("the connection was lost") }
            // Nothing happened since it was set: neither need be told.
            if sql.hasPrefix("release "), noted.last == "savepoint " + sql.dropFirst(8) {
                noted.removeLast()
                return
            }
            if sql.hasPrefix("release "), isBroken { throw PostgresLink.wentOn }
            noted.append(sql)
        }

        /// A statement failed, and nobody has taken back what it belongs to. The server would turn
        /// the COMMIT into a ROLLBACK without a word.
        private var isBroken: Bool {
            session?.isFailed == true && !noted.contains { $0.hasPrefix("rollback to ") }
        }

        private static let wentOn = DatabaseError.failed(
            code: 1, message: "a write went on after a statement of it had failed", sql: "commit")

        func tellCopies(of queue: String) throws {
            guard isBegun else { return }
            let sql = "notify \(place.channel), \(Dialect.literal(queue))"
            if noted.last != sql { noted.append(sql) }
        }

        func commit() throws {
            if isBroken {
                try rollback()
                throw PostgresLink.wentOn
            }
            try asked { session in
                let before = noted
                noted = []
                isBegun = false
                do {
                    try session.flush(before + ["commit"])
                } catch {
                    // What stood before the COMMIT failed: the lock is given back at once.
                    if !session.isMidway, session.isInTransaction {
                        try? session.simple("rollback")
                    }
                    throw error
                }
            }
        }

        func rollback() throws {
            isBegun = false
            noted = []
            guard session?.isInTransaction == true else { return }
            try asked { try $0.simple("rollback") }
        }

        /// Within a transaction, and until its end.
        func timed<T>(_ limit: Duration, _ body: () throws -> T) throws -> T {
            if isBegun {
                noted.append("set local statement_timeout = \(max(1, limit.milliseconds))")
            }
            return try body()
        }

        private func flush(_ session: PostgresConnection) throws {
            guard !noted.isEmpty else { return }
            let before = noted
            noted = []
            try session.flush(before)
        }

        func asked<T>(_ body: (PostgresConnection) throws -> T) throws -> T {
            do {
                if session?.isAlive != true {
                    session = nil
                    guard !isBegun else {
                        throw DatabaseError.away("the connection was lost")
                    }
                    session = try opened()
                }
                guard let session else { throw DatabaseError.away("the connection was lost") }
                defer { if session.isMidway { self.session = nil } }
                return try body(session)
            } catch let error as PostgresError {
                throw DatabaseError(error)
            }
        }

        private func opened() throws -> PostgresConnection {
            let session = try PostgresConnection(place.address, isGivenUp: isClosed)
            let name = Dialect.quote(place.schema)
            let presence = copy.map { PostgresPlace.presence($0) + ";" } ?? ""
            try session.simple(
                presence + "set search_path = \(name);"
                    + " set default_transaction_read_only = \(access == .write ? "off" : "on");"
                    + " set lock_timeout = \(lockWait.milliseconds);"
                    + " set idle_in_transaction_session_timeout = \(PostgresPlace.idleLimit)")
            if access == .confined { try session.confine(to: place.schema) }
            return session
        }
    }
#endif
