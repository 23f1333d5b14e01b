import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Workflow

/// `POST /api/rules/try`: what rules would do, with nothing done.
@Suite struct RuleTrialTests {
    private static let ticket = FullCode(model: "helpdesk", code: "ticket")
    private static let modeller = Principal(
        account: "mona", permissions: ["models:write"], language: "de")

    private static let rules: JSONValue = [
        [
            "code": "urgent", "class": "ticket", "on": "inserting", "order": 20,
            "when": "=record.subject.includes('urgent')", "do": [["set": ["status": "open"]]],
        ],
        [
            "code": "tidy", "class": "ticket", "on": "inserting", "order": 10,
            "do": [["script": "tidy"]],
        ],
        [
            "code": "shrink", "class": "ticket", "on": "changing",
            "require": "=record.spent >= previous.spent",
            "message": ["en": "It cannot shrink.", "de": "='Nicht unter ' + previous.spent"],
        ],
        [
            "code": "tell", "class": "ticket", "on": "inserted", "when": "=record.status",
            "do": [
                ["mail": ["notification": "ask", "to": "=record.email"]],
                ["event": ["code": "confirmed", "key": "=record.subject"]],
            ],
        ],
        [
            "code": "look", "class": "ticket", "on": "inserted", "do": [["script": "mark"]],
        ],
        [
            "code": "wrong", "class": "ticket", "on": "inserted",
            "do": [["set": ["status": "=record.a.b"]]],
        ],
    ]

    private func tried(
        _ world: World, _ operation: TryRules.Operation, before: JSONValue? = nil,
        after: JSONValue? = nil
    ) async throws -> JSONValue {
        try await world.json(
            TryRules(
                class: RuleTrialTests.ticket, operation: operation, before: before, after: after),
            as: RuleTrialTests.modeller)
    }

    private func withRules(_ body: (World) async throws -> Void) async throws {
        try await World.with { world in
            try await world.take(
                Model.document(
                    rules: RuleTrialTests.rules,
                    scripts: [
                        ["code": "tidy", "source": "record.subject = record.subject.trim();"],
                        ["code": "mark", "source": "record.spent = 7; gt.log('seen'); return 1;"],
                    ]))
            try await body(world)
        }
    }

    @Test func `every moment shows its rules in order, with conditions and contents`() async throws
    {
        try await withRules { world in
            let answer = try await tried(
                world, .insert, after: ["subject": " urgent! ", "email": "mara@example.com"])
            #expect(answer["writes"] == true && answer["refused"] == .null)
            let moments = answer["moments"]?.array ?? []
            #expect(moments.map { $0["moment"] } == ["inserting", "inserted"])
            let before = moments.first?["rules"]?.array ?? []
            #expect(before.map { $0["rule"] } == ["helpdesk.tidy", "helpdesk.urgent"])
            #expect(before.first?["actions"]?.array?.first?["content"] == ["subject": "urgent!"])
            #expect(before.last?["when"] == true)
            #expect(
                moments.first?["record"] == [
                    "subject": "urgent!", "email": "mara@example.com", "status": "open",
                ])
            let after = moments.last?["rules"]?.array ?? []
            #expect(
                after.map { $0["rule"] } == ["helpdesk.look", "helpdesk.tell", "helpdesk.wrong"])
            #expect(after.map { $0["fires"] } == [true, true, false])
            let script = after.first?["actions"]?.array?.first?["content"]
            #expect(script?["set"] == ["spent": 7] && script?["log"] == ["seen"])
            #expect(script?["calls"] == [] && script?["result"] == 1)
            #expect(after[1]["when"] == "open")
            #expect(
                after[1]["actions"]?.array?.map { $0["content"] } == [
                    ["to": "mara@example.com"], ["key": "urgent!"],
                ])
            let problem = after.last?["problem"]
            #expect(problem?["script"] == "wrong.set.status" && problem?["line"] == 1)
            // Nothing was done.
            #expect(world.peers.state.withLock { $0.calls }.isEmpty)
            #expect(try await world.json(ListFirings())["items"] == [])
            #expect(try await world.json(ListEvents())["items"] == [])
        }
    }

    @Test func `what is refused shows its message in the caller's language, and goes no further`()
        async throws
    {
        try await withRules { world in
            let answer = try await tried(
                world, .change, before: ["id": 1, "spent": 5, "subject": "x"],
                after: ["spent": 3])
            #expect(answer["writes"] == false)
            #expect(answer["refused"]?["detail"] == "Nicht unter 5")
            #expect(answer["refused"]?["rule"] == "helpdesk.shrink")
            let moments = answer["moments"]?.array ?? []
            #expect(moments.count == 1)
            let rule = moments.first?["rules"]?.array?.first
            #expect(rule?["require"] == false && rule?["message"] == "Nicht unter 5")
            // A change of nothing is none.
            let same = try await tried(
                world, .change, before: ["id": 1, "spent": 5, "subject": "x"], after: [:])
            #expect(same["writes"] == false && same["refused"] == .null)
            #expect(same["moments"]?.array?.count == 1)
        }
    }

    @Test func `a rule is tried as it is typed, in the place of its own or beside the others`()
        async throws
    {
        func rules(_ rule: JSONValue, _ world: World) async throws -> [JSONValue] {
            let call = TryRules(
                class: RuleTrialTests.ticket, operation: .insert, after: ["subject": "calm"],
                rule: rule)
            let answer = try await world.json(call, as: RuleTrialTests.modeller)
            return answer["moments"]?.array?.first?["rules"]?.array ?? []
        }
        var typed = JSONObject([
            ("code", "urgent"), ("class", "ticket"), ("on", "inserting"), ("order", 20),
            ("when", "=record.subject == 'calm'"), ("do", [["set": ["status": "waiting"]]]),
        ])
        try await withRules { world in
            let place = try await rules(.object(typed), world)
            #expect(place.map { $0["rule"] } == ["helpdesk.tidy", "helpdesk.urgent"])
            #expect(place.map { $0["fires"] } == [true, true])
            #expect(place.last?["actions"]?.array?.first?["content"] == ["status": "waiting"])
            typed["code"] = "fresh"
            let beside = try await rules(.object(typed), world)
            #expect(beside.count == 3 && beside.contains { $0["rule"] == "helpdesk.fresh" })
            // What stands is as it was.
            let stands = try await tried(world, .insert, after: ["subject": "calm"])
            let fires = stands["moments"]?.array?.first?["rules"]?.array?.map { $0["fires"] }
            #expect(fires == [true, false])
            typed["do"] = [["set": ["colour": 1]]]
            let wrong = TryRules(
                class: RuleTrialTests.ticket, operation: .insert, after: [:],
                rule: .object(typed))
            let problem = await world.problem(of: wrong, as: RuleTrialTests.modeller)
            #expect(problem?.errors.map(\.pointer) == ["/rule/do/0/set/colour"])
        }
    }

    @Test func `only who may write models tries rules, on classes that there are`() async throws {
        try await withRules { world in
            let call = TryRules(class: RuleTrialTests.ticket, operation: .open)
            #expect(await world.problem(of: call, as: World.operator_)?.status == 403)
            let unknown = TryRules(
                class: FullCode(model: "helpdesk", code: "tickets"), operation: .open)
            let problem = await world.problem(of: unknown, as: RuleTrialTests.modeller)
            #expect(problem?.status == 404)
            let wrong = TryRules(class: RuleTrialTests.ticket, operation: .insert, after: 7)
            #expect(await world.problem(of: wrong, as: RuleTrialTests.modeller)?.status == 422)
        }
    }
}
