import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Records

/// Totals that are kept, and reads that take too long.
@Suite struct CountTests {
    private func count(
        _ store: TestStore, _ filter: String?, as context: CallContext = .system
    ) async throws -> JSONValue? {
        try await store.list(ticket, filter: filter, limit: 1, count: true, as: context)["count"]
    }

    @Test func `a kept total is right after every write, whoever wrote`() async throws {
        let store = try await TestStore()
        try await store.apply(helpdesk())
        for account in ["ada", "zoe"] {
            try await store.create(
                ticket, .array((1...5).map { ["subject": .string("s\($0)"), "score": 1] }),
                as: .caller(account, "agent"))
        }
        let filter = "score eq 1"
        for _ in 1...2 {
            #expect(try await count(store, filter) == 10)
            #expect(try await count(store, nil, as: .caller("zoe", "customer")) == 5)
            #expect(try await count(store, nil, as: .caller("bob", "customer")) == 0)
        }
        try await store.change(ticket, 1, ["score": 2])
        #expect(try await count(store, filter) == 9)
        try await store.delete(ticket, 2)
        #expect(try await count(store, filter) == 8)
        #expect(
            try await store.foreign("UPDATE DataRow_2 SET score = 3 WHERE id = 3").code == 0)
        #expect(try await count(store, filter) == 7)
        #expect(try await store.foreign("DELETE FROM DataRow_2 WHERE id = 10").code == 0)
        #expect(try await count(store, filter) == 6)
        #expect(try await count(store, nil, as: .caller("zoe", "customer")) == 4)
    }

    @Test func `totals under random writes are those of a plain count`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = TestRandom(seed: seed)
        let store = try await TestStore()
        try await store.apply(helpdesk())
        var standing: [Int64: Int64] = [:]
        for step in 1...150 {
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1:
                let score = Int64.random(in: 0...3, using: &random)
                let made = try await store.create(
                    ticket, ["subject": "x", "score": .number(JSONNumber(score))])
                standing[made.id] = score
            case 2:
                guard let id = standing.keys.sorted().randomElement(using: &random) else { break }
                let score = Int64.random(in: 0...3, using: &random)
                try await store.change(ticket, id, ["score": .number(JSONNumber(score))])
                standing[id] = score
            case 3:
                guard let id = standing.keys.sorted().randomElement(using: &random) else { break }
                try await store.delete(ticket, id)
                standing[id] = nil
            default:
                let score = Int64.random(in: 0...3, using: &random)
                let wanted = Int64(standing.values.filter { $0 == score }.count)
                #expect(
                    try await count(store, "score eq \(score)")?.integer == wanted,
                    "seed \(seed), step \(step)")
            }
        }
    }

    @Test func `a page that takes too long is ended with a clear answer`() async throws {
        let store = try await TestStore()
        await #expect(throws: DatabaseError.self) {
            try await store.database.read(within: .milliseconds(50)) {
                try $0.count(
                    """
                    WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)
                    SELECT count(*) FROM c
                    """)
            }
        }
        let problem = Records.problem(of: DatabaseError.interrupted)
        #expect(problem?.status == 503 && problem?.code == "too-slow")
        #expect(problem?.retryAfter != nil)
    }

    @Test func `a read that is too long for an event loop goes to a thread`() async throws {
        let store = try await TestStore()
        let sql = """
            WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 200000)
            SELECT count(*) FROM c
            """
        let loop = try #require(store.runtime.loops.loops.first)
        for _ in 1...2 {
            let database = store.database
            let count = try await Task(executorPreference: loop) {
                try await database.quickRead("c", within: .seconds(30)) { try $0.count(sql) }
            }.value
            #expect(count == 200_000)
        }
    }
}
