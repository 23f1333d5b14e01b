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

/// The outputs of an instance's steps by their codes.
private func outputs(_ instance: JSONValue) -> [String: JSONValue] {
    Dictionary(
        (instance["steps"]?.array ?? []).map {
            ($0["step"]?.string ?? "", $0["output"] ?? .null)
        }, uniquingKeysWith: { _, last in last })
}

@Suite struct `Parallel branches` {
    @Test func `run side by side, and the join comes once`() async throws {
        let steps: JSONValue = [
            ["code": "split", "kind": "parallel", "branches": ["tell", "wait"], "join": "sum"],
            [
                "code": "tell", "kind": "script", "source": "values.a = 1; return 1;",
                "next": "more",
            ],
            ["code": "more", "kind": "change", "set": ["status": "open"], "next": "sum"],
            [
                "code": "wait", "kind": "event", "event": "confirmed", "key": "=record.id",
                "next": "late",
            ],
            ["code": "late", "kind": "script", "source": "values.b = 2;", "next": "sum"],
            [
                "code": "sum", "kind": "script", "source": "return values.a + values.b;",
                "next": "end",
            ], end,
        ]
        try await World.with { world in
            try await world.take(Model.document(workflows: [Model.workflow("both", steps)]))
            _ = world.peers.insert(1, mara)
            let id = try await world.start("both", record: 1)
            // The branch that waits holds up nobody.
            try await eventually("the other branch") {
                try world.peers.record(1)["status"] == "open"
            }
            try await world.reaches(id, "waiting")
            _ = try await world.call(
                RaiseEvent(event: Model.confirmed, scope: .all, key: 1),
                cause: Cause(root: "request:second"))
            let done = try await world.reaches(id, "finished")
            #expect(outputs(done)["sum"] == 3)
            #expect(done["cause"] == "request:test")
            let causes = (done["steps"]?.array ?? []).map {
                "\($0["step"]?.string ?? "") \($0["cause"]?.string ?? "")"
            }
            #expect(causes.contains("more request:test"))
            #expect(causes.contains("late request:second"))
            #expect(causes.contains("sum request:second"))
            #expect(World.steps(done).filter { $0 == "sum done" }.count == 1)
        }
    }

    @Test func `one that is held up by a service keeps no other`() async throws {
        let steps: JSONValue = [
            ["code": "split", "kind": "parallel", "branches": ["ask", "set"], "join": "end"],
            [
                "code": "ask", "kind": "mail", "notification": "ask", "to": "=record.email",
                "next": "end",
            ],
            ["code": "set", "kind": "change", "set": ["status": "open"], "next": "end"], end,
        ]
        let clock = ManualClock(start: World.start)
        try await World.with(clock: clock) { world in
            try await world.take(Model.document(workflows: [Model.workflow("both", steps)]))
            _ = world.peers.insert(1, mara)
            world.peers.isMailUp.withLock { $0 = false }
            let id = try await world.start("both", record: 1)
            try await eventually("the other branch") {
                try world.peers.record(1)["status"] == "open"
            }
            #expect(try await world.instance(id)["state"] == "running")
            world.peers.isMailUp.withLock { $0 = true }
            try await eventually("the end") {
                clock.advance(by: .milliseconds(500))
                return try await world.instance(id)["state"] == "finished"
            }
        }
    }
}

@Suite struct `Sub-workflows` {
    private static let document: JSONValue = {
        let parent = Model.workflow(
            "parent",
            [
                [
                    "code": "run", "kind": "workflow", "workflow": "child",
                    "values": ["n": "=values.n"], "result": "answer", "next": "end",
                ], end,
            ])
        let child = Model.workflow(
            "child",
            [
                ["code": "pause", "kind": "event", "event": "confirmed", "next": "double"],
                [
                    "code": "double", "kind": "script", "next": "end",
                    "source":
                        "if (values.n > 50) throw new Error('too much'); values.n = values.n * 2;",
                ], end,
            ])
        let loose = Model.workflow(
            "loose",
            [
                [
                    "code": "run", "kind": "workflow", "workflow": "child", "wait": false,
                    "values": ["n": 1], "next": "end",
                ], end,
            ])
        return Model.document(workflows: [parent, child, loose])
    }()

