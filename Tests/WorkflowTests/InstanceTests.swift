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

@Test func `a new record starts its workflow, an event wakes it, and it runs to its end`()
    async throws
{
    try await World.with { world in
        try await world.take(Model.loop)
        try await world.deliver(world.peers.insert(14, mara))
        let waiting = try await world.reaches(1, "waiting")
        #expect(World.steps(waiting) == ["ask done", "answer waiting"])
        #expect(waiting["record"] == "helpdesk.ticket/14")
        #expect(waiting["steps"]?.array?[1]["key"] == "14")
        let raised = try await world.call(
            RaiseEvent(event: Model.confirmed, scope: .all, key: 14, payload: ["by": "mara"]))
        #expect(raised.activated == 1)
        let done = try await world.reaches(1, "finished")
        #expect(
            World.steps(done) == ["ask done", "answer done", "close done", "tell done", "end done"])
        #expect(done["steps"]?.array?[1]["output"] == ["by": "mara"])
        #expect(!(done["ended"] ?? .null).isNull)
        world.peers.state.withLock { state in
            #expect(state.mails.map(\.notification) == ["helpdesk.ask", "helpdesk.closed"])
            #expect(state.mails.map(\.to) == [["mara@example.com"], ["mara@example.com"]])
            #expect(state.mails[0].instance == 1)
            #expect(state.changes == ["workflow:1/close/3"])
            #expect(state.records[14]?["status"] == "closed")
            let change = state.contexts["workflow:1/close/3"]
            #expect(change?.principal.account == "workflow:handle")
            #expect(change?.door == .workflow)
            #expect(change?.cause.via == "workflow:1/close")
        }
    }
}

@Test func `a wait that ends by its time goes round and is answered the second time`() async throws
{
    let clock = ManualClock(start: World.start)
    try await World.with(clock: clock) { world in
        try await world.take(Model.loop)
        try await world.deliver(world.peers.insert(14, mara))
        try await world.reaches(1, "waiting")
        clock.advance(by: .seconds(3 * 24 * 3600 - 1))
        #expect(try await world.reaches(1, "waiting")["steps"]?.array?.count == 2)
        clock.advance(by: .seconds(2))
        try await eventually("a second wait") {
            let found = try await world.instance(1)
            if found["state"] == "failed" { throw Stuck(incidents: try await world.incidents()) }
            // A worker that was about to sleep when the clock was turned sleeps from then on.
            // A call that was under way then is no longer believed, and is made again a
            // little later.
            let isFirstWait = found["steps"]?.array?.count == 2
            clock.advance(by: isFirstWait ? .seconds(3600) : .milliseconds(100))
            return found["steps"]?.array?.count == 4 && found["state"] == "waiting"
        }
        _ = try await world.call(RaiseEvent(event: Model.confirmed, scope: .all, key: "14"))
        try await world.reaches(1, "finished")
        #expect(
            world.peers.state.withLock { $0.mails.map(\.notification) }
                == ["helpdesk.ask", "helpdesk.reminder", "helpdesk.closed"])
        // The timer that was set for the second wait wakes nobody any more.
        clock.advance(by: .seconds(4 * 24 * 3600))
        #expect(try await world.instance(1)["state"] == "finished")
    }
}

@Test func `an event that comes early is kept and taken once`() async throws {
    try await World.with { world in
        try await world.take(Model.loop)
        let early = try await world.call(
            RaiseEvent(event: Model.confirmed, scope: .all, key: 14))
        #expect(early.activated == 0)
        try await world.deliver(world.peers.insert(14, mara))
        try await world.reaches(1, "finished")
        try await world.deliver(world.peers.insert(15, mara))
        try await world.reaches(2, "waiting")
    }
}

@Test func `an event that is kept too long is heard by nobody`() async throws {
    let clock = ManualClock(start: World.start)
    try await World.with(clock: clock) { world in
        try await world.take(Model.loop)
        _ = try await world.call(RaiseEvent(event: Model.confirmed, scope: .all, key: 14))
        clock.advance(by: .seconds(8 * 24 * 3600))
        try await world.deliver(world.peers.insert(14, mara))
        try await world.reaches(1, "waiting")
    }
}

@Test func `scopes and keys choose who wakes`() async throws {
    try await World.with { world in
        try await world.take(Model.loop)
        for id in Int64(1)...5 {
            try await world.deliver(world.peers.insert(id, mara))
            try await world.reaches(id, "waiting")
        }
        let event = Model.confirmed
        let cases: [(RaiseEvent, Int)] = [
            (RaiseEvent(event: event, scope: .all, key: 99), 0),
            (RaiseEvent(event: event, scope: .instance, instance: 1, key: 2), 0),
            (RaiseEvent(event: event, scope: .instance, instance: 1), 1),
            (RaiseEvent(event: event, scope: .instance, instance: 1), 0),
            (RaiseEvent(event: event, scope: .all, key: 2), 1),
            (RaiseEvent(event: event, scope: .workflow, workflow: "handle", key: 3), 1),
            (RaiseEvent(event: event, scope: .workflow, workflow: "helpdesk.handle"), 2),
            (RaiseEvent(event: event, scope: .all), 0),
        ]
        for (index, (raise, woken)) in cases.enumerated() {
            #expect(try await world.call(raise).activated == woken, "case \(index)")
        }
        for id in Int64(1)...5 { try await world.reaches(id, "finished") }
    }
}

