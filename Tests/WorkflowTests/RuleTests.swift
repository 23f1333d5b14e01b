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
    ("subject", "Printer"), ("status", "new"), ("email", "mara@example.com"), ("spent", 0),
])

private func rule(
    _ code: String, _ on: String, when: String? = nil, order: Int = 0, _ do_: JSONValue...
)
    -> JSONValue
{
    var rule = JSONObject([
        ("code", .string(code)), ("class", "ticket"), ("on", .string(on)),
        ("order", .number(JSONNumber(Int64(order)))), ("do", .array(do_)),
    ])
    rule["when"] = when.map { .string($0) }
    return .object(rule)
}

@Test func `rules fire in their order, where their condition holds, once for each event`()
    async throws
{
    let rules: JSONValue = [
        rule("second", "inserted", order: 2, ["set": ["subject": "=record.subject + '2'"]]),
        rule("first", "inserted", order: 1, ["set": ["status": "open"]]),
        rule("never", "inserted", when: "=record.status === 'closed'", ["set": ["spent": 9]]),
        rule("other", "changed", when: "=record.spent > previous.spent", ["set": ["spent": 9]]),
    ]
    try await World.with { world in
        try await world.take(Model.document(rules: rules))
        let event = world.peers.insert(1, mara)
        try await world.deliver(event)
        try await world.deliver(event, event)
        try await eventually("both rules") { world.peers.state.withLock { $0.changes.count } == 2 }
        try await world.pump()
        let record = try world.peers.record(1)
        #expect(record["status"] == "open")
        #expect(record["subject"] == "Printer2")
        #expect(record["spent"] == 0)
        world.peers.state.withLock { state in
            #expect(
                state.changes == [
                    "rule:store-1/helpdesk.first/0", "rule:store-1/helpdesk.second/0",
                ])
            let context = state.contexts["rule:store-1/helpdesk.first/0"]
            #expect(context?.principal.account == "rule:first")
            #expect(context?.door == .rule)
            #expect(
                context?.cause
                    == Cause(root: "request:1", via: "rule:helpdesk.first", depth: 1))
        }
    }
}

@Test func `a rule does several things in their order`() async throws {
    let rules: JSONValue = [
        rule(
            "all", "inserted", ["set": ["status": "open"]],
            ["mail": ["notification": "ask", "to": "=record.email", "values": ["a": 1]]],
            ["event": ["code": "confirmed", "key": "=record.id"]], ["workflow": "handle"])
    ]
    try await World.with { world in
        try await world.take(Model.document(rules: rules, workflows: [Model.handle]))
        try await world.deliver(world.peers.insert(1, mara))
        // The event is kept, so that the workflow's wait takes it at once.
        let done = try await world.reaches(1, "finished")
        #expect(done["account"] == "anna")
        world.peers.state.withLock { state in
            #expect(
                Array(state.calls.prefix(2)) == [
                    "rule:store-1/helpdesk.all/0", "rule:store-1/helpdesk.all/1",
                ])
            #expect(state.mails.first?.subject == "Printer")
        }
    }
}

@Test func `a condition that throws or hangs is an incident and stops no other rule`() async throws
{
    let rules: JSONValue = [
        rule("bad", "inserted", when: "=record.a.b.c", ["set": ["status": "bad"]]),
        rule(
            "hangs", "inserted", when: "=(() => { while (true) {} })()", ["set": ["status": "bad"]]),
        rule("good", "inserted", ["set": ["status": "open"]]),
    ]
    try await World.with { world in
        try await world.take(Model.document(rules: rules))
        try await world.deliver(world.peers.insert(1, mara))
        try await eventually("the good rule") {
            try world.peers.record(1)["status"] == "open"
        }
        let incidents = try await world.incidents()
        #expect(
            incidents.map { $0["problem"]?["code"] } == ["script-failed", "script-killed"])
        #expect(incidents.allSatisfy { $0["kind"] == "rule" })
    }
}

