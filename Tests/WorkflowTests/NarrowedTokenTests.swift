import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Workflow

/// What a token that names models sees of operations, and how long ended things are seen at all.
@Suite struct NarrowedTokenTests {
    private static func olga(_ models: String...) -> Principal {
        var principal = World.operator_
        principal.models = models
        return principal
    }

    /// An instance that failed, the rule that started it, and an event that nobody waits for.
    private func with(_ body: (World, Int64) async throws -> Void) async throws {
        let fail = Model.workflow(
            "fail",
            [
                ["code": "close", "kind": "change", "set": ["status": "forbidden"], "next": "end"],
                ["code": "end", "kind": "end"],
            ])
        let start: JSONValue = [
            "code": "start", "class": "ticket", "on": "inserted", "do": [["workflow": "fail"]],
        ]
        try await World.with { world in
            try await world.take(Model.document(rules: [start], workflows: [fail]))
            try await world.deliver(
                world.peers.insert(1, JSONObject([("subject", "Printer"), ("status", "new")])))
            try await eventually("an incident") { try await !world.incidents().isEmpty }
            _ = try await world.call(
                RaiseEvent(event: Model.confirmed, scope: .all, key: "nobody's"),
                as: World.operator_)
            let incident = try await world.incidents().first?["id"]?.integer
            try await body(world, try #require(incident))
        }
    }

    private func counts(_ world: World, _ principal: Principal) async throws -> [Int?] {
        func count<C: Call>(_ call: C) async throws -> Int? where C.Response == JSONBytes {
            try await world.json(call, as: principal)["items"]?.array?.count
        }
        return [
            try await count(ListInstances()), try await count(ListIncidents()),
            try await count(ListFirings()), try await count(ListEvents()),
        ]
    }

    @Test func `lists hold what is of its models alone`() async throws {
        try await with { world, _ in
            let all = try await counts(world, World.operator_)
            let own = try await counts(world, Self.olga("crm", "helpdesk"))
            // The code of one model begins with another's.
            let shorter = try await counts(world, Self.olga("crm", "help"))
            let longer = try await counts(world, Self.olga("helpdesk2"))
            #expect(all == [1, 1, 1, 1] && own == all)
            #expect(shorter == [0, 0, 0, 0] && longer == shorter)
        }
    }

    @Test func `an incident of another model is not there`() async throws {
        try await with { world, id in
            let call = ResolveIncident(id: id, action: .close)
            #expect(await world.problem(of: call, as: Self.olga("crm"))?.status == 404)
            let left = try await world.incidents()
            #expect(left.count == 1)
            #expect(await world.problem(of: call, as: Self.olga("helpdesk")) == nil)
        }
    }

    @Test func `who knows a newer directory is asked to wait`() async throws {
        try await World.with { world in
            _ = try await world.call(
                TakeDirectory(
                    base: 0, version: 7,
                    accounts: [.init(code: "anna", name: "Anna", active: true)]))
            var anna = Principal(account: "anna", directory: 8)
            #expect(await world.problem(of: ListTasks(), as: anna)?.code == "directory-behind")
            anna.directory = 7
            #expect(await world.problem(of: ListTasks(), as: anna) == nil)
        }
    }

    @Test func `what has ended goes after its time, with its incidents`() async throws {
        try await with { world, id in
            _ = try await world.json(ResolveIncident(id: id, action: .close))
            let instance = try await world.instances().first?["id"]?.integer ?? 0
            _ = try await world.json(ActOnInstance(id: instance, action: .cancel))
            let days = Duration.seconds(86_400)
            world.clock.advance(by: days * 364)
            let ended = try await world.instance(instance)
            #expect(ended["state"] == "cancelled")
            world.clock.advance(by: days * 2)
            try await world.soon("the sweep") {
                world.clock.advance(by: Housekeeping.interval)
                return try await world.instances().isEmpty
            }
            let call = ResolveIncident(id: id, action: .close)
            #expect(await world.problem(of: call)?.status == 404)
        }
    }
}
