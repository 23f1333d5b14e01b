import Glibc
import HTTP
import JSON
import TestSupport
import Testing

/// An import of many rows that is killed again and again, at rows that a seed chooses, ends as one
/// that nobody disturbs. `GEARTRAIN_TEST_IMPORT=rows,kills` makes it larger (100000,50).
@Suite struct `Imports killed at random rows` {
    private static let size: (rows: Int, kills: Int) = {
        let words = getenv("GEARTRAIN_TEST_IMPORT").map { String(cString: $0) } ?? "6000,6"
        let parts = words.split(separator: ",").compactMap { Int($0) }
        return parts.count == 2 ? (parts[0], parts[1]) : (6000, 6)
    }()

    @Test func `killed at random rows, records and counters are the same`() async throws {
        let seed = TestRandom.seed()
        print("import kill seed \(seed)")
        var random = TestRandom(seed: seed)
        let (rows, kills) = Self.size
        let train = try await started()
        let shop = try await Shop(train)
        _ = try await shop.run("plain", (1...rows / 2).map { "eu,\($0),1,,\n" }.joined())
        let file = (1...rows).map { row in
            let price = row % 100 == 0 ? "x" : row % 3 == 0 ? "1" : "2"
            return "eu,\(row),\(price),\(row % 2 == 0 ? "Acme" : ""),\n"
        }.joined()
        let path = try await shop.start("plain", file)
        let struck = try await kill(shop, path, kills, &random)
        print("\(rows) rows, killed \(struck) times")
        let run = try await ended(shop, path)
        #expect(run["state"] == "succeeded", "\(run.text)")
        let bad = rows / 100
        let old = (1...rows / 2).filter { $0 % 100 != 0 }
        let same = old.filter { $0 % 3 == 0 && $0 % 2 != 0 }.count
        let counters = run["counters"]
        #expect(counters?["read"] == JSONValue(integerLiteral: rows), "\(run.text)")
        #expect(counters?["rejected"] == JSONValue(integerLiteral: bad))
        #expect(counters?["unchanged"] == JSONValue(integerLiteral: same))
        #expect(counters?["updated"] == JSONValue(integerLiteral: old.count - same))
        #expect(counters?["inserted"] == JSONValue(integerLiteral: rows - bad - old.count))
        try await check(shop, rows, path)
        _ = try await train.stop()
    }

    @Test func `a plan applied and undone under kills leaves what was`() async throws {
        let seed = TestRandom.seed()
        print("plan kill seed \(seed)")
        var random = TestRandom(seed: seed)
        let shop = try await Shop(started())
        let rows = 5000
        _ = try await shop.run("plain", (1...rows).map { "eu,\($0),1,,\n" }.joined())
        let before = try await shop.prices()
        let file = (rows / 2...rows * 3 / 2).map { "eu,\($0),2,Acme,\n" }.joined()
        let path = try await shop.start("whole", file, plan: true)
        try await kill(shop, path, 1, &random)
        let plan = try await shop.ended(path)
        #expect(plan["plan"]?["insert"]?.integer == Int64(rows / 2), "\(plan.text)")
        #expect(plan["plan"]?["change"]?.integer == Int64(rows / 2 + 1))
        #expect(plan["plan"]?["delete"]?.integer == Int64(rows / 2 - 1))
        #expect(try await shop.prices() == before)

        try await shop.api.expect(202, .post, path + "/apply")
        try await kill(shop, path, 2, &random)
        let run = try await ended(shop, path)
        #expect(run["state"] == "succeeded", "\(run.text)")
        #expect(run["counters"]?["inserted"] == plan["plan"]?["insert"])
        #expect(run["counters"]?["updated"] == plan["plan"]?["change"])
        #expect(run["counters"]?["deleted"] == plan["plan"]?["delete"])

        let undo = try await shop.api.expect(202, .post, path + "/undo").json
        let undoing = "/api/runs/\(undo["run"]?.integer ?? 0)"
        try await kill(shop, undoing, 2, &random)
        let undone = try await ended(shop, undoing)
        #expect(undone["state"] == "succeeded" && undone["conflicts"] == [], "\(undone.text)")
        #expect(try await shop.prices() == before)
        _ = try await shop.train.stop()
    }

    private func started() async throws -> Train {
        let train = Train(.apart)
        try await train.start()
        return train
    }

    /// Kills Batch or Records after one of their next commits, again and again, unless the run ends
    /// before; answers how often.
    @discardableResult
    private func kill(
        _ shop: Shop, _ path: String, _ kills: Int, _ random: inout TestRandom
    ) async throws -> Int {
        var struck = 0
        for _ in 0..<kills {
            let victim = ["batch", "records"].randomElement(using: &random) ?? "batch"
            let change = Int.random(in: 1...2, using: &random)
            let killer = Killer(train: shop.train, victim: victim, watched: victim, change: change)
            let killing = Task { try await killer.run() }
            let watching = Task {
                _ = try? await ended(shop, path)
                killing.cancel()
            }
            if try await killing.value { struck += 1 }
            watching.cancel()
            try await shop.train.ready("records")
            try await shop.train.ready("batch")
        }
        return struck
    }

    private func ended(_ shop: Shop, _ path: String) async throws -> JSONValue {
        try await shop.train.waitFor("the end of \(path)", within: .seconds(600)) {
            guard let run = try? await shop.api.get(path) else { return false }
            let isPlan = run["state"] == "planned" && run["plan"]?.object != nil
            return isPlan || run["state"] != "planned" && run["state"] != "running"
        }
        return try await shop.api.get(path)
    }

    /// Every record once, with the values of the file, and a receipt of each row.
    private func check(_ shop: Shop, _ rows: Int, _ path: String) async throws {
        let prices = try await shop.prices()
        let bad = (1...rows).filter { $0 % 100 == 0 && $0 > rows / 2 }.count
        #expect(prices.count == rows - bad)
        for row in 1...rows where row % 100 != 0 {
            let price = prices["eu/\(row)"]
            guard price?["price"]?.text.hasPrefix(row % 3 == 0 ? "1" : "2") == true else {
                Issue.record("row \(row): \(price.map { JSONValue.object($0).text } ?? "none")")
                return
            }
        }
        var seen = 0
        var cursor = ""
        repeat {
            let page = try await shop.api.get(path + "/rows?limit=1000&cursor=\(cursor)")
            seen += page["items"]?.array?.count ?? 0
            cursor = page["next"]?.string ?? ""
        } while !cursor.isEmpty
        #expect(seen == rows - rows / 100)
    }
}
