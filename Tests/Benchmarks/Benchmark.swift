import Glibc
import HTTP
import TestSupport

/// The whole run: starts everything, measures in rounds, prints.
struct Benchmark {
    /// Until the memory of idle services is read.
    private static let idleSeconds = 5
    private static let idleLimit = 120.0

    let options: Options
    private let folder = TemporaryFolder()

    init(_ options: Options) { self.options = options }

    func run() async throws {
        var report = Report()
        say("Starting Geartrain, PocketBase and nginx; loading \(options.rows) rows into each …")
        let geartrain = try await Geartrain(in: folder.path + "/geartrain")
        try await Task.sleep(for: .seconds(Benchmark.idleSeconds))
        let idle = ProcessUsage.kilobytes(of: geartrain.processes)
        try await geartrain.load(rows: options.rows)
        let pocketBase = try await PocketBase(rows: options.rows, in: folder.path + "/pocketbase")
        let record = try await geartrain.client.send(.get, "/api/records/bench/ticket/1")
        let nginx = try await Nginx(answer: record.text, in: folder.path + "/nginx")
        let raw = try await RawSQLite(in: folder.path + "/raw")
        say("Load on this machine: \(TestFile.text("/proc/loadavg") ?? "")")
        for round in 1...options.rounds {
            say("Round \(round) of \(options.rounds)")
            try await reads(geartrain, pocketBase, nginx, &report)
            try await writes(geartrain, pocketBase, raw, &report)
        }
        ratios(&report)
        report.limit(
            "Resident memory, five services idle", Double(idle) / 1024,
            atMost: Benchmark.idleLimit, unit: "MB")
        report.printSamples()
        say(
            "\nResident memory now, MB (at most): Geartrain \(memory(geartrain.processes)), "
                + "PocketBase \(memory([pocketBase.process]))")
    }

    private func reads(
        _ geartrain: Geartrain, _ pocketBase: PocketBase, _ nginx: Nginx, _ report: inout Report
    ) async throws {
        report.add(
            "get c64, nginx → nginx", try await load(nginx.load, nginx.port, nginx.processes))
        report.add(
            "get c64, Geartrain",
            try await load(geartrain.get(rows: options.rows), geartrain.port, geartrain.processes))
        report.add(
            "get c64, PocketBase",
            try await load(
                pocketBase.get(rows: options.rows), pocketBase.port, [pocketBase.process]))
        report.add(
            "list 50 c16, Geartrain",
            try await load(geartrain.list, geartrain.port, geartrain.processes))
        report.add(
            "list 50 c16, PocketBase",
            try await load(pocketBase.list, pocketBase.port, [pocketBase.process]))
    }

    private func writes(
        _ geartrain: Geartrain, _ pocketBase: PocketBase, _ raw: RawSQLite, _ report: inout Report
    ) async throws {
        let commits = try await raw.run(seconds: options.seconds)
        report.add("create, raw SQLite loop", Sample(rate: commits, median: 0, p99: 0))
        report.add(
            "create c64, Geartrain",
            try await load(geartrain.create, geartrain.port, geartrain.processes))
        report.add(
            "create c64, PocketBase",
            try await load(pocketBase.create, pocketBase.port, [pocketBase.process]))
    }

    private func load(_ load: Load, _ port: Int, _ servers: [ChildProcess]) async throws -> Sample {
        try await load.run(
            port: port, seconds: options.seconds, servers: servers, in: folder.path)
    }

    private func ratios(_ report: inout Report) {
        let (get, list, create) = ("get c64, ", "list 50 c16, ", "create c64, ")
        let (ours, theirs) = ("Geartrain", "PocketBase")
        report.ratio(
            "GET one, c64, to nginx → nginx", get + ours, get + "nginx → nginx", target: 0.25)
        report.ratio("GET one, c64, to PocketBase", get + ours, get + theirs, target: 5)
        report.ratio(
            "GET one, c64, p99 to PocketBase's", get + ours, get + theirs, target: 0.2,
            atMost: true, \.p99)
        report.ratio("List of 50, c16, to PocketBase", list + ours, list + theirs, target: 6)
        report.ratio("Create, c64, to PocketBase", create + ours, create + theirs, target: 3)
        report.ratio(
            "Create, c64, to raw SQLite's single commits", create + ours,
            "create, raw SQLite loop", target: 0.6)
    }

    private func memory(_ processes: [ChildProcess]) -> String {
        "\(ProcessUsage.kilobytes(of: processes) / 1024)"
            + " (\(ProcessUsage.kilobytes(of: processes, peak: true) / 1024))"
    }
}