@Test func `an action that is refused is an incident, can be retried, and stops no later event`()
    async throws
{
    let refuses = Atomic(true)
    try await World.with(
        hook: { key, moment in
            if refuses.load(ordering: .relaxed), moment == .before, key.contains("store-1/") {
                throw Problem.forbidden("not now")
            }
        }
    ) { world in
        try await world.take(
            Model.document(rules: [
                rule("open", "inserted", ["set": ["status": "=record.subject"]])
            ]))
        try await world.deliver(world.peers.insert(1, mara))
        try await eventually("an incident") { try await !world.incidents().isEmpty }
        try await world.deliver(world.peers.insert(2, mara))
        try await eventually("the other record") {
            try world.peers.record(2)["status"] == "Printer"
        }
        refuses.store(false, ordering: .relaxed)
        let incident = try await world.incidents()[0]
        #expect(incident["kind"] == "action")
        _ = try await world.json(
            ResolveIncident(id: incident["id"]?.integer ?? 0, action: .retry))
        try await eventually("the first record") {
            try world.peers.record(1)["status"] == "Printer"
        }
    }
}

@Test func `events of one record are taken in their order while those of others go on`()
    async throws
{
    let clock = ManualClock(start: World.start)
    let isBlocked = Atomic(true)
    try await World.with(
        clock: clock,
        hook: { key, moment in
            if isBlocked.load(ordering: .relaxed), moment == .before, key.contains("store-1/") {
                throw Problem.unavailable("later")
            }
        }
    ) { world in
        try await world.take(
            Model.document(rules: [
                rule("a", "inserted", ["set": ["status": "inserted"]]),
                rule("b", "changed", when: "=record.spent == 7", ["set": ["status": "changed"]]),
            ]))
        let first = world.peers.insert(1, mara)
        var second = first
        second.id = "later-1"
        second.type = "record.changed"
        second.before = first.after
        second.after = .object(
            JSONObject(
                (first.after.object ?? JSONObject()).members.map { ($0.key, $0.value) } + [
                    ("spent", 7)
                ]))
        try await world.deliver(first, second, world.peers.insert(2, mara))
        try await eventually("record 2") { try world.peers.record(2)["status"] == "inserted" }
        #expect(try world.peers.record(1)["status"] == "new")
        isBlocked.store(false, ordering: .relaxed)
        try await eventually("record 1") {
            clock.advance(by: .seconds(5))
            return try world.peers.record(1)["status"] == "changed"
        }
        #expect(
            world.peers.state.withLock { $0.changes.filter { !$0.contains("store-2/") } } == [
                "rule:store-1/helpdesk.a/0", "rule:later-1/helpdesk.b/0",
            ])
    }
}

@Test func `rules that undo each other are one incident with the whole cycle`() async throws {
    let rules: JSONValue = [
        rule("up", "changed", when: "=record.status === 'down'", ["set": ["status": "up"]]),
        rule("down", "changed", when: "=record.status === 'up'", ["set": ["status": "down"]]),
        rule("begin", "inserted", ["set": ["status": "up"]]),
    ]
    try await World.with { world in
        try await world.take(Model.document(rules: rules))
        try await world.deliver(world.peers.insert(1, mara))
        try await eventually("an incident") {
            try await world.pump()
            return try await !world.incidents().isEmpty
        }
        try await world.pump()
        let incidents = try await world.incidents()
        #expect(incidents.count == 1)
        #expect(incidents[0]["kind"] == "loop")
        #expect(
            incidents[0]["cycle"]?.array?.compactMap { $0["rule"]?.string } == [
                "helpdesk.down", "helpdesk.up",
            ])
        // begin, down, up: the fourth change is not made.
        #expect(world.peers.state.withLock { $0.changes.count } == 3)
    }
}

