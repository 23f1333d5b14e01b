import Contracts
import Database
import HTTP
import RPC

extension IncidentBook {
    /// A person's answer, where dead items are all that the service has: who may operate workflows
    /// may do it. Wake the workers afterwards.
    public func act(
        _ call: ActOnIncident, _ context: CallContext, _ database: Database,
        on queues: [DurableQueue]
    ) async throws -> IncidentReport {
        let principal = context.principal
        guard principal.isSystem || principal.permissions.contains("workflow:operate") else {
            throw Problem.forbidden("This needs the permission workflow:operate.")
        }
        let report = try await database.write { connection -> IncidentReport? in
            guard let (subject, report) = try find(call.key, connection) else { return nil }
            if report.resolution != nil { return report }
            _ = try actOnDead(
                subject, call.action, by: principal.account, in: queues, connection)
            return try find(call.key, connection)?.report
        }
        guard let report else { throw Problem.notFound("There is no such incident.") }
        return report
    }
}
