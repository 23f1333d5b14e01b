import Contracts
import HTTP

/// What Batch refuses.
enum BatchError: ProblemConvertible {
    case noDefinition(kind: String, FullCode)
    case noRun(Int64)
    /// The grants of the class do not have the operation.
    case noRight(operation: String, FullCode)
    case uploadTooLarge(limit: Int)
    case emptyUpload
    case keyReused
    /// There is no file (yet).
    case noFile(Int64, state: String)
    case hasEnded(Int64, state: String)
    case integrationsOff
    /// The source of an import cannot be read.
    case source(String)
    /// An import without a source begins with a file.
    case noSource(FullCode)
    /// There is no plan that could be applied.
    case noPlan(Int64)
    /// There is nothing that could be undone.
    case nothingToUndo(Int64, state: String)

    var problem: Problem {
        switch self {
        case .noDefinition(let kind, let code):
            .notFound("There is no \(kind) \(code).")
        case .noRun(let run):
            .notFound("There is no run \(run) that you may see.")
        case .noRight(let operation, let type):
            .forbidden("None of your roles has the operation \(operation) on \(type).")
        case .uploadTooLarge(let limit):
            .tooLarge(limit: limit, "The file is larger than \(limit) bytes.")
        case .emptyUpload:
            Problem(
                status: 422, code: "validation-failed", title: "The file is empty",
                detail: "Send the file as the body of the request.")
        case .keyReused:
            Problem(
                status: 409, code: "idempotency-key-reused",
                title: "The Idempotency-Key was used before",
                detail: "Another file came under the same key.")
        case .noFile(let run, let state):
            .conflict("Run \(run) is \(state): it has no file.")
        case .integrationsOff:
            Problem(
                status: 503, code: "integrations-off", title: "Integrations are switched off",
                detail: "Sources are not read while INTEGRATIONS is off.")
        case .source(let why):
            Problem(
                status: 502, code: "source-unreadable", title: "The source cannot be read",
                detail: "\(why). Nothing was taken; try again.")
        case .noSource(let code):
            Problem(
                status: 422, code: "validation-failed", title: "The import has no source",
                detail: "The source of \(code) is upload: send the file as the body.")
        case .noPlan(let run):
            .conflict("Run \(run) has no plan that waits to be applied.")
        case .nothingToUndo(let run, let state):
            .conflict("Run \(run) is \(state): it has written nothing that could be undone.")
        case .hasEnded(let run, let state):
            .conflict("Run \(run) is \(state) already.")
        }
    }
}
