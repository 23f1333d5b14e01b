#if ODBC
    import CODBC
    import Database
    import ServiceRuntime

    enum DriverAnswer {
        static func isGood(_ code: SQLRETURN) -> Bool {
            code == SQLRETURN(SQL_SUCCESS) || code == SQLRETURN(SQL_SUCCESS_WITH_INFO)
        }

        /// What a handle says of its last fault.
        static func error(_ kind: Int32, _ handle: SQLHANDLE?) -> ODBCError {
            var state = [SQLWCHAR](repeating: 0, count: 6)
            var message = [SQLWCHAR](repeating: 0, count: 1024)
            var (code, length): (SQLINTEGER, SQLSMALLINT) = (0, 0)
            let found = SQLGetDiagRecW(
                SQLSMALLINT(kind), handle, 1, &state, &code, &message,
                SQLSMALLINT(message.count), &length)
            guard isGood(found) else { return ODBCError(state: "HY000", "no reason is known") }
            let count = min(Int(length), message.count - 1)
            return ODBCError(
                state: String(decoding: state.prefix(5), as: UTF16.self), code: Int(code),
                String(decoding: message.prefix(count), as: UTF16.self))
        }
    }

    /// A connection to a data source over its driver, for one thread.
    final class ODBCConnection: ForeignConnection {
        /// Seconds of a log-in, and of a statement.
        private static let loginLimit = 15
        private static let statementLimit = 600
        /// Statements that stay prepared.
        private static let preparedLimit = 64

        private let environment: SQLHENV?
        private let connection: SQLHDBC?
        private var isConnected = false
        private var statements: [String: ODBCStatement] = [:]
        private(set) var isAlive = true
        private(set) var dialect = ForeignDialect(.other)
        private let pulse: ForeignPulse

        /// Throws `ForeignError`.
        init(name: String, user: String?, password: String?, pulse: ForeignPulse) throws {
            self.pulse = pulse
            var (environment, connection): (SQLHENV?, SQLHDBC?) = (nil, nil)
            SQLAllocHandle(
                SQLSMALLINT(SQL_HANDLE_ENV), geartrain_odbc_no_handle, &environment)
            self.environment = environment
            _ = geartrain_odbc_set_environment(
                environment, SQL_ATTR_ODBC_VERSION, SQLLEN(SQL_OV_ODBC3))
            SQLAllocHandle(SQLSMALLINT(SQL_HANDLE_DBC), environment, &connection)
            self.connection = connection
            guard connection != nil else {
                throw ForeignError.away("there is no memory for a connection")
            }
            _ = geartrain_odbc_set_connection(
                connection, SQL_ATTR_LOGIN_TIMEOUT, SQLLEN(ODBCConnection.loginLimit))
            do {
                try connect(name, user, password ?? "")
                isConnected = true
                // What is written is written when its transaction ends.
                _ = geartrain_odbc_set_connection(
                    connection, SQL_ATTR_AUTOCOMMIT, SQLLEN(SQL_AUTOCOMMIT_OFF))
                dialect = ForeignDialect(try engine(), quotingBy: try quote())
                if dialect.engine == .mysql {
                    _ = try run("SET SESSION time_zone = '+00:00'", [])
                }
            } catch let error as ODBCError {
                throw error.foreign
            }
        }

        deinit {
            statements.removeAll()
            if isConnected {
                SQLEndTran(SQLSMALLINT(SQL_HANDLE_DBC), connection, SQLSMALLINT(SQL_ROLLBACK))
                SQLDisconnect(connection)
            }
            SQLFreeHandle(SQLSMALLINT(SQL_HANDLE_DBC), connection)
            SQLFreeHandle(SQLSMALLINT(SQL_HANDLE_ENV), environment)
        }

        private func connect(_ name: String, _ user: String?, _ password: String) throws {
            var (source, account, proof) = (
                Array(name.utf16), Array((user ?? "").utf16), Array(password.utf16)
            )
            let (first, second, third) = (
                SQLSMALLINT(source.count), SQLSMALLINT(account.count), SQLSMALLINT(proof.count)
            )
            let code =
                user == nil
                ? SQLConnectW(connection, &source, first, nil, 0, nil, 0)
                : SQLConnectW(connection, &source, first, &account, second, &proof, third)
            guard !DriverAnswer.isGood(code) else { return }
            let error = DriverAnswer.error(SQL_HANDLE_DBC, connection)
            // Of a log-in that was refused, and a name that is not known; all else may pass.
            let isRefused = error.state.hasPrefix("28") || error.state.hasPrefix("IM")
            let isKnown = [1044, 1045, 1049].contains(error.code)
            throw isRefused || isKnown
                ? ForeignError.unusable(error.message) : ForeignError.away(error.message)
        }

        // MARK: What it is

        private func information(_ kind: Int32) throws -> String {
            var text = [SQLWCHAR](repeating: 0, count: 256)
            var length: SQLSMALLINT = 0
            let code = SQLGetInfoW(
                connection, SQLUSMALLINT(kind), &text, SQLSMALLINT(2 * text.count), &length)
            guard DriverAnswer.isGood(code) else {
                throw DriverAnswer.error(SQL_HANDLE_DBC, connection)
            }
            return String(decoding: text.prefix { $0 != 0 }, as: UTF16.self)
        }

        private func engine() throws -> ForeignDialect.Engine {
            let name = try information(SQL_DBMS_NAME).lowercased()
            if name.contains("mysql") || name.contains("mariadb") { return .mysql }
            if name.contains("postgres") { return .postgresql }
            if name.contains("sqlite") { return .sqlite }
            return name.contains("sql server") ? .sqlServer : .other
        }

        private func quote() throws -> String {
            let mark = try information(SQL_IDENTIFIER_QUOTE_CHAR)
            // A name that cannot be quoted would go into the statement as it was written.
            guard mark != " ", !mark.isEmpty else {
                throw ForeignError.unusable("the driver cannot quote names")
            }
            return mark
        }

        /// The columns of a table or view; nil where there is none.
        func columns(of table: String) throws -> [ForeignColumn]? {
            try told {
                do {
                    let sql = "SELECT * FROM \(dialect.table(table)) WHERE 1 = 0"
                    let statement = try ODBCStatement(connection, sql)
                    try statement.each([]) { _ in false }
                    return statement.columns.map {
                        ForeignColumn(
                            name: $0.name, type: "\($0.type)", affinity: $0.affinity,
                            isUnique: false)
                    }
                } catch let error as ODBCError
                    where error.state == "42S02" || [1146, 1049].contains(error.code)
                {
                    return nil
                }
            }
        }

        // MARK: Statements

        private func prepared(_ sql: String) throws -> ODBCStatement {
            if let statement = statements[sql] { return statement }
            if statements.count >= ODBCConnection.preparedLimit { statements.removeAll() }
            let statement = try ODBCStatement(connection, sql)
            _ = geartrain_odbc_set_statement(
                statement.handle, SQL_ATTR_QUERY_TIMEOUT, SQLLEN(ODBCConnection.statementLimit))
            statements[sql] = statement
            return statement
        }

        /// A connection on which something else than the row failed is given up.
        private func told<T>(_ body: () throws -> T) throws -> T {
            pulse.beat()
            defer { pulse.beat() }
            do {
                return try body()
            } catch let error as ODBCError {
                if case .away = error.foreign { isAlive = false }
                throw error.foreign
            }
        }

        func run(_ sql: String, _ values: [SQLValue]) throws -> Int {
            try told { try prepared(sql).run(values) }
        }

        func each(
            _ sql: String, _ values: [SQLValue], _ body: (any ForeignRow) throws -> Bool
        ) throws {
            try told {
                try prepared(sql).each(values) { row in
                    pulse.beat()
                    return try body(row)
                }
            }
        }

        /// Transactions begin by themselves.
        func begin(writing: Bool) throws {}
        func commit() throws { try end(SQL_COMMIT) }
        func rollback() throws { try end(SQL_ROLLBACK) }

        private func end(_ how: Int32) throws {
            try told {
                let code = SQLEndTran(
                    SQLSMALLINT(SQL_HANDLE_DBC), connection, SQLSMALLINT(how))
                guard DriverAnswer.isGood(code) else {
                    throw DriverAnswer.error(SQL_HANDLE_DBC, connection)
                }
            }
        }
    }
#endif
