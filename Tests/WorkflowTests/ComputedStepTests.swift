import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Workflow

private let end: JSONValue = ["code": "end", "kind": "end"]

private func workflow(_ code: String, _ steps: [JSONValue]) -> JSONValue {
    [
        "code": .string(code), "start": steps[0]["code"] ?? .null,
        "steps": .array(steps + [end]),
    ]
}

private func script(_ code: String, _ source: String, next: String = "end") -> JSONValue {
    [
        "code": .string(code), "kind": "script", "source": .string(source),
        "result": .string(code), "next": .string(next),
    ]
}

private func condition(_ code: String, _ when: String, _ then: String) -> JSONValue {
    [
        "code": .string(code), "kind": "condition", "when": .string(when), "then": .string(then),
        "else": "end",
    ]
}

extension World {
    /// Starts a workflow; what the call answers.
    fileprivate func begin(
        _ workflow: String, _ values: JSONValue? = nil, key: String? = nil
    ) async throws -> (id: Int64, state: String) {
        let call = StartWorkflow(
            workflow: FullCode(model: "helpdesk", code: workflow), values: values)
        let bytes = try await self.call(
            call, as: World.operator_, key: key, cause: Cause(root: "request:9", account: "anna"))
        let answer = try JSONValue(parsing: bytes.bytes)
        return (answer["id"]?.integer ?? 0, answer["state"]?.string ?? "")
    }

    /// Starts it again and again until its scripts are known to end soon, and it ends with the
    /// call.
    fileprivate func beginKnown(
        _ workflow: String, _ values: JSONValue? = nil
    ) async throws -> JSONValue {
        var view: JSONValue = .null
        try await eventually("an end with the call") {
            let (id, state) = try await begin(workflow, values)
            view = try await reaches(id, "finished")
            return state == "finished"
        }
        return view
    }
}

/// Steps that only compute, done with the call that starts an instance or one after another.
@Suite struct ComputedStepTests {
    @Test func `what only computes has ended when the start is answered`() async throws {
        let steps = [
            condition("a", "=values.n > 0", "b"), condition("b", "=values.n > 1", "c"),
            condition("c", "=values.n > 2", "end"),
        ]
        try await World.with { world in
            try await world.take(Model.document(workflows: [workflow("count", steps)]))
            let (id, state) = try await world.begin("count", ["n": 2], key: "once")
            #expect(state == "finished")
            let view = try await world.instance(id)
            #expect(World.steps(view) == ["a done", "b done", "c done", "end done"])
            let outputs = view["steps"]?.array?.map { $0["output"] ?? .null }
            #expect(outputs == [true, true, false, .null])
            #expect(view["steps"]?.array?.map { $0["attempts"] ?? .null } == [1, 1, 1, 1])
            #expect(view["ended"] != .null)
            // Again under its key it is the same one, answered the same.
            let again = try await world.begin("count", ["n": 2], key: "once")
            #expect(again == (id, "finished"))
            #expect(try await world.instances().count == 1)
        }
    }

    @Test func `an instance that comes to wait with its start takes what is kept for it`()
        async throws
    {
        let steps: [JSONValue] = [
            [
                "code": "wait", "kind": "event", "event": "confirmed", "key": "=values.key",
                "timeout": "1h", "onTimeout": "end", "next": "more", "result": "got",
            ], condition("more", "=values.got.go", "pause"),
            ["code": "pause", "kind": "timer", "wait": "10s", "next": "end"],
        ]
        let clock = ManualClock(start: World.start)
        try await World.with(clock: clock) { world in
            try await world.take(Model.document(workflows: [workflow("waits", steps)]))
            let (first, state) = try await world.begin("waits", ["key": "a"])
            #expect(state == "waiting")
            _ = try await world.call(
                RaiseEvent(
                    event: Model.confirmed, scope: .all, key: "a", payload: ["go": false]))
            #expect(World.steps(try await world.reaches(first, "finished")).count == 3)
            _ = try await world.call(
                RaiseEvent(event: Model.confirmed, scope: .all, key: "b", payload: ["go": true]))
            let (second, _) = try await world.begin("waits", ["key": "b"])
            try await eventually("it waits for its timer") {
                World.steps(try await world.instance(second)).last == "pause waiting"
            }
            try await world.reaches(second, "finished", turning: .seconds(2))
        }
    }

    @Test func `scripts that are known to end soon end with the start`() async throws {
        let steps = [
            script("a", "values.list = [values.n]; return values.n + 1;", next: "b"),
            script("b", "values.list.push(values.a); return values.a * 2;", next: "c"),
            script("c", "return globalThis.left = (globalThis.left ?? 0) + values.b;"),
        ]
        try await World.with { world in
            try await world.take(Model.document(workflows: [workflow("sums", steps)]))
            for _ in 0..<3 {
                let view = try await world.beginKnown("sums", ["n": 3])
                #expect(World.steps(view) == ["a done", "b done", "c done", "end done"])
                // Nothing that an earlier run left is there.
                #expect(view["values"] == ["n": 3, "list": [3, 4], "a": 4, "b": 8, "c": 8])
            }
        }
    }

