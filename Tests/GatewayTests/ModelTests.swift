import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Gateway

@Suite struct ModelTests {
    private static let model: JSONValue = [
        "code": "helpdesk", "name": "Help desk", "roles": ["agent", "customer"], "classes": [],
    ]

    @Test func `a model is applied, its missing roles are made, and again changes nothing`()
        async throws
    {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        _ = await admin.send(.put, "/api/roles/agent", ["name": "Agents", "members": ["admin"]])
        let first = await admin.send(.put, "/api/models/helpdesk", ModelTests.model)
        #expect(first.status == 201)
        #expect(first.json["createdRoles"] == ["customer"])
        #expect(await admin.send(.get, "/api/roles/customer").json["members"] == [])
        #expect(await admin.send(.get, "/api/roles/agent").json["members"] == ["admin"])
        let read = await admin.send(.get, "/api/models/helpdesk")
        #expect(read.json == ModelTests.model)
        let again = await admin.send(.put, "/api/models/helpdesk", read.json)
        #expect(again.status == 200)
        #expect(again.json["changed"]?.boolean == false)
        #expect(again.json["createdRoles"] == [])
    }

    @Test func `the faults of all services are answered together and nothing is applied`()
        async throws
    {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let shared = FieldProblem(pointer: "/x", code: "unknown-member", detail: "No such member.")
        gateway.owners.state.withLock { state in
            for service in ["records", "workflow", "mail", "batch"] {
                state.faults[service] = [
                    FieldProblem(pointer: "/\(service)", code: "wrong-type", detail: "Mend it."),
                    shared,
                ]
            }
        }
        let answer = await admin.send(
            .put, "/api/models/helpdesk", ["code": "other", "roles": ["Not a code", "fine"]])
        #expect(answer.status == 422 && answer.code == "validation-failed")
        let pointers = (answer.json["errors"]?.array ?? []).compactMap { $0["pointer"]?.string }
        #expect(
            pointers.sorted()
                == ["/batch", "/code", "/mail", "/records", "/roles/0", "/workflow", "/x"])
        #expect(gateway.owners.calls("records/apply-model").isEmpty)
        #expect(await admin.send(.get, "/api/roles/fine").status == 404)
    }

    @Test(arguments: ["records", "workflow", "mail", "batch"])
    func `a service that is down is 503 and nothing is applied`(_ service: String) async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        gateway.owners.state.withLock { $0.down = [service] }
        let answer = await admin.send(.put, "/api/models/helpdesk", ModelTests.model)
        #expect(answer.status == 503 && answer.headers["Retry-After"] != nil)
        #expect(gateway.owners.calls("records/apply-model").isEmpty)
        #expect(await admin.send(.get, "/api/roles/agent").status == 404)
    }

    @Test func `what is no model is refused`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        #expect(await admin.send(.put, "/api/models/helpdesk", ["a"]).status == 422)
        #expect(await admin.send(.put, "/api/models/Help", ModelTests.model).status == 404)
        let allow = await admin.send(
            .put, "/api/models/helpdesk?allow=everything", ModelTests.model)
        #expect(allow.status == 400)
        let broken = await gateway.send(
            .put, "/api/models/helpdesk", body: Array("{\"code\":".utf8),
            headers: ["Authorization": "Bearer \(admin.token)"])
        #expect(broken.status == 400 && broken.code == "malformed-json")
    }

    @Test func `a plan is answered by who may write models, and every service checks it first`()
        async throws
    {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let plan = await admin.send(.post, "/api/models/helpdesk/plan", ModelTests.model)
        #expect(plan.status == 200)
        #expect(plan.json.array?.first?["operation"] == "create")
        #expect(gateway.owners.calls("records/apply-model").isEmpty)
        gateway.owners.state.withLock {
            $0.faults["mail"] = [FieldProblem(pointer: "/x", code: "wrong", detail: "Mend it.")]
        }
        let faulty = await admin.send(.post, "/api/models/helpdesk/plan", ModelTests.model)
        #expect(faulty.status == 422)
        let anna = try await gateway.person("anna")
        #expect(
            await anna.send(.post, "/api/models/helpdesk/plan", ModelTests.model).status == 403)
        #expect(await anna.send(.get, "/api/views").status == 200)
        #expect(await anna.send(.post, "/api/views/helpdesk/ticket/rebuild").status == 403)
        #expect(await admin.send(.post, "/api/views/helpdesk/ticket/rebuild").status == 200)
    }

    // MARK: First start

    private func modelFile(_ text: String) throws -> (TemporaryFolder, String) {
        let folder = TemporaryFolder()
        let path = folder.path + "/model.json"
        try TestFile.write(text, to: path)
        return (folder, path)
    }

    @Test func `the models of the settings are applied once, when the services are there`()
        async throws
    {
        let (folder, path) = try modelFile(ModelTests.model.text)
        let data = TemporaryFolder()
        let gateway = try await TestGateway(folder: data) {
            $0.models = [path]
            $0.adminJoinsModelRoles = true
        }
        gateway.owners.state.withLock { $0.down = ["mail", "batch"] }
        let running = Task { try await gateway.service.run() }
        try await eventually("it tried") { !gateway.owners.calls("check-model").isEmpty }
        #expect(gateway.owners.calls("records/apply-model").isEmpty)
        gateway.owners.state.withLock { $0.down = [] }
        let admin = try await gateway.admin()
        try await eventually("the roles are there") {
            await admin.send(.get, "/api/roles/customer").json["members"] == ["admin"]
        }
        #expect(gateway.owners.calls("records/apply-model").first?.principal.isSystem == true)
        await gateway.service.shutdown()
        try await running.value
        // A change by a person is not undone by the next start.
        let second = try await TestGateway(folder: data) { $0.models = [path] }
        let again = Task { try await second.service.run() }
        try await eventually("it listens") { !second.printed.isEmpty }
        await second.service.shutdown()
        try await again.value
        #expect(second.owners.calls("check-model").isEmpty)
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: ["{", "{\"code\": 7}", "{\"code\": \"other\", \"roles\": [\"B A D\"]}"])
    func `a model of the settings that is at fault does not keep the gateway from serving`(
        _ text: String
    ) async throws {
        let (folder, path) = try modelFile(text)
        let gateway = try await TestGateway { $0.models = [path, "/no/such/file.json"] }
        let running = Task { try await gateway.service.run() }
        try await eventually("it listens") { !gateway.printed.isEmpty }
        #expect(await gateway.send(.get, "/readyz").status == 200)
        await gateway.service.shutdown()
        try await running.value
        #expect(gateway.owners.calls("records/apply-model").isEmpty)
        withExtendedLifetime(folder) {}
    }

    @Test func `it says where it listens`() async throws {
        let gateway = try await TestGateway()
        let running = Task { try await gateway.service.run() }
        try await eventually("it listens") { !gateway.printed.isEmpty }
        #expect(
            gateway.printed == ["Geartrain listens on http://127.0.0.1:\(gateway.service.port)"])
        let client = APIClient(port: gateway.service.port)
        #expect(try await client.send(.get, "/livez").status == 200)
        await gateway.service.shutdown()
        try await running.value
    }
}
