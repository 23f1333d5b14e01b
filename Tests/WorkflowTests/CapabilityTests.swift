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
    ("subject", "Printer <1>"), ("status", "new"), ("email", "mara@example.com"),
])

private let template = "Hello {{record.subject}}: {{link('confirmed')}}"

private func render(_ instance: Int64?, text: String? = template) -> Render {
    Render(
        model: "helpdesk", subject: "Re:\n{{record.subject}}", text: text,
        html: "<p>{{record.subject}}</p>",
        bindings: ["record": ["subject": "Printer <1>"]], instance: instance)
}

private func token(_ rendered: Rendered) -> String {
    rendered.text?.split(separator: "/").last.map(String.init) ?? ""
}

@Test func `a link works once, shows what it does, and says who did it`() async throws {
    try await World.with { world in
        try await world.take(Model.loop)
        try await world.deliver(world.peers.insert(14, mara))
        try await world.reaches(1, "waiting")
        let rendered = try await world.call(render(1))
        #expect(rendered.subject == "Re: Printer <1>")
        #expect(rendered.html == "<p>Printer &lt;1&gt;</p>")
        #expect(rendered.text?.hasPrefix("Hello Printer <1>: https://desk.example/e/") == true)
        // A mail that is made again holds the same link.
        #expect(try await world.call(render(1)).text == rendered.text)
        let someone = Principal(account: "mara")
        let shown = try await world.call(ShowCapability(token: token(rendered)), as: someone)
        #expect(shown.state == .open)
        #expect(shown.title == "confirmed: #14")
        #expect(try await world.instance(1)["state"] == "waiting")
        // Pressed twice at once it is done once.
        async let first = world.call(UseCapability(token: token(rendered)), as: someone)
        async let second = world.call(UseCapability(token: token(rendered)), as: someone)
        let both = try await [first, second]
        #expect(both.map(\.state) == [.used, .used])
        try await world.reaches(1, "finished")
        #expect(world.peers.state.withLock { $0.mails.count } == 2)
        let again = try await world.call(UseCapability(token: token(rendered)))
        #expect(again.state == .used)
        #expect(again.usedBy == "mara")
        #expect(again.usedAt == World.start.text)
    }
}

@Test func `a link that is used before anybody waits is kept for its instance`() async throws {
    let steps: JSONValue = [
        ["code": "pause", "kind": "timer", "wait": "1h", "next": "answer"],
        ["code": "answer", "kind": "event", "event": "confirmed", "next": "end"],
        ["code": "end", "kind": "end"],
    ]
    let clock = ManualClock(start: World.start)
    try await World.with(clock: clock) { world in
        // No buffer in the definition: what a person pressed is kept all the same.
        try await world.take(
            Model.document(
                workflows: [Model.workflow("late", steps)], events: [["code": "confirmed"]]))
        _ = world.peers.insert(1, mara)
        let id = try await world.start("late", record: 1)
        try await world.reaches(id, "waiting")
        let rendered = try await world.call(render(id))
        _ = try await world.call(UseCapability(token: token(rendered)))
        #expect(try await world.instance(id)["state"] == "waiting")
        try await world.reaches(id, "finished", turning: .seconds(600))
    }
}

@Test func `links expire, end with their instance, and cannot be guessed`() async throws {
    let clock = ManualClock(start: World.start)
    try await World.with(clock: clock) { world in
        try await world.take(Model.loop)
        for id in Int64(1)...2 {
            try await world.deliver(world.peers.insert(id, mara))
            try await world.reaches(id, "waiting")
        }
        let old = token(try await world.call(render(1)))
        clock.advance(by: .seconds(31 * 24 * 3600))
        #expect(try await world.call(UseCapability(token: old)).state == .expired)
        try await eventually("reminders") {
            // A worker that was about to sleep when the clock was turned sleeps from then on.
            clock.advance(by: .seconds(3600))
            return world.peers.state.withLock { $0.mails.count } >= 4
        }
        let ended = token(try await world.call(render(2)))
        _ = try await world.call(RaiseEvent(event: Model.confirmed, scope: .instance, instance: 2))
        try await world.reaches(2, "finished")
        #expect(try await world.call(ShowCapability(token: ended)).state == .expired)
        #expect(await world.problem(of: ShowCapability(token: "guess"))?.status == 404)
        #expect(await world.problem(of: UseCapability(token: ""))?.status == 404)
        // A token that was never given to anybody does nothing, even if it were known.
        #expect(await world.problem(of: render(99))?.status == 404)
    }
}

@Test func `an operator sees the link of a step that waits`() async throws {
    try await World.with { world in
        try await world.take(Model.loop)
        try await world.deliver(world.peers.insert(14, mara))
        let waiting = try await world.reaches(1, "waiting")
        let link = try #require(waiting["steps"]?.array?[1]["link"]?.string)
        #expect(link.hasPrefix("/e/"))
        let used = try await world.call(
            UseCapability(token: String(link.dropFirst(3))), as: World.operator_)
        #expect(used.state == .used)
        try await world.reaches(1, "finished")
    }
}

@Test func `texts that cannot be filled are told with their place`() async throws {
    try await World.with { world in
        try await world.take(Model.loop)
        for text in [
            "{{ record.a.b }}", "{{ open", "{{ link('none') }}", "{{ link('confirmed') }}",
        ] {
            let problem = await world.problem(of: render(nil, text: text))
            #expect(problem?.status == 422)
            #expect(problem?.code == "script-failed")
            #expect(problem?.extra["script"] == "text")
        }
    }
}

