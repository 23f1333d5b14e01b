import Contracts
import Database
import Glibc
import HTTP
import JSON
import RPC
import ServiceRuntime

/// What Records answers when it does not do what it was asked.
enum RecordsError: Error {
    /// No such class or record, or none that the caller may know of.
    case notFound
    case forbidden(String, errors: [FieldProblem] = [])
    /// `filter`, `orderby`, `select` or `expand` cannot be used.
    case filter(String, FilterFault)
    case cursor
    /// A query went wrong by what it computed.
    case query(String)
    case malformed(JSONError)
    case validation([FieldProblem])
    case versionMismatch(current: Int64, changed: [String])
    /// A document was made over another version of its model.
    case modelMoved(current: Int64)
    case countMismatch(count: Int64, expected: Int64)
    case conflict(String)
    /// What is wrong with one of many records.
    case ofRecord(Int64, Problem)
    case keyReused
    /// What a plan said is not what would be now; by row or item of the call.
    case planMoved([FieldProblem])
    case destructive([ModelOperation])
    case tooLarge(limit: Int, String)
    /// In bytes.
    case fileTooLarge(limit: Int64)
    /// A range that begins after the end.
    case noSuchRange(length: Int64)
    /// The caller's rights come from changes of the directory that are not here yet.
    case directoryBehind
}

extension RecordsError: ProblemConvertible {
    var problem: Problem {
        switch self {
        case .notFound: return .notFound()
        case .forbidden(let detail, let errors):
            var problem = Problem.forbidden(detail)
            problem.errors = errors
            return problem
        case .filter(let parameter, let fault):
            return Problem(
                status: 400, code: "invalid-filter", title: "The filter cannot be used",
                detail: "\(parameter) \(fault.detail) (at character \(fault.offset + 1))",
                extra: JSONObject([
                    ("parameter", .string(parameter)),
                    ("position", .number(JSONNumber(Int64(fault.offset)))),
                ]))
        case .cursor:
            return Problem(
                status: 400, code: "invalid-cursor", title: "The cursor is not one of this list",
                detail: "Begin again without a cursor; it holds for one class, filter and order.")
        case .query(let detail):
            return Problem(
                status: 422, code: "query-failed", title: "The query cannot be computed",
                detail: "\(detail). Its model must be mended, or other values be given.")
        case .malformed(let error): return .malformedJSON(error)
        case .validation(let errors): return .validation(errors)
        case .versionMismatch(let current, let changed):
            return Problem(
                status: 412, code: "version-mismatch",
                title: "The record was changed meanwhile",
                detail: "Read it again; it now has version \(current).",
                extra: JSONObject([
                    ("version", .number(JSONNumber(current))),
                    ("changed", .array(changed.map { .string($0) })),
                ]))
        case .modelMoved(let current):
            return Problem(
                status: 412, code: "version-mismatch",
                title: "The model was changed meanwhile",
                detail: "It now has version \(current); make the plan again.",
                extra: JSONObject([("version", .number(JSONNumber(current)))]))
        case .countMismatch(let count, let expected):
            return Problem(
                status: 412, code: "count-mismatch",
                title: "There are more or fewer records than expected",
                detail: "The filter names \(count) records, not \(expected). Nothing was done.",
                extra: JSONObject([("count", .number(JSONNumber(count)))]))
        case .conflict(let detail): return .conflict(detail)
        case .ofRecord(let id, var problem):
            problem.extra["record"] = .number(JSONNumber(id))
            return problem
        case .keyReused:
            return Problem(
                status: 409, code: "idempotency-key-reused",
                title: "The key was used for another request",
                detail: "Use a new Idempotency-Key for each thing to be done.")
        case .planMoved(let errors):
            return Problem(
                status: 409, code: "plan-moved", title: "The data moved since the plan",
                detail: "Nothing of this was written; make a new plan.", errors: errors)
        case .destructive(let changes): return ModelOperation.problem(changes)
        case .tooLarge(let limit, let detail): return .tooLarge(limit: limit, detail)
        case .fileTooLarge(let limit):
            return .tooLarge(limit: Int(limit), "The file may have at most \(limit) bytes.")
        case .noSuchRange(let length):
            return Problem(
                status: 416, code: "no-such-range", title: "The file has no such bytes",
                detail: "It has \(length) bytes.",
                extra: JSONObject([("length", .number(JSONNumber(length)))]))
        case .directoryBehind: return .directoryBehind
        }
    }
}

extension ModelOperation {
    static func problem(_ changes: [ModelOperation]) -> Problem {
        let list = changes.prefix(20).map(\.sentence).joined(separator: "; ")
        return Problem(
            status: 409, code: "destructive-change", title: "This would destroy data",
            detail: "\(list). Nothing was changed; allow=destructive does it.",
            extra: JSONObject([
                (
                    "changes",
                    .array(
                        changes.map { change in
                            .object(
                                JSONObject([
                                    ("operation", .string(change.action.rawValue)),
                                    ("kind", .string(change.kind)),
                                    ("code", .string(change.code)),
                                    ("rows", .number(JSONNumber(change.rows ?? 0))),
                                    ("detail", .string(change.detail)),
                                ]))
                        })
                )
            ]))
    }
}

/// The problem that a caller sees of an error; nil where it is a fault of ours.
func problem(of error: any Error) -> Problem? {
    switch error {
    case let error as any ProblemConvertible: return error.problem
    case DatabaseError.full: return noRoom
    case let error as FileError:
        return fullCodes.contains(error.errno)
            ? noRoom : .unavailable("The storage failed. Nothing was changed.", retryAfter: 5)
    case DatabaseError.overloaded:
        return .unavailable("Too many requests wait; try again.", retryAfter: 1)
    case DatabaseError.interrupted:
        return Problem(
            status: 503, code: "too-slow", title: "It took too long",
            detail: "Ask for less: a narrower filter, an order that an index serves, no count.",
            retryAfter: 5)
    case DatabaseError.busy:
        return .unavailable("Another program keeps the database locked.", retryAfter: 2)
    case DatabaseError.failed(let code, _, _) where storageCodes.contains(code & 0xff):
        return .unavailable("The storage failed. Nothing was changed.", retryAfter: 5)
    // A trigger of another program that says no, in its own words.
    case DatabaseError.failed(code: raisedCode, let message, _):
        return .conflict("Another program's trigger refuses it: \(message)")
    case DatabaseError.constraint:
        return .conflict("A constraint of another program refuses it.")
    case IdempotencyError.reused: return RecordsError.keyReused.problem
    case let error as JSONError: return .malformedJSON(error)
    default: return nil
    }
}

/// The engine's codes for storage that fails: read-only, I/O error, damaged, full, cannot be
/// opened.
private let storageCodes: Set<Int> = [8, 10, 11, 13, 14]

/// The engine's code for `RAISE(ABORT, …)`.
private let raisedCode = 1811

/// The system's codes for a disk, a quota or a file size that is used up.
private let fullCodes = [ENOSPC, EDQUOT, EFBIG]

private let noRoom = Problem(
    status: 507, code: "insufficient-storage", title: "There is no room to store this",
    detail: "Nothing was changed. The operator must make room.", retryAfter: 60)
