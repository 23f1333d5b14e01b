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
        // Only meanwhile: who has the file open gets turns at its lock, which cost writes.
        let datasette = try await Datasette(
            database: geartrain.file(of: "records"), in: folder.path + "/datasette")
        report.add(
            "view 50 c16, datasette",
            try await measure(datasette.view, datasette.port, [datasette.process]))
        try await datasette.process.killNow()
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

    /// A list for who reads all, for who reads what lies below a unit of a tree, and for who reads
    /// the same rows as a member of many units; reads while others log in.
    func rights(_ all: Contenders, _ report: inout Report) async throws {
        let geartrain = all.geartrain
        for (name, reader) in [
            ("list 50, of all units", Geartrain.Reader.all), ("list 50, by tree", .tree),
            ("list 50, by flat units", .flat), ("list 50 of few, by tree", .smallTree),
            ("list 50 of few, by flat units", .smallFlat),
        ] {
            report.add(
                name, try await measure(geartrain.list("owned", as: reader), geartrain))
        }
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

    /// Another program writes a table and a third reads its view, while 64 callers create.
    func foreign(_ all: Contenders, _ report: inout Report) async throws {
        let database = all.geartrain.file(of: "records")
        let table = try await all.geartrain.table("fresh")
        // One each 20 ms and what it takes.
        let count = options.seconds * 30
        let before = try await foreignRows(table, database)
        async let calls = measure(all.geartrain.create(), all.geartrain)
        async let reads = ForeignSQL.run(
            Array(repeating: "select * from bench_fresh order by id desc limit 50", count: count),
            on: database)
        let writes = try await ForeignSQL.run(
            (0..<count).map { "insert into \(table) (subject) values ('foreign \($0)')" },
            on: database)
        report.add("foreign insert", Sample(foreign: writes))
        report.add("foreign view", Sample(foreign: try await reads))
        report.add("create c64 beside programs", try await calls)
        let logged = try await foreignRows(table, database) - before
        guard logged == count else {
            throw BenchmarkError("\(count) rows of another program, \(logged) in the log")
        }
    }

    /// Rows of other programs that the change log knows of.
    private func foreignRows(_ table: String, _ database: String) async throws -> Int {
        let sql = """
            select count(*) from change_log join \(table) as t on t.id = record
            where door = 'database' and t.creator = 'database'
            """
        let (code, output) = try await ChildProcess.run(
            "sqlite3", ["-cmd", ".timeout 5000", database, sql])
        guard code == 0, let rows = Int(output.split(separator: "\n").last ?? "") else {
            throw BenchmarkError("sqlite3 failed:\n\(output)")
        }
        return rows
    }
}

extension Sample {
    /// Of what another program's statements took, in milliseconds.
    init(foreign times: [Double]) {
        let sorted = times.sorted()
        let total = times.reduce(0, +) / 1000
        self.init(
            rate: total > 0 ? Double(times.count) / total : 0,
            median: sorted[sorted.count / 2], p99: sorted[sorted.count * 99 / 100],
            worst: sorted.last ?? 0)
    }
}
