import Contracts
import Crypto
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Records as callers see them: one, created, changed, deleted. Rights are part of every statement.
final class RecordStore: Sendable {
    /// How long the answer to a keyed call is kept.
    static let answerLife = Duration.seconds(24 * 3600)
    /// Records from which on a call has a transaction of its own.
    static let largeCount = 100
    /// How often a read is begun again because models were applied meanwhile.
    static let attemptLimit = 10
    /// How often rules are asked about a record that others change meanwhile.
    static let ruleAttemptLimit = 4

    let database: Database
    let models: ModelStore
    let runtime: Runtime
    let peers: Peers
    private let answers = IdempotencyTable()
    private let arrivals: Arrivals
    let counts = CountCache()
    /// In the names of what reads tables for queries; see `Confinement.readers`.
    let querySecret: String
    /// Called after each commit that may have written to the change log.
    private let onCommit: @Sendable () -> Void

    init(
        database: Database, models: ModelStore, peers: Peers, runtime: Runtime,
        onCommit: @escaping @Sendable () -> Void
    ) {
        self.database = database
        self.models = models
        self.peers = peers
        self.runtime = runtime
        self.onCommit = onCommit
        arrivals = Arrivals(
            database: database, models: models, random: runtime.random)
        querySecret = "reader \(runtime.random.token(24)) "
    }

    // MARK: Read

    /// Where the class and its plan are known this is one statement on the caller's own event loop.
    func get(_ call: GetRecord, _ context: CallContext) async throws -> JSONBytes {
        try await current { snapshot in
            let access = try snapshot.access(call.type, context)
            guard
                let plan = try access.plan(
                    select: call.select, expand: call.expand,
                    deleted: try DeletedRows(call.deleted), context: context,
                    in: snapshot)
            else { throw RecordsError.forbidden("You may not read such records.") }
            let moment = moment(context)
            let values = plan.byID.values(for: moment) + [.integer(call.id)]
            let found = try await database.pointRead { connection in
                try connection.first(plan.byIDText, values) {
                    plan.bytes($0)
                }
            }
            guard let found else { throw RecordsError.notFound }
            return found
        }
    }

    func history(_ call: RecordHistory, _ context: CallContext) async throws -> JSONBytes {
        try await current { snapshot in
            let access = try snapshot.access(call.type, context)
            guard let rights = access.rights.read else {
                throw RecordsError.forbidden("You may not read such records.")
            }
            let moment = moment(context)
            return try await database.read { connection in
                // Of a record that is gone for good only the log is left to say whose it was.
                let held =
                    try access.held.of(call.id, connection, moment)
                    ?? access.held.ofGone(call.id, connection, moment)
                guard let held, rights.covers(held) else { throw RecordsError.notFound }
                return try History(access: access, held: held).answer(connection, call)
            }
        }
    }

    // MARK: Write

    func create(_ call: CreateRecord, _ context: CallContext) async throws -> JSONBytes {
        let body: JSONValue
        do { body = try JSONValue(parsing: call.body.bytes) } catch {
            throw RecordsError.malformed(error)
        }
        guard let items = body.array else {
            guard call.upsert == nil, call.atomic == nil else {
                throw RecordsError.validation([
                    FieldProblem(
                        pointer: "", code: "wrong-type",
                        detail: "Only an array can be written atomically or upserted.")
                ])
            }
            if let arrival = arrival(of: body, call, context),
                let answer = try await arrivals.insert(arrival)
            {
                onCommit()
                return JSONBytes(answer)
            }
            let intents = Intents(rules: call.rules) { _ in [.insert(body)] }
            return try await write(call, context, intents) { writer in
                let written = try writer.insert(body, isAnswered: true)
                return try writer.answer(written)
            }
        }
        guard items.count <= BulkWriter.itemLimit else {
            throw RecordsError.tooLarge(
                limit: BulkWriter.itemLimit, "An array may have \(BulkWriter.itemLimit) items.")
        }
        let turns = try turns(of: items, call)
        if turns.count > 1 { return try await create(call, items, in: turns, context) }
        let intents = Intents(rules: call.rules) { writer in
            let key = try writer.upsertKey(call.upsert)
            return items.map { .upsert($0, key) }
        }
        let isLarge = items.count >= RecordStore.largeCount
        return try await write(call, context, intents, isLarge: isLarge) { writer in
            guard writer.access.rights.insert != nil else {
                throw RecordsError.forbidden("You may not create such records.")
            }
            let key = try writer.upsertKey(call.upsert)
            return try BulkWriter(writer: writer, items: items, key: key)
                .run(isAtomic: call.atomic ?? false)
        }
    }

    func change(_ call: ChangeRecord, _ context: CallContext) async throws -> JSONBytes {
        let body: JSONValue
        do { body = try JSONValue(parsing: call.body.bytes) } catch {
            throw RecordsError.malformed(error)
        }
        let intents = Intents { _ in [.change(call.id, version: call.version, body)] }
        return try await write(call, context, intents) { writer in
            let written = try writer.change(call.id, version: call.version, body)
            return try writer.answer(written)
        }
    }

    func delete(_ call: DeleteRecord, _ context: CallContext) async throws {
        let intents = Intents { _ in [.delete(call.id, version: call.version)] }
        _ = try await write(call, context, intents) { writer in
            try writer.delete(call.id, version: call.version)
            return Array("{}".utf8)
        }
    }

    /// A change that brings files, or takes some: `body` makes it of what stands.
    func change(
        _ type: FullCode, _ id: Int64, _ version: Int64?, _ context: CallContext,
        files: [FileEntry], prepare: @escaping @Sendable (Connection) throws -> Void,
        body: @escaping @Sendable (RecordWriter) throws -> JSONValue
    ) async throws -> JSONBytes {
        var intents = Intents { [.change(id, version: version, try body($0))] }
        intents.files = files
        return try await write(type, nil, context, intents) { writer in
            try prepare(writer.connection)
            let written = try writer.change(id, version: version, try body(writer))
            return try writer.answer(written)
        }
    }

