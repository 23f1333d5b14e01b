import Glibc
import TestSupport
import Testing

/// Thousands of instances of random workflows, with everything that can come between: kills,
/// answers that are lost, events that are early, late or come twice, clocks that jump.
/// `GEARTRAIN_TEST_SEED` repeats a run, `GEARTRAIN_TEST_INSTANCES` says how many are started; these
/// start about as many again.
@Suite(.serialized) struct `Workflow, simulated` {
    private static func number(_ name: String) -> UInt64? {
        getenv(name).flatMap { UInt64(String(cString: $0)) }
    }

    private static let seed = number("GEARTRAIN_TEST_SEED") ?? UInt64.random(in: 0...UInt64.max)
    private static let instances = Int(number("GEARTRAIN_TEST_INSTANCES") ?? 1000)
    /// Instances of one seed, and so of one model.
    private static let share = 250

    private func run(seed: UInt64, instances: Int) async throws -> Simulation {
        let simulation = try Simulation(seed: seed, instances: instances)
        do {
            try await simulation.run()
            try await simulation.audit()
        } catch {
            await simulation.close()
            throw Wrong("GEARTRAIN_TEST_SEED=\(seed): \(error)")
        }
        await simulation.close()
        return simulation
    }

    @Test func `each wait is taken once, every effect is done once, and none is stuck`()
        async throws
    {
        for number in 0..<max(1, Self.instances / Self.share) {
            let seed = Self.seed &+ UInt64(number)
            let simulation = try await run(seed: seed, instances: Self.share)
            print(
                "simulation seed \(seed): \(simulation.trace.count) happenings,"
                    + " \(simulation.kills) kills")
        }
    }

    @Test func `the same seed gives the same run`() async throws {
        let first = try await run(seed: Self.seed, instances: 40)
        let second = try await run(seed: Self.seed, instances: 40)
        #expect(first.trace == second.trace, "seed \(Self.seed)")
    }
}
