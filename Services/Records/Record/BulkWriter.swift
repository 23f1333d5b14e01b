import Contracts
import Database
import HTTP
import JSON

/// Writes an array of records in one transaction: each for itself, or all or none.
struct BulkWriter {
    static let itemLimit = 1000

    let writer: RecordWriter
    let items: [JSONValue]
    /// The columns whose values find a record to be changed instead.
    let key: UpsertKey?

    /// A unique column, or a set of columns that are unique together, by which a record is found.
    struct UpsertKey {
        let columns: [ColumnDefinition]
        /// The id of the record that has these values.
        let sql: String
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
                    try write(item, index, at: isAtomic ? "/\(index)" : "")
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

    private func write(
        _ item: JSONValue, _ index: Int, at pointer: String
    ) throws -> RecordWriter.Written {
        if let id = try writer.standing(item, by: key) {
            return try writer.change(
                id, version: nil, key?.rest(of: item) ?? item, at: pointer, item: index)
        }
        return try writer.insert(item, at: pointer, item: index)
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

extension BulkWriter.UpsertKey {
    /// An item without the columns of its key, which the record has already.
    func rest(of item: JSONValue) -> JSONValue {
        guard var object = item.object else { return item }
        for column in columns { object[column.code] = nil }
        return .object(object)
    }
}

extension RecordWriter {
    /// The key of an upsert by these columns: one that the class declares unique, and that the
    /// caller may read in every row.
    func upsertKey(_ codes: [String]?) throws -> BulkWriter.UpsertKey? {
        guard let codes else { return nil }
        guard let key = definition.uniqueKeys.first(where: { Set($0) == Set(codes) }),
            key.count == codes.count,
            key.allSatisfy({ code in
                recordClass.positions[code].map { access.rights.read?.columns[$0] }
                    == .everywhere
            })
        else {
            throw RecordsError.validation([
                FieldProblem(
                    pointer: "/upsert", code: "not-unique",
                    detail: "An upsert needs one unique column, or all of a unique set.")
            ])
        }
        let equal = key.map { "\(quoted($0)) = ?" }.joined(separator: " AND ")
        return BulkWriter.UpsertKey(
            columns: key.compactMap { definition.column($0) },
            sql: "SELECT id FROM \(recordClass.table) AS r WHERE \(equal) AND deleted = 0"
                + recordClass.rows.condition("r"))
    }

    /// The record that has the item's key; an item without a good key is an insert, and its faults
    /// are told there.
    func standing(_ item: JSONValue, by key: BulkWriter.UpsertKey?) throws -> Int64? {
        guard let key else { return nil }
        var values: [SQLValue] = []
        for column in key.columns {
            guard let value = item[column.code],
                case .success(let stored) = ColumnValue.read(value, for: column), stored != .null
            else { return nil }
            values.append(stored)
        }
        return try connection.first(key.sql, values) { $0.integer(0) }
    }
}
