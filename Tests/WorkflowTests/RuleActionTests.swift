import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Workflow

/// What rules after a change do beside mail, events and workflows.
@Suite struct RuleActionTests {
    private static let fresh = JSONObject([("subject", " Printer "), ("status", "new")])

    private func rule(_ code: String, _ on: String, _ action: JSONValue) -> JSONValue {
        ["code": .string(code), "class": "ticket", "on": .string(on), "do": [action]]
    }

    @Test func `a script after a change sees the event, and what it changes is saved once`()
        async throws
    {
        try await World.with { world in
            try await world.take(
                Model.document(
                    rules: [
                        rule("tidy", "inserted", ["script": "tidy"]),
                        rule("look", "changed", ["script": "look"]),
                    ],
                    scripts: [
                        [
                            "code": "tidy",
                            "source": "record.subject = record.subject.trim() + ' ' + event.type;",
                        ],
                        ["code": "look", "source": "return previous.subject;"],
                    ]))
            let event = world.peers.insert(1, RuleActionTests.fresh)
            try await world.deliver(event, event)
            try await eventually("the change") {
                try world.peers.record(1)["subject"] == "Printer record.created"
            }
            try await world.pump()
            try await eventually("the second script") {
                let page = try await world.json(ListFirings(rule: "helpdesk.look"))
                return page["items"]?.array?.first?["state"] == "done"
            }
            let changes = world.peers.state.withLock(\.changes)
            #expect(changes == ["rule:store-1/helpdesk.tidy/0"])
        }
    }

    @Test func `a script that throws, hangs or kills its host costs its own action only`()
        async throws
    {
        try await World.with { world in
            try await world.take(
                Model.document(
                    rules: [
                        rule("a_throws", "inserted", ["script": "throws"]),
                        rule("b_eats", "inserted", ["script": "eats"]),
                        rule("c_opens", "inserted", ["set": ["status": "open"]]),
                    ],
                    scripts: [
                        ["code": "throws", "source": "let x = 1;\nnull.x"],
                        [
                            "code": "eats",
                            "source": "const a = []; while (true) a.push(new Array(1e6).fill(a));",
                        ],
                    ]))
            try await world.deliver(world.peers.insert(1, RuleActionTests.fresh))
            try await world.deliver(world.peers.insert(2, RuleActionTests.fresh))
            for record in [1, 2] as [Int64] {
                try await eventually("record \(record)") {
                    try world.peers.record(record)["status"] == "open"
                }
            }
            let incidents = try await world.incidents()
            #expect(incidents.count == 4 && incidents.allSatisfy { $0["kind"] == "action" })
            let codes = incidents.compactMap { $0["problem"]?["code"]?.string }.sorted()
            #expect(codes == ["script-failed", "script-failed", "script-killed", "script-killed"])
            let detail = incidents.compactMap { $0["problem"]?["detail"]?.string }
            #expect(detail.contains { $0.contains("throws, line 2") })
        }
    }

    @Test func `an export is started once and not waited for`() async throws {
        try await World.with { world in
            var document =
                Model.document(rules: [
                    rule("a_export", "inserted", ["export": "all"]),
                    rule("b_open", "inserted", ["set": ["status": "open"]]),
                ]).object ?? JSONObject()
            document["exports"] = [["code": "all"]]
            try await world.take(.object(document))
            try await world.deliver(world.peers.insert(1, RuleActionTests.fresh))
            try await eventually("the next rule") {
                try world.peers.record(1)["status"] == "open"
            }
            world.peers.state.withLock { state in
                #expect(state.runs == [1: "running"])
                #expect(state.calls.first == "rule:store-1/helpdesk.a_export/0")
            }
            let page = try await world.json(ListFirings(rule: "helpdesk.a_export"))
            let action = page["items"]?.array?.first?["actions"]?.array?.first
            #expect(action?["result"] == "run 1" && action?["target"] == "helpdesk.all")
        }
    }

    @Test func `a call to a network that is closed is an incident, and the next rule goes on`()
        async throws
    {
        try await World.with { world in
            try await world.take(
                Model.document(rules: [
                    rule(
                        "a_tell", "inserted",
                        ["http": ["url": "http://169.254.169.254/x", "body": ["id": "=record.id"]]]
                    ),
                    rule("b_open", "inserted", ["set": ["status": "open"]]),
                ]))
            try await world.deliver(world.peers.insert(1, RuleActionTests.fresh))
            try await eventually("the next rule") {
                try world.peers.record(1)["status"] == "open"
            }
            let incidents = try await world.incidents()
            #expect(incidents.map { $0["problem"]?["code"] } == ["http-refused"])
        }
    }

    @Test func `what no rule can do is told with its place`() async throws {
        let document = Model.document(rules: [
            rule("a", "inserted", ["export": "none"]), rule("b", "inserting", ["import": "none"]),
            rule("c", "deleted", ["set": ["status": "x"]]),
            rule("d", "deleted", ["script": "none"]),
        ])
        let reader = ModelReader(code: "helpdesk", document: document)
        _ = reader.read(document)
        #expect(
            reader.problems.items.map { "\($0.pointer) \($0.code)" } == [
                "/rules/0/do/0/export unknown-reference", "/rules/1/do/0/import not-allowed",
                "/rules/2/do/0/set not-allowed", "/rules/3/do/0/script unknown-reference",
            ])
    }
}
