import Contracts
import HTTP
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Workflow

/// Workflow's copy of the gateway's accounts and organization.
@Suite struct DirectoryTests {
    static let anna = DirectoryAccount(
        code: "anna", name: "Anna", active: true, email: "anna@example.com", language: "cs",
        roles: ["agent", "clerk"], permissions: ["mail:send"], rolesOff: ["helpdesk/clerk"])
    static let bob = DirectoryAccount(code: "bob", name: "Bob", active: true, roles: ["agent"])
    static let carl = DirectoryAccount(code: "carl", name: "Carl", active: false, roles: ["agent"])

    private static let company = DirectoryStructure(
        code: "company", kind: "unit",
        units: [
            .init(code: "it", parent: nil, name: ["en": "IT"], members: ["anna", "bob", "carl"]),
            .init(code: "old", parent: "it", members: ["anna"], until: "2020-01-01"),
        ])
    private static let boss = DirectoryStructure(
        code: "boss", kind: "manager",
        units: [
            .init(code: "bob", parent: "anna", members: ["bob"]),
            .init(code: "anna", parent: "carl", members: ["anna"]),
            .init(code: "carl", parent: nil, members: ["carl"]),
        ])

    private func with(_ body: (World, Directory) async throws -> Void) async throws {
        try await World.with { world in
            let taken = try await world.call(
                TakeDirectory(
                    base: 0, version: 7, accounts: [Self.anna, Self.bob, Self.carl],
                    structures: [Self.company, Self.boss]))
            #expect(taken.version == 7)
            try await body(world, world.service.directory)
        }
    }

    @Test func `a principal has what the account holds, and the version that says so`()
        async throws
    {
        try await with { _, directory async throws in
            let anna = try #require(try await directory.principal(of: "anna"))
            #expect(
                anna
                    == Principal(
                        account: "anna", roles: ["agent", "clerk"], permissions: ["mail:send"],
                        directory: 7, language: "cs", rolesOff: ["helpdesk/clerk"]))
            #expect(try await directory.principal(of: "carl") == nil)
            #expect(try await directory.principal(of: "nobody") == nil)
            #expect(try await directory.person("carl")?.isActive == false)
            #expect(try await directory.person("anna")?.email == "anna@example.com")
        }
    }

    @Test func `roles, units and managers are found, those who are switched off left out`()
        async throws
    {
        try await with { _, directory async throws in
            #expect(try await directory.holders(of: "agent", in: "helpdesk") == ["anna", "bob"])
            #expect(try await directory.holders(of: "clerk", in: "helpdesk") == [])
            #expect(try await directory.holders(of: "clerk", in: "other") == ["anna"])
            #expect(try await directory.members(of: "it") == ["anna", "bob"])
            #expect(try await directory.members(of: "old") == [])
            #expect(try await directory.members(of: "it", structure: "boss") == [])
            #expect(
                try await directory.units(of: "anna").map(\.description)
                    == ["boss/anna", "company/it"])
            #expect(try await directory.manager(of: "bob") == "anna")
            #expect(try await directory.manager(of: "anna") == nil)
        }
    }

    @Test
    func `what changed replaces what stood, and what is late or from nowhere changes nothing`()
        async throws
    {
        try await with { world, directory async throws in
            var anna = Self.anna
            anna.roles = ["clerk"]
            let call = TakeDirectory(
                base: 7, version: 9, accounts: [anna], removedStructures: ["boss"])
            #expect(try await world.call(call).version == 9)
            #expect(try await directory.principal(of: "anna")?.roles == ["clerk"])
            #expect(try await directory.holders(of: "agent", in: "helpdesk") == ["bob"])
            #expect(try await directory.manager(of: "bob") == nil)
            let late = TakeDirectory(base: 7, version: 8, accounts: [Self.anna])
            #expect(try await world.call(late).version == 9)
            #expect(try await directory.principal(of: "anna")?.roles == ["clerk"])
            let anew = TakeDirectory(base: 0, version: 12, accounts: [Self.bob])
            #expect(try await world.call(anew).version == 12)
            #expect(try await directory.person("anna") == nil)
            let person = Principal(account: "anna")
            let problem = await world.problem(of: anew, as: person)
            #expect(problem?.status == 403)
        }
    }
}
