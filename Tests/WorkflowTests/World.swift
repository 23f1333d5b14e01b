import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport

@testable import Workflow

/// A running workflow service over a folder, with fakes for its peers and a clock that stands
/// still.
final class World: Sendable {
    let clock: ManualClock
    let runtime: Runtime
    let peers: FakePeers
    let service: WorkflowService
    let folder: String
    private let me: Peer
    private let running: Task<Void, any Error>

    static let key = Array("a key of thirty-two bytes or more!".utf8)
    static let start = Timestamp(milliseconds: 1_800_000_000_000)

    init(
        folder: String, clock: ManualClock = ManualClock(start: World.start),
        state: FakePeers.State = .init(), settings: [String: String] = [:],
        hook: @escaping @Sendable (String, FakePeers.Moment) throws -> Void = { _, _ in }
    ) async throws {
        self.folder = folder
        self.clock = clock
        runtime = TestRuntime.make(clock: clock)
        let signer = PrincipalSigner(key: World.key, clock: clock)
        peers = FakePeers(signer: signer, runtime: runtime, state: state, hook: hook)
        let reader = ConfigurationReader(
            service: "workflow",
            environment: settings.merging([
                "RPC_KEY": String(decoding: World.key, as: UTF8.self), "GEARTRAIN_DATA": folder,
                "WORKFLOW_PORT": "0", "GEARTRAIN_PUBLIC_URL": "https://desk.example",
                "WORKFLOW_SCRIPT_HOST": ChildProcess.product("script-host"),
                // On a busy machine a good script may wait for the processor.
                "WORKFLOW_SCRIPT_TIMEOUT": "4s",
            ]) { own, _ in own })
        var configuration = WorkflowConfiguration(reading: reader)
        try reader.finish()
        configuration.database = try await StoreEngine.chosen.place("workflow", in: folder)
        let service = try await WorkflowService(
            configuration: configuration, runtime: runtime, signer: signer,
            peers: Peers(transports: peers.transports, signer: signer, runtime: runtime))
        self.service = service
        me = Peer(
            name: "workflow", transport: RouterTransport(service.routes.router), signer: signer,
            runtime: runtime)
        running = Task { try await service.run() }
    }

    /// Runs `body` with a service over a folder of its own.
    static func with(
        clock: ManualClock = ManualClock(start: World.start), settings: [String: String] = [:],
        hook: @escaping @Sendable (String, FakePeers.Moment) throws -> Void = { _, _ in },
        _ body: (World) async throws -> Void
    ) async throws {
        let folder = TemporaryFolder()
        let world = try await World(
            folder: folder.path, clock: clock, settings: settings, hook: hook)
        do {
            try await body(world)
        } catch {
            try await world.stop()
            throw error
        }
        try await world.stop()
        _ = folder
    }

    func stop() async throws {
        await service.shutdown()
        try await running.value
    }

    // MARK: Calls

    static let operator_ = Principal(
        account: "olga", roles: ["agent"], permissions: ["workflow:operate", "operations:read"])

    func call<C: Call>(
        _ call: C, as principal: Principal = .system, key: String? = nil,
        cause: Cause = Cause(root: "request:test")
    ) async throws -> C.Response {
        try await me.call(
            call,
            as: CallContext(
                principal: principal, door: .api, cause: cause,
                trace: TraceContext(requestID: "test"), idempotencyKey: key))
    }

    func json<C: Call>(
        _ call: C, as principal: Principal = World.operator_, key: String? = nil
    ) async throws -> JSONValue where C.Response == JSONBytes {
        try JSONValue(parsing: await self.call(call, as: principal, key: key).bytes)
    }

    /// The problem that a call answers; nil where it answers none.
    func problem<C: Call>(
        of call: C, as principal: Principal = World.operator_, key: String? = nil
    ) async -> Problem? {
        do {
            _ = try await self.call(call, as: principal, key: key)
            return nil
        } catch {
            return error as? Problem
        }
    }

    func take(_ document: JSONValue, version: Int64 = 1) async throws {
        _ = try await call(
            TakeModel(
                code: "helpdesk", version: version, document: JSONBytes(document.bytes)))
    }

    /// Delivers events as Records does.
    func deliver(_ events: RecordEvent...) async throws {
        _ = try await call(DeliverEvents(events: events))
    }

