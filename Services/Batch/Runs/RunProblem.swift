import HTTP
import JSON

/// A problem as a run keeps it.
enum RunProblem {
    static func json(_ problem: Problem) -> JSONValue {
        var object = JSONObject()
        object["type"] = .string("/problems/\(problem.code)")
        object["title"] = .string(problem.title)
        object["status"] = JSONValue(problem.status)
        if let detail = problem.detail { object["detail"] = .string(detail) }
        if !problem.errors.isEmpty {
            object["errors"] = .array(problem.errors.map { JSONCoder.encode($0) })
        }
        return .object(object)
    }

    /// One sentence for a rejected row.
    static func sentence(_ problem: JSONValue) -> String {
        let errors = (problem["errors"]?.array ?? []).map { error in
            let pointer = error["pointer"]?.string ?? ""
            let column = pointer.split(separator: "/").last.map { "\($0): " } ?? ""
            return column + (error["detail"]?.string ?? error["code"]?.string ?? "")
        }
        if !errors.isEmpty { return errors.joined(separator: " ") }
        return problem["detail"]?.string ?? problem["title"]?.string ?? "The row was refused."
    }
}
