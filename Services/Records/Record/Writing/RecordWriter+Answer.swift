import Database
import JSON

extension RecordWriter {
    /// The record as the caller may read it; where it may not, its id and version.
    func answer(_ written: Written) throws -> [UInt8] {
        if let answer = written.answer { return answer }
        if let plan = access.plan {
            let values = plan.byID.values(for: moment)
            let bytes = try connection.first(plan.byIDText, values + [.integer(written.id)]) {
                plan.bytes($0).bytes
            }
            if let bytes { return bytes }
        }
        return RecordWriter.answer(written.id, written.version)
    }

    static func answer(_ id: Int64, _ version: Int64) -> [UInt8] {
        var writer = JSONWriter(capacity: 48)
        writer.beginObject()
        writer.key("id")
        writer.integer(id)
        writer.key("version")
        writer.integer(version)
        writer.endObject()
        return writer.bytes
    }

    /// Inserts a row; on a server its answer comes with it, which saves an exchange.
    func insert(
        _ values: [SQLValue], isAnswered: Bool
    ) throws -> (id: Int64, answer: [UInt8]?) {
        guard isAnswered, !connection.dialect.isSQLite, let plan = access.plan,
            let returning = plan.returning
        else { return (try connection.insert(recordClass.insertSQL, values), nil) }
        let row = try connection.first(
            recordClass.insertSQL + returning.text, values + returning.values(for: moment)
        ) { row in
            let id = row.integer(plan.width)
            let isShown = row.integer(plan.width + 1) == 1
            return (id, isShown ? plan.bytes(row).bytes : RecordWriter.answer(id, 1))
        }
        guard let row else { throw RecordsError.notFound }
        return row
    }
}
