import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Workflow

private let mara: JSONObject = JSONObject([
    ("subject", "Printer"), ("status", "new"), ("email", "mara@example.com"),
])

private func change(_ status: String) -> JSONValue {
    Model.document(workflows: [
        Model.workflow(
            "close",
            [
                [
                    "code": "close", "kind": "change", "set": ["status": .string(status)],
                    "next": "end", "retry": ["times": 2, "backoff": "1s"],
                ],
                ["code": "end", "kind": "end"],
            ])
    ])
}

@Test func `a step that is refused waits for a person, who retries, skips or closes it`()
    async throws
{
    try await World.with { world in
        try await world.take(change("forbidden"))
        _ = world.peers.insert(1, mara)
        let id = try await world.start("close", record: 1)
        let failed = try await world.reaches(id, "failed")
        #expect(World.steps(failed) == ["close failed"])
        let incident = try #require(try await world.incidents().first)
        #expect(incident["kind"] == "step")
        #expect(incident["instance"]?.integer == id)
        #expect(incident["record"] == "helpdesk.ticket/1")
        #expect(incident["problem"]?["code"] == "validation-failed")
        let number = incident["id"]?.integer ?? 0
        _ = try await world.json(ResolveIncident(id: number, action: .retry))
        try await eventually("a second incident") {
            try await world.incidents().first?["id"]?.integer == number + 1
        }
        #expect(await world.problem(of: ResolveIncident(id: number, action: .skip))?.status == 409)
        let skipped = try await world.json(ResolveIncident(id: number + 1, action: .skip))
        #expect(skipped["resolution"] == "skip")
        #expect(skipped["resolvedBy"] == "olga")
        let done = try await world.reaches(id, "finished")
        #expect(World.steps(done) == ["close skipped", "end done"])
        #expect(try await world.incidents().isEmpty)
    }
}

@Test func `what fails by itself is tried as often as the definition says`() async throws {
    let failures = Atomic(0)
    let clock = ManualClock(start: World.start)
    try await World.with(
        clock: clock,
        hook: { _, moment in
            guard moment == .before else { return }
            failures.add(1, ordering: .relaxed)
            throw Problem.internalError
        }
    ) { world in
        try await world.take(change("closed"))
        _ = world.peers.insert(1, mara)
        let id = try await world.start("close", record: 1)
        try await eventually("an incident") {
            clock.advance(by: .seconds(1))
            return try await !world.incidents().isEmpty
        }
        #expect(failures.load(ordering: .relaxed) >= 3)
        #expect(try await world.instance(id)["state"] == "failed")
    }
}

@Test func `who cannot be reached is waited for, and the work goes on`() async throws {
    let clock = ManualClock(start: World.start)
    try await World.with(clock: clock) { world in
        world.peers.isMailUp.withLock { $0 = false }
        try await world.take(Model.loop)
        try await world.deliver(world.peers.insert(14, mara))
        try await eventually("an instance") { try await !world.instances().isEmpty }
        for _ in 0..<20 { clock.advance(by: .seconds(30)) }
        #expect(try await world.incidents().isEmpty)
        #expect(world.peers.state.withLock { $0.mails.isEmpty })
        world.peers.isMailUp.withLock { $0 = true }
        try await eventually("the mail") {
            clock.advance(by: .seconds(20))
            return world.peers.state.withLock { $0.mails.count } == 1
        }
        try await world.reaches(1, "waiting")
    }
}

@Test func `a script that throws or hangs fails its step and no other`() async throws {
    func model(_ source: String) -> JSONValue {
        Model.workflow(
            "bad",
            [
                ["code": "run", "kind": "script", "source": .string(source), "next": "end"],
                ["code": "end", "kind": "end"],
            ])
    }
    try await World.with { world in
        try await world.take(
            Model.document(workflows: [model("\nthrow new Error('boom')"), Model.handle]))
        _ = world.peers.insert(1, mara)
        let bad = try await world.start("bad", record: 1)
        let good = try await world.start("handle", record: 1)
        try await world.reaches(bad, "failed")
        try await world.reaches(good, "waiting")
        let problem = try await world.incidents().first?["problem"]
        #expect(problem?["code"] == "script-failed")
        #expect(problem?["detail"] == "run, line 2: Error: boom")
    }
}

@Test func `rights to look, to operate and to start`() async throws {
    try await World.with { world in
        try await world.take(Model.loop)
        _ = world.peers.insert(1, mara)
        let nobody = Principal(account: "nora")
        let looker = Principal(account: "lea", permissions: ["operations:read"])
        let workflow = FullCode(model: "helpdesk", code: "handle")
        let start = StartWorkflow(workflow: workflow, record: 1)
        #expect(await world.problem(of: start, as: nobody)?.status == 403)
        #expect(await world.problem(of: start, as: looker)?.status == 403)
        #expect(await world.problem(of: ListInstances(), as: nobody)?.status == 403)
        #expect(await world.problem(of: ListIncidents(), as: nobody)?.status == 403)
        let id = try await world.start("handle", record: 1)
        try await world.reaches(id, "waiting")
        let seen = try await world.json(GetInstance(id: id), as: looker)
        #expect(seen["steps"]?.array?[1]["link"] == nil)
        #expect(await world.problem(of: GetInstance(id: id), as: nobody)?.status == 403)
        #expect(await world.problem(of: GetInstance(id: 99))?.status == 404)
        #expect(
            await world.problem(of: ResolveIncident(id: 1, action: .close), as: looker)?.status
                == 403)
        let faults: [(StartWorkflow, Int)] = [
            (StartWorkflow(workflow: workflow), 422),
            (StartWorkflow(workflow: workflow, record: 77), 404),
            (StartWorkflow(workflow: workflow, values: 3, record: 1), 422),
            (StartWorkflow(workflow: FullCode(model: "helpdesk", code: "none")), 404),
        ]
        for (call, status) in faults {
            #expect(await world.problem(of: call)?.status == status)
        }
    }
}

@Test func `instances are listed newest first, by workflow, record and state`() async throws {
    try await World.with { world in
        try await world.take(Model.loop)
        for id in Int64(1)...5 {
            _ = world.peers.insert(id, mara)
            _ = try await world.start("handle", record: id)
        }
        for id in Int64(1)...5 { try await world.reaches(id, "waiting") }
        func ids(_ query: ListInstances) async throws -> [Int64] {
            try await world.instances(query).compactMap { $0["id"]?.integer }
        }
        #expect(try await ids(ListInstances()) == [5, 4, 3, 2, 1])
        #expect(try await ids(ListInstances(record: "helpdesk.ticket/3")) == [3])
        #expect(try await ids(ListInstances(workflow: "handle", state: "waiting")).count == 5)
        #expect(try await ids(ListInstances(workflow: "helpdesk.none")).isEmpty)
        let page = try await world.json(ListInstances(limit: 2))
        #expect(page["next"] == "4")
        #expect(try await ids(ListInstances(limit: 2, cursor: "4")) == [3, 2])
        #expect(await world.problem(of: ListInstances(cursor: "x"))?.code == "invalid-cursor")
        #expect(await world.problem(of: ListInstances(state: "asleep"))?.status == 422)
        #expect(await world.problem(of: ListInstances(limit: 0))?.status == 422)
    }
}
