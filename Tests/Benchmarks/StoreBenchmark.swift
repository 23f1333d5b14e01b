import Database
import ServiceRuntime
import Synchronization
import TestSupport

/// A store on PostgreSQL: rows committed for 64 callers beside pgbench with one INSERT a
/// transaction on the same server, and how long an item takes from the commit of one copy of a
/// service to the worker of another.
struct StoreBenchmark {
    let options: Options

    private static let callers = 64
    private static let handOverLimit = 5.0
    private static let table = Migration(
        "t", "create table t (id integer primary key autoincrement, subject text not null)")
    private static let insert = "insert into t (subject) values (?)"

    func run(_ report: inout Report) async throws {
        say("A store on PostgreSQL, beside pgbench")
        let server = try await PostgreSQL(user: "geartrain", settings: ["shared_buffers=128MB"])
        for round in 1...options.rounds {
            report.add("rows c64, store", try await store(server, round))
            report.add("rows c64, pgbench", try await pgbench(server))
            report.add("handed to another copy", try await handOver(server, round))
        }
        report.ratio(
            "Rows, c64, to pgbench's single INSERTs", "rows c64, store", "rows c64, pgbench",
            target: 0.6)
        report.limit(
            "Handed to another copy, p50", report.median(of: "handed to another copy"),
            atMost: StoreBenchmark.handOverLimit, unit: "ms")
        try await server.stop()
    }

    private func open(_ server: PostgreSQL, _ schema: String) async throws -> Database {
        try await Database.open(
            DatabaseConfiguration(
                location: server.url("postgres") + "?sslmode=disable&schema=\(schema)"),
            runtime: TestRuntime.make())
    }

    private func store(_ server: PostgreSQL, _ round: Int) async throws -> Sample {
        let database = try await open(server, "store\(round)")
        try await database.migrate([StoreBenchmark.table])
        let clock = SystemClock()
        let end = clock.monotonicNanoseconds() + UInt64(options.seconds) * 1_000_000_000
        let waits = Kept<[UInt64]>([])
        await withTaskGroup(of: Void.self) { group in
            for caller in 0..<StoreBenchmark.callers {
                group.addTask {
                    var own: [UInt64] = []
                    while clock.monotonicNanoseconds() < end {
                        let start = clock.monotonicNanoseconds()
                        _ = try? await database.write {
                            try $0.insert(
                                StoreBenchmark.insert, [.text("Printer \(caller) is on fire")])
                        }
                        own.append(clock.monotonicNanoseconds() - start)
                    }
                    waits.value.withLock { [own] in $0 += own }
                }
            }
        }
        await database.close()
        return StoreBenchmark.sample(waits.value.withLock { $0 }, seconds: Double(options.seconds))
    }

    private func pgbench(_ server: PostgreSQL) async throws -> Sample {
        try await Pgbench.subject.insert(
            server, callers: StoreBenchmark.callers, seconds: options.seconds)
    }

    /// One copy enqueues, one item at a time; the other has the worker.
    private func handOver(_ server: PostgreSQL, _ round: Int) async throws -> Sample {
        let (first, second) = (
            try await open(server, "queue\(round)"), try await open(server, "queue\(round)")
        )
        let queue = DurableQueue(name: "work")
        try await first.migrate(queue.migrations)
        let runtime = TestRuntime.make()
        let arrived = Kept<CheckedContinuation<UInt64, Never>?>(nil)
        let worker = QueueWorker(
            queue, database: second, runtime: runtime, name: "worker", backoff: { _ in .seconds(1) }
        ) { _ in
            arrived.value.withLock { waiting in
                defer { waiting = nil }
                return waiting
            }?.resume(returning: SystemClock().monotonicNanoseconds())
            return .done()
        }
        let running = Task { try await worker.run() }
        var waits: [UInt64] = []
        for number in 1...(options.seconds * 50) {
            let sent = Kept<UInt64>(0)
            let time = await withCheckedContinuation { continuation in
                arrived.value.withLock { $0 = continuation }
                Task {
                    let now = runtime.clock.now()
                    try await first.write {
                        try queue.enqueue($0, key: "\(number)", payload: [], due: now, now: now)
                    }
                    sent.value.withLock { $0 = SystemClock().monotonicNanoseconds() }
                }
            }
            let start = sent.value.withLock { $0 }
            // The worker may be faster than the answer to who enqueued it.
            waits.append(start == 0 || start > time ? 0 : time - start)
        }
        await worker.shutdown()
        try await running.value
        await first.close()
        await second.close()
        return StoreBenchmark.sample(waits, seconds: Double(options.seconds))
    }

    private static func sample(_ waits: [UInt64], seconds: Double) -> Sample {
        let sorted = waits.sorted()
        func milliseconds(_ part: Double) -> Double {
            guard !sorted.isEmpty else { return 0 }
            return Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))]) / 1e6
        }
        return Sample(
            rate: Double(sorted.count) / seconds, median: milliseconds(0.5),
            p99: milliseconds(0.99), worst: milliseconds(1))
    }
}

/// A value that several tasks have.
private final class Kept<Value: Sendable>: Sendable {
    let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }
}
