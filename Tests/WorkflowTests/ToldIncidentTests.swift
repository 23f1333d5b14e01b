import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Workflow

/// Incidents of other services among Workflow's own.
@Suite struct ToldIncidentTests {
    private static func report(
        _ key: String, kind: String = "quarantined", model: String? = "helpdesk",
        record: String? = nil, permission: String? = "mail:read", ended: String? = nil
    ) -> IncidentReport {
        IncidentReport(
            service: "mail", key: key, kind: kind, time: "2027-01-15T08:00:00.000Z", model: model,
            record: record,
            problem: Problem.loop("Each mail brings the next.").member, link: "/api/mail/\(key)",
            actions: [.retry, .skip, .close], permission: permission, resolution: ended,
            resolvedBy: ended.map { _ in "mail" },
            resolvedAt: ended.map { _ in "2027-01-15T09:00:00.000Z" })
    }

    private static var olga: Principal {
        var principal = World.operator_
        principal.permissions += ["mail:read"]
        return principal
    }

    private func links(
        _ world: World, _ call: ListIncidents = ListIncidents(),
        as principal: Principal = ToldIncidentTests.olga
    ) async throws -> [String] {
        try await world.json(call, as: principal)["items"]?.array?
            .compactMap { $0["link"]?.string } ?? []
    }

    @Test func `however often and in whatever order it is told, it is one and ends once`()
        async throws
    {
        try await World.with { world in
            let open = TellIncident(Self.report("a", record: "helpdesk.ticket/7"))
            #expect(await world.problem(of: open)?.status == 403)
            for _ in 0..<2 { _ = try await world.call(open) }
            let first = try await world.json(ListIncidents(), as: Self.olga)["items"]?.array
            #expect(first?.count == 1)
            #expect(first?.first?["service"] == "mail")
            #expect(first?.first?["record"] == "helpdesk.ticket/7")
            #expect(first?.first?["time"] == "2027-01-15T08:00:00.000Z")
            #expect(first?.first?["problem"]?["detail"] == "Each mail brings the next.")
            #expect(first?.first?["actions"] == ["retry", "skip", "close"])
            _ = try await world.call(TellIncident(Self.report("a", ended: "settled")))
            _ = try await world.call(open)
            #expect(try await links(world).isEmpty)
            // The end came first.
            _ = try await world.call(TellIncident(Self.report("b", ended: "retry")))
            _ = try await world.call(TellIncident(Self.report("b")))
            #expect(try await links(world).isEmpty)
            let ended = try await world.json(ListIncidents(state: .resolved), as: Self.olga)
            #expect(ended["items"]?.array?.map { $0["resolution"] } == ["settled", "retry"])
            #expect(ended["items"]?.array?.map { $0["actions"] } == [[], []])
        }
    }

    @Test func `one list with pages and filters, as far as the caller may see`() async throws {
        try await World.with { world in
            try await world.take(Model.loop)
            for number in 1...5 {
                _ = try await world.call(
                    TellIncident(
                        Self.report(
                            "\(number)", kind: number == 3 ? "uncertain" : "quarantined",
                            model: number == 5 ? "crm" : "helpdesk",
                            record: number == 2 ? "helpdesk.ticket/9" : nil)))
            }
            let all = (1...5).map { "/api/mail/\($0)" }
            #expect(try await links(world) == all)
            #expect(try await links(world, as: World.operator_).isEmpty)
            #expect(try await links(world, ListIncidents(kind: "uncertain")) == [all[2]])
            #expect(try await links(world, ListIncidents(service: "workflow")).isEmpty)
            #expect(
                try await links(world, ListIncidents(record: "helpdesk.ticket/9")) == [all[1]])
            #expect(await world.problem(of: ListIncidents(record: "nine"))?.status == 422)
            var narrow = Self.olga
            narrow.models = ["helpdesk"]
            #expect(try await links(world, as: narrow) == Array(all[..<4]))
            var cursor: String?
            var seen: [String] = []
            repeat {
                let page = try await world.json(
                    ListIncidents(limit: 2, cursor: cursor), as: Self.olga)
                seen += page["items"]?.array?.compactMap { $0["link"]?.string } ?? []
                cursor = page["next"]?.string
            } while cursor != nil
            #expect(seen == all)
        }
    }

    @Test func `a person's answer goes to the owner, with the person's rights`() async throws {
        try await World.with { world in
            for key in ["a", "b", "c"] {
                _ = try await world.call(TellIncident(Self.report(key)))
                if key == "c" { continue }
                world.peers.state.withLock { $0.incidents[key] = Self.report(key) }
            }
            let items = try await world.json(ListIncidents(), as: Self.olga)["items"]?.array ?? []
            let ids = items.compactMap { $0["id"]?.integer }
            func resolve(_ place: Int, _ action: IncidentAction) -> ResolveIncident {
                ResolveIncident(id: ids[place], action: action)
            }
            #expect(await world.problem(of: resolve(0, .retry))?.status == 404)
            let done = try await world.json(resolve(0, .retry), as: Self.olga)
            #expect(done["resolution"] == "retry" && done["resolvedBy"] == "olga")
            #expect(
                await world.problem(of: resolve(0, .retry), as: Self.olga)?.status == 409)
            world.peers.isMailUp.withLock { $0 = false }
            #expect(await world.problem(of: resolve(1, .skip), as: Self.olga)?.status == 503)
            world.peers.isMailUp.withLock { $0 = true }
            world.peers.state.withLock { $0.incidents["b"]?.actions = [.close] }
            #expect(await world.problem(of: resolve(1, .skip), as: Self.olga)?.status == 409)
            #expect(try await links(world) == ["/api/mail/b", "/api/mail/c"])
            // The owner does not know it any more.
            let gone = try await world.json(resolve(2, .close), as: Self.olga)
            #expect(gone["resolution"] == "close")
            #expect(world.peers.state.withLock(\.incidentActions) == ["olga retry"])
        }
    }

    @Test func `an item that rests is taken up again, or out, or left, by a person`() async throws {
        try await World.with { world in
            let database = world.service.database
            let incidents = IncidentStore(runtime: world.runtime)
            for (action, depth, dead) in [
                (IncidentAction.retry, 0, 0), (.skip, 0, 0), (.close, 0, 1),
            ] {
                let now = world.clock.now()
                let later = now.advanced(by: .seconds(60))
                try await database.write { connection in
                    let queue = Queues.timer
                    try queue.enqueue(
                        connection, key: "99/1", payload: [], due: later, now: now)
                    let item = try queue.lease(
                        connection, now: later, until: later, limit: 1)[0]
                    try queue.bury(connection, item, error: "secret")
                    try incidents.openDead(in: queue)(connection, item)
                }
                let incident = try #require(try await world.incidents().first)
                #expect(
                    incident["kind"] == "dead-letter" && incident["link"] == "/api/instances/99")
                #expect(incident["problem"]?.text.contains("secret") == false)
                #expect(incident["actions"] == ["retry", "skip", "close"])
                let id = incident["id"]?.integer ?? 0
                _ = try await world.json(ResolveIncident(id: id, action: action))
                try await eventually("its end") {
                    let state = try await database.read { try Queues.timer.state($0) }
                    return state.depth == depth && state.dead == dead
                }
                #expect(try await world.incidents().isEmpty)
            }
        }
    }
}
