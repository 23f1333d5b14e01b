import Contracts
import Database
import HTTP
import Incidents
import JSON
import RPC
import ServiceRuntime
import Synchronization

/// Hands applied documents to the services that act by them: an item of a durable queue for each,
/// so that a service that is down gets it when it comes back.
final class ModelHandover: Sendable {
    static let queue = DurableQueue(name: "handover")
    static let peers = ["workflow", "mail", "batch"]
    /// How long an application waits for the others.
    static let patience = Duration.seconds(5)
    private static let callTimeout = Duration.seconds(10)

    private let database: Database
    private let models: ModelStore
    private let peers: Peers
    private let runtime: Runtime
    private let state = Mutex(State())
    private let workerBox = Mutex<QueueWorker?>(nil)

    private struct State {
        /// By peer and model, the newest version that it has taken.
        var taken: [String: Int64] = [:]
        var waiters: [Int: Waiter] = [:]
        var lastTicket = 0
        /// Nobody is let wait any more.
        var isStopping = false

        func hasAll(_ model: String, _ version: Int64) -> Bool {
            ModelHandover.peers.allSatisfy { (taken["\($0)/\(model)"] ?? 0) >= version }
        }
    }

    private struct Waiter {
        let model: String
        let version: Int64
        let continuation: CheckedContinuation<Void, Never>
    }

    /// Where it is written that a document was refused.
    let incidents: IncidentBook

    init(database: Database, models: ModelStore, peers: Peers, runtime: Runtime) {
        incidents = IncidentBook(service: "records", runtime: runtime)
        self.database = database
        self.models = models
        self.peers = peers
        self.runtime = runtime
    }

    /// What copies tell each other when a peer has taken a document.
    static let topic = "handover"

    /// Learns what other copies have handed over.
    func followCopies() {
        database.follow(ModelHandover.topic) { [weak self] in Task { await self?.look() } }
    }

    /// An item for each peer, in the transaction of the application.
    static func enqueue(
        _ connection: Connection, model: String, version: Int64, now: Timestamp
    ) throws {
        for peer in peers {
            try queue.enqueue(
                connection, key: "\(peer)/\(model)/\(version)", payload: [], due: now, now: now)
        }
    }

    /// The worker that delivers; a service of the group.
    func makeWorker() -> QueueWorker {
        let worker = QueueWorker(
            ModelHandover.queue, database: database, runtime: runtime, name: "model-handover",
            concurrency: 3,
            backoff: exponentialBackoff(
                first: .milliseconds(200), most: .seconds(10), random: runtime.random),
            onDead: incidents.openDead(in: ModelHandover.queue),
            handle: runtime.tracer.work("model-handover") { [self] item in try await deliver(item) }
        )
        workerBox.withLock { $0 = worker }
        return worker
    }

    /// What a person does about a document that was refused.
    func act(_ call: ActOnIncident, _ context: CallContext) async throws -> IncidentReport {
        let answer = try await incidents.act(call, context, database, on: [ModelHandover.queue])
        wake()
        return answer
    }

    func wake() { workerBox.withLock { $0 }?.wake() }

    private func deliver(_ item: DurableQueue.Item) async throws -> QueueWorker.Outcome {
        let parts = item.key.split(separator: "/").map(String.init)
        guard parts.count == 3, let version = Int64(parts[2]) else { return .done() }
        let (peer, code) = (parts[0], parts[1])
        // The document that stands now may be newer than the item; the peer ignores what it has
        // had. It may not be older: an application is committed a moment before it is in force.
        guard let model = models.current.models[code], model.version >= version else {
            return .retry("not in force yet")
        }
        let context = CallContext(
            principal: .system, door: .system,
            cause: Cause(root: "model:\(code)/\(model.version)"),
            trace: TraceContext(requestID: runtime.random.identifier(at: runtime.clock.now())),
            timeout: ModelHandover.callTimeout)
        do {
            _ = try await peers[peer].call(
                TakeModel(code: code, version: model.version, document: model.document),
                as: context)
        } catch let problem as Problem {
            runtime.log.debug(
                "a model could not be handed over",
                ["peer": .string(peer), "model": .string(code), "code": .string(problem.code)])
            let reason = "\(peer): \(problem.code)"
            return ModelHandover.isRefusal(problem) && item.attempts >= QueueWorker.attemptLimit
                ? .bury(reason) : .retry(reason)
        }
        took(peer: peer, model: code, version: model.version)
        return .done { try $0.announce(ModelHandover.topic) }
    }

    /// It has read the document and does not want it; what it would say again.
    private static func isRefusal(_ problem: Problem) -> Bool {
        (400..<500).contains(problem.status) && ![401, 408, 429].contains(problem.status)
    }

    private func took(peer: String, model: String, version: Int64) {
        let ready = state.withLock { state in
            let key = "\(peer)/\(model)"
            state.taken[key] = max(state.taken[key] ?? 0, version)
            let done = state.waiters.filter { state.hasAll($0.value.model, $0.value.version) }
            for ticket in done.keys { state.waiters[ticket] = nil }
            return done.values.map(\.continuation)
        }
        for continuation in ready { continuation.resume() }
    }

    /// Who does not have what was applied. An application that changed nothing waits for nobody.
    func pending(
        _ outcome: ModelApplication.Outcome, model: String,
        within patience: Duration = ModelHandover.patience
    ) async -> [String] {
        if outcome.changed {
            return await pending(model: model, version: outcome.version, within: patience)
        }
        return await undelivered(model, outcome.version) ?? ModelHandover.peers
    }

    /// Peers for which an item is still there; nil where that cannot be read.
    private func undelivered(_ model: String, _ version: Int64) async -> [String]? {
        try? await database.read { connection in
            try ModelHandover.peers.filter { peer in
                try ModelHandover.queue.contains(connection, key: "\(peer)/\(model)/\(version)")
            }
        }
    }

    /// Another copy may have delivered what is waited for here.
    private func look() async {
        guard database.isShared else { return }
        for waiter in state.withLock({ Array($0.waiters.values) }) {
            guard let left = await undelivered(waiter.model, waiter.version) else { continue }
            for peer in ModelHandover.peers where !left.contains(peer) {
                took(peer: peer, model: waiter.model, version: waiter.version)
            }
        }
    }

    /// Lets go who waits for peers, with what is so, now and from here on: the service ends, and
    /// what was not delivered waits in the queue.
    func stopWaiting() {
        let waiters = state.withLock { state in
            state.isStopping = true
            defer { state.waiters = [:] }
            return state.waiters.values.map(\.continuation)
        }
        for continuation in waiters { continuation.resume() }
    }

    /// Waits until every peer has the version; answers those that do not after `patience`.
    private func pending(
        model: String, version: Int64, within patience: Duration
    ) async -> [String] {
        var timer: Task<Void, Never>?
        await withCheckedContinuation { continuation in
            let ticket: Int? = state.withLock { state in
                if state.isStopping || state.hasAll(model, version) { return nil }
                state.lastTicket += 1
                state.waiters[state.lastTicket] = Waiter(
                    model: model, version: version, continuation: continuation)
                return state.lastTicket
            }
            guard let ticket else { return continuation.resume() }
            timer = Task { [self] in
                // What was done before anybody waited is told nobody.
                await look()
                try? await runtime.clock.sleep(for: patience)
                state.withLock { $0.waiters.removeValue(forKey: ticket) }?.continuation.resume()
            }
        }
        timer?.cancel()
        let taken = state.withLock { $0.taken }
        return ModelHandover.peers.filter { (taken["\($0)/\(model)"] ?? 0) < version }
    }
}
