import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Records

@Suite struct SecretTests {
    private static let rpc = Array(repeating: UInt8(3), count: 32)

    private var admin: CallContext {
        var context = CallContext.caller("admin")
        context.principal.permissions = ["models:write"]
        return context
    }

    private func secrets(
        _ store: TestStore, keys: [String] = [], rpc: [UInt8] = rpc
    ) -> SecretStore {
        SecretStore(
            database: store.database, keys: SecretKeys(given: keys, rpc: rpc),
            runtime: store.runtime)
    }

    private func values(_ secrets: SecretStore, _ names: String...) async throws -> [String] {
        try await secrets.read(ReadSecrets(names: names), .system).values
    }

    @Test func `a value goes in sealed and comes out for the platform alone`() async throws {
        let store = try await TestStore()
        let secrets = secrets(store)
        _ = try await secrets.put(PutSecret(name: "crm", value: "hunter2 žluť"), admin)
        _ = try await secrets.put(PutSecret(name: "bank", value: "one"), admin)
        _ = try await secrets.put(PutSecret(name: "bank", value: "two"), admin)
        #expect(try await values(secrets, "bank", "crm") == ["two", "hunter2 žluť"])
        let list = try JSONValue(parsing: await secrets.list(ListSecrets(), admin).bytes)
        #expect(list["items"]?.array?.compactMap { $0["name"]?.string } == ["bank", "crm"])
        #expect(!list.text.contains("hunter2"))
        let rows = try await store.database.read { connection in
            try connection.query("SELECT value FROM secret ORDER BY name") { $0.blob(0) }
        }
        #expect(!rows.contains { String(decoding: $0, as: UTF8.self).contains("hunter2") })
        // No person reads one, whatever they may.
        #expect(
            await refusal { try await secrets.read(ReadSecrets(names: ["crm"]), admin) }?.status
                == 403)
        for call in [PutSecret(name: "a", value: "b")] {
            #expect(
                await refusal { try await secrets.put(call, .caller("ada", "agent")) }?.status
                    == 403)
        }
        #expect(
            await refusal { try await secrets.list(ListSecrets(), .caller("ada")) }?.status == 403)
        _ = try await secrets.delete(DeleteSecret(name: "bank"), admin)
        #expect(
            await refusal { try await secrets.delete(DeleteSecret(name: "bank"), admin) }?.status
                == 404)
        #expect(
            await refusal { try await secrets.read(ReadSecrets(names: ["bank"]), .system) }?.code
                == "unknown-secret")
    }

    @Test func `another key is told, and older keys open what they sealed`() async throws {
        let store = try await TestStore()
        let (old, new) = (String(repeating: "o", count: 32), String(repeating: "n", count: 32))
        _ = try await secrets(store).put(PutSecret(name: "first", value: "1"), admin)
        _ = try await secrets(store, keys: [old]).put(PutSecret(name: "second", value: "2"), admin)
        let both = secrets(store, keys: [new, old])
        #expect(try await values(both, "first", "second") == ["1", "2"])
        let foreign = secrets(store, keys: [new], rpc: Array(repeating: 4, count: 32))
        for name in ["first", "second"] {
            let problem = await refusal {
                try await foreign.read(ReadSecrets(names: [name]), .system)
            }
            #expect(problem?.code == "secret-sealed")
        }
    }

    @Test func `a seal in the place of another is no secret`() async throws {
        let store = try await TestStore()
        let secrets = secrets(store)
        _ = try await secrets.put(PutSecret(name: "mine", value: "1"), admin)
        _ = try await secrets.put(PutSecret(name: "payroll", value: "2"), admin)
        _ = try await store.database.write { connection in
            try connection.run(
                "UPDATE secret SET value = (SELECT value FROM secret WHERE name = 'payroll')"
                    + " WHERE name = 'mine'")
        }
        #expect(
            await refusal { try await secrets.read(ReadSecrets(names: ["mine"]), .system) }?.code
                == "secret-sealed")
        #expect(try await values(secrets, "payroll") == ["2"])
    }

    @Test func `what is no secret is refused`() async throws {
        let secrets = secrets(try await TestStore())
        for (name, value) in [
            ("", "x"), ("Upper", "x"), ("a/b", "x"), ("a", ""), ("a", "x\0y"),
            ("a", String(repeating: "x", count: PutSecret.valueLimit + 1)),
        ] {
            #expect(
                await refusal {
                    try await secrets.put(PutSecret(name: name, value: value), admin)
                }?.status == 422)
        }
    }
}
