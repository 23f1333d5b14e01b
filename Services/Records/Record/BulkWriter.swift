import Contracts
import Database
import HTTP
import JSON

/// Writes an array of records in one transaction: each for itself, or all or none.
struct BulkWriter {
    static let itemLimit = 1000

    let writer: RecordWriter
    let items: [JSONValue]
    /// The column whose value finds a record to be changed instead.
    let key: UpsertKey?

    /// A unique column by which a record is found.
    struct UpsertKey {
        let column: ColumnDefinition
        let position: Int
    }

    /// `{"results": [{"id", "version", "operation"} | {"problem"}]}`.
    func run(isAtomic: Bool) throws -> [UInt8] {
        var answer = JSONWriter(capacity: 32 * items.count + 32)
        var failures: [Problem] = []
        answer.beginObject()
        answer.key("results")
        answer.beginArray()
        for (index, item) in items.enumerated() {
            do {
                let written = try writer.connection.savepoint {
                    try write(item, at: isAtomic ? "/\(index)" : "")
                }
                BulkWriter.write(written, into: &answer)
            } catch let error as any ProblemConvertible {
                failures.append(error.problem)
                answer.beginObject()
                answer.key("problem")
                answer.value(error.problem.member)
                answer.endObject()
            }
        }
        answer.endArray()
        answer.endObject()
        if isAtomic, let failure = BulkWriter.sum(failures) { throw failure }
        return answer.bytes
    }

    private func write(_ item: JSONValue, at pointer: String) throws -> RecordWriter.Written {
        if let key, let id = try standing(key, item) {
            return try writer.change(id, version: nil, item, at: pointer)
        }
        return try writer.insert(item, at: pointer)
    }

    /// The record that has the item's key; an item without a good key is an insert, and its faults
    /// are told there.
    private func standing(_ key: UpsertKey, _ item: JSONValue) throws -> Int64? {
        guard let value = item[key.column.code],
            case .success(let stored) = ColumnValue.read(value, for: key.column), stored != .null
        else { return nil }
        return try writer.connection.first(
            """
            SELECT id FROM \(writer.access.recordClass.table) \
            WHERE \(quoted(key.column.code)) = ? AND deleted = 0
            """, [stored]
        ) { $0.integer(0) }
    }

    private static func write(_ written: RecordWriter.Written, into answer: inout JSONWriter) {
        answer.beginObject()
        answer.key("id")
        answer.integer(written.id)
        answer.key("version")
        answer.integer(written.version)
        answer.key("operation")
        answer.string(written.effect.rawValue)
        answer.endObject()
    }

    /// All faults of all items where they are of the same kind, else the first failure.
    private static func sum(_ failures: [Problem]) -> Problem? {
        guard var first = failures.first else { return nil }
        for failure in failures.dropFirst() where failure.code == first.code {
            first.errors += failure.errors
        }
        return first
    }
}

extension Problem {
    /// As a member of a larger answer.
    var member: JSONValue {
        var object = JSONObject([
            ("type", .string("/problems/\(code)")), ("title", .string(title)),
            ("status", .number(JSONNumber(Int64(status)))),
        ])
        if let detail { object["detail"] = .string(detail) }
        if !errors.isEmpty {
            object["errors"] = .array(
                errors.map { error in
                    .object(
                        JSONObject([
                            ("pointer", .string(error.pointer)), ("code", .string(error.code)),
                            ("detail", .string(error.detail)),
                        ]))
                })
        }
        for (key, value) in extra.members { object[key] = value }
        return .object(object)
    }
}
