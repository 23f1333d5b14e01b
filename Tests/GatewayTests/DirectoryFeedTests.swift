import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// What Records is told of accounts and structures, and when.
@Suite struct DirectoryFeedTests {
    private func told(_ gateway: TestGateway) -> [TakeDirectory] {
        gateway.owners.state.withLock { $0.directory }
    }

    @Test func `Records has a change before it is answered, and only what changed`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        #expect(await admin.send(.get, "/api/me").status == 200)
        let first = try #require(told(gateway).last)
        #expect(first.base == 0 && first.accounts.map(\.code) == ["admin"])
        _ = await admin.send(.put, "/api/accounts/anna", ["name": "Anna Nowak"])
        let second = try #require(told(gateway).last)
        #expect(second.base == first.version && second.version == first.version + 1)
        #expect(second.accounts == [.init(code: "anna", name: "Anna Nowak", active: true)])
        let locked = await admin.send(
            .patch, "/api/accounts/anna", ["locked": true], headers: ["If-Match": "\"1\""])
        #expect(locked.status == 200)
        #expect(
            told(gateway).last?.accounts == [
                .init(code: "anna", name: "Anna Nowak", active: false)
            ])
        let count = told(gateway).count
        _ = await admin.send(
            .patch, "/api/accounts/anna", ["mustChangePassword": true],
            headers: ["If-Match": "\"2\""])
        #expect(told(gateway).count == count)
    }

    @Test func `Records and Workflow know what a principal would hold, whatever changed it`()
        async throws
    {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        func told() -> DirectoryAccount? {
            let both = gateway.owners.state.withLock {
                [$0.directory.last, $0.workflowDirectory.last].map { change in
                    change?.accounts.first { $0.code == "anna" }
                }
            }
            #expect(both[0] == both[1])
            return both[0]
        }
        _ = await admin.send(
            .put, "/api/accounts/anna",
            ["name": "Anna", "email": "anna@example.com", "language": "cs", "kind": "service"])
        var anna = DirectoryAccount(
            code: "anna", name: "Anna", active: true, email: "anna@example.com", language: "cs",
            kind: "service")
        #expect(told() == anna)
        _ = await admin.send(
            .put, "/api/roles/clerk",
            ["name": "Clerk", "permissions": ["mail:send"], "members": ["anna"]])
        anna.roles = ["clerk"]
        anna.permissions = ["mail:send"]
        #expect(told() == anna)
        _ = await admin.send(
            .patch, "/api/roles/clerk", ["permissions": [], "disabledModels": ["helpdesk"]],
            headers: ["If-Match": "\"1\""])
        anna.permissions = []
        anna.rolesOff = ["helpdesk/clerk"]
        #expect(told() == anna)
        _ = await admin.send(
            .patch, "/api/roles/clerk", ["enabled": false], headers: ["If-Match": "\"2\""])
        (anna.roles, anna.rolesOff) = ([], [])
        #expect(told() == anna)
        _ = await admin.send(
            .patch, "/api/roles/clerk", ["enabled": true, "disabledModels": []],
            headers: ["If-Match": "\"3\""])
        anna.roles = ["clerk"]
        #expect(told() == anna)
        _ = await admin.send(
            .patch, "/api/roles/clerk", ["members": []], headers: ["If-Match": "\"4\""])
        anna.roles = []
        #expect(told() == anna)
    }

    @Test func `nobody waits for a Workflow that is away, and it gets everything later`()
        async throws
    {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        gateway.owners.state.withLock { _ = $0.down.insert("workflow") }
        let follower = try #require(gateway.service.people.feed.follower)
        #expect(await admin.send(.put, "/api/accounts/anna", ["name": "Anna"]).status == 201)
        let running = Task { try await follower.run() }
        gateway.owners.state.withLock { _ = $0.down.remove("workflow") }
        try await eventually("Workflow has anna") {
            gateway.owners.state.withLock {
                $0.workflowDirectory.contains { $0.accounts.contains { $0.code == "anna" } }
            }
        }
        await follower.shutdown()
        try await running.value
    }

    @Test func `a structure goes as a whole, and principals say what directory they are of`()
        async throws
    {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let anna = try await gateway.person("anna")
        _ = await admin.send(
            .put, "/api/org-structures/boss",
            ["name": "B", "kind": "manager", "people": [["account": "anna", "manager": "admin"]]])
        let change = try #require(told(gateway).last)
        #expect(change.accounts == [])
        #expect(
            change.structures == [
                DirectoryStructure(
                    code: "boss", kind: "manager",
                    units: [
                        .init(
                            code: "anna", parent: "admin", name: ["": "anna"], members: ["anna"]),
                        .init(code: "admin", parent: nil, name: ["": "admin"], members: ["admin"]),
                    ])
            ])
        _ = await anna.send(.get, "/api/records/helpdesk/ticket")
        let principal = try #require(gateway.owners.calls("records/list").last?.principal)
        #expect(principal.directory == change.version)
    }

    @Test func `what happened while Records was away reaches it when it is back`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        #expect(await admin.send(.get, "/api/me").status == 200)
        gateway.owners.state.withLock { _ = $0.down.insert("records") }
        let feed = gateway.service.people.feed
        let running = Task { try await feed.run() }
        let made = await admin.send(.put, "/api/accounts/anna", ["name": "Anna"])
        #expect(made.status == 201)
        #expect(!told(gateway).contains { $0.accounts.contains { $0.code == "anna" } })
        gateway.owners.state.withLock { _ = $0.down.remove("records") }
        try await eventually("Records has anna") {
            told(gateway).contains { $0.accounts.contains { $0.code == "anna" } }
        }
        await feed.shutdown()
        try await running.value
    }

    @Test func `a Records that forgot, or that knows another life, gets everything`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        _ = await admin.send(.put, "/api/accounts/anna", ["name": "Anna"])
        for version: Int64 in [0, 1, 1000] {
            gateway.owners.state.withLock { $0.directoryVersion = version }
            _ = await admin.send(.put, "/api/accounts/p\(version)", ["name": "P"])
            let last = try #require(told(gateway).last)
            #expect(gateway.owners.state.withLock { $0.directoryVersion } == last.version)
            #expect(last.base == (version == 1000 ? 0 : version))
            let known = last.accounts.map(\.code)
            #expect(known.contains("anna") && known.contains("p\(version)"))
        }
    }

    @Test func `a company of 5,000 people in 10,000 units is put within a second or two`()
        async throws
    {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let database = gateway.service.people.feed.database
        try await database.write { connection in
            for index in 0..<5000 {
                try connection.run(
                    "insert into account (code, name, kind, enabled, locked, language, version,"
                        + " created, modified) values (?, 'P', 'person', 1, 0, 'en', 1, 0, 0)",
                    [.text("p\(index)")])
            }
        }
        let units: [JSONValue] = (0..<10_000).map { index in
            [
                "code": .string("u\(index)"),
                "parent": index == 0 ? nil : .string("u\((index - 1) / 4)"),
                "name": .string("Unit \(index)"), "members": [.string("p\(index / 2)")],
            ]
        }
        let body: JSONValue = ["name": "Company", "kind": "unit", "units": .array(units)]
        let clock = ContinuousClock()
        let start = clock.now
        let made = await admin.send(.put, "/api/org-structures/company", body)
        let putTime = clock.now - start
        #expect(made.status == 201)
        let last = told(gateway).last
        #expect(last?.structures.first?.units.count == 10_000)
        let before = clock.now
        let one = await admin.send(
            .patch, "/api/accounts/p7", ["name": "Q"], headers: ["If-Match": "\"1\""])
        let changeTime = clock.now - before
        #expect(one.status == 200)
        #expect(told(gateway).last?.accounts.count == 1)
        #expect(told(gateway).last?.structures.isEmpty == true)
        print("10,000 units put in \(putTime), one account changed in \(changeTime)")
    }
}