    private func begin(_ world: World, _ workflow: String, n: Int) async throws -> Int64 {
        try await world.take(Self.document)
        _ = world.peers.insert(1, mara)
        let id = try await world.start(
            workflow, record: 1, values: ["n": .number(JSONNumber(Int64(n)))])
        try await eventually("a child") { try await world.instances().count == 2 }
        try await world.reaches(id + 1, "waiting")
        return id
    }

    @Test func `give their values to the step that waits`() async throws {
        try await World.with { world in
            let id = try await begin(world, "parent", n: 3)
            let parent = try await world.reaches(id, "waiting")
            #expect(parent["steps"]?.array?[0]["waitsFor"] == ["id": 2, "state": "waiting"])
            #expect(try await world.instance(id + 1)["parent"] == .number(JSONNumber(id)))
            #expect(try await world.instance(id + 1)["record"] == "helpdesk.ticket/1")
            _ = try await world.call(RaiseEvent(event: Model.confirmed, scope: .all))
            let done = try await world.reaches(id, "finished")
            #expect(done["values"] == ["n": 3, "answer": ["n": 6]])
        }
    }

    @Test func `that nobody waits for go on alone`() async throws {
        try await World.with { world in
            let id = try await begin(world, "loose", n: 3)
            let done = try await world.reaches(id, "finished")
            #expect(outputs(done)["run"] == ["id": 2])
            _ = try await world.call(RaiseEvent(event: Model.confirmed, scope: .all))
            try await world.reaches(id + 1, "finished")
        }
    }

    @Test func `are cancelled with the parent`() async throws {
        try await World.with { world in
            let id = try await begin(world, "parent", n: 3)
            let answer = try await world.json(ActOnInstance(id: id, action: .cancel))
            #expect(answer["state"] == "cancelled")
            try await world.reaches(id + 1, "cancelled")
            let raised = try await world.call(RaiseEvent(event: Model.confirmed, scope: .all))
            #expect(raised.activated == 0)
            #expect(try await world.incidents().isEmpty)
        }
    }

    @Test func `that fail show at the parent, whose retry reaches them`() async throws {
        try await World.with { world in
            let id = try await begin(world, "parent", n: 60)
            _ = try await world.call(RaiseEvent(event: Model.confirmed, scope: .all))
            try await world.reaches(id + 1, "failed")
            let parent = try await world.instance(id)
            #expect(parent["steps"]?.array?[0]["waitsFor"]?["state"] == "failed")
            #expect(try await world.incidents().count == 1)
            _ = try await world.json(ActOnInstance(id: id, action: .retry))
            try await eventually("the next failure") {
                try await world.instance(id + 1)["steps"]?.array?[1]["attempts"] == 2
            }
            #expect(try await world.incidents().count == 1)
        }
    }

    @Test func `that are cancelled alone are an incident of the parent`() async throws {
        try await World.with { world in
            let id = try await begin(world, "parent", n: 3)
            _ = try await world.json(ActOnInstance(id: id + 1, action: .cancel))
            try await world.reaches(id, "failed")
            let incidents = try await world.incidents()
            #expect(incidents.count == 1)
            let incident = incidents.first?["id"]?.integer ?? 0
            // Again: with another child.
            _ = try await world.json(ResolveIncident(id: incident, action: .retry))
            try await eventually("a new child") { try await world.instances().count == 3 }
            try await world.reaches(id + 2, "waiting")
            _ = try await world.call(RaiseEvent(event: Model.confirmed, scope: .all))
            try await world.reaches(id, "finished")
        }
    }
}

@Test func `a workflow that starts itself is stopped by the depth of its chain`() async throws {
    let workflow = Model.workflow(
        "again",
        [
            [
                "code": "run", "kind": "workflow", "workflow": "again", "values": [:],
                "next": "end",
            ], end,
        ])
    try await World.with { world in
        try await world.take(Model.document(workflows: [workflow]))
        _ = world.peers.insert(1, mara)
        _ = try await world.start("again", record: 1)
        try await eventually("the loop is found") { try await world.incidents().count == 1 }
        #expect(try await world.incidents()[0]["kind"] == "loop")
        #expect(try await world.instances().count <= Cause.depthLimit + 1)
    }
}

