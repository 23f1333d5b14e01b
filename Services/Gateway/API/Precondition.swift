import HTTP
import JSON

/// What a caller demands of the version that stands: `If-Match` with one ETag, or `If-None-Match:
/// *`.
enum Precondition: Sendable, Equatable {
    case none
    case matches(Int64)
    case absent

    /// Throws 400 for what is not one ETag of ours; a weak or foreign tag matches nothing and is
    /// 412.
    init(_ headers: Headers) throws {
        if let tag = headers["If-Match"] {
            self = .matches(try Precondition.version(of: tag))
        } else if let tag = headers["If-None-Match"] {
            guard tag == "*" else {
                throw Problem.invalidParameter("If-None-Match takes only * on a change.")
            }
            self = .absent
        } else {
            self = .none
        }
    }

    /// The version that a change of a record must name; missing is 428.
    static func requiredVersion(_ headers: Headers) throws -> Int64 {
        guard let tag = headers["If-Match"] else { throw Problem.preconditionRequired }
        return try version(of: tag)
    }

    static func tag(_ version: Int64) -> String { "\"\(version)\"" }

    private static func version(of tag: String) throws -> Int64 {
        if tag.hasPrefix("W/") { throw Problem.versionMismatch(current: nil) }
        guard tag.utf8.count >= 2, tag.hasPrefix("\""), tag.hasSuffix("\""), !tag.contains(",")
        else {
            throw Problem.invalidParameter(
                "If-Match takes one ETag as it was answered, such as \"3\".")
        }
        guard let version = Int64(tag.dropFirst().dropLast()) else {
            throw Problem.versionMismatch(current: nil)
        }
        return version
    }

    /// Of an object that may or may not exist; `replaces` says that an existing one needs its
    /// version named.
    func check(existing version: Int64?) throws {
        switch (self, version) {
        case (.none, nil), (.absent, nil): return
        case (.none, .some): throw Problem.preconditionRequired
        case (.matches(let wanted), .some(let version)) where wanted == version: return
        case (.matches, _), (.absent, .some):
            throw Problem.versionMismatch(current: version)
        }
    }
}

extension Problem {
    static let preconditionRequired = Problem(
        status: 428, code: "precondition-required", title: "The version is needed",
        detail: "Send If-Match with the ETag of the version that you saw.")

    static func versionMismatch(current: Int64?) -> Problem {
        var extra = JSONObject()
        if let current { extra["version"] = .number(JSONNumber(current)) }
        return Problem(
            status: 412, code: "version-mismatch", title: "It changed meanwhile",
            detail: "Another version stands than the one that If-Match names. Read it again.",
            extra: extra)
    }

    static func invalidParameter(_ detail: String) -> Problem {
        Problem(
            status: 400, code: "invalid-parameter", title: "A parameter cannot be read",
            detail: detail)
    }
}
