import Contracts
import Database
import ServiceRuntime
import Synchronization

/// Seals the change log, in order and soon after each commit, whoever wrote it: triggers cannot
/// hash. A seal binds up to `batchLimit` entries to the seal before it, and the newest one is also
/// kept in a file beside the database, so that a tail that somebody cuts off is missed.
final class HistorySealer: Service {
    let name = "history-sealer"

    static let batchLimit = 1000
    /// The least time between two seals, so that a busy log has few.
    static let restInterval = Duration.milliseconds(100)
    /// How often other programs' entries are looked for.
    static let lookInterval = Duration.seconds(1)

    private let database: Database
    private let keys: HistoryKeys
    private let file: HistoryHeadFile
    private let runtime: Runtime
    private let signal = WorkerSignal()
    private let stopping = WorkerSignal()
    private let sealed: Counter
    private let broken: Gauge

    private struct State {
        /// The newest seal as this process knows it.
        var head: HistoryHead?
        /// Entries up to here are sealed, or are not to be.
        var reached: Int64 = 0
        /// The chain is not the one that was left: the head that was kept is evidence and stays.
        var isBroken = false
    }
    private let state = Mutex(State())

    init(database: Database, keys: HistoryKeys, file: HistoryHeadFile, runtime: Runtime) {
        self.database = database
        self.keys = keys
        self.file = file
        self.runtime = runtime
        sealed = runtime.metrics.counter(
            "geartrain_records_history_sealed_total", help: "Entries of the history sealed.")
        broken = runtime.metrics.gauge(
            "geartrain_records_history_broken_count",
            help: "1 where the history's chain is not the one that this service left.")
    }

    /// Something was committed.
    func wake() { signal.fire() }

    func shutdown() async {
        signal.stop()
        stopping.stop()
    }

    func run() async throws {
        await begin()
        while !signal.isStopping {
            await sealAll()
            await signal.wait(atMost: HistorySealer.lookInterval, clock: runtime.clock)
            await stopping.wait(atMost: HistorySealer.restInterval, clock: runtime.clock)
        }
        // Another copy goes on, and writes while this one would hurry after it.
        if !database.isShared { await sealAll() }
    }

    private func sealAll() async {
        // One copy does it: another's seals are no surprise then.
        guard database.leads(name) else {
            return state.withLock { ($0.head, $0.reached) = (nil, 0) }
        }
        do {
            while try await sealBatch() {}
        } catch {
            runtime.log.warning("the history is not sealed", ["error": .string("\(error)")])
        }
    }

    /// Compares the chain with the head that was kept.
    private func begin() async {
        do {
            let file = file
            let (kept, holds, newest) = try await database.read { connection in
                let kept = try file.read()
                return (
                    kept, try kept.map { try $0.stands(in: connection) } ?? true,
                    try HistorySeal.newest(connection)
                )
            }
            if kept == nil, let newest {
                runtime.log.warning(
                    "no head of the history was kept: a tail that was cut off is not missed",
                    ["head": .string("\(newest.head)"), "file": .string(file.path)])
            }
            if !holds, let kept {
                report("the chain does not contain the head that was kept", kept: kept)
            }
            if let newest, newest.key.isEmpty, !keys.current.isEmpty {
                runtime.log.warning(
                    "the history was sealed without a key until now",
                    ["head": .string("\(newest.head)")])
            }
        } catch {
            report("\(error)", kept: nil)
        }
    }

    private func report(_ reason: String, kept: HistoryHead?) {
        let isFirst = state.withLock { state in
            defer { state.isBroken = true }
            return !state.isBroken
        }
        guard isFirst else { return }
        broken.set(1)
        runtime.log.error(
            "the history is not as this service left it: see records verify",
            [
                "reason": .string(reason), "file": .string(file.path),
                "kept": .string(kept?.description ?? "none"),
            ])
    }

    /// What a reader found to be sealed.
    private struct Batch: Sendable {
        var newest: HistorySeal?
        var leaves: [UInt8] = []
        var count = 0
        var last: Int64
        /// There may be more.
        var isFull: Bool
    }

    /// Seals what follows the newest seal; false where nothing does.
    func sealBatch() async throws -> Bool {
        let known = state.withLock { $0 }
        let batch = try await database.read { connection in
            try HistorySealer.batch(connection, after: known.reached)
        }
        if let head = known.head, batch.newest?.head != head,
            (batch.newest?.number ?? 0) <= head.number
        {
            report("the newest seals were removed or replaced", kept: head)
            // What they sealed is sealed anew, so that at least what stands now stays.
            state.withLock { state in
                state.head = nil
                state.reached = 0
            }
            return true
        }
        let isUnbound = batch.newest.map { $0.key.isEmpty && !keys.current.isEmpty } ?? false
        guard batch.count > 0 || isUnbound else {
            state.withLock { $0.reached = batch.last }
            return batch.isFull
        }
        let previous = batch.newest?.head ?? .start
        var seal = HistorySeal(
            number: previous.number + 1, last: max(batch.last, batch.newest?.last ?? 0),
            time: runtime.clock.now().text, key: keys.current, leaves: batch.leaves)
        seal.seal = keys.digest(seal.message(after: previous.seal), key: seal.key) ?? []
        let made = seal
        // Where another process sealed meanwhile the number is taken, and the next round begins
        // after its seal.
        try await database.write { try made.insert($0) }
        let isBroken = state.withLock { state in
            state.head = made.head
            state.reached = made.last
            return state.isBroken
        }
        sealed.increment(by: batch.count)
        if !isBroken {
            let file = file
            // On a reader's thread, where blocking is no harm.
            try await database.read { _ in try file.write(made.head) }
        }
        return batch.isFull
    }

    private static func batch(_ connection: Connection, after reached: Int64) throws -> Batch {
        let newest = try HistorySeal.newest(connection)
        let position = max(reached, newest?.last ?? 0)
        var batch = Batch(newest: newest, last: position, isFull: false)
        var seen = 0
        var buffer: [UInt8] = []
        try connection.each(
            """
            SELECT \(HistorySeal.entryColumns) FROM change_log WHERE seq > ? ORDER BY seq LIMIT ?
            """, [.integer(position), .integer(Int64(batchLimit))]
        ) { row in
            seen += 1
            batch.last = row.integer(0)
            guard row.boolean(HistorySeal.keptColumn) else { return true }
            batch.leaves.appendNumber(row.integer(0))
            batch.leaves += HistorySeal.digest(row, &buffer)
            batch.count += 1
            return true
        }
        batch.isFull = seen == batchLimit
        return batch
    }
}

/// The newest seal in a file beside the database.
struct HistoryHeadFile: Sendable {
    let path: String

    init(data folder: String) { path = folder + "/records-history-head" }

    struct Unreadable: Error, CustomStringConvertible {
        let path: String
        var description: String { "\(path) does not hold a head such as 17-9f86…" }
    }

    /// Nil where there is no file.
    func read() throws -> HistoryHead? {
        guard Files.exists(path) else { return nil }
        let text = String(decoding: try Files.read(path, limit: 4096), as: UTF8.self)
        guard let head = HistoryHead(String(text.prefix { $0 != "\n" })) else {
            throw Unreadable(path: path)
        }
        return head
    }

    func write(_ head: HistoryHead) throws {
        try Files.writeDurably(Array("\(head)\n".utf8), to: path)
    }
}

extension HistoryHead {
    /// Whether the chain that is stored has this seal.
    func stands(in connection: Connection) throws -> Bool {
        try connection.first(
            "SELECT seal FROM history_seal WHERE number = ?", [.integer(number)]
        ) { $0.blob(0) == seal } ?? false
    }
}
