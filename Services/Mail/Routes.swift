import Contracts
import HTTP
import RPC

/// Every call that Mail serves.
struct MailRoutes: Sendable {
    /// A mail of 50 MiB as base64 within JSON.
    static let sendLimit = 80 << 20

    let outbox: Outbox
    let mailboxes: Mailboxes
    let definitions: Definitions
    let scheduler: MailboxScheduler
    let incidents: IncidentCalls
    let views: MailViews

    func add(to routes: RPCRoutes) {
        routes.on(SendMail.self, bodyLimit: MailRoutes.sendLimit) { try await outbox.send($0, $1) }
        routes.on(PreviewNotification.self) { try await outbox.preview($0, $1) }
        routes.on(ListMails.self) { try await outbox.list($0, $1) }
        routes.on(GetMail.self) { try await outbox.get($0, $1) }
        routes.on(GetMailRaw.self) { call, _, context in
            Response(
                headers: ["Content-Type": "message/rfc822"],
                body: MailRoutes.body(try await outbox.raw(call, context)))
        }
        routes.on(ActOnMail.self) { try await outbox.act($0, $1) }
        routes.on(ShowMail.self) { try await views.show($0, $1) }
        routes.on(ListMailboxes.self) { _, context in try await mailboxes.all(context) }
        routes.on(GetMailbox.self) { try await mailboxes.get($0, $1) }
        routes.on(ReadMailbox.self) { try await mailboxes.read($0, $1) }
        routes.on(ListIntake.self) { try await mailboxes.list($0, $1) }
        routes.on(ReplayIntake.self) { try await mailboxes.replay($0, $1) }
        routes.on(GetIntakeRaw.self) { call, _, context in
            MailRoutes.raw(try await mailboxes.raw(call, context))
        }
        routes.on(ActOnIncident.self) { try await incidents.act($0, $1) }
        routes.on(CheckModel.self) { call, _ in try Definitions.check(call) }
        routes.on(TakeModel.self) { call, _ in
            if try await definitions.take(call) { await scheduler.refresh() }
            return Done()
        }
    }

    /// Piece by piece.
    private static func body(_ content: MailContent) -> Response.Body {
        guard content.pieces > 1 else { return .bytes(content.first) }
        return .stream(length: content.size) { writer in
            for number in 0..<content.pieces { try await writer.write(content.piece(number)) }
        }
    }

    private static func raw(_ bytes: [UInt8]) -> Response {
        Response(headers: ["Content-Type": "message/rfc822"], body: .bytes(bytes))
    }
}
