import Contracts
import Database
import Glibc
import HTTP
import ServiceRuntime

/// What Batch refuses.
enum BatchError: ProblemConvertible {
    case noDefinition(kind: String, FullCode)
    case noRun(Int64)
    /// The grants of the class do not have the operation.
    case noRight(operation: String, FullCode)
    /// The file has a column that the caller may not take into one any more.
    case columnClosed(String, of: FullCode)
    case uploadTooLarge(limit: Int)
    case emptyUpload
    case keyReused
    /// There is no file (yet).
    case noFile(Int64, state: String)
    case hasEnded(Int64, state: String)
    /// The source of an import cannot be read as it is, or not for now.
    case source(String)
    case sourceAway(String)
    /// The disk is full.
    case noRoom
    /// A file of a source was left out.
    case leftOut(SourceIntake.LeftOut, count: Int)
    /// The target of an export does not take the file, or is away for now.
    case target(String)
    case targetAway(String)
    /// Of the runs of a source's files.
    case partFailed(Int64, state: String)
    /// An import without a source begins with a file.
    case noSource(FullCode)
    /// There is no plan that could be applied.
    case noPlan(Int64)
    /// There is nothing that could be undone.
    case nothingToUndo(Int64, state: String)

    /// Whether the disk, a quota or a limit of the system is used up.
    static func isNoRoom(_ error: any Error) -> Bool {
        switch error {
        case DatabaseError.full: true
        case let error as FileError: [ENOSPC, EDQUOT, EFBIG].contains(error.errno)
        case BatchError.noRoom: true
        default: false
        }
    }

    static let targetAwayCode = "target-away"

    var problem: Problem {
        switch self {
        case .noDefinition(let kind, let code):
            .notFound("There is no \(kind) \(code).")
        case .noRun(let run):
            .notFound("There is no run \(run) that you may see.")
        case .noRight(let operation, let type):
            .forbidden("None of your roles has the operation \(operation) on \(type).")
        case .columnClosed(let column, let type):
            .forbidden("The file has the column \(column) of \(type), which you may not export.")
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
        case .source(let why):
            Problem(
                status: 422, code: "source-unreadable", title: "The source cannot be read",
                detail: "\(why). Nothing was taken; mend it, and start the import again.")
        case .sourceAway(let why):
            Problem(
                status: 503, code: "source-away", title: "The source is away",
                detail: "\(why). The run waits, and goes on when it is back.")
        case .noRoom:
            Problem(
                status: 507, code: "insufficient-storage", title: "There is no room to store this",
                detail: "The disk of the service is full. An upload was not taken; a run waits,"
                    + " and goes on where it stands when there is room.", retryAfter: 60)
        case .leftOut(let file, let count):
            Problem(
                status: 422, code: "file-not-imported", title: "A file was not imported",
                detail: "\(file.name) was left out: \(file.reason)."
                    + (count > 1 ? " So were \(count - 1) others; leftOut names them." : ""))
        case .target(let why):
            Problem(
                status: 422, code: "target-refused", title: "The target does not take the file",
                detail: "\(why). The run has the file; mend the target, and export again.")
        case .targetAway(let why):
            Problem(
                status: 503, code: BatchError.targetAwayCode, title: "The target is away",
                detail: "\(why). The run has the file, and puts it there when the target is back.")
        case .partFailed(let run, let state):
            Problem(
                status: 422, code: "file-not-imported", title: "A file was not imported",
                detail: "Run \(run), of one file of the source, has \(state); look there.")
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
