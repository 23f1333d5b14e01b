import Glibc
import HTTP
import JSON
import TestSupport
import Testing

enum Chaos {
    /// For how long things go wrong, in seconds; `GEARTRAIN_TEST_SECONDS` says another.
    static let seconds = getenv("GEARTRAIN_TEST_SECONDS").flatMap { Int(String(cString: $0)) } ?? 15
    /// The longest that a cut lasts.
    static let longest = Duration.seconds(max(2, min(60, seconds / 8)))
    /// How long what was acknowledged may take to be done, after the last fault.
    static let patience = Duration.seconds(max(120, seconds + 180))
}

/// Two copies of each service on PostgreSQL under load, while processes, ways and the database
/// fail: what was acknowledged stands, nothing is done twice, and all of it ends.
@Suite(.serialized) struct `Chaos among copies` {
    @Test func `no acknowledged write is lost and nothing is done twice`() async throws {
        let seed = TestRandom.seed()
        let log = ChaosLog()
        log.add("chaos seed \(seed), \(Chaos.seconds) s")
        let fleet = try await Fleet()
        let admin = try await fleet.admin()
        let wrong = CarefulClient.Wrongs()
        var impatient = admin
        impatient.timeout = .seconds(10)
        let client = CarefulClient(api: impatient, log: log, wrong: wrong)
        let isOver = Flag()
        let faults = Faults(fleet, log: log, seed: seed, longest: Chaos.longest)
        let clerks = (1...4).map {
            Clerk(
                client: client, number: $0, seed: seed &+ UInt64(100 + $0),
                pause: .milliseconds(Chaos.seconds > 60 ? 200 : 50))
        }
        let sender = Sender(
            client: client, train: fleet.train,
            pause: .milliseconds(Chaos.seconds > 60 ? 1500 : 600))
        log.add("everybody works")

        async let customers = withThrowingTaskGroup(of: [Clerk.Customer].self) { group in
            for clerk in clerks { group.addTask { try await clerk.run(until: isOver) } }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        async let mails = sender.run(until: isOver)
        async let failing: Void = faults.run(until: isOver)
        try await Task.sleep(for: .seconds(Chaos.seconds))
        isOver.set()
        try await failing
        log.add("no more faults: \(faults.summary)")
        for copy in fleet.copies { try await fleet.ready(copy) }
        let (made, sent) = try await (customers, mails)
        let changes = made.reduce(0) { $0 + $1.version }
        log.add("\(made.count) customers, \(changes) writes, \(sent) mails; looking at all of it")

        #expect(!made.isEmpty && sent > 0 && faults.count > 0)
        #expect(try await Clerk.faults(made, admin).isEmpty)
        #expect(try await sender.faults(sent).isEmpty)
        #expect(try await fleet.chainFault(admin) == nil)
        let incidents = try await admin.get("/api/incidents?limit=100")["items"]?.array ?? []
        #expect(incidents.isEmpty)
        #expect(wrong.all.isEmpty)
        var waiting: [String: Double] = [:]
        try? await eventually("all queues are empty", within: .seconds(90)) {
            waiting = try await fleet.metric("geartrain_queue_depth_items")
            return waiting.isEmpty
        }
        #expect(waiting == [:])
        #expect(try await fleet.metric("geartrain_queue_dead_items").isEmpty)
        log.add("all of it stands")
        #expect(try await fleet.stop() == [:])
    }
}
