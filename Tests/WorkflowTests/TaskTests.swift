import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Workflow

private let mara = JSONObject([
    ("subject", "Printer"), ("status", "new"), ("email", "mara@example.com"),
])

private let end: JSONValue = ["code": "end", "kind": "end"]

/// A workflow of one task with these members, and a step for each outcome.
private func document(_ members: JSONValue) -> JSONValue {
    var task = JSONObject([
        ("code", "approve"), ("kind", "task"), ("title", "='Approve ' + record.subject"),
        ("assignee", ["role": "agent"]), ("outcomes", ["yes": "open", "no": "end"]),
    ])
    for (key, value) in members.object?.members ?? [] { task[key] = value }
    var steps: [JSONValue] = [
        .object(task),
        [
            "code": "open", "kind": "change", "set": ["status": "=values.to || 'open'"],
            "next": "end",
        ],
        end,
    ]
    if task["onDue"] == "late" {
        steps.append(
            ["code": "late", "kind": "change", "set": ["status": "late"], "next": "end"])
    }
    return Model.document(workflows: [Model.workflow("ask", .array(steps))])
}

@Suite struct `A task` {
    private static let anna = Principal(account: "anna", roles: ["agent"])
    private static let bob = Principal(account: "bob", roles: ["agent"])
    private static let stranger = Principal(account: "sten", roles: ["clerk"])

    /// Anna and Bob are agents, Bob is in IT and Anna's manager.
    private func with(
        _ members: JSONValue, clock: ManualClock = ManualClock(start: World.start),
        _ body: (World, Int64) async throws -> Void
    ) async throws {
        try await World.with(clock: clock) { world in
            _ = try await world.call(
                TakeDirectory(
                    base: 0, version: 1,
                    accounts: [
                        .init(
                            code: "anna", name: "Anna", active: true, email: "anna@example.com",
                            roles: ["agent"]),
                        .init(
                            code: "bob", name: "Bob", active: true, email: "bob@example.com",
                            roles: ["agent"]),
                    ],
                    structures: [
                        .init(
                            code: "company", kind: "unit",
                            units: [.init(code: "it", parent: nil, members: ["bob"])]),
                        .init(
                            code: "bosses", kind: "manager",
                            units: [
                                .init(code: "bob", parent: nil, members: ["bob"]),
                                .init(code: "anna", parent: "bob", members: ["anna"]),
                            ]),
                    ]))
            try await world.take(document(members))
            _ = world.peers.insert(1, mara)
            let id = try await world.start("ask", record: 1)
            try await body(world, id)
        }
    }

    private func tasks(_ world: World, _ principal: Principal) async throws -> [JSONValue] {
        try await world.json(ListTasks(), as: principal)["items"]?.array ?? []
    }

