import HTTP
import JSON
import TestSupport
import Testing

extension JSONValue {
    /// The run's counters in the order read, inserted, updated, unchanged, deleted, rejected.
    fileprivate var counts: [Int64] {
        ["read", "inserted", "updated", "unchanged", "deleted", "rejected"].map {
            self["counters"]?[$0]?.integer ?? -1
        }
    }
}

@Suite struct `Imports planned, receipted and undone` {
    private func shop() async throws -> Shop {
        let train = Train(.together)
        try await train.start()
        return try await Shop(train)
    }

    @Test func `rows find records by keys of several columns, and references by a key`()
        async throws
    {
        let shop = try await shop()
        let (api, train) = (shop.api, shop.train)
        let first = try await shop.run(
            "prices", "eu,a,1.50,Acme,\nus,a,2,Bolt,false\neu,b,-1,,\neu,c,1,Nobody,\n,d,1,,\n")
        #expect(first.counts == [5, 2, 0, 0, 0, 3], "\(first.text)")
        let run = first["run"]?.integer ?? 0
        let errors = try await api.expect(200, .get, "/api/runs/\(run)/errors").text
        #expect(errors.contains("eu,c,1,Nobody,,5,maker: There is no maker whose name is Nobody."))
        #expect(errors.contains("region: The key must have a value."))
        let file = try await api.expect(200, .get, "/api/runs/\(run)/file").text
        #expect(file.hasPrefix("Region,Code,Price,Maker,Active\neu,a,1.50,Acme,\n"))

        var prices = try await shop.prices()
        #expect(prices["eu/a"]?["origin"] == "file" && prices["eu/a"]?["active"] == true)
        #expect(prices["eu/a"]?["note"] == "by rule" && prices["us/a"]?["active"] == false)
        #expect(prices["eu/a"]?["maker"] == 1 && prices["us/a"]?["maker"] == 2)

        let second = try await shop.run("plain", "eu,a,1.75,Acme,true\neu,x,1,,\nus,a,2,Bolt,0\n")
        #expect(second.counts == [3, 1, 1, 1, 0, 0], "\(second.text)")
        let id = second["run"]?.integer ?? 0
        let rows = try await api.get("/api/runs/\(id)/rows?limit=2")
        #expect(rows["items"]?.array?.count == 2 && rows["next"]?.string != nil)
        #expect(rows["items"]?.array?.first?["operation"] == "change")
        #expect(
            rows["items"]?.array?.first?["changes"] == [
                [
                    "column": "price", "old": try JSONValue(parsing: Array("1.50".utf8)),
                    "new": try JSONValue(parsing: Array("1.75".utf8)),
                ]
            ])
        let rest = try await api.get("/api/runs/\(id)/rows?cursor=\(rows["next"]?.string ?? "")")
        #expect(rest["items"]?.array?.map { $0["operation"] } == ["none"])
        prices = try await shop.prices()
        #expect(prices["eu/x"]?["note"] == .null)
        let record = prices["eu/x"]?["id"]?.integer ?? 0
        let history = try await api.get("/api/records/shop/price/\(record)/history")
        #expect(
            history["items"]?.array?.first?["cause"]?.string?.hasSuffix("without rules") == true)
        #expect(history["items"]?.array?.first?["door"] == "import")

        let third = try await shop.run("known", "eu,a,3,,\nxx,a,3,,\n")
        #expect(third.counts == [2, 0, 1, 0, 0, 1], "\(third.text)")

        try await train.waitFor("what follows") {
            let instances = try await api.get("/api/instances?workflow=shop.report")
            let made = try await api.get(
                "/api/records/shop/maker?filter=" + "name eq 'run \(id)'".queryEncoded)
            return instances["items"]?.array?.count == 1 && made["items"]?.array?.count == 1
        }
        let log = try await api.get("/api/runs/\(run)/log")["items"]?.array ?? []
        let lines = log.compactMap { $0["text"]?.string }
        #expect(lines.contains("Ended as succeeded."))
        let progress = try await api.expect(200, .get, "/api/runs/\(run)/progress")
        #expect(progress.headers["Content-Type"] == "text/event-stream")
        #expect(
            progress.text.hasPrefix("event: end\ndata: {") && progress.text.contains("\"rows\":5"))
        _ = try await train.stop()
    }

    @Test func `what a file lacks is kept, deleted or set, and never too much of it`() async throws
    {
        let shop = try await shop()
        let all = (1...6).map { "eu,\($0),1,,\n" }.joined()
        _ = try await shop.run("prices", all + "us,1,1,,\n")
        let many = try await shop.run("whole", "eu,1,1,,\nus,1,2,,\n")
        #expect(many["state"] == "failed" && many.counts == [2, 0, 1, 1, 0, 0], "\(many.text)")
        #expect(many["problem"]?["type"] == "/problems/too-many-missing")
        #expect(try await shop.prices().count == 7)
        let doubtful = try await shop.run("whole", all + "us,1\n")
        #expect(doubtful["problem"]?["type"] == "/problems/rows-rejected", "\(doubtful.text)")

        let plan = try await shop.run(
            "retired", (1...3).map { "eu,\($0),1,,\n" }.joined(), plan: true)
        #expect(plan["plan"]?["change"] == 3 && plan["plan"]?["none"] == 3, "\(plan.text)")
        #expect(try await shop.prices()["eu/5"]?["active"] == true)
        let path = "/api/runs/\(plan["run"]?.integer ?? 0)"
        try await shop.api.expect(202, .post, path + "/apply")
        let set = try await shop.ended(path)
        #expect(set["state"] == "succeeded" && set.counts == [3, 0, 3, 3, 0, 0], "\(set.text)")
        #expect(try await shop.prices()["eu/5"]?["active"] == false)
        #expect(try await shop.prices()["us/1"]?["active"] == true)

        let gone = try await shop.run("whole", (1...4).map { "eu,\($0),1,,\n" }.joined())
        #expect(gone["state"] == "succeeded" && gone.counts == [4, 0, 1, 3, 3, 0], "\(gone.text)")
        #expect(try await shop.prices().count == 4)
        let undo = try await shop.undo(gone)
        #expect(undo.counts == [4, 3, 1, 0, 0, 0] && undo["conflicts"] == [], "\(undo.text)")
        #expect(try await shop.prices().count == 7)
        #expect(
            try await shop.api.get("/api/runs/\(gone["run"]?.integer ?? 0)")["undoneBy"]
                == undo["run"])
        _ = try await shop.train.stop()
    }

    @Test func `progress comes through the gateway while rows do, and ends with them`()
        async throws
    {
        let shop = try await shop()
        let file = (1...20_000).map { "eu,\($0),1,,\n" }.joined()
        let path = try await shop.start("plain", file)
        let text = try await shop.api.expect(200, .get, path + "/progress").text
        let events = text.split(separator: "\n\n")
        let last = events.last ?? ""
        #expect(
            events.count > 1 && events.dropLast().allSatisfy { $0.hasPrefix("event: progress") })
        #expect(last.hasPrefix("event: end") && last.contains("\"rows\":20000"), "\(last)")
        #expect(try await shop.api.get(path)["state"] == "succeeded")
        _ = try await shop.train.stop()
    }

    /// Random tables and files: the plan says what apply does, apply refuses what moved, and undo
    /// brings back what was, but for what it names.
    @Test func `a plan equals what apply does, and undo restores or names`() async throws {
        let shop = try await shop()
        let seed = TestRandom.seed()
        print("plan seed \(seed)")
        var random = TestRandom(seed: seed)
        func row(_ code: Int) -> String {
            let price = ["1", "1.00", "2.5", "x", ""].randomElement(using: &random) ?? ""
            let maker = ["Acme", "Bolt", "", "Nobody"].randomElement(using: &random) ?? ""
            return
                "\(["eu", "us"].randomElement(using: &random) ?? ""),\(code),\(price),\(maker),\n"
        }
        for _ in 0..<6 {
            let file = (0..<Int.random(in: 5...60, using: &random)).map { _ in
                row(Int.random(in: 0..<40, using: &random))
            }.joined()
            let definition = ["prices", "plain", "known"].randomElement(using: &random) ?? ""
            let before = try await shop.prices()
            let plan = try await shop.run(definition, file, plan: true)
            #expect(plan["state"] == "planned", "\(plan.text)")
            #expect(try await shop.prices() == before)
            let path = "/api/runs/\(plan["run"]?.integer ?? 0)"
            let planned = try await shop.api.get(path + "/rows?limit=1000")["items"]?.array ?? []
            if let touched = planned.first(where: { $0["record"]?.integer != nil }),
                Bool.random(using: &random)
            {
                try await shop.touch(touched["record"]?.integer ?? 0)
                let problem = try await shop.api.expectProblem(
                    409, "plan-moved", .post, path + "/apply")
                #expect(problem["errors"]?.array?.isEmpty == false)
                continue
            }
            try await shop.api.expect(202, .post, path + "/apply")
            let run = try await shop.ended(path)
            #expect(run["state"] == "succeeded", "\(run.text)")
            let counters = run["counters"]
            #expect(counters?["inserted"] == plan["plan"]?["insert"])
            #expect(counters?["updated"] == plan["plan"]?["change"])
            #expect(counters?["unchanged"] == plan["plan"]?["none"])
            let done = try await shop.api.get(path + "/rows?limit=1000")["items"]?.array ?? []
            #expect(done.map { $0["row"] } == planned.map { $0["row"] })
            #expect(done.map { $0["operation"] } == planned.map { $0["operation"] })
            try await undo(shop, run, done, before, &random)
        }
        _ = try await shop.train.stop()
    }

    private func undo(
        _ shop: Shop, _ run: JSONValue, _ done: [JSONValue], _ before: [String: JSONObject],
        _ random: inout TestRandom
    ) async throws {
        let written = done.filter { $0["operation"] != "none" }.compactMap { $0["record"]?.integer }
        let moved = written.randomElement(using: &random)
        if let moved { try await shop.touch(moved) }
        guard !done.isEmpty else { return }
        let undo = try await shop.undo(run)
        #expect(undo["state"] == "succeeded", "\(undo.text)")
        let named = undo["conflicts"]?.array?.compactMap { $0["record"]?.integer } ?? []
        #expect(named == (moved.map { [$0] } ?? []), "\(undo.text)")
        let after = try await shop.prices()
        let isMoved = { (object: JSONObject) in object["id"]?.integer == moved }
        #expect(after.filter { !isMoved($0.value) } == before.filter { !isMoved($0.value) })
    }
}
