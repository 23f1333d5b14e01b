import Contracts
import Database
import HTTP
import Incidents
import RPC
import ServiceRuntime

/// What people do about Mail's incidents, with their own rights.
struct IncidentCalls: Sendable {
    let database: Database
    let incidents: MailIncidents
    let outbox: Outbox
    let mailboxes: Mailboxes
    let store: MailStore
    /// Whose items may be dead.
    let queues: [DurableQueue]
    /// Wakes the workers.
    let wake: @Sendable () -> Void

    func act(_ call: ActOnIncident, _ context: CallContext) async throws -> IncidentReport {
        let (subject, report) = try await find(call.key, context)
        if report.resolution != nil { return report }
        guard report.actions.contains(call.action) else {
            throw MailError.cannot(
                "“\(call.action.rawValue)” is of no use here; what can be done is"
                    + " \(report.actions.map(\.rawValue).joined(separator: ", ")).")
        }
        switch (MailIncidents.Subject(subject), call.action) {
        case (.mail(let id), .retry):
            _ = try await outbox.act(ActOnMail(id: id, action: .resend), context)
        case (.intake(let id), .retry): try await replay(id, context)
        case (let mail, _):
            try require(MailIncidents.permission, context)
            let account = context.principal.account
            try await database.write { connection in
                if let mail {
                    try end(mail, subject, call.action, by: account, connection)
                } else {
                    _ = try incidents.book.actOnDead(
                        subject, call.action, by: account, in: queues, connection)
                }
            }
            wake()
        }
        let after = try await database.pointRead { [incidents] in
            try incidents.book.find(call.key, $0)?.report
        }
        if let after { return after }
        // It has ended, and Workflow was told already, so that it is gone here.
        var ended = report
        ended.resolution = call.action.rawValue
        ended.resolvedBy = context.principal.account
        ended.resolvedAt = outbox.runtime.clock.now().text
        return ended
    }

    private func find(
        _ key: String, _ context: CallContext
    ) async throws -> (subject: String, report: IncidentReport) {
        let found = try await database.pointRead { [incidents] in
            try incidents.book.find(key, $0)
        }
        guard let found, found.report.model.map(context.principal.mayOperate) ?? true else {
            throw Problem.notFound("There is no such incident.")
        }
        return found
    }

    private func replay(_ id: Int64, _ context: CallContext) async throws {
        let entry = try await database.pointRead { [mailboxes] in
            try mailboxes.store.entry($0, id: id)
        }
        guard let entry else { throw Problem.notFound("There is no such incident.") }
        _ = try await mailboxes.replay(
            ReplayIntake(mailbox: "\(entry.mailbox)", number: entry.number), context)
    }

    /// `skip` or `close`, audited where the mail has an audit of its own.
    private func end(
        _ mail: MailIncidents.Subject, _ subject: String, _ action: IncidentAction,
        by account: String, _ connection: Connection
    ) throws {
        try incidents.mark(mail, action, by: account, connection)
        switch mail {
        case .mail(let id):
            try store.addAttempt(
                connection, mail: id, server: "", outcome: "closed", reply: "by \(account)",
                now: outbox.runtime.clock.now())
        case .intake(let id):
            if action == .skip { try mailboxes.store.skip(connection, id) }
        }
        try incidents.book.settle(subject, connection)
    }
}
