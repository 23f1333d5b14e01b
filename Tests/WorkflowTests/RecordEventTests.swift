import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Workflow

/// Events that are for what waits about one record: what an answer by mail raises.
@Suite struct RecordEventTests {
    private func waiting(_ code: String, key: String?) -> JSONValue {
        var step = JSONObject([
            ("code", "listen"), ("kind", "event"), ("event", "confirmed"), ("next", "end"),
        ])
        step["key"] = key.map { .string($0) }
        return Model.workflow(code, [.object(step), ["code": "end", "kind": "end"]])
    }

    private func raise(
        _ world: World, _ record: Int64, as principal: Principal = .system
    ) async throws -> EventRaised {
        try await world.call(
            RaiseEvent(
                event: Model.confirmed, scope: .all, key: .number(JSONNumber(record)),
                record: "helpdesk.ticket/\(record)"), as: principal)
    }

    @Test func `it reaches the record's instances, with its key or without one, and no others`()
        async throws
    {
        try await World.with { world in
            try await world.take(
                Model.document(workflows: [
                    waiting("keyed", key: "=record.id"), waiting("plain", key: nil),
                    waiting("other", key: "='x'"),
                ]))
            for record in [1, 2] as [Int64] {
                _ = world.peers.insert(record, JSONObject([("status", "new")]))
            }
            var ids: [Int64] = []
            for (workflow, record) in [("keyed", 1), ("plain", 1), ("other", 1), ("plain", 2)] {
                let id = try await world.start(workflow, record: Int64(record))
                try await world.reaches(id, "waiting")
                ids.append(id)
            }
            #expect(try await raise(world, 1).activated == 2)
            try await world.reaches(ids[0], "finished")
            try await world.reaches(ids[1], "finished")
            #expect(try await world.instance(ids[2])["state"] == "waiting")
            #expect(try await world.instance(ids[3])["state"] == "waiting")
        }
    }

    @Test func `an early one is kept for the record that it is about`() async throws {
        try await World.with { world in
            try await world.take(Model.document(workflows: [waiting("plain", key: nil)]))
            for record in [1, 2] as [Int64] {
                _ = world.peers.insert(record, JSONObject([("status", "new")]))
            }
            #expect(try await raise(world, 1).activated == 0)
            let other = try await world.start("plain", record: 2)
            try await world.reaches(other, "waiting")
            let mine = try await world.start("plain", record: 1)
            try await world.reaches(mine, "finished")
            #expect(try await world.instance(other)["state"] == "waiting")
        }
    }

    @Test func `nobody from outside names the record`() async throws {
        try await World.with { world in
            try await world.take(Model.document())
            let call = RaiseEvent(
                event: Model.confirmed, scope: .all, key: 1, record: "helpdesk.ticket/1")
            #expect(await world.problem(of: call)?.status == 422)
        }
    }
}
