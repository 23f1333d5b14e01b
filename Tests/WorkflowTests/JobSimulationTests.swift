import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Workflow

/// Mail is away at every fourth call, before or after it has done what it was asked for.
private final class Outages: Sendable {
    private let random: Mutex<TestRandom>

    init(seed: UInt64) { random = Mutex(TestRandom(seed: seed)) }

    @Sendable func strike(_ key: String, _ moment: FakePeers.Moment) throws {
        if random.withLock({ Int.random(in: 0..<4, using: &$0) }) == 0 {
            throw Problem.unavailable("struck")
        }
    }
}

/// A service that lives badly: its clock jumps forward and back, and it is ended and started again.
@Test(arguments: ["skip", "queue", "allow"])
func `however the clock jumps, each occurrence has one row, and each run is done once`(
    overlap: String
) async throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = TestRandom(seed: seed)
    let (folder, outages) = (TemporaryFolder(), Outages(seed: seed))
    let missed = ["once", "all", "skip"].randomElement(using: &random) ?? "once"
    var world = try await World(folder: folder.path, hook: outages.strike)
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
            let now = world.clock.now()
            try await world.stop()
            let state = world.peers.state.withLock { $0 }
            let jump = Bool.random(using: &random) ? minutes : -minutes / 2
            world = try await World(
                folder: folder.path,
                clock: ManualClock(start: now.advanced(by: .seconds(60 * jump))), state: state,
                hook: outages.strike)
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
    #expect(mails.sorted() == done.map { "job:\($0)/0" }.sorted(), "seed \(seed)")
    try await world.stop()
}

/// Tickets whose dates are moved, by a service that is away now and then.
@Test func `however dates move, each record and level has its turn once for each date`()
    async throws
{
    let seed = UInt64.random(in: 0 ... .max)
    var random = TestRandom(seed: seed)
    let offsets: [Int64] = [-24, 0, 12]
    let job: JSONValue = [
        "code": "remind", "steps": [Model.mail],
        // The clock may jump over a day while a step is tried again.
        "timeout": "365d",
        "when": ["class": "ticket", "column": "due", "offset": "-24h"],
        "escalate": [
            ["offset": "0h", "steps": [Model.mail]], ["offset": "12h", "steps": [Model.mail]],
        ],
    ]
    let (folder, outages) = (TemporaryFolder(), Outages(seed: seed))
    var world = try await World(folder: folder.path, hook: outages.strike)
    /// Every date that a ticket ever had; the last is the one it has.
    var dates: [Int64: [Timestamp]] = [:]
    func move(_ ticket: Int64) {
        let hours = Int64.random(in: -72...72, using: &random)
        let due = world.clock.now().advanced(by: .seconds(3600 * hours))
        dates[ticket, default: []].append(due)
        if dates[ticket]?.count == 1 {
            _ = world.peers.insert(ticket, JSONObject([("due", .string(due.text))]))
        } else {
            world.peers.state.withLock { $0.records[ticket]?["due"] = .string(due.text) }
        }
    }
    for ticket in Int64(1)...5 { move(ticket) }
    try await world.take(Model.jobs(job))
    for _ in 0..<12 {
        switch Int.random(in: 0...2, using: &random) {
        case 0: move(.random(in: 1...5, using: &random))
        case 1:
            world.clock.advance(by: .seconds(60 * Int64.random(in: 1...900, using: &random)))
        default:
            let away = Duration.seconds(60 * Int64.random(in: 0...600, using: &random))
            let now = world.clock.now().advanced(by: away)
            try await world.stop()
            let state = world.peers.state.withLock { $0 }
            world = try await World(
                folder: folder.path, clock: ManualClock(start: now), state: state,
                hook: outages.strike)
        }
        try await world.soon("what is due, seed \(seed)") {
            world.clock.advance(by: .seconds(1))
            let done = Set(try await world.ledger("remind").map(turn))
            let now = world.clock.now()
            return dates.allSatisfy { ticket, all in
                offsets.enumerated().allSatisfy { level, hours in
                    guard let time = all.last?.advanced(by: .seconds(3600 * hours)),
                        time <= now.advanced(by: .seconds(-1)),
                        time > now.advanced(by: .zero - DateTrigger.defaultWindow)
                    else { return true }
                    return done.contains("\(ticket) \(level) \(time.text)")
                }
            }
        }
    }
    try await world.soon("the ends, seed \(seed)") {
        try await world.ledger("remind").allSatisfy { $0["state"] == "succeeded" }
    }
    let turns = try await world.ledger("remind").map(turn)
    #expect(Set(turns).count == turns.count, "seed \(seed)")
    #expect(Set(turns).isSubset(of: possibleTurns(dates, offsets)), "seed \(seed)")
    #expect(world.peers.state.withLock { $0.mails.count } == turns.count, "seed \(seed)")
    try await world.stop()
}

/// One for each level of every date that a ticket ever had.
private func possibleTurns(_ dates: [Int64: [Timestamp]], _ offsets: [Int64]) -> [String] {
    dates.flatMap { ticket, all in
        all.flatMap { due in
            offsets.enumerated().map { level, hours in
                "\(ticket) \(level) \(due.advanced(by: .seconds(3600 * hours)).text)"
            }
        }
    }
}

/// `3 0 2027-01-15T08:00:00.000Z`: record, level and time of a row.
private func turn(_ row: JSONValue) -> String {
    let record = row["record"]?.string?.split(separator: "/").last ?? ""
    return "\(record) \(row["level"]?.text ?? "") \(row["planned"]?.string ?? "")"
}
