#if ODBC
    import CODBC
    import Database
    import ServiceRuntime

    /// A database that has an ODBC driver, over one connection on a thread of its own. Its name is
    /// one of the operator's `odbc.ini`.
    public final class ODBCSource: ForeignSource {
        public let dialect: ForeignDialect
        private let thread: ForeignThread<ODBCConnection>

        /// How long a driver may be silent: longer than it may take for a statement by itself.
        public static let silenceLimit = Duration.seconds(660)

        /// Connects. Throws `ForeignError`; also where the driver is silent for longer than
        /// `silence`, on which it is left alone with its thread.
        public init(
            name: String, user: String?, password: String?,
            silence: Duration = ODBCSource.silenceLimit, clock: any WallClock = SystemClock()
        ) async throws {
            let pulse = ForeignPulse(limit: silence, clock: clock)
            thread = try ForeignThread(name: "db-odbc", pulse: pulse) {
                pulse.beat()
                return try ODBCConnection(
                    name: name, user: user, password: password, pulse: pulse)
            }
            dialect = try await thread.run { $0.dialect }
        }

        deinit { close() }

        /// What a driver is at work on goes on to its own end.
        public func close() { thread.close() }

        public func columns(of table: String) async throws -> [ForeignColumn]? {
            try await thread.run { connection in
                let columns = try connection.columns(of: table)
                try connection.rollback()
                return columns
            }
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
    }
#endif
