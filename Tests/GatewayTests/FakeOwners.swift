import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization

/// Records, Workflow, Mail and Batch as far as the gateway calls them: routers in memory behind its
/// real peers.
final class FakeOwners: Sendable {
    /// A call as it came.
    struct Seen: Sendable {
        let path: String
        let context: CallContext
    }

    struct State {
        var seen: [Seen] = []
        /// Peers that do not answer.
        var down: Set<String> = []
        /// What `check-model` of a service finds.
        var faults: [String: [FieldProblem]] = [:]
        var models: [String: JSONBytes] = [:]
        /// By model.
        var modelVersions: [String: Int64] = [:]
        /// What a plan says besides what differs.
        var planned: [JSONValue] = []
        var secrets: [String: String] = [:]
        var capabilityUses = 0
        var uploads: [[UInt8]] = []
        /// The one export whose file may be given away.
        var givenRun: Int64 = 9
        var mails: [SendMail] = []
        var raised: [RaiseEvent] = []
        /// What Records was told of the directory, and where it stands.
        var directory: [TakeDirectory] = []
        var directoryVersion: Int64 = 0
        /// What Workflow was told of it.
        var workflowDirectory: [TakeDirectory] = []
    }

    let state = Mutex(State())
    let store = FakeStore()
    private let routes: [String: RPCRoutes]

    init(signer: PrincipalSigner, runtime: Runtime) {
        var routes: [String: RPCRoutes] = [:]
        for name in ["records", "workflow", "mail", "batch"] {
            routes[name] = RPCRoutes(service: name, signer: signer, runtime: runtime) { nil }
        }
        self.routes = routes
        for (name, router) in routes {
            router.on(CheckModel.self) { [self] call, context in
                see(CheckModel.path, context)
                return ModelCheck(problems: state.withLock { $0.faults[name] ?? [] })
            }
        }
        addModels()
        addTrials()
        addRecords()
        addWorkflow()
        addMail()
        addBatch()
    }

    /// What the gateway is given as its peers.
    var transports: [String: any Transport] {
        routes.mapValues { routes in
            let name = self.routes.first { $0.value === routes }?.key ?? ""
            return Line(name: name, owners: self, router: RouterTransport(routes.router))
        }
    }

    func see(_ path: String, _ context: CallContext) {
        state.withLock { $0.seen.append(Seen(path: path, context: context)) }
    }

    var raised: [RaiseEvent] { state.withLock(\.raised) }

    func calls(_ path: String) -> [CallContext] {
        state.withLock { $0.seen.filter { $0.path == path }.map(\.context) }
    }

    func on<C: Call>(
        _ service: String, _ type: C.Type,
        _ answer: @escaping @Sendable (C, CallContext) throws -> C.Response
    ) {
        routes[service]?.on(type) { [self] call, context in
            see(C.path, context)
            return try answer(call, context)
        }
    }

    static func json(_ value: JSONValue) -> JSONBytes { JSONBytes(value.bytes) }

    /// Takes what follows on what it has, as Records does.
    private func take(_ call: TakeDirectory) -> DirectoryVersion {
        state.withLock { state in
            if call.base == state.directoryVersion || call.base == 0 {
                if call.version != state.directoryVersion { state.directory.append(call) }
                state.directoryVersion = call.version
            }
            return DirectoryVersion(version: state.directoryVersion)
        }
    }

    private func addRecords() {
        let store = store
        on("records", PutSecret.self) { [self] call, _ in
            state.withLock { $0.secrets[call.name] = call.value }
            return Done()
        }
        on("records", DeleteSecret.self) { [self] call, _ in
            guard state.withLock({ $0.secrets.removeValue(forKey: call.name) }) != nil else {
                throw Problem.notFound()
            }
            return Done()
        }
        on("records", ListSecrets.self) { [self] _, _ in
            let names = state.withLock { $0.secrets.keys.sorted() }
            return FakeOwners.json(["items": .array(names.map { ["name": .string($0)] })])
        }
        on("records", ListViews.self) { _, _ in FakeOwners.json(["items": []]) }
        on("records", RebuildView.self) { call, _ in
            FakeOwners.json(["name": .string("\(call.type.model)_\(call.type.code)")])
        }
        on("records", ExplainRights.self) { call, _ in
            RightsExplained(
                items: call.principals.map { principal in
                    let isAgent = principal.roles(in: call.type.model).contains("agent")
                    return .init(
                        account: principal.account, allowed: isAgent,
                        reasons: [
                            RightsReason(
                                code: isAgent ? "granted" : "no-grant", detail: "by its roles")
                        ])
                })
        }
        on("records", TakeDirectory.self) { [self] call, _ in take(call) }
        on("records", ListClasses.self) { _, context in store.classes(context.principal) }
        on("records", DescribeClass.self) { try store.describe($0.type, $1.principal) }
        on("records", GetRecord.self) { try store.get($0, $1.principal) }
        on("records", ListRecords.self) { try store.list($0, $1.principal) }
        on("records", RunQuery.self) { call, _ in
            if call.query.code == "by_month" { return try FakeOwners.load(call) }
            var item = JSONObject([("query", .string(call.query.description))])
            item["parameters"] = call.parameters
            item["limit"] = call.limit.map { .number(JSONNumber(Int64($0))) }
            return FakeOwners.json(
                ["items": [.object(item)], "next": call.cursor.map { .string($0) } ?? .null])
        }
        on("records", NewRecord.self) { call, context in
            let type = try store.describe(call.type, context.principal)
            var values = call.values.object ?? JSONObject()
            for column in type.columns where values[column.code] == nil {
                values[column.code] = column.defaultValue
            }
            return FakeOwners.json(.object(values))
        }
        on("records", CreateRecord.self) { try store.create($0, $1) }
        on("records", ChangeRecord.self) { try store.change($0, $1.principal) }
        on("records", DeleteRecord.self) { try store.delete($0, $1.principal) }
        on("records", ChangeMany.self) { try store.changeMany($0, $1.principal) }
        on("records", WriteKnown.self) { try store.writeKnown($0, $1.principal) }
        on("records", RestoreRecord.self) { try store.restore($0, $1.principal) }
        on("records", RecordHistory.self) { try store.history($0, $1.principal) }
    }

