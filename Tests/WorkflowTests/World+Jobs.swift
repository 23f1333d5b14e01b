import Contracts
import JSON
import ServiceRuntime
import TestSupport

@testable import Workflow

extension World {
    static func job(_ code: String) -> FullCode { FullCode(model: "helpdesk", code: code) }

    /// The ledger of a job, oldest first.
    func ledger(_ code: String) async throws -> [JSONValue] {
        try await json(ListJobRuns(job: World.job(code), limit: 1000))["items"]?.array?.reversed()
            ?? []
    }

    /// `01-16 02:00 succeeded` of each row.
    func rows(_ code: String) async throws -> [String] {
        try await ledger(code).map { row in
            let planned = row["planned"]?.string ?? ""
            return "\(planned.dropFirst(5).prefix(5)) \(planned.dropFirst(11).prefix(5)) "
                + (row["state"]?.string ?? "")
        }
    }

    func jobRun(_ code: String, _ run: Int64) async throws -> JSONValue {
        try await json(GetJobRun(job: World.job(code), run: run))
    }

    func runNow(_ code: String, key: String? = nil) async throws -> Int64 {
        try await json(RunJob(job: World.job(code)), key: key)["run"]?.integer ?? 0
    }

    /// Waits while the time goes on a little: a worker that looked at the clock just before it was
    /// turned sleeps on until it is woken.
    func soon(_ what: String, _ condition: () async throws -> Bool) async throws {
        try await eventually(what) {
            if try await condition() { return true }
            clock.advance(by: .milliseconds(100))
            return false
        }
    }

    /// Turns the clock to a moment of 2027.
    func turn(to time: String) {
        let target = Timestamp("2027-\(time):00Z") ?? World.start
        clock.advance(by: .milliseconds(target.milliseconds - clock.now().milliseconds))
    }
}

extension Model {
    /// A job of one mail, with what else there is to say.
    static func job(
        _ code: String, _ schedule: String?, steps: JSONValue = [mail], _ more: JSONValue = [:]
    ) -> JSONValue {
        var job = JSONObject([("code", .string(code)), ("steps", steps)])
        if let schedule { job["schedule"] = .string(schedule) }
        for (member, value) in more.object?.members ?? [] { job[member] = value }
        return .object(job)
    }

    static let mail: JSONValue = ["mail": ["notification": "ask", "to": "boss@example.com"]]

    /// A model of jobs alone.
    static func jobs(_ jobs: JSONValue...) -> JSONValue { document(jobs: .array(jobs)) }
}
