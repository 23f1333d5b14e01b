import Database
import ServiceRuntime

/// Removes what nobody needs any more: events of records beyond any repetition, logs, answers kept
/// by key, and after `retention` what has ended.
final class Housekeeping: Service {
    let name = "workflow-housekeeping"
    private let database: Database
    private let runtime: Runtime
    private let signal = WorkerSignal()
    /// Of instances with their steps and tasks, and of incidents, from their end on.
    private let retention: Duration

    static let interval = Duration.seconds(3600)
    /// Of logs: longer than anything repeats a delivery.
    static let logRetention = Duration.seconds(90 * 24 * 3600)
    /// Rows of a table in one transaction.
    static let batch = 1000

    init(database: Database, runtime: Runtime, retention: Duration) {
        self.database = database
        self.runtime = runtime
        self.retention = retention
    }

    func run() async throws {
        while !signal.isStopping {
            do {
                while !signal.isStopping, try await sweep() {}
            } catch {
                runtime.log.warning("old rows stay", ["error": .string("\(error)")])
            }
            await signal.wait(atMost: Housekeeping.interval, clock: runtime.clock)
        }
    }

    func shutdown() async { signal.stop() }

    /// Whether there may be more.
    @discardableResult
    func sweep() async throws -> Bool {
        let now = runtime.clock.now()
        let before = SQLValue.integer(
            now.advanced(by: .zero - Housekeeping.logRetention).milliseconds)
        let ended = SQLValue.integer(now.advanced(by: .zero - retention).milliseconds)
        let limit = SQLValue.integer(Int64(Housekeeping.batch))
        return try await database.write { connection in
            try IdempotencyTable().expire(connection, now: now)
            try connection.run(
                """
                delete from action where state <> 'pending' and inbox in
                    (select id from inbox where received < ? and state = 'done'
                        order by received, id limit ?)
                """, [before, limit])
            let inbox = try connection.run(
                """
                delete from inbox where id in
                    (select id from inbox where received < ? and state = 'done'
                        order by received, id limit ?)
                """, [before, limit])
            let firings = try connection.run(
                """
                delete from firing where id in
                    (select id from firing where fired < ? order by fired limit ?)
                """, [before, limit])
            let events = try connection.run(
                """
                delete from event where id in
                    (select id from event where raised < ?
                        and (state <> 'buffered' or expires < ?) order by raised limit ?)
                """, [before, .integer(now.milliseconds), limit])
            let runs = try Housekeeping.sweepJobs(connection, before, limit)
            let instances = try Housekeeping.sweepInstances(connection, ended, limit)
            return max(inbox, firings, events, runs, instances) >= Housekeeping.batch
        }
    }

    /// What has ended, with all that belongs to it, and incidents that were resolved.
    private static func sweepInstances(
        _ connection: Connection, _ before: SQLValue, _ limit: SQLValue
    ) throws -> Int {
        let old = try connection.query(
            "select id from instance where ended < ? order by ended limit ?", [before, limit]
        ) { $0.integer(0) }
        for id in old {
            let key = SQLValue.integer(id)
            try connection.run(
                "delete from task_assignee where task in (select id from task where instance = ?)",
                [key])
            for table in ["task", "capability", "step"] {
                try connection.run("delete from \(table) where instance = ?", [key])
            }
            try connection.run("delete from instance where id = ?", [key])
        }
        let incidents = try connection.run(
            """
            delete from incident where id in
                (select id from incident where resolved_at < ? order by resolved_at limit ?)
            """, [before, limit])
        return max(old.count, incidents)
    }

    /// The ledger, and versions of jobs that nothing goes by any more.
    private static func sweepJobs(
        _ connection: Connection, _ before: SQLValue, _ limit: SQLValue
    ) throws -> Int {
        let old = try connection.query(
            """
            select id from job_run where created < ? and state not in ('planned', 'running')
            order by id limit ?
            """, [before, limit]
        ) { $0.integer(0) }
        for id in old {
            try connection.run("delete from job_step where run = ?", [.integer(id)])
            try connection.run("delete from job_run where id = ?", [.integer(id)])
        }
        try connection.run(
            """
            delete from job_version where id not in (select version from job_plan)
                and not exists (select 1 from job_run where job_run.version = job_version.id)
            """)
        return old.count
    }
}