    /// A query that needs `status`, over months.
    private static func load(_ call: RunQuery) throws -> JSONBytes {
        guard call.parameters?["status"] != nil else {
            throw Problem.validation([
                FieldProblem(pointer: "/status", code: "required", detail: "It is needed.")
            ])
        }
        let rows: [JSONValue] = (1...12).map { month in
            [
                "month": .string("<\(month)>"), "n": .number(JSONNumber(Int64(month * 1000))),
                "rest": month == 3 ? .null : -2,
            ]
        }
        return json(["items": .array(rows), "next": "c2"])
    }

    private func addWorkflow() {
        on("workflow", TakeDirectory.self) { [self] call, _ in
            state.withLock { $0.workflowDirectory.append(call) }
            return DirectoryVersion(version: call.version)
        }
        on("workflow", RaiseEvent.self) { [self] call, _ in
            state.withLock { $0.raised.append(call) }
            return EventRaised(event: 5, activated: 1)
        }
        on("workflow", RunScript.self) { call, _ in
            guard call.script.code != "fails" else {
                throw Problem(
                    status: 422, code: "script-failed", title: "A script failed",
                    detail: "fails, line 1: no")
            }
            if let name = call.parameters?["file"] {
                return FakeOwners.json(
                    ["file": ["name": name, "type": "text/html", "content": "PGI+"]])
            }
            let parts = call.parameters?.object?.members.compactMap { $0.value.string } ?? []
            return FakeOwners.json(["result": .string(parts.joined())])
        }
        on("workflow", StartWorkflow.self) { _, _ in
            FakeOwners.json(["id": 41, "state": "running"])
        }
        on("workflow", ListInstances.self) { call, _ in
            guard call.record != nil else { return FakeOwners.json(["items": [], "next": nil]) }
            return FakeOwners.json(
                [
                    "items": [["id": 41, "workflow": "helpdesk.handle", "state": "waiting"]],
                    "next": nil,
                ])
        }
        on("workflow", ListTasks.self) { _, _ in
            FakeOwners.json(
                [
                    "items": [
                        ["id": 1, "title": "Look at it", "record": "helpdesk.ticket/1"],
                        ["id": 2, "title": "Another", "record": "helpdesk.ticket/2"],
                    ], "next": nil,
                ])
        }
        on("workflow", GetInstance.self) { call, _ in
            FakeOwners.json(["id": .number(JSONNumber(call.id))])
        }
        on("workflow", ListIncidents.self) { _, _ in FakeOwners.json(["items": [], "next": nil]) }
        on("workflow", ResolveIncident.self) { call, _ in
            FakeOwners.json(["action": .string(call.action.rawValue)])
        }
        on("workflow", ShowCapability.self) { [self] call, _ in try capability(call.token) }
        on("workflow", UseCapability.self) { [self] call, _ in
            _ = try capability(call.token)
            state.withLock { $0.capabilityUses += 1 }
            return try capability(call.token)
        }
    }

    private func capability(_ token: String) throws -> CapabilityView {
        guard token == "good" else { throw Problem.notFound() }
        let uses = state.withLock(\.capabilityUses)
        return CapabilityView(
            state: uses > 0 ? .used : .open, title: "Confirm <ticket> #1",
            usedAt: uses > 0 ? "2026-11-23T01:02:03.000Z" : nil,
            usedBy: uses > 0 ? "anonymous" : nil)
    }

