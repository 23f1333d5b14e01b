import Contracts
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Workflow

/// A service that lives badly: its clock jumps forward and back, and it is ended and started again.
@Test(arguments: ["skip", "queue", "allow"])
func `however the clock jumps, each occurrence has one row, and each run is done once`(
    overlap: String
) async throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = TestRandom(seed: seed)
    let folder = TemporaryFolder()
    let missed = ["once", "all", "skip"].randomElement(using: &random) ?? "once"
    var world = try await World(folder: folder.path)
    try await world.take(
        Model.jobs(
            Model.job(
                "often", "*/30 * * * *",
                ["overlap": .string(overlap), "missed": .string(missed)])))
    var (first, furthest) = (world.clock.now(), world.clock.now())
    for _ in 0..<12 {
        let minutes = Int64.random(in: 1...300, using: &random)
        if Bool.random(using: &random) {
            world.clock.advance(by: .seconds(60 * minutes))
        } else {
            let state = world.peers.state.withLock { $0 }
            let now = world.clock.now()
            try await world.stop()
            let jump = Bool.random(using: &random) ? minutes : -minutes / 2
            world = try await World(
                folder: folder.path,
                clock: ManualClock(start: now.advanced(by: .seconds(60 * jump))), state: state)
        }
        first = min(first, world.clock.now())
        // Until what is due is planned and done, and what is next is really next.
        try await world.soon("the plan, seed \(seed)") {
            let now = world.clock.now()
            let next = try await world.json(ListJobs())["items"]?.array?.first?["next"]?.string
            let planned = next.flatMap { Timestamp($0) } ?? now
            let step = planned.milliseconds - now.milliseconds
            guard step > 0, step <= 30 * 60_000 else { return false }
            return try await world.ledger("often").allSatisfy {
                $0["state"] != "planned" && $0["state"] != "running"
            }
        }
        furthest = max(furthest, world.clock.now())
    }
    let ledger = try await world.ledger("often")
    let planned = ledger.compactMap { $0["planned"]?.string }.sorted()
    var expected: [String] = []
    let schedule = try CronSchedule("*/30 * * * *")
    var time = first
    while let next = schedule.next(after: time, in: .utc), next <= furthest {
        expected.append(next.text)
        time = next
    }
    #expect(planned == expected, "seed \(seed)")
    let done = ledger.filter { $0["state"] == "succeeded" }.compactMap { $0["run"]?.integer }
    let mails = world.peers.state.withLock { $0.mails.map(\.key) }
    #expect(mails.sorted() == done.map { "job:\($0)/0/1" }.sorted(), "seed \(seed)")
    try await world.stop()
}
