import Contracts
import Crypto
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport

@testable import Mail

/// Records and Workflow as far as Mail calls them, served on a real port in this process.
final class FakePeers: Sendable {
    struct State: Sendable {
        /// Answers by idempotency key, as Records keeps them.
        var answers: [String: [UInt8]] = [:]
        var records: [JSONValue] = []
        var contexts: [CallContext] = []
        var bindings: [JSONValue] = []
        var secrets: [String: String] = [:]
        /// What Records answers instead of creating.
        var refusal: Problem?
        /// Changes of records and events raised, by their key, each once.
        var changes: [String: JSONValue] = [:]
        var events: [String: RaiseEvent] = [:]
        var eventRefusal: Problem?
        /// Incidents as they were told last, by key, in the order in which they were opened.
        var incidents: [IncidentReport] = []
        /// What Workflow answers instead of taking one, and how often it did.
        var deafness: Problem?
        var unheard = 0
        /// Records that are gone.
        var gone: Set<Int64> = []
        /// What Workflow answers instead of evaluating.
        var scriptFailure: Problem?
    }

    let state = Mutex(State())
    let port: Int
    private let server: HTTPServer
    private let running: Task<Void, any Error>

    init(key: [UInt8], runtime: Runtime) throws {
        let signer = PrincipalSigner(key: key, clock: runtime.clock)
        let records = RPCRoutes(service: "records", signer: signer, runtime: runtime) { nil }
        let workflow = RPCRoutes(service: "workflow", signer: signer, runtime: runtime) { nil }
        let batch = RPCRoutes(service: "batch", signer: signer, runtime: runtime) { nil }
        FakePeers.serveRun(batch)
        let held = Held()
        records.on(CreateRecord.self) { call, context in
            try held.peers.create(call, context)
        }
        records.on(ChangeRecord.self) { call, context in
            try held.peers.state.withLock { state in
                if let refusal = state.refusal { throw refusal }
                state.contexts.append(context)
                state.changes[context.idempotencyKey ?? ""] = try JSONValue(
                    parsing: call.body.bytes)
                return JSONBytes(Array("{\"id\": \(call.id), \"version\": 2}".utf8))
            }
        }
        workflow.on(TellIncident.self) { call, _ in
            try held.peers.take(call.incident)
            return Done()
        }
        workflow.on(RaiseEvent.self) { call, context in
            try held.peers.state.withLock { state in
                if let refusal = state.eventRefusal { throw refusal }
                state.events[context.idempotencyKey ?? ""] = call
                return EventRaised(event: 1, activated: 1)
            }
        }
        records.on(GetRecord.self) { call, _ in
            if try held.peers.state.withLock({ $0.gone.contains(call.id) }) {
                throw Problem.notFound()
            }
            return JSONBytes(Array("{\"id\": \(call.id), \"subject\": \"from Records\"}".utf8))
        }
        records.on(ReadSecrets.self) { call, context in
            let known = try held.peers.state.withLock { $0.secrets }
            guard context.principal.isSystem, let value = known[call.names[0]] else {
                throw Problem(status: 422, code: "unknown-secret", title: "No such secret")
            }
            return SecretValues(values: [value])
        }
        FakePeers.serveFilesAndPeople(records, workflow)
        workflow.on(Evaluate.self) { call, _ in try held.peers.evaluate(call) }
        workflow.on(Render.self) { call, _ in
            let subject = call.bindings["record"]?["subject"]?.string ?? "?"
            func fill(_ text: String) -> String {
                text.split(separator: "{{record.subject}}", omittingEmptySubsequences: false)
                    .joined(separator: subject)
            }
            return Rendered(
                subject: fill(call.subject), text: call.text.map(fill), html: call.html.map(fill))
        }
        server = HTTPServer(
            name: "peers", configuration: HTTPServerConfiguration(), runtime: runtime
        ) { request in
            let owner =
                request.path.contains("records")
                ? records : request.path.contains("batch") ? batch : workflow
            return await owner.router.respond(to: request)
        }
        port = try server.bind()
        running = Task { [server] in try await server.run() }
        held.set(self)
    }

