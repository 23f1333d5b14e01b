import Contracts
import Database
import JSON

/// One record that is known by id and version, and what is to become of it.
struct KnownItem: Sendable {
    enum Operation: String, Sendable { case change, delete, restore }

    let operation: Operation
    let id: Int64
    let version: Int64
    private var body: JSONValue

    init(_ json: JSONValue) throws {
        let parts = json.array ?? []
        guard parts.count >= 3, let word = parts[0].string,
            let operation = Operation(rawValue: word), let id = parts[1].integer,
            let version = parts[2].integer
        else {
            throw RecordsError.validation([
                FieldProblem(
                    pointer: "/items", code: "wrong-type",
                    detail: "An item is an operation, an id, a version, and what changes.")
            ])
        }
        self.operation = operation
        self.id = id
        self.version = version
        body = parts.count > 3 ? parts[3] : .object(JSONObject())
    }

    /// With ids in the places of what references are looked up by.
    func resolved(_ lookups: [RowLookup], _ writer: RecordWriter) throws -> KnownItem {
        guard operation == .change, !lookups.isEmpty, var object = body.object else { return self }
        for lookup in lookups {
            guard let value = object[lookup.column.code] else { continue }
            var known: [SQLValue: Int64] = [:]
            object[lookup.column.code] = try lookup.find(value, writer, &known)
        }
        var item = self
        item.body = .object(object)
        return item
    }

    var intent: Intent {
        switch operation {
        case .change: .change(id, version: version, body)
        case .delete: .delete(id, version: version)
        case .restore: .restore(id, version: version, to: nil)
        }
    }

    func write(_ writer: RecordWriter, _ item: Int, into answer: inout JSONWriter) throws {
        var told = version
        var (word, changes) = (operation.rawValue, [RecordWriter.FieldChange]?.none)
        switch operation {
        case .change:
            let written = try writer.change(id, version: version, body, item: item)
            told = written.version
            if written.effect == .none {
                word = written.effect.rawValue
            } else {
                changes = written.changes
            }
        case .delete:
            try writer.delete(id, version: version, item: item)
            told += 1
        case .restore: told = try writer.restore(id, version: version, to: nil).version
        }
        answer.beginArray()
        answer.string(word)
        answer.integer(id)
        answer.integer(told)
        if let changes { RowWriter.tell(changes, into: &answer) }
        answer.endArray()
    }
}
