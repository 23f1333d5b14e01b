#if PostgreSQL
    import CLinux
    import CPostgres
    import Crypto
    import Glibc
    import ServiceRuntime
    import Synchronization

    /// A connection to PostgreSQL over libpq, for one thread. Statements are prepared once, rows
    /// come one by one, and every wait has an end.
    public final class PostgresConnection {
        /// How long the server may say nothing while it works on a statement.
        public static let silenceLimit = Duration.seconds(600)
        /// From the first packet to a session.
        public static let connectLimit = Duration.seconds(15)
        /// Statements that stay prepared.
        static let statementLimit = 64
        /// A wait looks so often whether it was given up.
        private static let look = Duration.milliseconds(200)

        struct Prepared {
            var name: String
            /// Of the columns that it answers, once they are known.
            var types: [PostgresType]?
        }

        let link: OpaquePointer
        private let isGivenUp: @Sendable () -> Bool
        private let clock = SystemClock()
        private var statements: [String: Prepared] = [:]
        /// By the types of their values too; of a store.
        var typed: [TypedSQL: Prepared] = [:]
        var count = 0
        /// A query that was ordered once, and where the next of its rows is.
        var scan: (name: String, place: String)?
        private var scans = 0
        /// A wait was given up: what would come belongs to nobody.
        var isBroken = false

        /// Connects. Throws `PostgresError`; `isGivenUp` ends any wait when it becomes true.
        public init(
            _ address: PostgresAddress, isGivenUp: @escaping @Sendable () -> Bool = { false }
        ) throws {
            self.isGivenUp = isGivenUp
            let parameters = address.parameters
            var names = parameters.map { $0.name.withCString { strdup($0) } }
            var values = parameters.map { $0.value.withCString { strdup($0) } }
            defer { (names + values).forEach { free($0) } }
            names.append(nil)
            values.append(nil)
            let started = names.withUnsafeBufferPointer { names in
                values.withUnsafeBufferPointer { values in
                    PQconnectStartParams(
                        UnsafeRawPointer(names.baseAddress)?.assumingMemoryBound(
                            to: UnsafePointer<CChar>?.self),
                        UnsafeRawPointer(values.baseAddress)?.assumingMemoryBound(
                            to: UnsafePointer<CChar>?.self), 0)
                }
            }
            guard let started else { throw PostgresError("there is no memory for a connection") }
            link = started
            geartrain_postgres_silence(link)
            // So that a refusal says its code, in whatever language its words are.
            _ = PQsetErrorVerbosity(link, PQERRORS_VERBOSE)
            try connect()
            _ = PQsetErrorVerbosity(link, PQERRORS_TERSE)
        }

        deinit { PQfinish(link) }

        /// False once it was lost.
        public var isAlive: Bool { !isBroken && PQstatus(link) == CONNECTION_OK }

        private func connect() throws {
            let end = clock.monotonicNanoseconds() + PostgresConnection.connectLimit.nanoseconds
            var events = POLLOUT
            while PQstatus(link) != CONNECTION_BAD {
                try wait(for: events, until: end, "it did not answer in time")
                switch PQconnectPoll(link) {
                case PGRES_POLLING_OK: return
                case PGRES_POLLING_READING: events = POLLIN
                case PGRES_POLLING_WRITING: events = POLLOUT
                default: throw PostgresError(connecting: String(cString: PQerrorMessage(link)))
                }
            }
            throw PostgresError(connecting: String(cString: PQerrorMessage(link)))
        }

        func wait(for events: Int32, until end: UInt64, _ late: String) throws {
            while true {
                var place = pollfd(fd: PQsocket(link), events: Int16(events), revents: 0)
                let milliseconds = Int32(PostgresConnection.look.milliseconds)
                guard poll(&place, 1, milliseconds) == 0 else { return }
                guard isGivenUp() || clock.monotonicNanoseconds() >= end else { continue }
                isBroken = true
                throw PostgresError(isGivenUp() ? "it was given up" : late)
            }
        }

        // MARK: Statements

        /// Sends a statement with its values, prepared where it was not. Marks are `?`.
        func send(_ sql: String, _ values: [SQLValue]) throws -> Prepared {
            let prepared = try prepare(sql)
            let sent = try PostgresConnection.with(values) { pointers in
                PQsendQueryPrepared(
                    link, prepared.name, Int32(values.count), pointers, nil, nil, 0)
            }
            guard sent == 1 else { throw lost() }
            return prepared
        }

        private func prepare(_ sql: String) throws -> Prepared {
            if let prepared = statements[sql] { return prepared }
            if statements.count >= PostgresConnection.statementLimit {
                statements.removeAll()
                try simple("DEALLOCATE ALL")
            }
            count += 1
            let prepared = Prepared(name: "s\(count)")
            let text = PostgresConnection.numbered(sql)
            guard PQsendPrepare(link, prepared.name, text, 0, nil) == 1 else { throw lost() }
            try finish()
            statements[sql] = prepared
            return prepared
        }

        func nextScan() -> String {
            scans += 1
            return "scan\(scans)"
        }

        func know(_ types: [PostgresType], of sql: String) { statements[sql]?.types = types }

        /// A statement without values or rows.
        func simple(_ sql: String) throws {
            guard PQsendQuery(link, sql) == 1 else { throw lost() }
            try finish()
        }

        /// The next result of what was sent; nil is the end.
        func next() throws -> OpaquePointer? {
            let end = clock.monotonicNanoseconds() + PostgresConnection.silenceLimit.nanoseconds
            while PQisBusy(link) != 0 {
                try wait(for: POLLIN, until: end, "it said nothing for too long")
                guard PQconsumeInput(link) == 1 else { throw lost() }
            }
            return PQgetResult(link)
        }

        /// Reads the results of what was sent to their end; answers how many rows it changed.
        @discardableResult
        func finish() throws -> Int {
            var changed = 0
            var fault: PostgresError?
            while let result = try next() {
                defer { PQclear(result) }
                if let error = error(of: result) {
                    fault = fault ?? error
                } else {
                    changed = Int(String(cString: PQcmdTuples(result))) ?? changed
                }
            }
            if let fault { throw fault }
            return changed
        }

        /// Nil where the result is none of an error.
        func error(of result: OpaquePointer) -> PostgresError? {
            switch PQresultStatus(result) {
            case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE, PGRES_PIPELINE_ABORTED: break
            default: return nil
            }
            guard let state = PostgresError.field("C", of: result),
                let message = PostgresError.field("M", of: result)
            else { return lost() }
            return PostgresError(state: state, message)
        }

        func lost() -> PostgresError {
            let message = String(cString: PQerrorMessage(link))
            return PostgresError(
                message.isEmpty
                    ? "the connection was lost" : PostgresError.oneLine(message))
        }

        // MARK: Text

        /// How many `?` are outside of quotes.
        static func marks(_ sql: String) -> Int { replaced(sql).marks }

        /// `$1` and so on in the places of `?` outside of quotes.
        static func numbered(_ sql: String) -> String { replaced(sql).text }

        private static func replaced(_ sql: String) -> (text: String, marks: Int) {
            var text: [UInt8] = []
            var (quote, number): (UInt8?, Int) = (nil, 0)
            for byte in sql.utf8 {
                if let open = quote {
                    if byte == open { quote = nil }
                } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                    quote = byte
                } else if byte == UInt8(ascii: "?") {
                    number += 1
                    text += Array("$\(number)".utf8)
                    continue
                }
                text.append(byte)
            }
            return (String(decoding: text, as: UTF8.self), number)
        }

        /// The values as C strings; nil is null.
        private static func with<T>(
            _ values: [SQLValue], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) throws -> T
        ) throws -> T {
            var bytes: [CChar] = []
            var places: [Int?] = []
            for value in values {
                let text: String
                switch value {
                case .null:
                    places.append(nil)
                    continue
                case .integer(let integer): text = String(integer)
                case .real(let real): text = "\(real)"
                case .text(let string): text = string
                case .blob(let blob): text = "\\x" + Hex.encode(blob)
                }
                guard !text.utf8.contains(0) else {
                    throw PostgresError(state: "22021", "a text contains U+0000")
                }
                places.append(bytes.count)
                bytes.append(contentsOf: text.utf8.lazy.map { CChar(bitPattern: $0) })
                bytes.append(0)
            }
            return try bytes.withUnsafeBufferPointer { bytes in
                let pointers = places.map { place in
                    place.flatMap { bytes.baseAddress?.advanced(by: $0) }
                }
                return try pointers.withUnsafeBufferPointer { try body($0.baseAddress) }
            }
        }
    }

    extension PostgresError {
        /// What a result that is an error says under a letter of the server's protocol.
        static func field(_ letter: Unicode.Scalar, of result: OpaquePointer) -> String? {
            PQresultErrorField(result, Int32(letter.value)).map { String(cString: $0) }
        }

        /// Of a connection that was refused: `FATAL:  28P01: words` and a line of where; or the
        /// words of the library.
        init(connecting text: String) {
            let line = text.split(separator: "\n").first { $0.contains(":  ") }
            if let line, let start = line.firstRange(of: ":  ")?.upperBound {
                let rest = line[start...]
                let state = rest.prefix(5)
                if state.utf8.count == 5, rest.dropFirst(5).hasPrefix(": "),
                    state.allSatisfy({ $0.isASCII && ($0.isNumber || $0.isUppercase) })
                {
                    self.init(state: String(state), String(rest.dropFirst(7)))
                    return
                }
            }
            self.init(PostgresError.oneLine(text))
        }

        static func oneLine(_ text: String) -> String {
            text.split(separator: "\n").map { $0.drop { $0 == " " || $0 == "\t" } }
                .joined(separator: " ")
        }
    }
#endif