    /// Delivers what the changes of records made, until nothing comes any more.
    func pump() async throws {
        while true {
            let events = peers.state.withLock { state in
                defer { state.outbox = [] }
                return state.outbox
            }
            if events.isEmpty { return }
            _ = try await call(DeliverEvents(events: events))
        }
    }

    func instance(_ id: Int64) async throws -> JSONValue {
        try await json(GetInstance(id: id))
    }

    /// Waits until an instance has come to a state. Time goes on by `step` meanwhile: a worker
    /// that looked at the clock just before it was turned sleeps a little longer.
    @discardableResult
    func reaches(
        _ id: Int64, _ state: String, turning step: Duration = .zero
    ) async throws -> JSONValue {
        var last: JSONValue = .null
        try await eventually("instance \(id) \(state), which is \(last["state"]?.text ?? "")") {
            guard let found = try? await instance(id) else { return false }
            last = found
            if found["state"] == "failed", state != "failed" {
                throw Stuck(incidents: try await incidents())
            }
            if step > .zero, found["state"] == "waiting" { clock.advance(by: step) }
            return found["state"] == .string(state)
        }
        return last
    }

    func instances(_ query: ListInstances = ListInstances()) async throws -> [JSONValue] {
        try await json(query)["items"]?.array ?? []
    }

    func incidents() async throws -> [JSONValue] {
        try await json(ListIncidents())["items"]?.array ?? []
    }

    func start(
        _ workflow: String, record: Int64? = nil, values: JSONValue? = nil
    ) async throws -> Int64 {
        let answer = try await json(
            StartWorkflow(
                workflow: FullCode(model: "helpdesk", code: workflow), values: values,
                record: record))
        return answer["id"]?.integer ?? 0
    }

    /// The states of an instance's steps, in order: `ask done`.
    static func steps(_ instance: JSONValue) -> [String] {
        (instance["steps"]?.array ?? []).map {
            "\($0["step"]?.string ?? "") \($0["state"]?.string ?? "")"
        }
    }
}

/// An instance failed that was to go on.
struct Stuck: Error { let incidents: [JSONValue] }

/// Definitions that tests put together.
enum Model {
    /// A model with the lists given.
    static func document(
        rules: JSONValue = [], scripts: JSONValue = [], workflows: JSONValue = [],
        events: JSONValue = [["code": "confirmed", "web": true, "buffer": "7d"]],
        jobs: JSONValue = []
    ) -> JSONValue {
        [
            "code": "helpdesk", "roles": ["agent", "boss"],
            "classes": [
                [
                    "code": "ticket",
                    "columns": [
                        ["code": "subject"], ["code": "status"], ["code": "email"],
                        ["code": "spent"], ["code": "due", "type": "datetime"],
                        ["code": "day", "type": "date"],
                    ],
                ]
            ],
            "notifications": [["code": "ask"], ["code": "closed"], ["code": "reminder"]],
            "rules": rules, "scripts": scripts, "workflows": workflows, "events": events,
            "jobs": jobs, "imports": [["code": "prices"]], "exports": [["code": "open"]],
        ]
    }

    static func workflow(_ code: String, _ steps: JSONValue) -> JSONValue {
        [
            "code": .string(code), "class": "ticket",
            "start": steps.array?.first?["code"] ?? .null, "steps": steps,
        ]
    }

    /// The sample's workflow: asks, waits, reminds, closes, tells.
    static let handle = workflow(
        "handle",
        [
            [
                "code": "ask", "kind": "mail", "notification": "ask", "to": "=record.email",
                "next": "answer",
            ],
            [
                "code": "answer", "kind": "event", "event": "confirmed", "key": "=record.id",
                "timeout": "3d", "onTimeout": "remind", "next": "close",
            ],
            [
                "code": "remind", "kind": "mail", "notification": "reminder",
                "to": "=record.email", "next": "answer",
            ],
            ["code": "close", "kind": "change", "set": ["status": "closed"], "next": "tell"],
            [
                "code": "tell", "kind": "mail", "notification": "closed", "to": "=record.email",
                "next": "end",
            ],
            ["code": "end", "kind": "end"],
        ])

    static let loop = document(
        rules: [
            ["code": "handle", "class": "ticket", "on": "inserted", "do": [["workflow": "handle"]]]
        ], workflows: [handle])

    static let confirmed = FullCode(model: "helpdesk", code: "confirmed")
}
