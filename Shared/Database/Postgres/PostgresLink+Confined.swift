#if PostgreSQL
    import CPostgres
    import ServiceRuntime
    import Synchronization

    extension PostgresLink {
        /// Samples that can be run, after the name of their schema.
        private static let known = Mutex<Set<String>>([])
        private static let knownLimit = 500

        /// The first time that it meets a statement, it looks at its sample.
        func confined<T>(by confinement: Confinement, _ body: () throws -> T) throws -> T {
            defer { examiner = nil }
            if let fault = try fault(of: confinement.sample, within: confinement) {
                throw DatabaseError.failed(code: 1, message: fault, sql: "")
            }
            return try timed(confinement.time, body)
        }

        /// On a session of its own: what it is asked of may read only, or is in the middle of a
        /// transaction that writes.
        func fault(of sql: String, within confinement: Confinement) throws -> String? {
            let key = "\(place.schema) \(sql)"
            if PostgresLink.known.withLock({ $0.contains(key) }) { return nil }
            do {
                let session = try examiner ?? PostgresConnection(place.address, isGivenUp: isClosed)
                if examiner == nil { try session.confine(to: place.schema) }
                examiner = session
                let fault = try PostgresSample(
                    session: session, schema: place.schema, confinement: confinement
                ).fault(of: sql)
                guard fault == nil else { return fault }
                PostgresLink.known.withLock { known in
                    if known.count >= PostgresLink.knownLimit { known.removeAll() }
                    known.insert(key)
                }
                return nil
            } catch let error as PostgresError {
                examiner = nil
                throw DatabaseError(error)
            }
        }
    }

    extension PostgresConnection {
        /// For statements of others: names are looked up in our schema first, which has functions
        /// that keep values small, and nothing depends on how the server is set up.
        func confine(to schema: String) throws {
            try simple(
                "set search_path = \(Dialect.quote(schema)), pg_catalog;"
                    + " set default_transaction_read_only = on;"
                    + " set standard_conforming_strings = on; set timezone = 'UTC';"
                    + " set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres';"
                    + " set max_parallel_workers_per_gather = 0; set jit = off;"
                    + " set client_min_messages = error")
        }
    }

    extension Confinement {
        /// Refuses a row with a value that is too long.
        static func admit(_ row: PostgresRow) throws {
            guard row.longest > lengthLimit else { return }
            throw DatabaseError.failed(
                code: 18, message: "a value has more than \(lengthLimit) bytes", sql: "")
        }
    }
#endif
