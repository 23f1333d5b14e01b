import Contracts
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Workflow

private let ticket = FullCode(model: "helpdesk", code: "ticket")

private func rule(
    _ code: String, _ on: String, order: Int = 0, _ members: JSONValue
) -> JSONValue {
    var rule = JSONObject([
        ("code", .string(code)), ("class", "ticket"), ("on", .string(on)),
        ("order", .number(JSONNumber(Int64(order)))),
    ])
    for (key, value) in members.object?.members ?? [] { rule[key] = value }
    return .object(rule)
}

private func item(
    _ moment: RuleMoment, _ record: JSONValue, _ previous: JSONValue = .null
) -> RunBeforeRules.Item {
    RunBeforeRules.Item(
        moment: moment, record: JSONBytes(record.bytes), previous: JSONBytes(previous.bytes))
}

extension World {
    fileprivate func run(
        _ items: RunBeforeRules.Item..., models: [String: Int64] = ["helpdesk": 1],
        as principal: Principal = Principal(account: "anna", roles: ["agent"])
    ) async throws -> [BeforeRulesRun.Result] {
        try await call(
            RunBeforeRules(types: [ticket], models: models, items: items), as: principal
        ).results
    }
}

extension BeforeRulesRun.Result {
    fileprivate var columns: JSONValue? {
        if case .set(let columns) = self { .object(columns) } else { nil }
    }
    fileprivate var problem: Problem? {
        if case .refused(let problem) = self { problem } else { nil }
    }
}

@Test func `rules before a save run in their order and see what those before them did`()
    async throws
{
    let rules: JSONValue = [
        rule(
            "last", "inserting", order: 9, ["do": [["set": ["subject": "=record.subject + '!'"]]]]),
        rule(
            "first", "inserting", order: 1,
            [
                "do": [
                    ["set": ["status": "open", "spent": "=record.spent + 1"]], ["script": "tidy"],
                ]
            ]),
        rule(
            "never", "inserting",
            ["when": "=record.status === 'open'", "do": [["set": ["email": "nobody"]]]]),
        rule("other", "changing", ["do": [["set": ["subject": "other"]]]]),
    ]
    let scripts: JSONValue = [
        ["code": "tidy", "source": "record.subject = record.subject.trim() + record.status;"]
    ]
    try await World.with { world in
        try await world.take(Model.document(rules: rules, scripts: scripts))
        let results = try await world.run(
            item(.inserting, ["subject": " a ", "status": "new", "spent": 1]),
            item(.inserting, ["subject": "b", "status": "open", "spent": 2]),
            item(.changing, ["subject": "c"], ["subject": "d"]),
            item(.deleting, ["subject": "e"], ["subject": "e"]))
        #expect(
            results[0].columns == ["subject": "aopen!", "status": "open", "spent": 2])
        #expect(
            results[1].columns == ["email": "nobody", "subject": "bopen!", "spent": 3])
        #expect(results[2].columns == ["subject": "other"])
        #expect(results[3].columns == [:])
    }
}

@Test func `what a rule requires is refused with its message in the caller's language`()
    async throws
{
    let rules: JSONValue = [
        rule(
            "no_negative", "changing",
            [
                "require": "=record.spent >= previous.spent",
                "message": [
                    "en": "Time spent cannot shrink.",
                    "de": "='Nicht weniger als ' + previous.spent + ', ' + me.account",
                ],
            ])
    ]
    try await World.with { world in
        try await world.take(Model.document(rules: rules))
        let items = [item(.changing, ["spent": 1], ["spent": 2])]
        let english = try await world.run(items[0])[0].problem
        #expect(english?.status == 422)
        #expect(english?.code == "rule-refused")
        #expect(english?.detail == "Time spent cannot shrink.")
        #expect(english?.extra["rule"] == "helpdesk.no_negative")
        let german = try await world.run(
            items[0], as: Principal(account: "anna", language: "de"))[0].problem
        #expect(german?.detail == "Nicht weniger als 2, anna")
        let good = try await world.run(item(.changing, ["spent": 2], ["spent": 2]))[0]
        #expect(good.columns == [:])
    }
}

