import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization

/// Sends the change log to Workflow in order, each entry at least once. The position is written
/// after the peer has taken a batch, so that whatever happens in between is sent again.
final class EventRelay: Service {
    let name = "event-relay"

    static let batchLimit = 200
    /// Of one batch's records as JSON.
    static let batchBytesLimit = 4 << 20
    /// How often other programs' commits are looked for.
    static let lookInterval = Duration.milliseconds(200)
    private static let callTimeout = Duration.seconds(30)
    private static let firstWait = Duration.milliseconds(100)
    private static let longestWait = Duration.seconds(5)
    private static let relay = "workflow"

    private let database: Database
    private let peers: Peers
    private let runtime: Runtime
    private let signal = WorkerSignal()
    /// Ends a wait after a failure; commits do not, or a peer that is down would be called for
    /// each.
    private let stopping = WorkerSignal()
    /// Whether the signal was for a commit of this process.
    private let isWoken = Atomic<Bool>(false)
    private let delivered: Counter
    private let failures: Counter
    private let waiting: Gauge

    init(database: Database, peers: Peers, runtime: Runtime) {
        self.database = database
        self.peers = peers
        self.runtime = runtime
        delivered = runtime.metrics.counter(
            "geartrain_records_events_delivered_total", help: "Events that Workflow has taken.")
        failures = runtime.metrics.counter(
            "geartrain_records_event_failures_total", help: "Batches of events not taken.")
        waiting = runtime.metrics.gauge(
            "geartrain_records_events_waiting_count",
            help: "Entries of the change log that Workflow has not taken.")
    }

    /// What copies tell each other when they have written.
    static let topic = "events"

    /// Something was committed: look now.
    func wake() {
        isWoken.store(true, ordering: .releasing)
        signal.fire()
    }

    func run() async throws {
        var wait = EventRelay.firstWait
        var seen: Int64 = -1
        database.follow(EventRelay.topic) { [weak self] in self?.wake() }
        while !signal.isStopping {
            // One copy does it.
            guard database.leads(name) else {
                await signal.wait(atMost: EventRelay.lookInterval, clock: runtime.clock)
                continue
            }
            do {
                let version = try await database.foreignVersion()
                while try await deliverBatch(), !signal.isStopping {}
                seen = version
                wait = EventRelay.firstWait
            } catch {
                failures.increment()
                let problem = (error as? Problem)?.code ?? "\(error)"
                runtime.log.warning(
                    "events are not taken", ["peer": "workflow", "problem": .string(problem)])
                await stopping.wait(atMost: wait, clock: runtime.clock)
                wait = min(wait * 2, EventRelay.longestWait)
                continue
            }
            await rest(since: seen)
        }
    }

    func shutdown() async {
        signal.stop()
        stopping.stop()
    }

    /// Waits for a commit: its own are told, other programs' must be looked for.
    private func rest(since version: Int64) async {
        while !signal.isStopping {
            await signal.wait(atMost: EventRelay.lookInterval, clock: runtime.clock)
            if isWoken.exchange(false, ordering: .acquiringAndReleasing) { return }
            // A database that cannot be read shows itself in the next round.
            guard let now = try? await database.foreignVersion(), now == version else { return }
        }
    }

    /// Sends what follows the position; false where nothing does.
    private func deliverBatch() async throws -> Bool {
        let (store, position, entries) = try await database.read { connection in
            let store = try connection.first("SELECT id FROM store") { $0.text(0) } ?? ""
            let position = try connection.count(
                "SELECT seq FROM relay_position WHERE relay = ?", [.text(EventRelay.relay)])
            let entries = try ChangeLog.entries(
                connection, after: position, limit: EventRelay.batchLimit,
                bytes: EventRelay.batchBytesLimit, store: store)
            return (store, position, entries)
        }
        guard let last = entries.last else {
            waiting.set(0)
            return false
        }
        waiting.set(Int(last.seq - position))
        let context = CallContext(
            principal: .system, door: .system, cause: Cause(root: "relay:\(store)"),
            trace: TraceContext(requestID: "events-\(last.seq)"),
            timeout: EventRelay.callTimeout,
            idempotencyKey: "events:\(store)-\(entries[0].seq)-\(last.seq)")
        _ = try await peers["workflow"].call(
            EventBatch(events: entries.map(\.event)), as: context)
        try await advance(from: position, to: last.seq)
        delivered.increment(by: entries.count)
        return true
    }

    private func advance(from position: Int64, to seq: Int64) async throws {
        try await database.write { connection in
            // Never back: a copy that led may be late.
            try connection.run(
                "UPDATE relay_position SET seq = ? WHERE relay = ? AND seq < ?",
                [.integer(seq), .text(EventRelay.relay), .integer(seq)])
            // Classes without history keep an entry only until it is sent.
            try connection.run(
                """
                DELETE FROM change_log WHERE seq > ? AND seq <= ? AND kept = 0
                """, [.integer(position), .integer(seq)])
        }
    }
}
