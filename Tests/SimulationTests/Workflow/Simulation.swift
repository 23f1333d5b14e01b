import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport

@testable import Database
@testable import Workflow

/// The parts of Workflow over a real file, with everything around them played by one seed: who
/// calls, when work is done, what the others answer, what time it is, and when it is killed. There
/// is one thread of events: whatever happens in the middle of a step happens where the step waits
/// for somebody else. So the same seed gives the same run.
final class Simulation: @unchecked Sendable {
    // Unchecked: all of it happens one after another.
    let clock = SimulatedClock()
    var world = SimulatedPeers.World()
    /// Counts the lives of Workflow.
    private(set) var life = 0
    private(set) var trace = Trace()
    var random: TestRandom
    /// Kills, failures and jumps; none while it comes to its end.
    var isWild = true

    let folder = TemporaryFolder()
    let instanceCount: Int
    var started = 0
    var kills = 0
    /// Calls that were not answered are made again, under the same key.
    var calls: [SimulatedCall] = []
    var callCount = 0
    /// What calls were answered that were not refused, by key.
    var successes: [String: String] = [:]
    /// What went wrong in the middle of a step, where nobody else would hear of it.
    var failures: [any Error] = []

    private var depth = 0
    private let runtime: Runtime
    private let signer: PrincipalSigner
    /// They outlive each life: nothing in them is kept.
    private let pools: ScriptPools
    private let configuration: WorkflowConfiguration
    private let document: JSONValue
    private(set) var alive: Alive?

    /// One life.
    struct Alive {
        let database: Database
        let me: Peer
        let workers: [QueueWorker]
    }

    private static let key = Array("a key of a simulation, 32 bytes long".utf8)

    init(seed: UInt64, instances: Int) throws {
        random = TestRandom(seed: seed)
        instanceCount = instances
        document = RandomModel.document(seed: seed)
        runtime = TestRuntime.make(clock: clock, random: SeededRandom(seed: seed))
        signer = PrincipalSigner(key: Simulation.key, clock: clock)
        let reader = ConfigurationReader(
            service: "workflow",
            environment: [
                "RPC_KEY": String(decoding: Simulation.key, as: UTF8.self),
                "GEARTRAIN_DATA": folder.path, "WORKFLOW_SCRIPT_TIMEOUT": "10s",
                "WORKFLOW_SCRIPT_HOST": ChildProcess.product("script-host"),
            ])
        configuration = WorkflowConfiguration(reading: reader)
        try reader.finish()
        // Whatever the machine has to do meanwhile, the same steps are taken together.
        pools = ScriptPools(configuration, runtime: runtime, quickWithin: .seconds(3600))
    }

    // MARK: Lives

    /// Opens the file as it was left.
    func open() async throws {
        let database = try await Database.open(
            StoreEngine.chosen.place("workflow", in: folder.path), runtime: runtime)
        try await database.migrate(Migrations.all)
        let peers = SimulatedPeers(simulation: self, life: life)
        let parts = try await Parts(
            configuration: configuration, runtime: runtime, database: database,
            peers: Peers(
                transports: peers.transports(signer, runtime), signer: signer, runtime: runtime),
            pools: pools)
        let routes = RPCRoutes(service: "workflow", signer: signer, runtime: runtime) { nil }
        parts.routes.add(to: routes)
        let workers = parts.workers.compactMap { $0 as? QueueWorker }
        for worker in workers {
            // Nobody takes an item but who is told to.
            await worker.shutdown()
            let now = clock.now()
            try await database.write { try worker.queue.releaseLeases($0, now: now) }
        }
        alive = Alive(
            database: database,
            me: Peer(
                name: "workflow", transport: RouterTransport(routes.router), signer: signer,
                runtime: runtime),
            workers: workers)
        if life == 0 {
            _ = try await call(
                TakeModel(code: "sim", version: 1, document: JSONBytes(document.bytes)), key: nil)
        }
    }

    /// Nothing that this life still does reaches the file or anybody else.
    func kill() async {
        note("kill")
        kills += 1
        life += 1
        let database = alive?.database
        alive = nil
        await database?.close()
    }

    func close() async {
        await alive?.database.close()
        await pools.close()
    }

    // MARK: Calls

    static let agent = Principal(
        account: "olga", roles: ["agent"],
        permissions: ["workflow:operate", "operations:read"])

    func call<C: Call>(
        _ call: C, as principal: Principal = .system, key: String?
    ) async throws -> C.Response {
        guard let me = alive?.me else { throw Problem.unavailable("killed") }
        return try await me.call(
            call,
            as: CallContext(
                principal: principal, door: .api, cause: Cause(root: "request:\(callCount)"),
                trace: TraceContext(requestID: "sim"), idempotencyKey: key))
    }

    // MARK: What happens in between

    /// In the middle of a step: now and then something else happens first.
    func meanwhile() async {
        guard isWild, depth < 2 else { return }
        if roll(200) {
            await kill()
        } else if roll(5) {
            depth += 1
            defer { depth -= 1 }
            do {
                try await act()
            } catch {
                if alive != nil { failures.append(error) }
            }
        }
    }

    func mayFail() -> Bool { isWild && roll(40) }

    /// One in so many.
    func roll(_ sides: Int) -> Bool { Int.random(in: 0..<sides, using: &random) == 0 }

    func pick<T>(_ all: [T]) -> T? { all.randomElement(using: &random) }

    func note(_ what: String) { trace.add(what) }
}

/// What happened, as a number: two runs that differ in anything differ in it.
struct Trace: Hashable {
    private(set) var count = 0
    private(set) var digest: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ text: String) {
        count += 1
        for byte in text.utf8 {
            digest = (digest ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
    }
}
