import Contracts
import Database
import JSON
import RPC

// What of rights only the database can tell.
extension RecordWriter {
    /// Holds a record as it now stands against what the caller may make of one: nobody puts a
    /// record, or moves it, where he may not touch it. `positions` are the columns that he set.
    func checkResult(
        _ id: Int64, _ rights: RowRights, _ positions: [Int], at pointer: String
    ) throws {
        let held = try access.held.of(id, connection, moment) ?? []
        guard rights.covers(held) else {
            let hints = (rights.rows ?? []).compactMap { predicate -> FieldProblem? in
                guard let code = predicate.column, let position = recordClass.positions[code],
                    rights.columns[position] != .nowhere
                else { return nil }
                return FieldProblem(
                    pointer: "\(pointer)/\(code)", code: "forbidden", detail: predicate.hint)
            }
            throw RecordsError.forbidden(
                "The record would be outside of what you may write.", errors: hints)
        }
        let refused = positions.filter { !rights.covers(column: $0, held) }
        guard refused.isEmpty else {
            throw RecordsError.forbidden(
                "You may not write these columns of such a record.",
                errors: refused.map {
                    FieldProblem(
                        pointer: "\(pointer)/\(definition.columns[$0].code)", code: "forbidden",
                        detail: "You may not write this column of such a record.")
                })
        }
    }

    /// Whether the caller may read the record that a reference names.
    func exists(_ id: SQLValue, in type: FullCode, isRuled: Bool) throws -> Bool {
        let principal = isRuled ? Principal.system : context.principal
        guard let recordClass = snapshot.classes[type],
            recordClass.isOpen(to: context.door, isSystem: principal.isSystem),
            let plan = snapshot.access(
                of: recordClass, for: principal, through: context.door
            ).plan
        else { return false }
        let sql =
            "SELECT count(*) FROM " + plan.source + " WHERE " + plan.condition + " AND r.id = "
        return try connection.count(sql.text + "?", sql.values(for: moment) + [id]) > 0
    }
}
