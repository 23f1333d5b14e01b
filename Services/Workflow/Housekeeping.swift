import Database
import ServiceRuntime

/// Removes what nobody needs any more: ids of events beyond any repetition, logs, answers kept by
/// key.
final class Housekeeping: Service {
    let name = "workflow-housekeeping"
    private let database: Database
    private let runtime: Runtime
    private let signal = WorkerSignal()

    static let interval = Duration.seconds(3600)
    /// Longer than anything repeats a delivery.
    static let retention = Duration.seconds(90 * 24 * 3600)
    /// Rows of a table in one transaction.
    static let batch = 1000

    init(database: Database, runtime: Runtime) {
        self.database = database
        self.runtime = runtime
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
            now.advanced(by: .zero - Housekeeping.retention).milliseconds)
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
            return max(inbox, firings, events, runs) >= Housekeeping.batch
        }
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
