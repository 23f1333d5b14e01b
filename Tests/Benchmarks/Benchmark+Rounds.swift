import TestSupport

// What a round measures, in turn for each contender.
extension Benchmark {
    func reads(_ all: Contenders, _ report: inout Report) async throws {
        let geartrain = all.geartrain
        report.add(
            "get c64, nginx → nginx",
            try await measure(all.nginx.load, all.nginx.port, all.nginx.processes))
        report.add(
            "get c64, Geartrain",
            try await measure(geartrain.get("ticket", rows: options.rows), geartrain))
        report.add(
            "get c64, PocketBase",
            try await measure(all.pocketBase.get(rows: options.rows), all.pocketBase))
        report.add("list 50 c16, Geartrain", try await measure(geartrain.list(), geartrain))
        report.add(
            "list 50 c16, PocketBase", try await measure(all.pocketBase.list(), all.pocketBase))
        report.add("view 50 c16, Geartrain", try await measure(geartrain.view, geartrain))
        report.add(
            "view 50 c16, datasette",
            try await measure(all.datasette.view, all.datasette.port, [all.datasette.process]))
    }

    /// The large table.
    func large(_ all: Contenders, _ report: inout Report) async throws {
        let geartrain = all.geartrain
        report.add(
            "get c64, large, Geartrain",
            try await measure(geartrain.get("big", rows: options.manyRows), geartrain))
        report.add(
            "list 50 c16, large, Geartrain", try await measure(geartrain.list("big"), geartrain))
        report.add(
            "list 50 c16, large, PocketBase",
            try await measure(all.pocketBase.list("big"), all.pocketBase))
        report.add("page 1, Geartrain", try await measure(geartrain.page(nil), geartrain))
        report.add(
            "page 10,000, Geartrain",
            try await measure(geartrain.page(all.farCursor), geartrain))
        report.add(
            "with total, large, Geartrain",
            try await measure(geartrain.total("big", isKept: false), geartrain))
        report.add(
            "with kept total, large, Geartrain",
            try await measure(geartrain.total("big", isKept: true), geartrain))
        report.add(
            "with total, large, PocketBase",
            try await measure(all.pocketBase.list("big", isCounted: true), all.pocketBase))
    }

    /// A list for who reads all, and for who reads what lies below a unit; reads while others log
    /// in.
    func rights(_ all: Contenders, _ report: inout Report) async throws {
        let geartrain = all.geartrain
        report.add("list 50, of all units", try await measure(geartrain.list("owned"), geartrain))
        report.add(
            "list 50, of own units",
            try await measure(geartrain.list("owned", asMember: true), geartrain))
        let calm = geartrain.calmGet(rows: options.rows)
        report.add("get c4, Geartrain", try await measure(calm, geartrain))
        let (port, processes) = (geartrain.port, geartrain.processes)
        async let logIns = measure(geartrain.logIns, port, processes, name: "log-ins")
        report.add("get c4 beside log-ins", try await measure(calm, geartrain))
        report.add("log-ins c2 (beside reads)", try await logIns)
    }

    func writes(_ all: Contenders, _ report: inout Report) async throws {
        let geartrain = all.geartrain
        let commits = try await all.raw.run(seconds: options.seconds)
        report.add("create, raw SQLite loop", Sample(rate: commits, median: 0, p99: 0))
        report.add("create c64, Geartrain", try await measure(geartrain.create(), geartrain))
        report.add(
            "create c64, no history", try await measure(geartrain.create("plain"), geartrain))
        report.add(
            "create c64, PocketBase", try await measure(all.pocketBase.create, all.pocketBase))
        report.add("1,000 at once c2, Geartrain", try await measure(geartrain.arrays, geartrain))
        report.add(
            "1,000 at once c2, PocketBase",
            try await measure(all.pocketBase.arrays, all.pocketBase))
    }
}
