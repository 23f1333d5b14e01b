import HTTP
import JSON
import RPC

/// What Workflow's own calls are refused with.
enum WorkflowError: Error, Sendable {
    case unknownEvent(String)
    case unknownWorkflow(String)
    case unknownScript(String)
    case unknownModel(String)
    case unknownInstance
    case unknownIncident
    case unknownCapability
    case unknownJob(String)
    case unknownJobRun
    /// What a job cannot do now.
    case jobStands(String)
    /// The event cannot be raised from outside, or not by this caller.
    case eventNotAllowed(String)
    /// The script cannot be run from outside, or not by this caller.
    case scriptNotAllowed(String)
    case permissionNeeded(String)
    case invalidKey(String)
    case invalid(pointer: String, detail: String)
    case invalidCursor
    case tooManyInstances(limit: Int)
    case incidentNotOpen
    case cannotSkip(String)
    case keyReused
    case template(name: String, Template.Fault)
    case invalidBinding(String)
    /// It is in a state in which this cannot be done to it.
    case instanceNot(Int64, state: String, action: String)
    case unknownTask
    /// Somebody was faster, or nobody needs to do it any more.
    case taskOver(String)
    /// More than is carried from step to step, in bytes.
    case valuesTooLarge(limit: Int)
    /// A document that the caller goes by has not come yet.
    case modelBehind
    /// Nor have the accounts and units that the caller's rights come from.
    case directoryBehind
}

extension WorkflowError: ProblemConvertible {
    var problem: Problem {
        switch self {
        case .unknownEvent(let code): .notFound("There is no event “\(code)”.")
        case .unknownWorkflow(let code): .notFound("There is no workflow “\(code)”.")
        case .unknownScript(let code): .notFound("There is no script “\(code)”.")
        case .unknownModel(let code): .notFound("There is no model “\(code)”.")
        case .unknownInstance: .notFound("There is no such instance.")
        case .unknownIncident: .notFound("There is no such incident.")
        case .unknownCapability: .notFound("This link is not known.")
        case .unknownJob(let code): .notFound("There is no job “\(code)”.")
        case .unknownJobRun: .notFound("The job has no such run.")
        case .jobStands(let detail): .conflict(detail)
        case .eventNotAllowed(let why), .scriptNotAllowed(let why): .forbidden(why)
        case .permissionNeeded(let permission): .forbidden("This needs “\(permission)”.")
        case .invalidKey(let detail): WorkflowError.fault("/key", detail)
        case .invalid(let pointer, let detail): WorkflowError.fault(pointer, detail)
        case .invalidCursor:
            Problem(
                status: 400, code: "invalid-cursor", title: "The cursor is not valid",
                detail: "Begin again without a cursor.")
        case .tooManyInstances(let limit):
            .conflict("More than \(limit) instances wait; raise it for each workflow or key.")
        case .incidentNotOpen: .conflict("The incident was resolved already.")
        case .cannotSkip(let detail): .conflict(detail)
        case .keyReused:
            Problem(
                status: 409, code: "idempotency-key-reused",
                title: "The idempotency key was used for another request")
        case .template(let name, let fault):
            Problem(
                status: 422, code: "script-failed", title: "A script failed",
                detail: "\(name), line \(fault.line): \(fault.detail)",
                extra: JSONObject([
                    ("script", .string(name)), ("line", .number(JSONNumber(Int64(fault.line)))),
                    ("message", .string(fault.detail)),
                ]))
        case .instanceNot(let id, let state, let action):
            .conflict("Instance \(id) is \(state): \(action) is of no use now.")
        case .unknownTask: .notFound("There is no such task of yours.")
        case .taskOver(let detail): .conflict(detail)
        case .valuesTooLarge(let limit):
            WorkflowError.fault("/values", "The values take more than \(limit) bytes as JSON.")
        case .modelBehind:
            Problem.unavailable("The rules are being put into force; try again.", retryAfter: 1)
        case .directoryBehind: .directoryBehind
        case .invalidBinding(let name):
            WorkflowError.fault("/bindings", "“\(name)” is no name that a script can use.")
        }
    }

    private static func fault(_ pointer: String, _ detail: String) -> Problem {
        .validation([FieldProblem(pointer: pointer, code: "invalid", detail: detail)])
    }
}