    /// Looks at records as a write would, and writes nothing.
    func reading<T: Sendable>(
        _ type: FullCode, _ context: CallContext,
        _ body: @escaping @Sendable (RecordWriter) throws -> T
    ) async throws -> T {
        let now = runtime.clock.now()
        return try await current { snapshot in
            let access = try snapshot.access(type, context)
            return try await database.read { [runtime] connection in
                try body(
                    RecordWriter(
                        connection: connection, access: access, snapshot: snapshot,
                        context: context, now: now, random: runtime.random))
            }
        }
    }

    /// One write with everything around it: the rules before it are asked, it goes by the
    /// definitions in force, a repeated key answers what it answered, and the answer is kept in the
    /// same transaction.
    func write<C: RecordCall>(
        _ call: C, _ context: CallContext, _ intents: Intents, isLarge: Bool = false,
        _ body: @escaping @Sendable (RecordWriter) throws -> [UInt8]
    ) async throws -> JSONBytes {
        let key = context.idempotencyKey.map {
            KeptKey(
                key: "\(context.principal.account)\n\(C.path)\n\($0)",
                fingerprint: RecordStore.fingerprint(call))
        }
        return try await write(call.type, key, context, intents, isLarge: isLarge, body)
    }

    private func write(
        _ type: FullCode, _ key: KeptKey?, _ context: CallContext, _ intents: Intents,
        isLarge: Bool = false, _ body: @escaping @Sendable (RecordWriter) throws -> [UInt8]
    ) async throws -> JSONBytes {
        var context = context
        if intents.isWithoutRules { context.cause = context.cause.withoutRules }
        var attempt = 1
        while true {
            let prepared = models.current
            let isLast = attempt == RecordStore.ruleAttemptLimit
            if !intents.isWithoutRules, prepared.hasBeforeRules(type), let key,
                let known = try await answer(key)
            {
                return JSONBytes(known)
            }
            do {
                let rulings = try await rulings(intents, type, context, prepared, isLast: isLast)
                let answer = try await write(type, context, prepared, rulings, key, isLarge) {
                    var writer = $0
                    writer.files = intents.files
                    return try body(writer)
                }
                onCommit()
                return JSONBytes(answer)
            } catch is StaleRuling where !isLast {
                attempt += 1
                try await models.refresh()
            }
        }
    }

    /// A key of the caller with what it asked for under it.
    private struct KeptKey {
        var key: String
        var fingerprint: [UInt8]
    }

    private func answer(_ key: KeptKey) async throws -> [UInt8]? {
        try await database.read { [answers] connection in
            try answers.answer(connection, key: key.key, fingerprint: key.fingerprint)
        }
    }

    private func write(
        _ type: FullCode, _ context: CallContext, _ prepared: ModelSnapshot, _ rulings: Rulings,
        _ key: KeptKey?, _ isLarge: Bool,
        _ body: @escaping @Sendable (RecordWriter) throws -> [UInt8]
    ) async throws -> [UInt8] {
        let now = runtime.clock.now()
        let transaction = { @Sendable [models, answers, runtime] (connection: Connection) in
            if let key,
                let known = try answers.answer(
                    connection, key: key.key, fingerprint: key.fingerprint)
            {
                return known
            }
            // Definitions that changed a moment ago are read as this transaction has them.
            let snapshot =
                try models.isCurrent(prepared, connection)
                ? prepared : ModelTables.load(connection).snapshot
            let writer = RecordWriter(
                connection: connection, access: try snapshot.access(type, context),
                snapshot: snapshot, context: context, now: now, random: runtime.random,
                rulings: rulings)
            let answer = try writer.writing { try body(writer) }
            if let key {
                try answers.keep(
                    connection, key: key.key, fingerprint: key.fingerprint, answer: answer,
                    expires: now.advanced(by: RecordStore.answerLife))
            }
            return answer
        }
        return isLarge
            ? try await database.writeMany(transaction) : try await database.write(transaction)
    }

    private static func fingerprint(_ call: some JSONWritable) -> [UInt8] {
        var writer = JSONWriter()
        call.write(json: &writer)
        return SHA256.digest(writer.bytes)
    }

    /// Removes kept answers that nobody can ask for any more.
    func expireAnswers() async throws {
        let (answers, now) = (answers, runtime.clock.now())
        try await database.write { try answers.expire($0, now: now) }
    }

    // MARK: What is in force

    func moment(_ context: CallContext) -> QueryMoment {
        QueryMoment(account: context.principal.account, now: runtime.clock.now())
    }

    /// Reads with the definitions in force, again where they changed under it.
    func current<T: Sendable>(_ body: (ModelSnapshot) async throws -> T) async throws -> T {
        var attempts = 0
        while true {
            let snapshot = models.current
            do {
                return try await body(snapshot)
            } catch DatabaseError.failed(let code, let message, let sql) where code & 0xff == 1 {
                // A statement that does not fit the tables: made before they changed, or wrong.
                try await models.refresh()
                attempts += 1
                let isStale = models.current.generation != snapshot.generation
                guard isStale, attempts < RecordStore.attemptLimit else {
                    throw DatabaseError.failed(code: code, message: message, sql: sql)
                }
            }
        }
    }
}

/// A call about a class.
protocol RecordCall: Call {
    var type: FullCode { get }
}

extension CreateRecord: RecordCall {}
extension ChangeRecord: RecordCall {}
extension DeleteRecord: RecordCall {}
