import Contracts
import Crypto
import Database
import HTTP
import JSON
import RPC

/// A page of a query's rows for one caller.
struct QueryRun: Sendable {
    static let defaultLimit = 1000
    static let limitRange = 1...10_000
    /// How far a cursor reaches.
    static let offsetLimit: Int64 = 1_000_000
    /// A page ends early when it has this many bytes.
    static let bytesLimit = 8 << 20
    static let time = Duration.seconds(5)

    let statement: SQLText
    let limit: Int
    let offset: Int64
    let fingerprint: String
    let confinement: Confinement

    init(
        _ call: RunQuery, _ context: CallContext, snapshot: ModelSnapshot, moment: QueryMoment,
        secret: String, _ dialect: Dialect
    ) throws {
        guard let model = snapshot.models[call.query.model],
            let query = model.queries.first(where: { $0.code == call.query.code }),
            query.isGranted(to: context.principal)
        else { throw RecordsError.notFound }
        let values = try QueryRun.values(of: query, call.parameters?.object ?? JSONObject(), moment)
        let classes = snapshot.views(of: query.text, model: call.query.model)
        let views = classes.map { name, item in
            CallerView(
                item, try? snapshot.access(item.type, context), name: name, secret: secret)
        }
        statement = QueryStatement(query, over: views, dialect).sql { values[$0] ?? .null }
        var sample = ""
        if !dialect.isSQLite {
            let nothing = classes.map { CallerView(checking: $1, name: $0) }
            sample = QueryStatement(query, over: nothing, dialect).sample
        }
        confinement = QueryRun.confinement(of: views, sample: sample, dialect)
        limit = call.limit ?? QueryRun.defaultLimit
        guard QueryRun.limitRange.contains(limit) else {
            throw RecordsError.validation([
                FieldProblem(
                    pointer: "/limit", code: "out-of-range", detail: "This must be 1 to 10000.")
            ])
        }
        fingerprint = QueryRun.fingerprint(call, version: model.version)
        offset = try QueryRun.offset(call.cursor, fingerprint: fingerprint)
    }

    /// Every value, or every fault.
    private static func values(
        of query: QueryDefinition, _ given: JSONObject, _ moment: QueryMoment
    ) throws -> [String: SQLValue] {
        var faults: [FieldProblem] = []
        var values: [String: SQLValue] = [
            "me": moment.value(of: .me), "now": moment.value(of: .now),
            "today": moment.value(of: .today),
        ]
        for (code, _) in given.members where !query.parameters.contains(where: { $0.code == code })
        {
            faults.append(
                FieldProblem(
                    pointer: "/" + JSONPointer.escaped(code), code: "unknown-member",
                    detail: "The query has no such parameter."))
        }
        for parameter in query.parameters {
            guard let value = given[parameter.code] ?? parameter.defaultValue else {
                faults.append(
                    FieldProblem(
                        pointer: "/\(parameter.code)", code: "required",
                        detail: "The query needs this parameter."))
                continue
            }
            if let stored = QueryValue.stored(value, as: parameter.type) {
                values[parameter.code] = stored
            } else {
                faults.append(
                    FieldProblem(
                        pointer: "/\(parameter.code)", code: "wrong-type",
                        detail: "This must be \(parameter.type.words)."))
            }
        }
        guard faults.isEmpty else { throw RecordsError.validation(faults) }
        return values
    }

    static func confinement(
        of views: [CallerView], sample: String, _ dialect: Dialect
    ) -> Confinement {
        Confinement(
            readers: Set(views.map(\.reader)), functions: QueryVocabulary.of(dialect),
            sample: sample, time: QueryRun.time)
    }