    @Test func `a script that acts under cover does so once, after its row`() async throws {
        let act =
            "globalThis['g' + 't'].records.change('ticket', 1, {subject: 's' + values.n}); return 1;"
        let hidden = [script("a", "return 1;", next: "b"), script("b", act)]
        try await World.with { world in
            try await world.take(Model.document(workflows: [workflow("hidden", hidden)]))
            let anna = DirectoryAccount(code: "anna", name: "Anna", active: true, roles: ["agent"])
            _ = try await world.call(TakeDirectory(base: 0, version: 3, accounts: [anna]))
            _ = world.peers.insert(1, JSONObject([("subject", "Printer")]))
            for round in 1...5 {
                let (id, state) = try await world.begin(
                    "hidden", ["n": .number(JSONNumber(Int64(round)))])
                #expect(state == "running")
                try await world.reaches(id, "finished")
                let changes = world.peers.state.withLock(\.changes)
                #expect(changes.count == round)
                #expect(changes.last == "workflow:\(id)/b/2#1")
            }
        }
    }

    @Test func `a script that fails with these values fails once, as a row`() async throws {
        let steps = [
            script("a", "return values.n + 1;", next: "b"),
            script("b", "if (values.n > 5) throw new Error('too many'); return values.a;"),
        ]
        try await World.with { world in
            try await world.take(Model.document(workflows: [workflow("fails", steps)]))
            _ = try await world.beginKnown("fails", ["n": 1])
            let (id, _) = try await world.begin("fails", ["n": 6])
            let view = try await world.reaches(id, "failed")
            #expect(World.steps(view) == ["a done", "b failed"])
            #expect(view["values"]?["a"] == 7)
            #expect(try await world.incidents().count == 1)
        }
    }

    @Test func `values that grow too large are refused as before`() async throws {
        let steps = [
            script("a", "return 'x'.repeat(values.n);", next: "b"), condition("b", "=true", "end"),
        ]
        try await World.with { world in
            try await world.take(Model.document(workflows: [workflow("grows", steps)]))
            _ = try await world.beginKnown("grows", ["n": 1])
            let (id, _) = try await world.begin("grows", ["n": 300_000])
            #expect(World.steps(try await world.reaches(id, "failed")) == ["a failed"])
            #expect(try await world.incidents().count == 1)
        }
    }

    @Test func `scripts in a row see what each has left, and nothing else of each other`()
        async throws
    {
        let steps = [
            script(
                "a", "values.n += 1; globalThis.leak = 1; Array.prototype.x = 1; return [values.n]",
                next: "b"),
            script(
                "b",
                "delete values.gone; values.seen = typeof leak + typeof [].x;"
                    + " return values.a[0] * 10",
                next: "c"),
            script("c", "values.n += values.b; return values.seen", next: "d"),
            condition("d", "=values.n > 20", "e"),
            script("e", "return 'e' + values.n", next: "f"),
            script("f", "values.last = values.e; return undefined"),
        ]
        try await World.with { world in
            try await world.take(Model.document(workflows: [workflow("row", steps)]))
            for n in Int64(1)...3 {
                let view = try await world.beginKnown(
                    "row", ["n": .number(JSONNumber(n)), "gone": 1])
                let outputs = view["steps"]?.array?.map { $0["output"] ?? .null } ?? []
                let ten = JSONValue.number(JSONNumber((n + 1) * 10))
                #expect(outputs[0] == [.number(JSONNumber(n + 1))] && outputs[1] == ten)
                #expect(outputs[2] == "undefinedundefined")
                let values = view["values"]
                #expect(values?["n"]?.integer == (n + 1) * 11)
                #expect(values?["gone"] == nil && values?["f"] == .null)
                #expect(values?["last"] == .string("e\((n + 1) * 11)"))
            }
        }
    }

    @Test func `one of a row that fails, asks or hangs is the only one, and the others stay done`()
        async throws
    {
        let ask = "return globalThis['g' + 't'].records.get('ticket', 1).subject"
        let cases = [
            ("throw new Error('no')", "script-failed"), (ask, "script-failed"),
            ("while (true) {}", "script-killed"),
        ]
        for (source, code) in cases {
            let steps = [
                script("a", "values.n = 1; return 1", next: "b"),
                script("b", "if (values.good) return 2; " + source, next: "c"),
                script("c", "return 3"),
            ]
            try await World.with(settings: ["WORKFLOW_SCRIPT_TIMEOUT": "3s"]) { world in
                try await world.take(Model.document(workflows: [workflow("row", steps)]))
                _ = try await world.beginKnown("row", ["good": true])
                let (id, _) = try await world.begin("row")
                let failed = try await world.reaches(id, "failed")
                #expect(World.steps(failed) == ["a done", "b failed"], "\(source)")
                let problem = try await world.incidents().first?["problem"]
                #expect(problem?["code"] == .string(code))
            }
        }
    }
}
