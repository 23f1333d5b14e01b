import Contracts
import Database
import JSON
import RPC
import ServiceRuntime

extension RecordStore {
    /// Who may not oversee accounts may ask about itself only.
    func explain(_ call: ExplainRights, _ context: CallContext) async throws -> RightsExplained {
        let operation = Grant.Operation(rawValue: call.operation)
        guard let operation else {
            let known = Grant.Operation.allCases.map(\.rawValue).joined(separator: ", ")
            throw RecordsError.validation([
                FieldProblem(
                    pointer: "/operation", code: "not-allowed",
                    detail: "This must be one of \(known).")
            ])
        }
        guard call.principals.count <= ExplainRights.principalLimit else {
            throw RecordsError.tooLarge(
                limit: ExplainRights.principalLimit,
                "A question may be about \(ExplainRights.principalLimit) accounts.")
        }
        return try await current { snapshot in
            guard let recordClass = snapshot.classes[call.type] else {
                throw RecordsError.notFound
            }
            if !context.principal.isOverseer { _ = try snapshot.access(call.type, context) }
            let now = runtime.clock.now()
            return try await database.read { connection in
                let explanation = Explanation(
                    connection: connection, snapshot: snapshot, recordClass: recordClass,
                    operation: operation, record: call.record, column: call.column,
                    asker: context.principal, now: now)
                let isAboutOthers = call.principals.contains {
                    $0.account != context.principal.account
                }
                if isAboutOthers, !context.principal.isOverseer {
                    throw RecordsError.forbidden("You may ask about yourself only.")
                }
                return RightsExplained(items: try call.principals.map(explanation.item))
            }
        }
    }
}
