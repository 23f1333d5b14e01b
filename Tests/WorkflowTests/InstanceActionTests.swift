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

private let patient = Model.workflow(
    "patient",
    [
        [
            "code": "answer", "kind": "event", "event": "confirmed", "key": "=record.id",
            "timeout": "1h", "onTimeout": "late", "next": "set",
        ],
        ["code": "set", "kind": "change", "set": ["status": "open"], "next": "end"],
        ["code": "late", "kind": "change", "set": ["status": "late"], "next": "end"], end,
    ])

private func begin(_ world: World) async throws -> Int64 {
    try await world.take(Model.document(workflows: [patient]))
    _ = world.peers.insert(1, mara)
    let id = try await world.start("patient", record: 1)
    try await world.reaches(id, "waiting")
    return id
}

private let confirmed = RaiseEvent(event: Model.confirmed, scope: .all, key: 1)

@Test func `a paused instance takes an event when it is resumed`() async throws {
    try await World.with { world in
        let id = try await begin(world)
        #expect(
            try await world.json(ActOnInstance(id: id, action: .pause))["state"] == "paused")
        #expect(await world.problem(of: ActOnInstance(id: id, action: .pause))?.status == 409)
        #expect(try await world.call(confirmed).activated == 1)
        // The second one finds nobody who waits, and is kept as its definition says.
        #expect(try await world.call(confirmed).activated == 0)
        #expect(try await world.instance(id)["state"] == "paused")
        #expect(try world.peers.record(1)["status"] == "new")
        _ = try await world.json(ActOnInstance(id: id, action: .resume))
        try await world.reaches(id, "finished")
        #expect(try world.peers.record(1)["status"] == "open")
    }
}

@Test func `a timer that comes due while paused fires when it is resumed`() async throws {
    let clock = ManualClock(start: World.start)
    try await World.with(clock: clock) { world in
        let id = try await begin(world)
        _ = try await world.json(ActOnInstance(id: id, action: .pause))
        clock.advance(by: .seconds(2 * 3600))
        try await eventually("the timer has come") {
            clock.advance(by: .milliseconds(100))
            return try await world.instance(id)["steps"]?.array?.last?["held"] == true
        }
        #expect(try await world.call(confirmed).activated == 0)
        #expect(try await world.instance(id)["state"] == "paused")
        _ = try await world.json(ActOnInstance(id: id, action: .resume))
        try await world.reaches(id, "finished")
        #expect(try world.peers.record(1)["status"] == "late")
    }
}

@Test func `a pause is kept over a restart`() async throws {
    let folder = TemporaryFolder()
    let first = try await World(folder: folder.path)
    let id = try await begin(first)
    _ = try await first.json(ActOnInstance(id: id, action: .pause))
    #expect(try await first.call(confirmed).activated == 1)
    let state = first.peers.state.withLock { $0 }
    try await first.stop()
    let second = try await World(folder: folder.path, state: state)
    #expect(try await second.instance(id)["state"] == "paused")
    _ = try await second.json(ActOnInstance(id: id, action: .resume))
    try await second.reaches(id, "finished")
    #expect(try second.peers.record(1)["status"] == "open")
    try await second.stop()
}

@Test func `a cancelled instance waits for nothing, and its link is dead`() async throws {
    let clock = ManualClock(start: World.start)
    try await World.with(clock: clock) { world in
        let id = try await begin(world)
        let link = try await world.instance(id)["steps"]?.array?[0]["link"]?.string ?? ""
        let cancelled = try await world.json(ActOnInstance(id: id, action: .cancel))
        #expect(cancelled["state"] == "cancelled")
        #expect(cancelled["ended"]?.isNull == false)
        #expect(World.steps(try await world.instance(id)) == ["answer skipped"])
        #expect(try await world.call(confirmed).activated == 0)
        let shown = try await world.call(ShowCapability(token: String(link.dropFirst(3))))
        #expect(shown.state == .expired)
        clock.advance(by: .seconds(2 * 3600))
        for action in ActOnInstance.Action.allCases {
            let problem = await world.problem(of: ActOnInstance(id: id, action: action))
            #expect(problem?.status == 409, "\(action)")
        }
        #expect(try world.peers.record(1)["status"] == "new")
    }
}

@Test func `what failed is tried again from its step, and its incident is closed`() async throws {
    let workflow = Model.workflow(
        "wrong",
        [
            ["code": "set", "kind": "change", "set": ["status": "=values.to"], "next": "end"], end,
        ])
    try await World.with { world in
        try await world.take(Model.document(workflows: [workflow]))
        _ = world.peers.insert(1, mara)
        let id = try await world.start("wrong", record: 1, values: ["to": "forbidden"])
        try await world.reaches(id, "failed")
        let failed = try await world.instance(id)
        #expect(failed["steps"]?.array?[0]["attempts"] == 1)
        #expect(failed["steps"]?.array?[0]["error"]?.string?.isEmpty == false)
        _ = try await world.json(ActOnInstance(id: id, action: .retry), key: "k")
        // The same call again does nothing more.
        _ = try await world.json(ActOnInstance(id: id, action: .retry), key: "k")
        try await eventually("another incident") {
            try await world.instance(id)["steps"]?.array?[0]["attempts"] == 2
        }
        #expect(try await world.incidents().count == 1)
        _ = try await world.json(ActOnInstance(id: id, action: .cancel))
        #expect(try await world.incidents().isEmpty)
    }
}

@Test func `only who may operate does anything to an instance`() async throws {
    try await World.with { world in
        let id = try await begin(world)
        let looker = Principal(account: "lou", permissions: ["operations:read"])
        for action in ActOnInstance.Action.allCases {
            let problem = await world.problem(
                of: ActOnInstance(id: id, action: action), as: looker)
            #expect(problem?.status == 403, "\(action)")
        }
        #expect(
            await world.problem(of: ActOnInstance(id: 99, action: .cancel))?.status == 404)
    }
}
