import HTTP
import JSON
import ServiceRuntime

/// What one job may take.
struct ScriptLimits: Sendable, Hashable {
    var timeout: Duration
    /// Resident memory of the host, in bytes.
    var memory: Int
    /// What a job's scripts may ask by `gt`, all together: how often, and how long the answers
    /// may take.
    var calls = 1000
    var callTime = Duration.seconds(30)
}

/// Why a job has no answer.
enum ScriptError: Error, Sendable {
    enum Limit: String, Sendable {
        case time, memory
        /// The host died by itself.
        case crash
        /// It asked too often by `gt`, or for too long.
        case calls
    }

    case failed(ScriptFault)
    case killed(Limit, script: String, limits: ScriptLimits)
    /// Too many jobs wait.
    case busy(limit: Int)
    /// No host can be had; nothing that a script could help.
    case unavailable(String)

    /// Whether the same job may end otherwise another time.
    var isTransient: Bool {
        switch self {
        case .failed, .killed: false
        case .busy, .unavailable: true
        }
    }
}

extension ScriptError: ProblemConvertible {
    var problem: Problem {
        switch self {
        case .failed(let fault):
            let place = fault.line > 0 ? ", line \(fault.line)" : ""
            return Problem(
                status: 422, code: "script-failed", title: "A script failed",
                detail: "\(fault.script)\(place): \(fault.message)", extra: fault.members)
        case .killed(let limit, let script, let limits):
            return Problem(
                status: 422, code: "script-killed", title: "A script was stopped",
                detail: "\(script) \(ScriptError.words(limit, limits))",
                extra: JSONObject([
                    ("script", .string(script)), ("limit", .string(limit.rawValue)),
                ]))
        case .busy(let limit):
            return Problem(
                status: 503, code: "scripts-busy", title: "Too many scripts wait",
                detail: "\(limit) jobs wait already; try again shortly", retryAfter: 1)
        case .unavailable:
            return Problem.unavailable("no script host can be started")
        }
    }

    private static func words(_ limit: Limit, _ limits: ScriptLimits) -> String {
        switch limit {
        case .time: "ran longer than \(limits.timeout.milliseconds) ms"
        case .memory: "took more than \(limits.memory >> 20) MiB of memory"
        case .crash: "made the script host end"
        case .calls:
            "made more than \(limits.calls) calls, or calls of more than"
                + " \(limits.callTime.milliseconds) ms"
        }
    }
}

extension ScriptFault {
    /// Further members of a problem.
    var members: JSONObject {
        var members = JSONObject([
            ("script", .string(script)), ("line", .number(JSONNumber(Int64(line)))),
            ("message", .string(message)),
        ])
        if column > 0 { members["column"] = .number(JSONNumber(Int64(column))) }
        if let values { members["values"] = values }
        return members
    }
}
