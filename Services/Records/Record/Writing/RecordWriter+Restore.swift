import Contracts
import Database
import JSON
import RPC

// What a record was, it can be again.
extension RecordWriter {
    /// Puts the values of version `wanted` back as a change like any other: with the caller's own
    /// rights and all checks. A record that was deleted logically comes back with it, or, without a
    /// version, as it was.
    func restore(_ id: Int64, version: Int64?, to wanted: Int64?) throws -> Written {
        let own = try concrete(id)
        if own.access !== access { return try own.restore(id, version: version, to: wanted) }
        let (row, draft, undeletes) = try restoration(id, version: version, to: wanted)
        return try change(
            id, row, draft, access.rights.change, at: "", item: 0, undeletes: undeletes)
    }

    /// What a restore would write. What the caller may neither read nor write stays as it is.
    func restoration(
        _ id: Int64, version: Int64?, to wanted: Int64?
    ) throws -> (Standing, RecordDraft, undeletes: Bool) {
        if let row = try find(id, deleted: true) {
            let isKnown = [access.rights.read, access.rights.delete].allSatisfy {
                $0?.covers(row.held) ?? false
            }
            guard isKnown else { throw RecordsError.notFound }
            try check(version, of: row, id)
            return (row, try draft(of: row, id, as: wanted), true)
        }
        let row = try standing(id)
        guard let wanted else {
            throw RecordsError.validation([
                FieldProblem(
                    pointer: "/version", code: "required",
                    detail: "The record is not deleted: say which version is to come back.")
            ])
        }
        guard access.rights.change?.covers(row.held) ?? false else {
            throw RecordsError.forbidden("You may not change this record.")
        }
        try check(version, of: row, id)
        return (row, try draft(of: row, id, as: wanted), false)
    }

    private func draft(of row: Standing, _ id: Int64, as wanted: Int64?) throws -> RecordDraft {
        var body = JSONObject()
        if let wanted {
            let version = try logged(id, wanted)
            for (position, column) in definition.columns.enumerated()
            where column.isGiven && !column.readOnly && isKnown(position, row) {
                // A column that the class has got since has no value there to go back to.
                guard let value = version[column.code] else { continue }
                if case .success(let stored) = ColumnValue.read(value, for: column),
                    RecordDraft.isSame(stored, row.values[position])
                {
                    continue
                }
                body[column.code] = value
            }
        }
        var draft = RecordDraft(.object(body), of: recordClass, isInsert: false)
        guard !body.isEmpty else { return draft }
        guard let rights = access.rights.change, rights.covers(row.held) else {
            throw RecordsError.forbidden("You may not change this record.")
        }
        draft.check(
            rights, read: access.rights.read, row.held, body: .object(body), of: recordClass,
            at: "")
        return draft
    }

    private func isKnown(_ position: Int, _ row: Standing) -> Bool {
        [access.rights.read, access.rights.change].contains {
            $0?.covers(column: position, row.held) ?? false
        }
    }

    /// The record as a version was.
    private func logged(_ id: Int64, _ version: Int64) throws -> JSONObject {
        let text = try connection.first(
            """
            SELECT after FROM change_log WHERE class IN (\(recordClass.numbersSQL)) \
            AND record = ? AND version = ? AND kept = 1 AND after IS NOT NULL \
            ORDER BY seq DESC LIMIT 1
            """, [.integer(id), .integer(version)]
        ) { $0.text(0) }
        guard let text, let object = try JSONValue(parsing: Array(text.utf8)).object else {
            throw RecordsError.validation([
                FieldProblem(
                    pointer: "/version", code: "not-found",
                    detail: "The history has no version \(version) of this record.")
            ])
        }
        return object
    }
}

extension RestoreRecord: RecordCall {}

extension RecordStore {
    /// The record as it stands after it.
    func restore(_ call: RestoreRecord, _ context: CallContext) async throws -> JSONBytes {
        let intents = Intents { _ in [.restore(call.id, version: call.version, to: call.to)] }
        return try await write(call, context, intents) { writer in
            try writer.answer(writer.restore(call.id, version: call.version, to: call.to))
        }
    }
}
