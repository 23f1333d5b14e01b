import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

extension RecordStore {
    /// The values that a new record would begin with; see `NewRecord`.
    func new(_ call: NewRecord, _ context: CallContext) async throws -> JSONBytes {
        let (type, body) = (call.type, call.values)
        let begun = try await reading(type, context) { try $0.beginning(body, with: nil) }
        let snapshot = models.current
        guard !snapshot.ruleModels(for: type, .opening).isEmpty else {
            return try shown(begun, type, context, snapshot)
        }
        let subject = RuleSubject(
            type: type, moment: .opening, record: begun, previous: JSONBytes(Array("null".utf8)))
        guard let result = try await ask([subject], context, snapshot).first else {
            throw Problem.internalError
        }
        switch result {
        case .refused(let problem): throw problem
        case .set(let columns):
            let filled = try await reading(type, context) {
                try $0.beginning(body, with: columns)
            }
            return try shown(filled, type, context, snapshot)
        }
    }

    /// The columns of the class that the caller may know of.
    private func shown(
        _ record: JSONBytes, _ type: FullCode, _ context: CallContext, _ snapshot: ModelSnapshot
    ) throws -> JSONBytes {
        let record = try JSONValue(parsing: record.bytes)
        let columns = try snapshot.describe(type, context).columns
        let members = columns.map { ($0.code, record[$0.code] ?? .null) }
        return JSONBytes(JSONValue.object(JSONObject(members)).bytes)
    }
}

extension RecordWriter {
    /// A new record as it would begin, in the shape of API.md §4.
    fileprivate func beginning(
        _ body: JSONValue, with columns: JSONObject?
    ) throws -> JSONBytes {
        var draft = try insertDraft(body, at: "")
        if let columns { draft.apply(columns, of: access.recordClass, at: "") }
        try draft.validate()
        return try RecordPreview(access.recordClass, snapshot).new(
            draft.values, account: context.principal.account, now: now, connection)
    }
}