    /// `{"items", "next"}`.
    func answer(_ connection: Connection, _ moment: QueryMoment) throws -> JSONBytes {
        var writer = JSONWriter(capacity: 16 << 10)
        writer.beginObject()
        writer.key("items")
        writer.beginArray()
        var keys: [JSONKey] = []
        var count = 0
        var hasMore = false
        let values =
            statement.values(for: moment) + [.integer(Int64(limit) + 1), .integer(offset)]
        try connection.each(statement.text, values) { row in
            if count == limit || writer.bytes.count > QueryRun.bytesLimit {
                hasMore = true
                return false
            }
            if keys.isEmpty { keys = (0..<row.columnCount).map { JSONKey(row.columnName($0)) } }
            writer.beginObject()
            for (column, key) in keys.enumerated() {
                writer.key(key)
                writer.queryValue(row, column)
            }
            writer.endObject()
            count += 1
            return true
        }
        writer.endArray()
        writer.key("next")
        if hasMore, offset + Int64(count) <= QueryRun.offsetLimit {
            let place: JSONValue = [
                .string(fingerprint), .number(JSONNumber(offset + Int64(count))),
            ]
            writer.string(Base64.encodeURL(place.bytes))
        } else {
            writer.null()
        }
        writer.endObject()
        return JSONBytes(writer.bytes)
    }

    /// What the list is: another query, another version of it, or other values make another cursor.
    private static func fingerprint(_ call: RunQuery, version: Int64) -> String {
        let values = (call.parameters ?? .null).bytes
        let text = Array("\(call.query)\u{1}\(version)\u{1}".utf8) + values
        return Base64.encodeURL(Array(SHA256.digest(text).prefix(9)))
    }

    private static func offset(_ cursor: String?, fingerprint: String) throws -> Int64 {
        guard let cursor, !cursor.isEmpty else { return 0 }
        guard cursor.utf8.count <= 100, let bytes = Base64.decodeURL(cursor),
            let items = try? JSONValue(parsing: bytes, depth: 2).array, items.count == 2,
            items[0].string == fingerprint, let offset = items[1].integer,
            (1...offsetLimit).contains(offset)
        else { throw RecordsError.cursor }
        return offset
    }
}

extension ModelSnapshot {
    /// The classes whose API views a query of `model` names, by the views' names; of other models
    /// those that are shared.
    func views(of text: QueryText, model: String) -> [(String, RecordClass)] {
        classes.values.compactMap { item in
            let name = ClassTable.viewName(model: item.type.model, code: item.type.code)
            guard item.type.model == model || item.definition.isShared,
                text.names.contains(name)
            else { return nil }
            return (name, item)
        }
        .sorted { $0.0 < $1.0 }
    }
}

extension RecordStore {
    /// Runs a query of a model with the caller's rights.
    func query(_ call: RunQuery, _ context: CallContext) async throws -> JSONBytes {
        let secret = querySecret
        let dialect = database.dialect
        do {
            return try await current { snapshot in
                let moment = moment(context)
                let run = try QueryRun(
                    call, context, snapshot: snapshot, moment: moment, secret: secret,
                    dialect)
                return try await database.read(confinedBy: run.confinement) {
                    try run.answer($0, moment)
                }
            }
        } catch DatabaseError.failed(let code, let message, _)
            where QueryRun.isOwnFault(code) && !message.contains(secret)
        {
            throw RecordsError.query(dialect.isSQLite ? message : QueryRun.withoutValue(message))
        }
    }
}

extension QueryRun {
    /// The engine's codes for a statement that went wrong by what it computed (an overflow, broken
    /// JSON, a value too long, what a function of ours raises), or that does not fit what its model
    /// has become.
    static func isOwnFault(_ code: Int) -> Bool { [1, 18, 19, 23].contains(code & 0xff) }

    /// PostgreSQL says the value that went wrong, which may be of a record that was deleted: the
    /// rows that somebody may read are not always looked at before his conditions.
    static func withoutValue(_ message: String) -> String {
        for (mark, kept) in [(": \"", 0), ("value \"", 5)] {
            if let range = message.firstRange(of: mark) {
                return String(message[..<message.index(range.lowerBound, offsetBy: kept)])
            }
        }
        return message
    }
}