@Test func `expressions and a script are evaluated for other services`() async throws {
    let scripts: JSONValue = [
        [
            "code": "tidy",
            "source": "record.subject = record.subject.replace(/^re: /i, ''); record.n = mail.n;",
        ],
        ["code": "throws", "source": "\n\nthrow new Error('no')"],
    ]
    try await World.with { world in
        try await world.take(Model.document(scripts: scripts))
        func evaluate(_ expressions: JSONValue, _ script: String?) -> Evaluate {
            Evaluate(
                model: "helpdesk", bindings: ["mail": ["subject": "Re: Hi", "n": 7]],
                expressions: expressions, script: script)
        }
        let map: JSONValue = ["subject": "=mail.subject", "kind": "mail"]
        let plain = try await world.call(evaluate(map, nil))
        #expect(plain.values == ["subject": "Re: Hi", "kind": "mail"])
        let tidied = try await world.call(evaluate(map, "tidy"))
        #expect(tidied.values == ["subject": "Hi", "kind": "mail", "n": 7])
        let failed = await world.problem(of: evaluate(map, "throws"))
        #expect(failed?.code == "script-failed")
        #expect(failed?.extra["line"] == 3)
        #expect(failed?.extra["script"] == "throws")
        #expect(await world.problem(of: evaluate(map, "missing"))?.status == 404)
        #expect(await world.problem(of: evaluate(["a": "=b.c"], nil))?.status == 422)
        let bad = Evaluate(model: "helpdesk", bindings: ["a-b": 1], expressions: [:])
        #expect(await world.problem(of: bad)?.status == 422)
    }
}

/// The faults of a document as pointer and code.
private func faults(_ document: JSONValue, _ world: World) async throws -> Set<String> {
    let call = CheckModel(code: "helpdesk", document: JSONBytes(document.bytes))
    let check = try await world.call(call)
    return Set(check.problems.map { "\($0.pointer) \($0.code)" })
}

@Test func `a model is checked down to the syntax of its sources`() async throws {
    try await World.with { world in
        let none = try await faults(Model.loop, world)
        #expect(none.isEmpty)
        let bad = Model.document(
            rules: [
                [
                    "code": "r", "class": "ticket", "on": "inserted", "when": "=record.",
                    "do": [["set": ["status": "=1 +", "subject": "plain ="]]],
                ]
            ], scripts: [["code": "s", "source": "let a = 1;\nreturn ("]])
        let found = try await faults(bad, world)
        #expect(
            found == [
                "/rules/0/when invalid-expression", "/rules/0/do/0/set/status invalid-expression",
                "/scripts/0/source invalid-script",
            ])
        let document = JSONBytes(Array(#"{"rules": 3}"#.utf8))
        let take = TakeModel(code: "helpdesk", version: 9, document: document)
        let problem = await world.problem(of: take, as: .system)
        #expect(problem?.status == 422)
    }
}

@Test func `a script is run from outside only where its definition and its role say so`()
    async throws
{
    let scripts: JSONValue = [
        ["code": "sum", "web": true, "source": "return parameters.a + parameters.b + me.account;"],
        ["code": "inner", "source": "return 1;"],
        ["code": "agents", "web": true, "role": "agent", "source": "return me.roles;"],
        ["code": "wrong", "web": true, "source": "\n throw new Error('no');"],
        ["code": "changes", "web": true, "source": "parameters.a = 5; return parameters;"],
    ]
    try await World.with { world in
        try await world.take(Model.document(scripts: scripts))
        func run(_ code: String, _ parameters: JSONValue? = nil) -> RunScript {
            RunScript(script: FullCode(model: "helpdesk", code: code), parameters: parameters)
        }
        let mara = Principal(account: "mara")
        let sum = try await world.call(run("sum", ["a": 1, "b": 2]), as: mara)
        #expect(try JSONValue(parsing: sum.bytes) == ["result": "3mara"])
        let changed = try await world.call(run("changes", ["a": 1]), as: mara)
        #expect(try JSONValue(parsing: changed.bytes) == ["result": ["a": 5]])
        #expect(await world.problem(of: run("inner"), as: mara)?.status == 403)
        #expect(await world.problem(of: run("agents"), as: mara)?.status == 403)
        #expect(await world.problem(of: run("none"), as: mara)?.status == 404)
        #expect(await world.problem(of: run("sum", 3), as: mara)?.status == 422)
        #expect(await world.problem(of: run("wrong"), as: mara)?.extra["line"] == 2)
        let agent = Principal(account: "anna", roles: ["agent"])
        let roles = try await world.call(run("agents"), as: agent)
        #expect(try JSONValue(parsing: roles.bytes) == ["result": ["agent"]])
    }
}

@Test func `an event is raised by GET only where its definition says so`() async throws {
    let events: JSONValue = [
        ["code": "open", "web": true, "get": true], ["code": "closed", "web": true],
    ]
    try await World.with { world in
        try await world.take(Model.document(events: events))
        let mara = Principal(account: "mara")
        func raise(_ code: String, byGet: Bool?) -> RaiseEvent {
            RaiseEvent(event: FullCode(model: "helpdesk", code: code), scope: .all, byGet: byGet)
        }
        #expect(try await world.call(raise("open", byGet: true), as: mara).activated == 0)
        #expect(try await world.call(raise("closed", byGet: nil), as: mara).activated == 0)
        let refused = await world.problem(of: raise("closed", byGet: true), as: mara)
        #expect(refused?.status == 403 && refused?.detail?.contains("POST") == true)
    }
}
