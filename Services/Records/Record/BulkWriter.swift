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
            return try writer.change(id, version: nil, item, at: pointer, item: index)
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
