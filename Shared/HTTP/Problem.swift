import JSON

/// An RFC 9457 problem: the one shape of every error that a caller sees, and what calls between services throw.
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
    public static func malformedJSON(_ error: JSONError) -> Problem { fatalError("stub") }
    public static func validation(_ errors: [FieldProblem]) -> Problem { fatalError("stub") }
    public static func unauthenticated(_ detail: String) -> Problem { fatalError("stub") }
    public static func forbidden(_ detail: String) -> Problem { fatalError("stub") }
    public static func notFound(_ detail: String? = nil) -> Problem { fatalError("stub") }
    public static func conflict(_ detail: String) -> Problem { fatalError("stub") }
    public static func tooLarge(limit: Int, _ detail: String) -> Problem { fatalError("stub") }
    public static func unavailable(_ detail: String, retryAfter: Int = 2) -> Problem {
        fatalError("stub")
    }
    /// For an error that nobody foresaw: 500, no cause shown.
    public static let internalError = Problem(
        status: 500, code: "internal-error", title: "Something went wrong on our side")

    /// What a caller may see of any error; unknown ones are `internalError`.
    public init(_ error: any Error) { fatalError("stub") }

    /// `application/problem+json`.
    public func response(requestID: String, instance: String? = nil) -> Response {
        fatalError("stub")
    }
    /// Reads a problem that another service answered; nil where it is none.
    public init?(json: JSONValue) { fatalError("stub") }
}
