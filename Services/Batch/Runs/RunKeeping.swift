import Database
import ServiceRuntime
import Synchronization

/// Removes runs that ended long ago, and plans that nobody applied, with their files, rows and
/// receipts.
final class RunKeeping: Service {
    let name = "batch-keeping"
    static let interval = Duration.seconds(3600)
    /// Runs that go in one transaction.
    static let chunkLimit = 20

    private static let tables = [
        "rejected_row", "prepared_chunk", "staged_row", "staged_value", "receipt",
        "touched_record", "missing_record", "undo_record", "run_conflict", "run_log",
    ]

    private let database: Database
    private let files: RunFiles
    private let runtime: Runtime
    private let life: Duration
    private let waiting = Mutex<Task<Void, any Error>?>(nil)
    private let isStopped = Mutex(false)

    init(database: Database, files: RunFiles, runtime: Runtime, life: Duration) {
        self.database = database
        self.files = files
        self.runtime = runtime
        self.life = life
    }

    func run() async throws {
        while !isStopped.withLock({ $0 }) {
            do {
                try await sweep()
            } catch {
                runtime.log.error("old runs stay", ["error": "\(error)"])
            }
            let clock = runtime.clock
            let wait = Task { try await clock.sleep(for: RunKeeping.interval) }
            waiting.withLock { $0 = wait }
            if isStopped.withLock({ $0 }) { wait.cancel() }
            _ = try? await wait.value
        }
    }

    func shutdown() async {
        isStopped.withLock { $0 = true }
        waiting.withLock { $0?.cancel() }
    }

    /// Removes all whose time is over; answers how many.
    @discardableResult
    func sweep() async throws -> Int {
        let before = runtime.clock.now().advanced(by: .zero - life).text
        var count = 0
        while true {
            let gone = try await database.write { connection -> [String] in
                let runs = try connection.query(
                    """
                    select id, file from run where ended < ?
                        or (state = 'planned' and plan is not null and created < ?)
                    order by id limit \(RunKeeping.chunkLimit)
                    """, [.text(before), .text(before)]
                ) { ($0.integer(0), $0.text(1)) }
                for (run, _) in runs {
                    for table in RunKeeping.tables {
                        try connection.run("delete from \(table) where run = ?", [.integer(run)])
                    }
                    try connection.run("delete from run where id = ?", [.integer(run)])
                }
                return runs.map(\.1)
            }
            for file in gone where !file.isEmpty { try? await files.remove(file) }
            count += gone.count
            if gone.count < RunKeeping.chunkLimit { return count }
        }
    }
}