    @Test func `is done once, and who comes later is told who did it`() async throws {
        try await with(["due": "2d"]) { world, id in
            try await world.reaches(id, "waiting")
            let list = try await tasks(world, Self.anna)
            #expect(list.count == 1)
            #expect(list[0]["title"] == "Approve Printer")
            #expect(list[0]["outcomes"] == ["yes", "no"])
            #expect(list[0]["record"] == "helpdesk.ticket/1")
            #expect(list[0]["due"]?.string == World.start.advanced(by: .seconds(172_800)).text)
            #expect(try await tasks(world, Self.stranger).isEmpty)
            let task = list[0]["id"]?.integer ?? 0
            let yes = CompleteTask(id: task, outcome: "yes", values: ["to": "approved"])
            #expect(await world.problem(of: yes, as: Self.stranger)?.status == 404)
            let wrong = CompleteTask(id: task, outcome: "maybe")
            #expect(await world.problem(of: wrong, as: Self.anna)?.status == 422)
            let done = try await world.json(yes, as: Self.anna, key: "k")
            #expect(done["completedBy"] == "anna")
            // The same call again is answered the same.
            #expect(try await world.json(yes, as: Self.anna, key: "k") == done)
            let second = await world.problem(of: yes, as: Self.bob)
            #expect(second?.status == 409)
            #expect(second?.detail?.contains("anna did it") == true)
            let finished = try await world.reaches(id, "finished")
            #expect(try world.peers.record(1)["status"] == "approved")
            #expect(
                finished["steps"]?.array?[0]["output"]
                    == ["outcome": "yes", "values": ["to": "approved"], "account": "anna"])
            #expect(try await tasks(world, Self.bob).isEmpty)
        }
    }

    @Test(
        arguments: [
            (["account": "=record.subject === 'Printer' ? 'bob' : 'anna'"], ["bob"]),
            (["role": "agent"], ["anna", "bob"]),
            (["unit": "it", "structure": "company"], ["bob"]), (["managerOf": "anna"], ["bob"]),
        ] as [(JSONValue, [String])])
    func `is found by whoever has it`(assignee: JSONValue, owners: [String]) async throws {
        try await with(["assignee": assignee]) { world, id in
            try await world.reaches(id, "waiting")
            var found: [String] = []
            for principal in [Self.anna, Self.bob, Self.stranger]
            where try await !tasks(world, principal).isEmpty { found.append(principal.account) }
            #expect(found == owners)
            // A role that is off in the model, and a token for another one, give nothing.
            if owners.count == 2 {
                var off = Self.anna
                off.rolesOff = ["helpdesk/agent"]
                #expect(try await tasks(world, off).isEmpty)
                var narrow = Self.anna
                narrow.models = ["other"]
                #expect(try await tasks(world, narrow).isEmpty)
            }
        }
    }

    @Test func `of somebody without a manager is an incident`() async throws {
        try await with(["assignee": ["managerOf": "bob"]]) { world, id in
            try await world.reaches(id, "failed")
            #expect(try await world.incidents().count == 1)
        }
    }

    @Test func `that is overdue leads on, and cannot be done any more`() async throws {
        let clock = ManualClock(start: World.start)
        try await with(["due": "1h", "onDue": "late"], clock: clock) { world, id in
            try await world.reaches(id, "waiting")
            let task = try await tasks(world, Self.anna).first?["id"]?.integer ?? 0
            clock.advance(by: .seconds(3600))
            try await world.reaches(id, "finished", turning: .milliseconds(100))
            #expect(try world.peers.record(1)["status"] == "late")
            let late = CompleteTask(id: task, outcome: "yes")
            #expect(await world.problem(of: late, as: Self.anna)?.status == 409)
        }
    }

    @Test func `that is overdue goes to others too`() async throws {
        let clock = ManualClock(start: World.start)
        let members: JSONValue = [
            "assignee": ["account": "anna"], "due": "1h",
            "escalate": ["managerOf": "anna"],
        ]
        try await with(members, clock: clock) { world, id in
            try await world.reaches(id, "waiting")
            #expect(try await tasks(world, Self.bob).isEmpty)
            clock.advance(by: .seconds(3600))
            try await eventually("Bob has it too") {
                clock.advance(by: .milliseconds(100))
                return try await tasks(world, Self.bob).first?["overdue"] == true
            }
            let task = try await tasks(world, Self.anna).first?["id"]?.integer ?? 0
            _ = try await world.json(CompleteTask(id: task, outcome: "no"), as: Self.bob)
            try await world.reaches(id, "finished")
        }
    }

    @Test func `reminds those who have it, once`() async throws {
        let clock = ManualClock(start: World.start)
        let members: JSONValue = [
            "due": "1d", "remind": ["before": "4h", "notification": "reminder"],
        ]
        try await with(members, clock: clock) { world, id in
            try await world.reaches(id, "waiting")
            clock.advance(by: .seconds(19 * 3600))
            #expect(world.peers.state.withLock { $0.mails.isEmpty })
            clock.advance(by: .seconds(3600))
            try await eventually("the reminder") {
                clock.advance(by: .milliseconds(100))
                return world.peers.state.withLock { !$0.mails.isEmpty }
            }
            let mail = world.peers.state.withLock { $0.mails[0] }
            #expect(mail.to == ["anna@example.com", "bob@example.com"])
            #expect(mail.notification == "helpdesk.reminder")
            clock.advance(by: .seconds(24 * 3600))
            #expect(world.peers.state.withLock(\.mails.count) == 1)
            #expect(try await world.instance(id)["state"] == "waiting")
        }
    }

    @Test func `goes with its instance, and waits with one that is paused`() async throws {
        try await with([:]) { world, id in
            try await world.reaches(id, "waiting")
            _ = try await world.json(ActOnInstance(id: id, action: .pause))
            let task = try await tasks(world, Self.anna).first?["id"]?.integer ?? 0
            _ = try await world.json(CompleteTask(id: task, outcome: "yes"), as: Self.anna)
            #expect(try await world.instance(id)["state"] == "paused")
            _ = try await world.json(ActOnInstance(id: id, action: .resume))
            try await world.reaches(id, "finished")
            #expect(try world.peers.record(1)["status"] == "open")
            let other = try await world.start("ask", record: 1)
            try await world.reaches(other, "waiting")
            _ = try await world.json(ActOnInstance(id: other, action: .cancel))
            #expect(try await tasks(world, Self.anna).isEmpty)
        }
    }
}