@Test func `a rule that throws is told with its script and line and spares the other records`()
    async throws
{
    let rules: JSONValue = [
        rule("a", "inserting", ["do": [["script": "check"]]]),
        rule("b", "changing", ["require": "=record.a.b.c", "message": "No."]),
        rule("c", "deleting", ["do": [["script": "late"]]]),
    ]
    let scripts: JSONValue = [
        ["code": "check", "source": "if (record.spent > 5) {\n  throw new Error('too much');\n}"],
        ["code": "late", "source": "return Promise.resolve(1);"],
    ]
    try await World.with { world in
        try await world.take(Model.document(rules: rules, scripts: scripts))
        let results = try await world.run(
            item(.inserting, ["spent": 9]), item(.inserting, ["spent": 1]),
            item(.changing, [:], [:]), item(.deleting, [:], [:]))
        #expect(results[0].problem?.code == "script-failed")
        #expect(results[0].problem?.extra["script"] == "check")
        #expect(results[0].problem?.extra["line"] == 2)
        #expect(results[0].problem?.extra["message"] == "Error: too much")
        #expect(results[1].columns == [:])
        #expect(results[2].problem?.extra["script"] == "b.require")
        #expect(results[3].problem?.detail?.contains("promise") == true)
    }
}

@Test func `a rule that never ends is stopped, and records that are not to blame go on`()
    async throws
{
    let rules: JSONValue = [
        rule(
            "hangs", "inserting",
            [
                "when": "=(() => { while (record.spent > 5) {} return false })()",
                "do": [["set": ["spent": 1]]],
            ])
    ]
    try await World.with { world in
        try await world.take(Model.document(rules: rules))
        let results = try await world.run(
            item(.inserting, ["spent": 1]), item(.inserting, ["spent": 9]),
            item(.inserting, ["spent": 2]))
        #expect(results[0].columns == [:])
        #expect(results[1].problem?.code == "script-killed")
        #expect(results[2].columns == [:])
    }
}

@Test func `what no rule touched stays as exact as it was`() async throws {
    let rules: JSONValue = [
        rule("touch", "inserting", ["do": [["set": ["subject": "x"]], ["script": "gone"]]])
    ]
    let scripts: JSONValue = [
        ["code": "gone", "source": "delete record.email; record.status = null;"]
    ]
    try await World.with { world in
        try await world.take(Model.document(rules: rules, scripts: scripts))
        let record = try JSONValue(
            parsing: Array(
                #"{"spent": 12345678901234567890.12, "email": "e", "status": null}"#.utf8))
        let result = try await world.run(item(.inserting, record))[0]
        #expect(result.columns == ["subject": "x", "email": nil])
    }
}

@Test func `rules cannot be asked by newer definitions than have come`() async throws {
    try await World.with { world in
        try await world.take(Model.document())
        let call = RunBeforeRules(types: [ticket], models: ["helpdesk": 2], items: [])
        let problem = await world.problem(of: call)
        #expect(problem?.status == 503)
        #expect(problem?.retryAfter == 1)
    }
}

@Test func `an import without rules fires none afterwards either`() async throws {
    let rules: JSONValue = [rule("after", "inserted", ["do": [["set": ["status": "open"]]]])]
    try await World.with { world in
        try await world.take(Model.document(rules: rules))
        var silent = world.peers.insert(1, JSONObject([("status", "new")]))
        silent.cause = Cause(root: "run:1", via: "import:prices").withoutRules
        try await world.deliver(silent)
        try await world.deliver(world.peers.insert(2, JSONObject([("status", "new")])))
        try await eventually("the other's rule") {
            try world.peers.record(2)["status"] == "open"
        }
        #expect(try world.peers.record(1)["status"] == "new")
    }
}
