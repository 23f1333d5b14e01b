import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Workflow

/// Circles over rules, workflows and events: each ends in one incident that shows the way.
@Suite struct LoopGuardTests {
    /// Goes round until an incident is there, and a little further.
    private func incidents(_ world: World) async throws -> [JSONValue] {
        try await eventually("an incident") {
            try await world.pump()
            return try await !world.incidents().isEmpty
        }
        try await eventually("rest") {
            try await world.pump()
            return world.peers.state.withLock(\.outbox).isEmpty
        }
        return try await world.incidents()
    }

    @Test func `a rule whose workflow changes the record back and forth is one incident`()
        async throws
    {
        let flip = Model.workflow(
            "flip",
            [
                [
                    "code": "turn", "kind": "change",
                    "set": ["status": "=record.status === 'a' ? 'b' : 'a'"], "next": "end",
                ],
                ["code": "end", "kind": "end"],
            ])
        try await World.with { world in
            try await world.take(
                Model.document(
                    rules: [
                        [
                            "code": "again", "class": "ticket", "on": "changed",
                            "do": [["workflow": "flip"]],
                        ],
                        [
                            "code": "begin", "class": "ticket", "on": "inserted",
                            "do": [["workflow": "flip"]],
                        ],
                    ], workflows: [flip]))
            try await world.deliver(world.peers.insert(1, JSONObject([("status", "new")])))
            let incidents = try await incidents(world)
            #expect(incidents.map { $0["kind"] } == ["loop"])
            let cycle = incidents.first?["cycle"]?.array ?? []
            #expect(
                cycle.compactMap { $0["rule"]?.string } == ["helpdesk.again", "helpdesk.again"])
            #expect(
                cycle.compactMap { $0["via"]?.string } == ["workflow:2/turn", "workflow:3/turn"])
            // a, b, a; what would turn it the fourth time is not begun.
            #expect(world.peers.state.withLock { $0.changes.count } == 3)
            let log = try await world.json(ListFirings(rule: "helpdesk.again"))
            #expect(log["items"]?.array?.map { $0["state"] } == ["stopped", "done", "done"])
        }
    }

    @Test func `an event that wakes what raises it ends at the limit of depth`() async throws {
        let count = Model.workflow(
            "count",
            [
                [
                    "code": "listen", "kind": "event", "event": "confirmed", "key": "=record.id",
                    "next": "add",
                ],
                [
                    "code": "add", "kind": "change", "set": ["spent": "=record.spent + 1"],
                    "next": "listen",
                ],
                ["code": "end", "kind": "end"],
            ])
        try await World.with { world in
            var listen = count.object ?? JSONObject()
            var steps = listen["steps"]?.array ?? []
            var first = steps[0].object ?? JSONObject()
            first["timeout"] = "30d"
            first["onTimeout"] = "end"
            steps[0] = .object(first)
            listen["steps"] = .array(steps)
            try await world.take(
                Model.document(
                    rules: [
                        [
                            "code": "ring", "class": "ticket", "on": "changed",
                            "do": [["event": "confirmed"]],
                        ]
                    ], workflows: [.object(listen)]))
            _ = world.peers.insert(1, JSONObject([("spent", 0)]))
            let instance = try await world.start("count", record: 1)
            try await world.reaches(instance, "waiting")
            _ = try await world.call(RaiseEvent(event: Model.confirmed, scope: .all, key: 1))
            let incidents = try await incidents(world)
            #expect(incidents.map { $0["kind"] } == ["loop"])
            let spent = try world.peers.record(1)["spent"]?.integer ?? 0
            #expect(spent > 3 && spent < Int64(Cause.depthLimit))
            let cycle = incidents.first?["cycle"]?.array ?? []
            #expect(cycle.count { $0["rule"] == "helpdesk.ring" } == Int(spent) - 1)
        }
    }
}
