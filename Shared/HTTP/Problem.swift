import JSON
import ServiceRuntime

/// An RFC 9457 problem: the one shape of every error that a caller sees, and what calls between
/// services throw.
public struct Problem: Error, Sendable, Hashable {
    public var status: Int
    /// Kebab case; the type is `/problems/<code>`.
    public var code: String
    public var title: String
    /// What happened this time and what to do; never a cause of a 5xx.
    public var detail: String?
    public var errors: [FieldProblem]
    /// Seconds, as `Retry-After`.
    public var retryAfter: Int?
    /// Further members (the changed fields of a 412, the limit of a 413).
    public var extra: JSONObject

    public init(
        status: Int, code: String, title: String, detail: String? = nil,
        errors: [FieldProblem] = [], retryAfter: Int? = nil, extra: JSONObject = JSONObject()
    ) {
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = errors
        self.retryAfter = retryAfter
        self.extra = extra
    }
}

/// What a service's own error says; only `Problem+Response.swift` makes bytes of it.
public protocol ProblemConvertible: Error {
    var problem: Problem { get }
}

extension Problem: ProblemConvertible {
    public var problem: Problem { self }
}

extension Problem {
    public static func malformedJSON(_ error: JSONError) -> Problem {
        Problem(
            status: 400, code: "malformed-json", title: "The body is not JSON",
            detail: "Line \(error.line), column \(error.column): \(error.detail)",
            errors: [
                FieldProblem(pointer: error.pointer, code: "malformed-json", detail: error.detail)
            ])
    }

    public static func validation(_ errors: [FieldProblem]) -> Problem {
        Problem(
            status: 422, code: "validation-failed", title: "Some values are not valid",
            detail: errors.count == 1 ? errors[0].detail : "\(errors.count) values are at fault.",
            errors: errors)
    }

    public static func unauthenticated(_ detail: String) -> Problem {
        Problem(
            status: 401, code: "unauthenticated", title: "Who are you?", detail: detail)
    }

    public static func forbidden(_ detail: String) -> Problem {
        Problem(status: 403, code: "forbidden", title: "Not allowed", detail: detail)
    }

    public static func notFound(_ detail: String? = nil) -> Problem {
        Problem(status: 404, code: "not-found", title: "There is nothing here", detail: detail)
    }

    public static func conflict(_ detail: String) -> Problem {
        Problem(status: 409, code: "conflict", title: "That does not fit what is", detail: detail)
    }

    public static func tooLarge(limit: Int, _ detail: String) -> Problem {
        Problem(
            status: 413, code: "payload-too-large", title: "Too large", detail: detail,
            extra: JSONObject([("limit", .number(JSONNumber(Int64(limit))))]))
    }

    public static func unavailable(_ detail: String, retryAfter: Int = 2) -> Problem {
        Problem(
            status: 503, code: "unavailable", title: "Not available now", detail: detail,
            retryAfter: retryAfter)
    }

    /// For an error that nobody foresaw: 500, no cause shown.
    public static let internalError = Problem(
        status: 500, code: "internal-error", title: "Something went wrong on our side")

    /// What a caller may see of any error; unknown ones are `internalError`.
    public init(_ error: any Error) {
        switch error {
        case let error as any ProblemConvertible: self = error.problem
        case let error as JSONError where error.kind == .malformed: self = .malformedJSON(error)
        case let error as JSONError:
            self = .validation([
                FieldProblem(pointer: error.pointer, code: "wrong-type", detail: error.detail)
            ])
        case let error as any TemporaryError where error.isTemporary:
            self = .unavailable("Too much is going on just now, or there is no room; try again.")
        case is CancellationError:
            self = .unavailable("The work was stopped before it was done.")
        default: self = .internalError
        }
    }
}
