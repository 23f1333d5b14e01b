import Database
import JSON
import ServiceRuntime

// What a new record is made of, as far as no database is needed.

extension ClassAccess {
    /// What the body says, and what of it the caller may not say. `forbidden` where he may create
    /// none at all.
    func insertDraft(_ body: JSONValue, at pointer: String) throws -> RecordDraft {
        guard let allowed = rights.insert else {
            throw RecordsError.forbidden("You may not create such records.")
        }
        var draft = RecordDraft(body, of: recordClass, at: pointer, isInsert: true)
        // Of a record that is not there yet nobody knows what will hold; what no grant ever gives
        // is refused now, the rest when it stands.
        draft.check(
            allowed, read: rights.read, rights.predicates, body: body, of: recordClass,
            at: pointer)
        return draft
    }
}

extension RecordDraft {
    /// Gives the values that the platform makes where the caller gives none.
    mutating func make(of recordClass: RecordClass, _ random: any RandomSource) {
        for position in recordClass.guidColumns where values[position] ?? .null == .null {
            fill(position, .text(ColumnValue.guid(random)))
        }
    }
}