    /// What run 9 has exported.
    private static func serveRun(_ batch: RPCRoutes) {
        batch.on(GetRunFile.self) { call, _, _ in
            guard call.run == 9 else { throw Problem.notFound() }
            return Response(
                headers: [
                    "Content-Type": "text/csv; charset=utf-8",
                    "Content-Disposition": "attachment; filename=\"open-9.csv\"",
                ], body: .bytes(Array("a;b\r\n".utf8)))
        }
    }

    /// A file of as many bytes as its record's number, and some people.
    private static func serveFilesAndPeople(_ records: RPCRoutes, _ workflow: RPCRoutes) {
        records.on(GetFile.self) { call, _, _ in
            guard call.name == "large.bin" else { throw Problem.notFound() }
            let size = Int(call.id)
            return Response(
                headers: ["Content-Type": "application/zip"],
                body: .stream(length: size) { writer in
                    var left = size
                    while left > 0 {
                        let count = min(left, 300_000)
                        try await writer.write([UInt8](repeating: UInt8(left % 251), count: count))
                        left -= count
                    }
                })
        }
        workflow.on(FindAddresses.self) { call, _ in
            let people = [
                "role:agent": [
                    ("Anna", "anna@example.org"), ("Ben, the agent", "ben@example.org"),
                ],
                "account:eve": [("Eve", "eve@example.org")],
            ]
            return AddressesFound(
                items: call.names.map { name in
                    AddressesFound.Item(
                        people: (people[name] ?? []).map { .init(name: $0.0, email: $0.1) },
                        problem: people[name] == nil ? "Nobody of \(name)." : nil)
                })
        }
    }

    func stop() async {
        await server.shutdown()
        _ = await running.result
    }

    var records: [JSONValue] { state.withLock(\.records) }

    private func take(_ incident: IncidentReport) throws {
        try state.withLock { state in
            if let deafness = state.deafness {
                state.unheard += 1
                throw deafness
            }
            let told = state.incidents.firstIndex { $0.key == incident.key }
            if let told {
                state.incidents[told] = incident
            } else {
                state.incidents.append(incident)
            }
        }
    }

    private func create(_ call: CreateRecord, _ context: CallContext) throws -> JSONBytes {
        try state.withLock { state in
            state.contexts.append(context)
            if let refusal = state.refusal { throw refusal }
            let key = context.idempotencyKey ?? ""
            if let answer = state.answers[key] { return JSONBytes(answer) }
            state.records.append(try JSONValue(parsing: call.body.bytes))
            let answer = Array("{\"id\": \(state.records.count), \"version\": 1}".utf8)
            state.answers[key] = answer
            return JSONBytes(answer)
        }
    }

    /// Enough of JavaScript for mappings: `=mail.a.b`.
    private func evaluate(_ call: Evaluate) throws -> Evaluated {
        try state.withLock { state in
            if let failure = state.scriptFailure { throw failure }
            state.bindings.append(call.bindings)
            var values = JSONObject()
            for (key, value) in call.expressions.object?.members ?? [] {
                guard let text = value.string, text.hasPrefix("=") else {
                    values[key] = value
                    continue
                }
                values[key] = text.dropFirst().split(separator: ".").reduce(call.bindings) {
                    $0[String($1)] ?? .null
                }
            }
            return Evaluated(values: .object(values))
        }
    }

    private final class Held: Sendable {
        private let value = Mutex<FakePeers?>(nil)
        func set(_ peers: FakePeers) { value.withLock { $0 = peers } }
        var peers: FakePeers {
            get throws {
                guard let peers = value.withLock({ $0 }) else { throw Problem.internalError }
                return peers
            }
        }
    }
}

