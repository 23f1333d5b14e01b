import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// A row of the ledger: an occurrence that was planned, and what came of it.
struct JobRun: Sendable {
    enum State: String, Sendable, CaseIterable {
        case planned, running, succeeded, failed, skipped, missed, cancelled

        var hasEnded: Bool { self != .planned && self != .running }
    }

    /// Why it runs.
    enum Kind: String, Sendable { case schedule, manual, date }

    struct Step: Sendable {
        enum State: String, Sendable {
            /// Its turn has not come, it is being done, or it waits for what it has begun.
            case planned, running, waiting
            case succeeded, failed, skipped, cancelled

            var hasEnded: Bool {
                switch self {
                case .planned, .running, .waiting: false
                case .succeeded, .failed, .skipped, .cancelled: true
                }
            }
        }

        /// From 0.
        var place: Int
        var state: State
        /// From 1; one more each time that a person tries it again.
        var attempt: Int64
        var failures: Int64
        /// The run of Batch, or the instance of a workflow, that it waits for.
        var batchRun: Int64?
        var instance: Int64?
    }

    var id: Int64
    var job: FullCode
    var version: Int64
    var planned: Timestamp
    var state: State
    var level: Int
    var type: FullCode?
    var record: Int64?
    var deadline: Timestamp?
    var cause: Cause
    var steps: [Step] = []

    /// What a step acts as, under a key of its own. Tried again, it has the same, so that what was
    /// done of it is not done again; but what it began and saw fail is begun anew. Scripts have the
    /// rights of `runAs`, or of who said that the job runs.
    func context(_ step: Step, begins: Bool, runAs: String?) -> CallContext {
        var cause = cause.next("job:\(job)/\(id)")
        if let runAs { cause.account = runAs }
        return CallContext(
            principal: Principal(account: "job:\(job.code)", isSystem: true), door: .job,
            cause: cause, trace: TraceContext(following: cause.root),
            idempotencyKey: "job:\(id)/\(step.place)" + (begins ? "/\(step.attempt)" : ""))
    }

    var recordText: String? {
        guard let type, let record else { return nil }
        return "\(type)/\(record)"
    }
}

extension JobRun {
    private static let columns = """
        id, model, job, version, planned, state, level, class, record, deadline, root, via, depth,
        cause_account
        """

    /// A run with its steps.
    static func find(_ id: Int64, _ connection: Connection) throws -> JobRun? {
        let found = try connection.first(
            "select \(columns) from job_run where id = ?", [.integer(id)], JobRun.init)
        guard var run = found else { return nil }
        run.steps = try connection.query(
            """
            select place, state, attempt, failures, batch_run, instance from job_step
            where run = ? order by place
            """, [.integer(id)]
        ) {
            Step(
                place: Int($0.integer(0)), state: Step.State(rawValue: $0.text(1)) ?? .planned,
                attempt: $0.integer(2), failures: $0.integer(3), batchRun: $0.optionalInteger(4),
                instance: $0.optionalInteger(5))
        }
        return run
    }

    private init(_ row: Row) {
        let job = FullCode(model: row.text(1), code: row.text(2))
        self.init(
            id: row.integer(0), job: job, version: row.integer(3),
            planned: Timestamp(milliseconds: row.integer(4)),
            state: State(rawValue: row.text(5)) ?? .failed, level: Int(row.integer(6)),
            type: row.optionalText(7).flatMap { FullCode($0) }, record: row.optionalInteger(8),
            deadline: row.optionalInteger(9).map { Timestamp(milliseconds: $0) },
            cause: Cause(
                root: row.optionalText(10) ?? "job:\(job)/\(row.integer(0))",
                via: row.optionalText(11) ?? "", depth: Int(row.integer(12)),
                account: row.optionalText(13)))
    }
}
