import Contracts
import Database
import RPC
import ServiceRuntime

/// Keeps a service's copy of the directory at the gateway's version: at once after a change, and
/// again and again where the service was away. One try at a time; whoever needs a version waits for
/// it. That is Records' copy; Workflow's, the `follower`, may lag behind it.
actor DirectoryFeed: Service {
    /// The longest that one try waits for the service.
    static let patience = Duration.seconds(5)
    /// How long it rests after a try that failed: at first, and at the longest. In between it asks
    /// as often whether the service still stands there (it may come back from an older backup).
    static let waits = (first: Duration.milliseconds(100), longest: Duration.seconds(2))
    /// Answers of one try that lead to a further call.
    private static let rounds = 3

    nonisolated let name = "gateway directory feed"
    nonisolated let database: Database
    private let service: String
    private let peer: Peer
    /// Is told of changes too, and nobody waits for it when it is away.
    nonisolated let follower: DirectoryFeed?
    private let runtime: Runtime
    private let stop = StopSignal()
    /// What the service said that it has; 0 before it said anything, and then it gets everything.
    private var taken: Int64 = 0
    private var attempt: Task<Bool, Never>?
    private var hasFailed = false

    init(
        database: Database, service: String, peer: Peer, follower: DirectoryFeed? = nil,
        runtime: Runtime
    ) {
        self.database = database
        self.service = service
        self.peer = peer
        self.follower = follower
        self.runtime = runtime
    }

    /// After a change: returns when Records has it, or a try to bring it there failed. Then Records
    /// answers nobody whose principal is newer (503 `directory-behind`) until a later try succeeds.
    func deliver() async {
        guard let version = try? await database.pointRead(Directory.version) else { return }
        async let followed: Void? = follower?.ready(for: version)
        await reach(version)
        await followed
    }

    /// Before a principal made under `version` is used. Where the last try failed it waits for
    /// none, since who only wants to log in shall not pay for it.
    func ready(for version: Int64) async {
        if !hasFailed { await reach(version) }
    }

    private func reach(_ version: Int64) async {
        while taken < version {
            guard await (attempt ?? begin()).value else { return }
        }
    }

    func run() async throws {
        try await stop.runUntilStopped { [self] in
            var wait = DirectoryFeed.waits.first
            while true {
                let isDone = await (attemptNow()).value
                wait = isDone ? DirectoryFeed.waits.longest : wait
                try await runtime.clock.sleep(for: wait)
                wait =
                    isDone ? DirectoryFeed.waits.first : min(wait * 2, DirectoryFeed.waits.longest)
            }
        }
    }

    nonisolated func shutdown() async { stop.stop() }

    private func attemptNow() -> Task<Bool, Never> { attempt ?? begin() }

    private func begin() -> Task<Bool, Never> {
        let task = Task { await bringUp() }
        attempt = task
        return task
    }

    private func bringUp() async -> Bool {
        defer { attempt = nil }
        do {
            let isDone = try await send()
            hasFailed = !isDone
            return isDone
        } catch {
            if !hasFailed {
                runtime.log.warning(
                    "the directory was not taken; it is tried again",
                    ["service": .string(service), "error": .string("\(error)")])
            }
            hasFailed = true
            return false
        }
    }

    private func send() async throws -> Bool {
        for _ in 0..<DirectoryFeed.rounds {
            let base = taken
            let change = try await database.read { try Directory.changes($0, since: base) }
            let answer = try await peer.call(change, as: context())
            taken = answer.version
            if answer.version == change.version { return true }
            // It stands nowhere on our way: it is from another life of this database.
            if answer.version > change.version {
                taken = 0
                try await database.write { try Directory.rise($0, above: answer.version) }
            }
        }
        return false
    }

    private func context() -> CallContext {
        let id = runtime.random.identifier(at: runtime.clock.now())
        return CallContext(
            principal: .system, door: .system, cause: Cause(root: "request:\(id)"),
            trace: TraceContext(requestID: id), timeout: DirectoryFeed.patience)
    }
}
