import JSON
import Testing

@testable import Database
@testable import Workflow

extension Simulation {
    /// What must hold when all is over, whatever happened on the way.
    func audit() async throws {
        // A few instances may be through before the first kill.
        #expect(kills > 0 || instanceCount < Simulation.manyInstances)
        try await auditWaits()
        try await auditEffects()
        try await auditStarts()
        for (what, sql) in Simulation.remains {
            #expect(try await numbers("select count(*) from \(sql)") == [0], "\(what)")
        }
    }

    private static let manyInstances = 100

    private static let remains = [
        ("waits that remain", "wait"), ("timers that remain", "queue_timer"),
        ("turns that remain", "queue_instance"), ("reactions that remain", "queue_reaction"),
        ("tasks that remain open", "task where state = 'open'"),
        ("incidents that remain open", "incident where state = 'open'"),
        ("steps that were not left", "step where state not in ('done', 'skipped')"),
        ("steps that were skipped", "step where state = 'skipped'"),
        (
            "instances that did not finish",
            "instance where state <> 'finished' or ended is null"
        ),
    ]

    /// Each event was taken by as many waits as it says, and each wait was ended by one event, or
    /// by its time.
    private func auditWaits() async throws {
        let taken = try await look { connection in
            try connection.query(
                """
                select payload, sum(activated), count(*) from event group by payload order by 1
                """
            ) { ($0.text(0), $0.integer(1), $0.integer(2)) }
        }
        let left = try await look { connection in
            try connection.query(
                """
                select output, count(*) from step
                where kind = 'event' and output <> 'null' group by output order by 1
                """
            ) { ($0.text(0), $0.integer(1)) }
        }
        let counted = Dictionary(uniqueKeysWithValues: left)
        for (payload, activated, count) in taken {
            #expect(counted[payload] ?? 0 == activated, "waits ended by \(payload)")
            if payload.contains("\"call\"") { #expect(count == 1, "raised once: \(payload)") }
        }
        #expect(Set(left.map(\.0)).isSubset(of: taken.map(\.0)))
    }

    /// Each step that acts outside has done so once, and nothing was done that no step stands for.
    private func auditEffects() async throws {
        let keys = try await look { connection in
            try connection.query(
                """
                select 'workflow:' || instance || '/' || step || '/' || visit from step
                where kind in ('mail', 'change', 'export') and state = 'done'
                """
            ) { $0.text(0) }
        }
        // What a person had tried again has the number of the time behind its key.
        let done = world.effects.map { key, count in
            (key.split(separator: "/").prefix(3).joined(separator: "/"), count)
        }
        #expect(done.allSatisfy { $0.1 == 1 })
        #expect(Set(done.map(\.0)) == Set(keys))
        #expect(done.count == keys.count, "each step once")
    }

    /// One instance for each call to start and for each step that starts one, and two for each
    /// record that came.
    private func auditStarts() async throws {
        let steps = try await numbers("select count(*) from step where kind = 'workflow'")
        let calls = successes.values.count { $0.hasPrefix("{\"id\"") }
        let records = successes.values.count { $0 == "delivered" }
        let all = try await numbers("select count(*) from instance")
        #expect(all[0] == steps[0] + Int64(calls + 2 * records))
        let starts = try await numbers(
            "select count(*) from event where payload like '{\"call\"%'")
        #expect(Int(starts[0]) == successes.values.count { $0.hasPrefix("event ") })
    }
}
