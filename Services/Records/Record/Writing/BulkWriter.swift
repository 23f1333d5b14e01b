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
        var results: [Result] = []
        results.reserveCapacity(items.count)
        // Of the items after the results.
        var together: [Row] = []
        var taken: Set<[SQLValue]> = []
        func flush() throws {
            guard !together.isEmpty else { return }
            let start = results.count
            if let ids = try insert(together.map(\.values)) {
                results += ids.map { .written(id: $0, version: 1, .insert) }
            } else {
                for index in start..<start + together.count {
                    results.append(try write(index, isAtomic: isAtomic))
                }
            }
            together = []
            taken = []
        }
        for index in items.indices {
            var row = try row(index)
            if let keys = row?.keys, !taken.isDisjoint(with: keys) {
                // It meets one that the statement before has brought.
                try flush()
                row = nil
            }
            if let row {
                together.append(row)
                taken.formUnion(row.keys)
                if together.count == Arrivals.limit { try flush() }
            } else {
                try flush()
                results.append(try write(index, isAtomic: isAtomic))
            }
        }
        try flush()
        if isAtomic, let failure = BulkWriter.sum(results.compactMap(\.problem)) { throw failure }
        return BulkWriter.answer(results)
    }

    /// What is to be inserted, and its values that no other record may have, each with the place of
    /// the key that they belong to.
    private struct Row {
        let values: [SQLValue]
        let keys: [[SQLValue]]
    }

    private enum Result {
        case written(id: Int64, version: Int64, RecordWriter.Written.Effect)
        case refused(Problem)

        var problem: Problem? { if case .refused(let problem) = self { problem } else { nil } }
    }

    /// One item for itself.
    private func write(_ index: Int, isAtomic: Bool) throws -> Result {
        do {
            let written = try writer.connection.savepoint {
                try write(items[index], index, at: isAtomic ? "/\(index)" : "")
            }
            return .written(id: written.id, version: written.version, written.effect)
        } catch let error as any ProblemConvertible {
            return .refused(error.problem)
        }
    }

    /// The row of an item that is a new record, and that one statement can insert with others: of a
    /// server, where nothing is asked of it afterwards. Nil too where anything is wrong with it.
    private func row(_ index: Int) throws -> Row? {
        guard !writer.connection.dialect.isSQLite, writer.recordClass.sequenceColumns.isEmpty,
            writer.recordClass.fileColumns.isEmpty,
            writer.access.rights.insert?.asked.isEmpty == true
        else { return nil }
        let item = items[index]
        do {
            return try writer.connection.savepoint {
                guard try writer.standing(item, by: key) == nil else { return nil }
                let start = try writer.insertDraft(item, at: "")
                let draft = try writer.complete(start, at: "", item: index)
                let recordClass = writer.recordClass
                return Row(
                    values: recordClass.row(of: draft, account: writer.account, now: writer.now),
                    keys: recordClass.uniqueValues(of: draft))
            }
        } catch is any ProblemConvertible {
            return nil
        }
    }

    /// Nil where the server did not take them all, and then none.
    private func insert(_ rows: [[SQLValue]]) throws -> [Int64]? {
        try Arrivals.unlessRefused(writer.connection) {
            let ids = try writer.recordClass.insert(
                rows, by: [writer.writeContext], returning: " RETURNING r.id", idAt: 0,
                writer.connection
            ) { $0.integer(0) }
            try writer.writeContext.begin(writer.connection)
            return ids
        }
    }

    private static func answer(_ results: [Result]) -> [UInt8] {
        var answer = JSONWriter(capacity: 32 * results.count + 32)
        answer.beginObject()
        answer.key("results")
        answer.beginArray()
        for result in results {
            answer.beginObject()
            switch result {
            case .written(let id, let version, let effect):
                answer.key("id")
                answer.integer(id)
                answer.key("version")
                answer.integer(version)
                answer.key("operation")
                answer.string(effect.rawValue)
            case .refused(let problem):
                answer.key("problem")
                answer.value(problem.member)
            }
            answer.endObject()
        }
        answer.endArray()
        answer.endObject()
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
