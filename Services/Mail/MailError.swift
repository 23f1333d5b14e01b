import HTTP
import JSON

/// What goes wrong in Mail, as callers see it.
enum MailError: ProblemConvertible {
    case noSuchMail(Int64)
    case noSuchMailbox(String)
    /// A bare code that several models have.
    case ambiguousMailbox(String)
    case noSuchEntry(Int64)
    case noSuchNotification(String)
    case forbidden(permission: String)
    case invalid([FieldProblem])
    case invalidCursor
    /// A person's action that does not fit the state.
    case cannot(String)
    case integrationsOff
    case keyReused
    case tooLarge(limit: Int)

    var problem: Problem {
        switch self {
        case .noSuchMail(let id): .notFound("There is no mail \(id).")
        case .noSuchMailbox(let name): .notFound("There is no mailbox “\(name)”.")
        case .ambiguousMailbox(let code):
            .conflict("Several models have a mailbox “\(code)”; name it as model.\(code).")
        case .noSuchEntry(let number): .notFound("The mailbox has no entry \(number).")
        case .noSuchNotification(let name):
            .validation([
                FieldProblem(
                    pointer: "/notification", code: "not-found",
                    detail: "There is no notification “\(name)”.")
            ])
        case .forbidden(let permission): .forbidden("This needs the permission \(permission).")
        case .invalid(let errors): .validation(errors)
        case .invalidCursor:
            Problem(
                status: 400, code: "invalid-cursor", title: "The cursor is not valid",
                detail: "Use the cursor that the last page gave as “next”.")
        case .cannot(let why): .conflict(why)
        case .integrationsOff:
            .conflict("Integrations are switched off (INTEGRATIONS=off): mailboxes stand still.")
        case .keyReused:
            Problem(
                status: 409, code: "idempotency-key-reused",
                title: "The idempotency key was used for another request",
                detail: "Use a new key for a new request.")
        case .tooLarge(let limit): .tooLarge(limit: limit, "The mail is too large.")
        }
    }
}
