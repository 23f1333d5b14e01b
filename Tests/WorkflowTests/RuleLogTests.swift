import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Workflow

/// What rules did and what became of events, as people read it afterwards.
@Suite struct RuleLogTests {
    private func items(_ page: JSONValue) -> [JSONValue] { page["items"]?.array ?? [] }

    @Test func `each firing tells its rule, event, cause and what became of its actions`()
        async throws
    {
        let rules: JSONValue = [
            [
                "code": "open", "class": "ticket", "on": "inserted",
                "do": [["set": ["status": "open"]], ["event": "confirmed"]],
            ],
            [
                "code": "bad", "class": "ticket", "on": "inserted", "when": "=record.a.b",
                "do": [["set": ["status": "bad"]]],
            ],
            [
                "code": "refused", "class": "ticket", "on": "changed",
                "do": [["set": ["status": "forbidden"]]],
            ],
        ]
        try await World.with { world in
            try await world.take(Model.document(rules: rules))
            try await world.deliver(world.peers.insert(1, JSONObject([("status", "new")])))
            var page: JSONValue = .null
            try await eventually("all firings") {
                try await world.pump()
                page = try await world.json(ListFirings(class: "helpdesk.ticket", record: "1"))
                return items(page).map { $0["state"] } == ["failed", "done", "failed"]
            }
            let firings = items(page)
            #expect(
                firings.map { $0["rule"] } == [
                    "helpdesk.refused", "helpdesk.open", "helpdesk.bad",
                ])
            let open = firings[1]
            #expect(open["record"] == "helpdesk.ticket/1" && open["event"] == "store-1")
            #expect(open["cause"] == "request:1" && open["type"] == "record.created")
            #expect(
                open["actions"]?.array?.map { [$0["kind"], $0["state"]] } == [
                    ["set", "done"], ["event", "done"],
                ])
            #expect(open["actions"]?.array?.first?["time"]?.string?.hasSuffix("Z") == true)
            #expect(firings[0]["via"] == "rule:helpdesk.open" && firings[0]["depth"] == 1)
            let refused = firings[0]["actions"]?.array?.first
            #expect(refused?["state"] == "failed" && refused?["error"]?.string != nil)
            #expect(firings[2]["error"]?.string?.contains("bad.when") == true)

            // Records react side by side, so that the second one comes when the first is done.
            try await world.deliver(
                world.peers.insert(2, JSONObject([("status", "new")]), root: "request:2"))
            try await eventually("the firing of the second record") {
                try await world.pump()
                return try await !items(world.json(ListFirings(cause: "request:2"))).isEmpty
            }
            let byRule = try await world.json(ListFirings(rule: "helpdesk.open", limit: 1))
            #expect(items(byRule).map { $0["record"] } == ["helpdesk.ticket/2"])
            let rest = try await world.json(
                ListFirings(rule: "helpdesk.open", cursor: byRule["next"]?.string))
            #expect(items(rest).map { $0["record"] } == ["helpdesk.ticket/1"])
            #expect(rest["next"] == .null)
            let byCause = try await world.json(ListFirings(cause: "request:2"))
            #expect(Set(items(byCause).map { $0["record"] }) == ["helpdesk.ticket/2"])
        }
    }

    @Test func `who may not look at operations reads no log, and a wrong filter is told`()
        async throws
    {
        try await World.with { world in
            let nobody = Principal(account: "nora")
            #expect(await world.problem(of: ListFirings(), as: nobody)?.status == 403)
            #expect(await world.problem(of: ListEvents(), as: nobody)?.status == 403)
            for call in [
                ListFirings(record: "14"), ListFirings(rule: "open"), ListFirings(class: "ticket"),
                ListFirings(class: "a.b", record: "a.c/1"), ListFirings(limit: 0),
            ] {
                #expect(await world.problem(of: call)?.status == 422)
            }
            #expect(await world.problem(of: ListFirings(cursor: "x"))?.status == 400)
        }
    }

    @Test func `an event for nobody, for an ended instance or too early leaves a row that is seen`()
        async throws
    {
        let clock = ManualClock(start: World.start)
        try await World.with(clock: clock) { world in
            let short = FullCode(model: "helpdesk", code: "short")
            let plain = FullCode(model: "helpdesk", code: "plain")
            try await world.take(
                Model.document(
                    workflows: [Model.workflow("brief", [["code": "end", "kind": "end"]])],
                    events: [
                        ["code": "confirmed", "web": true], ["code": "plain", "web": true],
                        ["code": "short", "web": true, "buffer": "1h"],
                    ]))
            _ = world.peers.insert(1, JSONObject([("status", "new")]))
            let ended = try await world.start("brief", record: 1)
            try await world.reaches(ended, "finished")
            let anna = Principal(account: "anna")
            _ = try await world.call(RaiseEvent(event: plain, scope: .all, key: 7), as: anna)
            _ = try await world.call(
                RaiseEvent(event: plain, scope: .instance, instance: ended), as: anna)
            _ = try await world.call(
                RaiseEvent(event: plain, scope: .instance, instance: 999), as: anna)
            _ = try await world.call(RaiseEvent(event: short, scope: .all), as: anna)
            func states(_ call: ListEvents = ListEvents()) async throws -> [JSONValue?] {
                items(try await world.json(call)).map { $0["state"] }
            }
            #expect(try await states() == ["buffered", "late", "late", "unheard"])
            clock.advance(by: .seconds(3601))
            #expect(try await states(ListEvents(event: short)) == ["expired"])
            #expect(try await states(ListEvents(state: .buffered)).isEmpty)
            #expect(try await states(ListEvents(state: .expired)).count == 1)
            #expect(try await states(ListEvents(event: plain, state: .late)).count == 2)
            let first = items(try await world.json(ListEvents())).last
            #expect(first?["account"] == "anna" && first?["key"] == "7")
            #expect(first?["payload"] == nil)
        }
    }

    @Test func `what the platform raises under a key is raised once, days later too`()
        async throws
    {
        let clock = ManualClock(start: World.start)
        try await World.with(clock: clock) { world in
            try await world.take(Model.document())
            let call = RaiseEvent(event: Model.confirmed, scope: .all, key: 1)
            let first = try await world.call(call, key: "mailbox:helpdesk.support/1/event")
            clock.advance(by: .seconds(3 * 24 * 3600))
            let again = try await world.call(call, key: "mailbox:helpdesk.support/1/event")
            #expect(first.event == again.event)
            #expect(items(try await world.json(ListEvents())).count == 1)
        }
    }
}
