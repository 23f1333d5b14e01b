import HTTP
import JSON
import ServiceRuntime
import TestSupport
import Testing

@testable import Gateway

@Suite struct SecretTests {
    @Test func `a secret goes in, its name comes out, and the audit says who`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        #expect(await admin.send(.put, "/api/secrets/crm", ["value": "hunter2"]).status == 204)
        let list = await admin.send(.get, "/api/secrets")
        #expect(list.json["items"]?.array?.compactMap { $0["name"]?.string } == ["crm"])
        #expect(!list.text.contains("hunter2"))
        #expect(await admin.send(.delete, "/api/secrets/crm").status == 204)
        let audit = await admin.send(.get, "/api/audit?limit=1000")
        let kinds = (audit.json["items"]?.array ?? [])
            .filter { $0["subject"]?.string == "crm" }.compactMap { $0["kind"]?.string }
        #expect(kinds == ["secret.deleted", "secret.put"])
        #expect(!audit.text.contains("hunter2"))
    }

    @Test func `only a value is taken`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        for body: JSONValue in [[:], ["value": 1], ["value": "x", "more": "hunter2"], "x"] {
            let answer = await admin.send(.put, "/api/secrets/crm", body)
            #expect(answer.status == 422)
            #expect(!answer.text.contains("hunter2"))
        }
        #expect(await admin.send(.put, "/api/secrets/Not.a.code", ["value": "x"]).status == 404)
        #expect(gateway.owners.calls("records/put-secret").isEmpty)
    }
}
