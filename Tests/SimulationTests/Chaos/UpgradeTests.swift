import Glibc
import HTTP
import TestSupport
import Testing

/// Copies of each service are replaced one after the other, by those of a version that has added to
/// the schema, while people and programs work.
@Suite(.serialized) struct `Upgrade of copies under load` {
    /// Rounds over all copies; more of them are a longer look.
    private static let rounds = max(4, Chaos.seconds / 4)
    /// A folder with the programs of an earlier version, from which the first round leads to these.
    private static let earlier = getenv("GEARTRAIN_TEST_EARLIER").map { String(cString: $0) }

    @Test func `a client that retries once sees no error`() async throws {
        let log = ChaosLog()
        let fleet = try await Fleet(of: Self.earlier)
        var admin = try await fleet.admin()
        admin.timeout = .seconds(10)
        let wrong = CarefulClient.Wrongs()
        let client = CarefulClient(
            api: admin, log: log, wrong: wrong, attemptLimit: 2, passing: [502, 503, 504])
        let isOver = Flag()
        let clerks = (1...4).map {
            Clerk(client: client, number: $0, seed: UInt64($0), pause: .milliseconds(20))
        }
        let sender = Sender(client: client, train: fleet.train, pause: .milliseconds(400))

        async let customers = withThrowingTaskGroup(of: [Clerk.Customer].self) { group in
            for clerk in clerks { group.addTask { try await clerk.run(until: isOver) } }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        async let mails = sender.run(until: isOver)
        async let reads = read(client, until: isOver)
        // The first that is replaced finds what the version after it has added.
        for service in Fleet.shared where Self.earlier == nil {
            try await fleet.server.sql(
                "alter table \(service).schema_migration add column later text;"
                    + " insert into \(service).schema_migration (name, checksum, applied, needs)"
                    + " values ('9999-later', 'closure', 1, '')", in: "postgres")
        }
        var stops: [Duration] = []
        for round in 1...Self.rounds {
            for copy in fleet.copies where Fleet.shared.contains(copy.service) {
                log.add("round \(round): \(copy.name)")
                let start = ContinuousClock.now
                let code = try await fleet.train.stop(copy.name)
                #expect(code == 0, "\(copy.name)")
                stops.append(ContinuousClock.now - start)
                try fleet.start(copy)
                try await fleet.ready(copy)
            }
        }
        isOver.set()
        let (made, sent, seen) = try await (customers, mails, reads)
        log.add("\(made.count) customers, \(sent) mails, \(seen) reads, \(wrong.repeats) again")
        #expect(!made.isEmpty && sent > 0 && seen > 0)
        stops.sort()
        log.add("a stop took \(stops[stops.count / 2]), the longest \(stops.last ?? .zero)")
        #expect(wrong.all.isEmpty)
        #expect(try await Clerk.faults(made, admin).isEmpty)
        #expect(try await sender.faults(sent).isEmpty)
        #expect(try await fleet.stop() == [:])
    }

    /// Lists and pages, as people look at them; answers how many.
    private func read(_ client: CarefulClient, until isOver: Flag) async throws -> Int {
        let paths = [
            Clerk.path + "?limit=20", "/api/me", "/api/incidents", "/api/instances?limit=5",
            "/api/mail/messages?limit=5", "/api/runs?limit=5",
            "/api/models/helpdesk",
        ]
        var count = 0
        while !isOver.isSet {
            for path in paths { _ = try await client.expect(200, .get, path) }
            count += paths.count
        }
        return count
    }
}
