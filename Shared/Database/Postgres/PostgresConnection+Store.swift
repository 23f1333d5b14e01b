#if PostgreSQL
    import CPostgres
    import Glibc
    import ServiceRuntime

    /// A statement and the types of its values, by which the server tells statements apart.
    struct TypedSQL: Hashable {
        var sql: String
        var types: [Oid]
    }

    // How a store of ours is asked: values have the type that they have here, and small statements
    // of the transaction go with the next one in one exchange.
    extension PostgresConnection {
        /// Statements of a store that stay prepared.
        private static let typedLimit = 512

        /// Runs the `before` statements, which answer nothing, and then this one in one exchange;
        /// answers how many rows it changed.
        func execute(
            _ before: [String], _ sql: String, _ values: [SQLValue],
            _ body: (PostgresRow) throws -> Bool
        ) throws -> Int {
            let key = TypedSQL(sql: sql, types: values.map(\.oid))
            var before = before
            if typed[key] == nil {
                if !before.isEmpty { try flush(before) }
                before = []
                try prepare(key)
            }
            guard let prepared = typed[key] else { throw lost() }
            // Made before anything is begun that must be ended.
            let parameters = PostgresParameters(values)
            if before.isEmpty {
                try send(prepared, parameters)
                return try collect(key, prepared.types, skipping: 0, body)
            }
            try pipelined(before) { try send(prepared, parameters) }
            return try collect(key, prepared.types, skipping: before.count, body)
        }

        /// Runs a statement whose rows are given as they come, so that one at a time is held. Where
        /// `body` wants no more and there is more, the session ends with it.
        func stream(
            _ sql: String, _ values: [SQLValue], _ body: (PostgresRow) throws -> Bool
        ) throws {
            let key = TypedSQL(sql: sql, types: values.map(\.oid))
            if typed[key] == nil { try prepare(key) }
            guard let prepared = typed[key] else { throw lost() }
            try send(prepared, PostgresParameters(values))
            _ = PQsetSingleRowMode(link)
            var isWanted = true
            var fault: DatabaseError?
            while let result = try next() {
                defer { PQclear(result) }
                fault = fault ?? storeError(of: result)
                guard fault == nil, PQntuples(result) > 0 else { continue }
                guard isWanted else {
                    isBroken = true
                    return
                }
                do {
                    let types = PostgresType.all(of: result)
                    isWanted = try body(PostgresRow(result: result, row: 0, types: types))
                } catch {
                    isBroken = true
                    throw error
                }
            }
            if let fault { throw fault }
        }

        /// One statement without values, which is not kept.
        func single(_ sql: String) throws {
            guard PQsendQueryParams(link, sql, 0, nil, nil, nil, nil, 0) == 1 else { throw lost() }
            try finish()
        }

        /// Runs statements that answer nothing in one exchange.
        func flush(_ statements: [String]) throws {
            if statements.count == 1 { return try simple(statements[0]) }
            try pipelined(statements) {}
            _ = try collect(nil, nil, skipping: statements.count) { _ in true }
        }

        /// Forgets what is prepared: what it was prepared for is not what it was.
        func forgetPrepared() throws {
            guard !typed.isEmpty else { return }
            typed.removeAll()
            try simple("deallocate all")
        }

        private func prepare(_ key: TypedSQL) throws {
            if typed.count >= PostgresConnection.typedLimit { try forgetPrepared() }
            count += 1
            let name = "t\(count)"
            let text = PostgresConnection.numbered(key.sql)
            let marks = PostgresConnection.marks(key.sql)
            guard marks == key.types.count else {
                throw DatabaseError.failed(
                    code: 1, message: "\(key.types.count) values for \(marks) marks", sql: "")
            }
            let sent = key.types.withUnsafeBufferPointer {
                PQsendPrepare(link, name, text, Int32(key.types.count), $0.baseAddress)
            }
            guard sent == 1 else { throw lost() }
            try finish()
            typed[key] = Prepared(name: name)
        }

        private func pipelined(_ before: [String], _ last: () throws -> Void) throws {
            guard PQenterPipelineMode(link) == 1 else { throw lost() }
            for sql in before {
                guard PQsendQueryParams(link, sql, 0, nil, nil, nil, nil, 0) == 1 else {
                    throw lost()
                }
            }
            try last()
            guard PQpipelineSync(link) == 1 else { throw lost() }
        }

        /// An exchange of several statements was begun and not ended: what would come belongs to
        /// nobody.
        var isMidway: Bool { PQpipelineStatus(link) != PQ_PIPELINE_OFF }

        private func send(_ prepared: Prepared, _ parameters: PostgresParameters) throws {
            let sent = parameters.with { pointers, lengths, formats in
                PQsendQueryPrepared(
                    link, prepared.name, parameters.count, pointers, lengths, formats, 0)
            }
            guard sent == 1 else { throw lost() }
        }

        /// Reads the results of what was sent, of which the first `skipping` are of small
        /// statements, and then gives the rows: `body` may ask this session for something else.
        private func collect(
            _ key: TypedSQL?, _ known: [PostgresType]?, skipping: Int,
            _ body: (PostgresRow) throws -> Bool
        ) throws -> Int {
            let result = try finalResult(skipping: skipping)
            defer { PQclear(result) }
            guard let result else { return 0 }
            let rows = PQntuples(result)
            let types = known ?? PostgresType.all(of: result)
            if let key, known == nil { typed[key]?.types = types }
            for row in 0..<rows {
                guard try body(PostgresRow(result: result, row: row, types: types)) else { break }
            }
            return Int(String(cString: PQcmdTuples(result))) ?? 0
        }

        /// The result of the last statement that was sent; the caller clears it.
        private func finalResult(skipping: Int) throws -> OpaquePointer? {
            // In a pipeline each statement's results end with nil, and the whole with a result of
            // its own.
            let isPipeline = PQpipelineStatus(link) != PQ_PIPELINE_OFF
            var (ended, fault): (Int, DatabaseError?) = (0, nil)
            var final: OpaquePointer?
            while true {
                guard let result = try next() else {
                    if !isPipeline { break }
                    // Of a lost connection nothing ends.
                    guard isAlive else { throw fault ?? DatabaseError(lost()) }
                    ended += 1
                    continue
                }
                if PQresultStatus(result) == PGRES_PIPELINE_SYNC {
                    PQclear(result)
                    break
                }
                fault = fault ?? storeError(of: result)
                if ended == skipping, fault == nil, final == nil {
                    final = result
                } else {
                    PQclear(result)
                }
            }
            if isPipeline { _ = PQexitPipelineMode(link) }
            guard let fault else { return final }
            PQclear(final)
            throw fault
        }

        /// Whether this session holds the lock now.
        func tryLock(_ number: Int64) throws -> Bool {
            var isHeld = false
            _ = try execute([], "select pg_try_advisory_lock(?)", [.integer(number)]) { row in
                isHeld = row.integer(0) == 1
                return true
            }
            return isHeld
        }

        /// Lets `clock` follow the server's. An answer that took long says too little.
        func tellTime(to clock: any WallClock) throws {
            let start = clock.monotonicNanoseconds()
            var time: Int64?
            let sql = "select (extract(epoch from clock_timestamp()) * 1000)::bigint"
            _ = try execute([], sql, []) { row in
                time = row.integer(0)
                return false
            }
            let spent = clock.monotonicNanoseconds() - start
            guard let time, spent < SharedClock.tolerance.nanoseconds / 2 else { return }
            clock.follow(Timestamp(milliseconds: time))
        }

        /// Waits for what others notify of, or until `bell` can be read; answers what they said.
        func notifications(within limit: Duration, or bell: Int32) throws -> Set<String> {
            var places = [
                pollfd(fd: PQsocket(link), events: Int16(POLLIN), revents: 0),
                pollfd(fd: bell, events: Int16(POLLIN), revents: 0),
            ]
            _ = poll(&places, nfds_t(places.count), Int32(limit.milliseconds))
            guard PQconsumeInput(link) == 1 else { throw lost() }
            var found: Set<String> = []
            while let notice = PQnotifies(link) {
                found.insert(String(cString: notice.pointee.extra))
                PQfreemem(notice)
            }
            return found
        }

        /// Whether a statement of the open transaction failed.
        var isFailed: Bool { isAlive && PQtransactionStatus(link) == PQTRANS_INERROR }

        var isInTransaction: Bool {
            guard isAlive else { return false }
            let status = PQtransactionStatus(link)
            return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
        }
    }

    extension SQLValue {
        /// As what it is sent; 0 leaves it to the server.
        fileprivate var oid: Oid {
            switch self {
            case .null: 0
            case .integer: 20
            case .real: 701
            case .text: 25
            case .blob: 17
            }
        }
    }

    /// Values as libpq wants them: texts, and blobs as they are.
    private struct PostgresParameters {
        private var bytes: [UInt8] = []
        private var places: [Int?] = []
        private var lengths: [Int32] = []
        private var formats: [Int32] = []

        var count: Int32 { Int32(places.count) }

        init(_ values: [SQLValue]) {
            for value in values {
                let start = bytes.count
                var format: Int32 = 0
                switch value {
                case .null:
                    places.append(nil)
                    lengths.append(0)
                    formats.append(0)
                    continue
                case .integer(let integer): bytes += String(integer).utf8
                case .real(let real): bytes += "\(real)".utf8
                case .text(var text): text.withUTF8 { append($0) }
                case .blob(let blob):
                    bytes += blob
                    format = 1
                }
                places.append(start)
                lengths.append(Int32(bytes.count - start))
                formats.append(format)
                bytes.append(0)
            }
        }

        /// The server has no U+0000. Where a mail or a caller brings one, it is what other
        /// characters are that cannot be told, rather than a write that never succeeds.
        private mutating func append(_ text: UnsafeBufferPointer<UInt8>) {
            guard text.contains(0) else { return bytes.append(contentsOf: text) }
            for byte in text {
                if byte == 0 { bytes += "\u{FFFD}".utf8 } else { bytes.append(byte) }
            }
        }

        func with<T>(
            _ body: (
                UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?,
                UnsafePointer<Int32>?
            ) throws -> T
        ) rethrows -> T {
            try bytes.withUnsafeBufferPointer { bytes in
                try bytes.withMemoryRebound(to: CChar.self) { characters in
                    let pointers = places.map { place in
                        place.flatMap { characters.baseAddress?.advanced(by: $0) }
                    }
                    return try pointers.withUnsafeBufferPointer { pointers in
                        try lengths.withUnsafeBufferPointer { lengths in
                            try formats.withUnsafeBufferPointer { formats in
                                try body(
                                    pointers.baseAddress, lengths.baseAddress, formats.baseAddress)
                            }
                        }
                    }
                }
            }
        }
    }

    extension DatabaseError {
        /// SQLite's numbers for the same: an error in a statement or a value, and what a trigger
        /// raised.
        private static let statementCode = 1
        private static let raisedCode = 1811
        private static let storageCode = 10

        init(_ error: PostgresError) {
            self =
                error.state.map { DatabaseError(state: $0, error.message) }
                ?? .away(error.message)
        }

        /// Of a result that is an error; `lost` is what is said where no server said anything.
        init(result: OpaquePointer, lost: String) {
            func field(_ letter: Unicode.Scalar) -> String? {
                PostgresError.field(letter, of: result)
            }
            guard let state = field("C"), let message = field("M") else {
                self = .away(lost)
                return
            }
            guard state.hasPrefix("23") else {
                self.init(state: state, message)
                return
            }
            let table = field("t")
            switch state {
            case "23505":
                self = .constraint(
                    kind: .unique, table: table, columns: DatabaseError.key(field("D") ?? ""))
            case "23502":
                self = .constraint(
                    kind: .notNull, table: table, columns: field("c").map { [$0] } ?? [])
            case "23503": self = .constraint(kind: .foreignKey, table: nil, columns: [])
            case "23514":
                self = .constraint(
                    kind: .check, table: nil, columns: field("n").map { [$0] } ?? [])
            default: self = .constraint(kind: .other, table: table, columns: [])
            }
        }

        private init(state: String, _ message: String) {
            switch state {
            case "40001", "40P01", "55P03": self = .busy
            // Of a statement without values, whose answer does not say more.
            case "23505": self = .constraint(kind: .unique, table: nil, columns: [])
            case "57014": self = .interrupted
            case "P0001":
                self = .failed(code: DatabaseError.raisedCode, message: message, sql: "")
            case "53100": self = .full(message)
            default:
                switch state.prefix(2) {
                // Of statements whose results say no more (two copies make the same schema).
                case "23": self = .constraint(kind: .other, table: nil, columns: [])
                case "08", "57": self = .away(message)
                case "53": self = .away(message)
                case "58", "XX":
                    self = .failed(code: DatabaseError.storageCode, message: message, sql: "")
                default:
                    self = .failed(code: DatabaseError.statementCode, message: message, sql: "")
                }
            }
        }

        /// The columns of `Key (model, code)=(a, b) already exists.`
        private static func key(_ detail: String) -> [String] {
            guard let start = detail.firstIndex(of: "("),
                let end = detail.firstRange(of: ")=(")?.lowerBound, start < end
            else { return [] }
            return detail[detail.index(after: start)..<end].split(separator: ",").map { part in
                String(part.filter { $0 != "\"" && $0 != " " })
            }
        }
    }
#endif
