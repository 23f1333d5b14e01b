import Database
import ServiceRuntime

extension RecordClass {
    /// Inserts records on a server by one statement, each under its own writer or all under one;
    /// answers what `map` makes of the row that `returning` asks of each, in their order. `idAt` is
    /// the id's place in it. `notFound` where a trigger of another program left one out or gave ids
    /// of its own.
    func insert<T>(
        _ rows: [[SQLValue]], by writers: [WriteContext], returning: String,
        asked: [SQLValue] = [], idAt: Int, _ connection: Connection, _ map: (Row) throws -> T
    ) throws -> [T] {
        try WriteContext.begin(connection, group: writers)
        let columns = (rows.first ?? []).indices.map { column in
            SQLValue.text(SQLArray.text(rows.map { $0[column] }))
        }
        // By their ids the log knows which record is whose.
        var (last, isInOrder) = (Int64.min, true)
        let answers = try connection.query(arrivalSQL + returning, columns + asked) { row in
            isInOrder = isInOrder && row.integer(idAt) > last
            last = row.integer(idAt)
            return try map(row)
        }
        guard isInOrder, answers.count == rows.count else { throw RecordsError.notFound }
        return answers
    }

    /// The values that no other record may have, each with the place of its key before it; without
    /// those that are computed.
    func uniqueValues(of draft: RecordDraft) -> [[SQLValue]] {
        definition.uniqueKeys.enumerated().compactMap { place, key in
            let values = key.compactMap { positions[$0].flatMap { draft.values[$0] } }
            guard values.count == key.count, !values.contains(.null) else { return nil }
            return [.integer(Int64(place))] + values
        }
    }

    /// The values of `insertSQL`, and of each row of `arrivalSQL`.
    func row(of draft: RecordDraft, account: String, now: Timestamp) -> [SQLValue] {
        let (time, who) = (SQLValue.text(now.text), SQLValue.text(account))
        var values = [time, who, time, who]
        values.reserveCapacity(4 + storedColumns.count)
        for position in storedColumns { values.append(draft.values[position] ?? .null) }
        return values
    }
}
