import Contracts
import Database
import JSON
import RPC
import ServiceRuntime
import Synchronization

/// Jobs in the database: which are in force, when each is due next, and the ledger. Everything is
/// written in the caller's transaction.
struct JobStore: Sendable {
    /// A job that is in force.
    struct Plan: Sendable {
        var code: FullCode
        var version: Int64
        /// Occurrences up to here have their rows.
        var through: Timestamp
        /// Nil where the clock does not start it.
        var next: Timestamp?
    }

    let clock: any WallClock
    let counters: JobCounters
    private let versions = JobVersions()

    init(runtime: Runtime) {
        clock = runtime.clock
        counters = JobCounters(runtime: runtime)
    }

    // MARK: In force

    /// A model came: its jobs are planned. One whose schedule is as it was goes on from where it
    /// is; another begins now.
    func take(_ model: String, _ jobs: [JobDefinition], _ connection: Connection) throws {
        let now = clock.now()
        var gone = Set(try plans(connection).filter { $0.code.model == model }.map(\.code))
        for job in jobs {
            let version = try self.version(of: job, connection)
            let key: [SQLValue] = [.text(model), .text(job.code)]
            let plan = job.plan
            let isKnown = gone.remove(job.fullCode) != nil
            let unchanged = try connection.count(
                "select count(*) from job_plan where model = ? and job = ? and plan = ?",
                key + [.text(plan)])
            if isKnown, unchanged > 0 {
                try connection.run(
                    "update job_plan set version = ? where model = ? and job = ?",
                    [.integer(version)] + key)
                continue
            }
            try connection.run(
                """
                insert into job_plan (model, job, version, plan, through) values (?, ?, ?, ?, ?)
                on conflict (model, job) do update
                set version = excluded.version, plan = excluded.plan, through = excluded.through
                """,
                key + [.integer(version), .text(plan), .integer(now.milliseconds)])
            try setNext(job.fullCode, job.next(after: now), through: now, connection)
        }
        for code in gone {
            try setNext(code, nil, through: now, connection)
            try connection.run(
                "delete from job_plan where model = ? and job = ?",
                [.text(code.model), .text(code.code)])
        }
    }

    /// Plans a job anew from `through` on: its item is due at `next`.
    func setNext(
        _ code: FullCode, _ next: Timestamp?, through: Timestamp, _ connection: Connection
    ) throws {
        try note(code, next: next, through: through, connection)
        try Queues.job.cancel(connection, key: code.description)
        guard let next else { return }
        try Queues.job.enqueue(
            connection, key: code.description, payload: [], due: next, now: clock.now())
    }

    /// The same where the item is settled by its worker.
    func note(
        _ code: FullCode, next: Timestamp?, through: Timestamp, _ connection: Connection
    ) throws {
        try connection.run(
            "update job_plan set next = ?, through = ? where model = ? and job = ?",
            [
                SQLValue(next?.milliseconds), .integer(through.milliseconds), .text(code.model),
                .text(code.code),
            ])
    }

    func plan(_ code: FullCode, _ connection: Connection) throws -> Plan? {
        try connection.first(
            "select \(JobStore.planColumns) from job_plan where model = ? and job = ?",
            [.text(code.model), .text(code.code)], Plan.init)
    }

    func plans(_ connection: Connection) throws -> [Plan] {
        try connection.query(
            "select \(JobStore.planColumns) from job_plan order by model, job", [], Plan.init)
    }

    private static let planColumns = "model, job, version, through, next"

    // MARK: Versions

    /// The definition that a run goes by.
    func definition(_ version: Int64, _ connection: Connection) throws -> JobDefinition? {
        try versions.find(version) {
            try connection.first(
                "select model, document from job_version where id = ?", [.integer(version)]
            ) { row in
                let document = try JSONValue(parsing: Array(row.text(1).utf8))
                return ModelReader(code: row.text(0), document: document).read(document).jobs.first
            }.flatMap(\.self)
        }
    }

    private func version(of job: JobDefinition, _ connection: Connection) throws -> Int64 {
        let values: [SQLValue] = [.text(job.model), .text(job.code), .text(job.document.text)]
        try connection.run(
            """
            insert into job_version (model, job, document) values (?, ?, ?)
            on conflict (model, job, document) do nothing
            """, values)
        return try connection.count(
            "select id from job_version where model = ? and job = ? and document = ?", values)
    }
}

extension JobStore.Plan {
    fileprivate init(_ row: Row) {
        self.init(
            code: FullCode(model: row.text(0), code: row.text(1)), version: row.integer(2),
            through: Timestamp(milliseconds: row.integer(3)),
            next: row.optionalInteger(4).map { Timestamp(milliseconds: $0) })
    }
}

/// Versions that were read; they never change.
private final class JobVersions: Sendable {
    private let known = Mutex<[Int64: JobDefinition]>([:])
    /// More are read again.
    private static let limit = 1000

    func find(_ id: Int64, read: () throws -> JobDefinition?) throws -> JobDefinition? {
        if let job = known.withLock({ $0[id] }) { return job }
        guard let job = try read() else { return nil }
        known.withLock { known in
            if known.count >= JobVersions.limit { known = [:] }
            known[id] = job
        }
        return job
    }
}