/// The whole service on a port, over a folder that outlives it.
final class MailBench: Sendable {
    static let key = [UInt8](repeating: 7, count: 32)

    let folder: TemporaryFolder
    let peers: FakePeers
    let service: MailService
    private let running: Task<Void, any Error>
    private let peer: Peer

    /// `change` sets what a test needs otherwise.
    init(
        _ folder: TemporaryFolder = TemporaryFolder(), peers: FakePeers? = nil,
        change: (inout MailConfiguration) -> Void = { _ in }
    ) async throws {
        let runtime = TestRuntime.make()
        self.folder = folder
        self.peers = try peers ?? FakePeers(key: MailBench.key, runtime: runtime)
        let url = "http://127.0.0.1:\(self.peers.port)"
        var configuration = MailConfiguration(
            rpc: RPCConfiguration(
                address: "127.0.0.1", port: 0, key: MailBench.key,
                peers: ["records": url, "workflow": url, "batch": url]), data: folder.path)
        configuration.database = try await StoreEngine.chosen.place("mail", in: folder.path)
        configuration.outgoing.from = "Help desk <support@example.org>"
        configuration.outgoing.firstRetry = .milliseconds(20)
        configuration.outgoing.longestRetry = .milliseconds(100)
        configuration.serverTimeout = .seconds(5)
        change(&configuration)
        let service = try await MailService(configuration: configuration, runtime: runtime)
        self.service = service
        running = Task { try await service.run() }
        peer = Peer(
            name: "mail",
            transport: HTTPClient(host: "127.0.0.1", port: service.port, runtime: runtime),
            signer: PrincipalSigner(key: MailBench.key, clock: runtime.clock), runtime: runtime)
    }

    /// Ends the service; the folder stays.
    func stop() async throws {
        await service.shutdown()
        try await running.value
    }

    static func context(
        _ principal: Principal = Principal(
            account: "anna", permissions: ["mail:read", "mail:send"]), key: String? = nil
    ) -> CallContext {
        CallContext(
            principal: principal, door: .api, cause: Cause(root: "request:test"),
            trace: TraceContext(requestID: "test"),
            // A server that lies keeps a reading longer than a person would wait.
            timeout: .seconds(120), idempotencyKey: key)
    }

    func call<C: Call>(_ call: C, as context: CallContext = MailBench.context()) async throws
        -> C.Response
    {
        try await peer.call(call, as: context)
    }

    func json<C: Call>(_ call: C) async throws -> JSONValue where C.Response == JSONBytes {
        try JSONValue(parsing: await self.call(call).bytes)
    }

    func raw<C: StreamCall>(_ call: C) async throws -> [UInt8] {
        let answer = try await peer.stream(call, body: .empty, as: MailBench.context())
        return try await answer.body.collect(limit: 64 << 20)
    }

    func take(_ model: String, version: Int64 = 1) async throws {
        _ = try await call(
            TakeModel(code: "desk", version: version, document: JSONBytes(Array(model.utf8))),
            as: MailBench.context(.system))
    }

    /// The mail once its state is one of these.
    func mail(_ id: Int64, in states: String...) async throws -> JSONValue {
        var mail = JSONValue.null
        try await eventually("mail \(id) in \(states)") {
            mail = try await json(GetMail(id: id))
            return states.contains(mail["state"]?.string ?? "")
        }
        return mail
    }

    static func problem(_ body: () async throws -> Void) async -> Problem? {
        do {
            try await body()
            return nil
        } catch {
            return error as? Problem ?? Problem.internalError
        }
    }
}

extension JSONValue {
    /// `[address: state]` of a mail's recipients.
    var states: [String: String] {
        Dictionary(
            (self["recipients"]?.array ?? []).map {
                ($0["address"]?.string ?? "", $0["state"]?.string ?? "")
            }, uniquingKeysWith: { $1 })
    }
}
