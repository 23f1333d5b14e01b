import Contracts
import Database
import HTTP
import JSON
import RPC

/// Records that a filter names, for a change or a deletion of all of them.
private struct Selection: Sendable {
    let sql: SQLText
    /// In the order of their ids; one more than may be.
    var ids: [Int64] = []

    init(
        _ type: FullCode, filter: String, _ context: CallContext, in snapshot: ModelSnapshot
    ) throws {
        let access = try snapshot.access(type, context)
        guard let rights = access.rights.read, let plan = access.plan else {
            throw RecordsError.forbidden("You may not read such records.")
        }
        let scope = QueryScope(
            recordClass: access.recordClass, rights: rights,
            target: snapshot.targets(for: context))
        do throws(FilterFault) {
            let expression = try FilterParser.parse(filter)
            let condition = try FilterCompiler(scope: scope).compile(expression)
            sql =
                "SELECT r.id FROM " + plan.source + " WHERE " + plan.condition + " AND "
                + condition
        } catch {
            throw RecordsError.filter("filter", error)
        }
    }

    mutating func find(_ connection: Connection, _ moment: QueryMoment) throws {
        let limit = Int64(RecordStore.manyLimit) + 1
        ids = try connection.query(
            sql.text + " ORDER BY r.id LIMIT \(limit)", sql.values(for: moment)
        ) { $0.integer(0) }
    }

    /// Whether one of them is still what it was chosen for.
    func holds(_ id: Int64, _ connection: Connection, _ moment: QueryMoment) throws -> Bool {
        try connection.first(
            sql.text + " AND r.id = ?", sql.values(for: moment) + [.integer(id)]
        ) { $0.integer(0) } != nil
    }
}

extension RecordStore {
    /// Records that one call changes or deletes.
    static let manyLimit = 10_000

    /// Changes every record that the filter names and the caller may read, all or none.
    func changeMany(_ call: ChangeMany, _ context: CallContext) async throws -> JSONBytes {
        let body: JSONValue
        do { body = try JSONValue(parsing: call.body.bytes) } catch {
            throw RecordsError.malformed(error)
        }
        return try await writeMany(
            call, filter: call.filter, expect: call.expect, context,
            intent: { .change($0, version: nil, body, by: .changeMany) },
            { writer, id, item in
                guard writer.access.rights[.changeMany] != nil else {
                    throw RecordsError.forbidden("You may not change many such records at once.")
                }
                return try writer.change(
                    id, version: nil, body, item: item, by: .changeMany
                ).effect == .change
            })
    }

    /// Deletes every record that the filter names and the caller may read, all or none.
    func deleteMany(_ call: DeleteMany, _ context: CallContext) async throws -> JSONBytes {
        try await writeMany(
            call, filter: call.filter, expect: call.expect, context,
            intent: { .delete($0, version: nil, by: .deleteMany) },
            { writer, id, item in
                guard writer.access.rights[.deleteMany] != nil else {
                    throw RecordsError.forbidden("You may not delete many such records at once.")
                }
                try writer.delete(id, version: nil, item: item, by: .deleteMany)
                return true
            })
    }

    /// The records are looked for on a reader, so that a long search holds up no writer; within the
    /// transaction each is looked at again.
    private func writeMany<C: RecordCall>(
        _ call: C, filter: String, expect: Int64, _ context: CallContext,
        intent: @escaping @Sendable (Int64) -> Intent,
        _ body: @escaping @Sendable (RecordWriter, Int64, Int) throws -> Bool
    ) async throws -> JSONBytes {
        let moment = moment(context)
        let found = try await current { snapshot in
            let selection = try Selection(call.type, filter: filter, context, in: snapshot)
            return try await database.read { connection in
                var selection = selection
                try selection.find(connection, moment)
                return selection.ids
            }
        }
        let intents = Intents { _ in
            found.count <= RecordStore.manyLimit ? found.map(intent) : []
        }
        let isLarge = found.count >= RecordStore.largeCount
        return try await write(call, context, intents, isLarge: isLarge) { writer in
            guard found.count <= RecordStore.manyLimit else {
                throw RecordsError.tooLarge(
                    limit: RecordStore.manyLimit,
                    "One call may touch \(RecordStore.manyLimit) records; narrow the filter.")
            }
            let selection = try Selection(
                call.type, filter: filter, context, in: writer.snapshot)
            let standing = try found.enumerated().filter {
                try selection.holds($0.element, writer.connection, moment)
            }
            guard standing.count == expect else {
                throw RecordsError.countMismatch(count: Int64(standing.count), expected: expect)
            }
            var changed: Int64 = 0
            for (item, id) in standing {
                do {
                    if try body(writer, id, item) { changed += 1 }
                } catch let error as any ProblemConvertible {
                    throw RecordsError.ofRecord(id, error.problem)
                }
            }
            var answer = JSONWriter(capacity: 64)
            answer.beginObject()
            answer.key("count")
            answer.integer(Int64(standing.count))
            answer.key("changed")
            answer.integer(changed)
            answer.endObject()
            return answer.bytes
        }
    }
}

extension ChangeMany: RecordCall {}
extension DeleteMany: RecordCall {}