    private func addMail() {
        on("mail", SendMail.self) { [self] call, _ in
            guard !call.to.isEmpty else {
                throw Problem.validation([
                    FieldProblem(pointer: "/to", code: "required", detail: "Somebody.")
                ])
            }
            state.withLock { $0.mails.append(call) }
            return MailQueued(id: 3, messageId: "<3@test>", state: "queued")
        }
        on("mail", ListMails.self) { _, _ in FakeOwners.json(["items": [], "next": nil]) }
        on("mail", GetMail.self) { call, _ in
            FakeOwners.json(["id": .number(JSONNumber(call.id))])
        }
        on("mail", ActOnMail.self) { _, _ in FakeOwners.json(["state": "held"]) }
        on("mail", GetMailbox.self) { call, _ in
            FakeOwners.json(["code": .string(call.mailbox)])
        }
        on("mail", ReadMailbox.self) { _, _ in FakeOwners.json(["read": 0]) }
        on("mail", ListIntake.self) { _, _ in FakeOwners.json(["items": [], "next": nil]) }
        on("mail", ReplayIntake.self) { call, _ in
            FakeOwners.json(["number": .number(JSONNumber(call.number))])
        }
        on("mail", ShowMail.self) { _, _ in
            JSONBytes(
                JSONValue.object(
                    JSONObject([
                        ("subject", "<x-evil>"), ("text", "<x-evil>"),
                        ("html", "<script>alert(1)</script>"),
                        ("from", ["<x-evil>"]),
                        (
                            "attachments",
                            [["name": "<x-evil>", "type": "text/plain", "bytes": 3]]
                        ),
                    ])
                ).bytes)
        }
        on("mail", ListMailboxes.self) { _, _ in JSONBytes(Array(#"{"items":[]}"#.utf8)) }
        routes["mail"]?.on(GetMailRaw.self) { [self] _, _, context in
            see(GetMailRaw.path, context)
            return Response(
                headers: ["Content-Type": "text/html"],
                body: .bytes(Array("From: a\r\n\r\n<script>alert(1)</script>".utf8)))
        }
        routes["mail"]?.on(GetIntakeRaw.self) { _, _, _ in
            Response(headers: [:], body: .bytes(Array("raw".utf8)))
        }
    }

    private func addBatch() {
        routes["batch"]?.on(StartImport.self) { [self] _, body, context in
            see(StartImport.path, context)
            let bytes = try await body.collect(limit: 1 << 20)
            let number = state.withLock { state in
                state.uploads.append(bytes)
                return state.uploads.count
            }
            return .json(["run": JSONValue(integerLiteral: number)] as JSONValue)
        }
        on("batch", StartExport.self) { _, _ in FakeOwners.json(["run": 9]) }
        on("batch", StartSync.self) { _, _ in FakeOwners.json(["run": 9]) }
        on("batch", GetRun.self) { call, _ in
            FakeOwners.json(["run": .number(JSONNumber(call.run)), "state": "succeeded"])
        }
        on("batch", CancelRun.self) { call, _ in
            FakeOwners.json(["run": .number(JSONNumber(call.run)), "state": "cancelled"])
        }
        on("batch", ListRuns.self) { call, _ in
            FakeOwners.json(["items": [["kind": .string(call.kind ?? "")]], "next": .null])
        }
        on("batch", CheckRunFile.self) { [self] call, _ in try mayGive(call.run) }
        routes["batch"]?.on(GetRunFile.self) { [self] call, _, context in
            see(GetRunFile.path, context)
            if call.byLink == true { _ = try mayGive(call.run) }
            return Response(
                headers: [
                    "Content-Type": "text/csv; charset=utf-8",
                    "Content-Disposition": "attachment; filename=\"open_tickets.csv\"",
                ], body: .bytes(Array("a;b\r\n1;2\r\n".utf8)))
        }
        routes["batch"]?.on(ExportList.self) { [self] call, _, context in
            see(ExportList.path, context)
            let columns = call.columns.joined(separator: ",")
            return Response(
                headers: ["Content-Type": "text/csv; charset=utf-8"],
                body: .bytes(Array("\(call.filter ?? "")|\(columns)|\(call.format)".utf8)))
        }
        routes["batch"]?.on(GetRunErrors.self) { _, _, _ in
            throw Problem.notFound("This run rejected nothing.")
        }
    }

    private func mayGive(_ run: Int64) throws -> Done {
        guard run == state.withLock(\.givenRun) else {
            throw Problem.notFound("There is no run \(run) that you may see.")
        }
        return Done()
    }

    /// The way to one owner, which can be cut.
    private struct Line: Transport {
        let name: String
        let owners: FakeOwners
        let router: RouterTransport<CallContext>

        func send(_ request: ClientRequest) async throws -> ClientResponse {
            if owners.state.withLock({ $0.down.contains(name) }) {
                throw HTTPClient.Failure.notConnected("it is down")
            }
            return try await router.send(request)
        }
    }
}