@Test func `a chain that never repeats itself ends at the limit of depth`() async throws {
    try await World.with { world in
        try await world.take(
            Model.document(rules: [
                rule("count", "changed", ["set": ["spent": "=record.spent + 1"]]),
                rule("begin", "inserted", ["set": ["spent": 1]]),
            ]))
        try await world.deliver(world.peers.insert(1, mara))
        try await eventually("an incident") {
            try await world.pump()
            return try await !world.incidents().isEmpty
        }
        #expect(try await world.incidents().map { $0["kind"] } == ["loop"])
        #expect(try world.peers.record(1)["spent"]?.integer == Int64(Cause.depthLimit))
    }
}

@Test(.ofFile) func `events of a model that has not come yet wait for it`() async throws {
    let clock = ManualClock(start: World.start)
    try await World.with(clock: clock) { world in
        try await world.deliver(world.peers.insert(1, mara))
        // Looked at before the model is there: it must not be taken for one without rules.
        try await eventually("it is looked at") {
            try await ChildProcess.run(
                "sqlite3",
                [
                    world.folder + "/workflow.db",
                    "select (select count(*) from inbox where state = 'new') = 0 "
                        + "or exists (select 1 from queue_reaction where error <> '')",
                ]
            ).output == "1\n"
        }
        try await world.take(Model.loop)
        try await eventually("the instance") {
            // Slowly: work under way holds a lease that ends by this clock.
            clock.advance(by: .milliseconds(100))
            return try await !world.instances().isEmpty
        }
        try await world.reaches(1, "waiting")
    }
}

@Test func `only the platform itself delivers events`() async throws {
    try await World.with { world in
        let event = world.peers.insert(1, mara)
        let call = DeliverEvents(events: [event])
        #expect(await world.problem(of: call, as: World.operator_)?.status == 403)
    }
}

@Test func `rules of a parent fire for its children, in one order with the child's own`()
    async throws
{
    var own = rule("own", "inserted", order: 1, ["set": ["status": "open"]]).object ?? JSONObject()
    own["class"] = "question"
    let rules: JSONValue = [
        rule("inherited", "inserted", order: 2, ["set": ["subject": "=record.subject + '2'"]]),
        .object(own),
    ]
    var document = Model.document(rules: rules).object ?? JSONObject()
    let classes = document["classes"]?.array ?? []
    document["classes"] = .array(classes + [["code": "question", "parent": "ticket"]])
    try await World.with { world in
        try await world.take(.object(document))
        var event = world.peers.insert(1, mara)
        event.record = FullCode(model: "helpdesk", code: "question")
        try await world.deliver(event)
        try await eventually("both rules") { world.peers.state.withLock { $0.changes.count } == 2 }
        world.peers.state.withLock { state in
            #expect(
                state.changes == [
                    "rule:store-1/helpdesk.own/0", "rule:store-1/helpdesk.inherited/0",
                ])
        }
    }
}

@Test func `a workflow of a parent class runs on a child's record`() async throws {
    let steps: JSONValue = [
        ["code": "mark", "kind": "change", "set": ["status": "marked"], "next": "end"],
        ["code": "end", "kind": "end"],
    ]
    var document =
        Model.document(
            rules: [rule("start", "inserted", ["workflow": "mark"])],
            workflows: [Model.workflow("mark", steps)]
        ).object ?? JSONObject()
    let classes = document["classes"]?.array ?? []
    document["classes"] = .array(classes + [["code": "question", "parent": "ticket"]])
    try await World.with { world in
        try await world.take(.object(document))
        var event = world.peers.insert(1, mara)
        event.record = FullCode(model: "helpdesk", code: "question")
        try await world.deliver(event)
        try await eventually("the end") {
            try await world.instances().first?["state"] == "finished"
        }
        #expect(try await world.instances().first?["record"] == "helpdesk.ticket/1")
        #expect(try world.peers.record(1)["status"] == "marked")
    }
}