@Test func `an event that a step raises wakes others in the same moment`() async throws {
    let waiter = Model.workflow(
        "waiter",
        [
            [
                "code": "wait", "kind": "event", "event": "confirmed", "key": "=record.id",
                "result": "got", "next": "end",
            ], end,
        ])
    let teller = Model.workflow(
        "teller",
        [
            [
                "code": "tell", "kind": "raise", "event": "confirmed", "key": "=record.id",
                "payload": ["from": "=record.subject"], "next": "end",
            ], end,
        ])
    try await World.with { world in
        try await world.take(Model.document(workflows: [waiter, teller]))
        _ = world.peers.insert(1, mara)
        let first = try await world.start("waiter", record: 1)
        try await world.reaches(first, "waiting")
        let second = try await world.start("teller", record: 1)
        let done = try await world.reaches(second, "finished")
        #expect(outputs(done)["tell"] == ["event": 1, "activated": 1])
        #expect(
            try await world.reaches(first, "finished")["values"] == ["got": ["from": "Printer"]])
    }
}

@Test func `a timer waits until a time`() async throws {
    let workflow = Model.workflow(
        "later",
        [
            ["code": "until", "kind": "timer", "until": "=values.at", "next": "end"], end,
        ])
    let clock = ManualClock(start: World.start)
    try await World.with(clock: clock) { world in
        try await world.take(Model.document(workflows: [workflow]))
        _ = world.peers.insert(1, mara)
        let at = World.start.advanced(by: .seconds(3600)).text
        let id = try await world.start("later", record: 1, values: ["at": .string(at)])
        try await world.reaches(id, "waiting")
        clock.advance(by: .seconds(3599))
        #expect(try await world.instance(id)["state"] == "waiting")
        try await world.reaches(id, "finished", turning: .seconds(1))
        let wrong = try await world.start("later", record: 1, values: ["at": "soon"])
        try await world.reaches(wrong, "failed")
    }
}

@Test func `a run of Batch is waited for, and one that fails fails the step`() async throws {
    let workflow = Model.workflow(
        "nightly",
        [
            ["code": "all", "kind": "export", "export": "tickets", "next": "end"], end,
        ])
    var document = Model.document(workflows: [workflow]).object ?? JSONObject()
    document["exports"] = [["code": "tickets"]]
    let clock = ManualClock(start: World.start)
    try await World.with(clock: clock) { [document] world in
        try await world.take(.object(document))
        _ = world.peers.insert(1, mara)
        let id = try await world.start("nightly", record: 1)
        try await world.reaches(id, "waiting")
        world.peers.endRuns(as: "succeeded")
        let done = try await world.reaches(id, "finished", turning: .milliseconds(500))
        #expect(outputs(done)["all"]?["state"] == "succeeded")
        let other = try await world.start("nightly", record: 1)
        try await world.reaches(other, "waiting")
        world.peers.endRuns(as: "failed")
        try await world.reaches(other, "failed", turning: .milliseconds(500))
        // A person's retry begins another run.
        _ = try await world.json(ActOnInstance(id: other, action: .retry))
        try await world.reaches(other, "waiting")
        world.peers.endRuns(as: "succeeded")
        try await world.reaches(other, "finished", turning: .milliseconds(500))
        #expect(world.peers.state.withLock(\.runs.count) == 3)
    }
}

@Test func `values have a limit, at the start and from step to step`() async throws {
    let workflow = Model.workflow(
        "grow",
        [
            [
                "code": "grow", "kind": "script", "source": "values.x = 'x'.repeat(values.n);",
                "next": "end",
            ], end,
        ])
    try await World.with { world in
        try await world.take(Model.document(workflows: [workflow]))
        _ = world.peers.insert(1, mara)
        let limit = Int64(InstanceStore.valuesLimit)
        let large = StartWorkflow(
            workflow: FullCode(model: "helpdesk", code: "grow"),
            values: ["x": .string(String(repeating: "x", count: Int(limit)))], record: 1)
        #expect(await world.problem(of: large)?.status == 422)
        let id = try await world.start(
            "grow", record: 1, values: ["n": .number(JSONNumber(limit))])
        try await world.reaches(id, "failed")
        let error = try await world.instance(id)["steps"]?.array?[0]["error"]?.string ?? ""
        #expect(error.contains("\(limit) bytes"))
    }
}