@Test func `the same call under the same key raises once`() async throws {
    try await World.with { world in
        try await world.take(Model.loop)
        let raise = RaiseEvent(event: Model.confirmed, scope: .all, key: 14)
        let first = try await world.call(raise, key: "k")
        let second = try await world.call(raise, key: "k")
        #expect(first.event == second.event)
        let other = RaiseEvent(event: Model.confirmed, scope: .all, key: 15)
        #expect(await world.problem(of: other, as: .system, key: "k")?.status == 409)
    }
}

@Test func `who may raise an event is said by its definition`() async throws {
    let events: JSONValue = [
        ["code": "open", "web": true], ["code": "inner"],
        ["code": "bosses", "web": true, "role": "boss"],
    ]
    try await World.with { world in
        try await world.take(Model.document(events: events))
        let cases: [(String, Principal, Int?)] = [
            ("open", Principal(account: "anna"), nil),
            ("inner", Principal(account: "anna"), 403), ("inner", .system, nil),
            ("bosses", Principal(account: "anna", roles: ["agent"]), 403),
            ("bosses", Principal(account: "bob", roles: ["boss"]), nil),
            ("nothing", Principal(account: "anna"), 404),
        ]
        for (code, principal, status) in cases {
            let raise = RaiseEvent(event: FullCode(model: "helpdesk", code: code), scope: .all)
            #expect(await world.problem(of: raise, as: principal)?.status == status, "\(code)")
        }
        let withoutInstance = RaiseEvent(
            event: FullCode(model: "helpdesk", code: "open"), scope: .instance)
        #expect(await world.problem(of: withoutInstance)?.status == 422)
    }
}

@Test func `running instances finish on the version that they began with`() async throws {
    try await World.with { world in
        try await world.take(Model.loop)
        try await world.deliver(world.peers.insert(1, mara))
        try await world.reaches(1, "waiting")
        let short = Model.workflow(
            "handle",
            [
                ["code": "close", "kind": "change", "set": ["status": "closed"], "next": "end"],
                ["code": "end", "kind": "end"],
            ])
        try await world.take(
            Model.document(rules: Model.loop["rules"] ?? [], workflows: [short]), version: 2)
        try await world.deliver(world.peers.insert(2, mara))
        let second = try await world.reaches(2, "finished")
        #expect(second["definition"] == 2)
        #expect(World.steps(second) == ["close done", "end done"])
        _ = try await world.call(RaiseEvent(event: Model.confirmed, scope: .all, key: 1))
        let first = try await world.reaches(1, "finished")
        #expect(first["definition"] == 1)
        #expect(World.steps(first).contains("tell done"))
        // The same document again, or an older one, changes nothing.
        try await world.take(Model.loop, version: 1)
        try await world.deliver(world.peers.insert(3, mara))
        #expect(try await world.reaches(3, "finished")["definition"] == 2)
    }
}

@Test func `conditions, scripts, values and timers do what they say`() async throws {
    let steps: JSONValue = [
        [
            "code": "count", "kind": "script", "next": "big", "result": "doubled",
            "source": "values.seen = record.subject; record.status = 'open'; return values.n * 2;",
        ],
        [
            "code": "big", "kind": "condition", "when": "=values.doubled > 8", "then": "pause",
            "else": "end",
        ],
        ["code": "pause", "kind": "timer", "wait": "='1' + '0s'", "next": "set"],
        [
            "code": "set", "kind": "change", "next": "end",
            "set": ["subject": "=values.seen + '!'", "spent": "=values.doubled"],
        ],
        ["code": "end", "kind": "end"],
    ]
    let clock = ManualClock(start: World.start)
    try await World.with(clock: clock) { world in
        try await world.take(Model.document(workflows: [Model.workflow("count", steps)]))
        _ = world.peers.insert(1, mara)
        let small = try await world.start("count", record: 1, values: ["n": 2])
        let done = try await world.reaches(small, "finished")
        #expect(World.steps(done) == ["count done", "big done", "end done"])
        #expect(done["values"] == ["n": 2, "seen": "Printer", "doubled": 4])
        #expect(try world.peers.record(1)["status"] == "open")
        let large = try await world.start("count", record: 1, values: ["n": 5])
        try await world.reaches(large, "waiting")
        try await world.reaches(large, "finished", turning: .seconds(1))
        #expect(try world.peers.record(1)["subject"] == "Printer!")
        #expect(try world.peers.record(1)["spent"] == 10)
    }
}
