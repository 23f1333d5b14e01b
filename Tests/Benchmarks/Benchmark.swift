import Glibc
import HTTP
import TestSupport

/// The whole run: starts everything, measures in rounds, prints.
struct Benchmark {
    let options: Options
    let folder = TemporaryFolder()

    /// Everybody who is measured.
    struct Contenders {
        let geartrain: Geartrain
        let pocketBase: PocketBase
        let nginx: Nginx
        let raw: RawSQLite
        /// Where the 10,000th page of fifty begins.
        let farCursor: String
    }

    init(_ options: Options) { self.options = options }

    func run() async throws {
        var report = Report()
        say("Load on this machine: \(TestFile.text("/proc/loadavg") ?? "")")
        if options.takes("parsing") {
            try await Parsing(options: options, folder: folder.path).run(&report)
        }
        if options.takes("reading") {
            try await ReadingBenchmark(options: options, folder: folder.path).run(&report)
        }
        if options.takes("sending") {
            try await SendingBenchmark(options: options, folder: folder.path).run(&report)
        }
        if options.takes("imports") {
            try await ImportBenchmark(options: options, folder: folder.path).run(&report)
        }
        if options.takes("syncs") {
            try await SyncBenchmark(options: options, folder: folder.path).run(&report)
        }
        if options.takes("copies") {
            try await CopiesBenchmark(options: options, folder: folder.path).run(&report)
        }
        if options.takes("stores") { try await StoreBenchmark(options: options).run(&report) }
        if options.takes("formats") {
            try await FormatsBenchmark(options: options, folder: folder.path).run(&report)
        }
        if (Options.recordParts + Options.workflowParts).contains(where: options.takes) {
            try await platform(&report)
        }
        report.printSamples()
    }

    /// What is measured on the running services.
    private func platform(_ report: inout Report) async throws {
        say("Starting the contenders …")
        let geartrain = try await Geartrain(in: folder.path + "/geartrain")
        if Options.recordParts.contains(where: options.takes) {
            try await records(geartrain, &report)
        }
        if Options.workflowParts.contains(where: options.takes) {
            try await WorkflowBenchmark(options: options, folder: folder.path)
                .run(geartrain, &report)
        }
    }

    private func records(_ geartrain: Geartrain, _ report: inout Report) async throws {
        say("Loading \(options.rows) and \(options.manyRows) rows …")
        let contenders = try await prepare(geartrain)
        for round in 1...options.rounds {
            say("Round \(round) of \(options.rounds)")
            if options.takes("reads") { try await reads(contenders, &report) }
            if options.takes("large") { try await large(contenders, &report) }
            if options.takes("rights") { try await rights(contenders, &report) }
            if options.takes("writes") { try await writes(contenders, &report) }
            if options.takes("foreign") { try await foreign(contenders, &report) }
        }
        ratios(&report)
        waits(&report)
        limits(contenders, &report)
    }

    private func prepare(_ geartrain: Geartrain) async throws -> Contenders {
        try await geartrain.load("ticket", rows: options.rows)
        try await geartrain.load("plain", rows: 1000)
        try await geartrain.load("owned", rows: options.rows, Organization.ticket)
        try await geartrain.load("big", rows: options.manyRows)
        let pocketBase = try await PocketBase(
            rows: options.rows, manyRows: options.manyRows, in: folder.path + "/pocketbase")
        let record = try await geartrain.client.send(.get, "/api/records/bench/ticket/1")
        return Contenders(
            geartrain: geartrain, pocketBase: pocketBase,
            nginx: try await Nginx(answer: record.text, in: folder.path + "/nginx"),
            raw: try await RawSQLite(in: folder.path + "/raw"),
            // A quarter of the rows is open; of fewer rows the last page that there is.
            farCursor: try await geartrain.cursor(
                after: min(500_000, options.manyRows / 4 - 1000)))
    }

    func measure(_ load: Load, _ geartrain: Geartrain) async throws -> Sample {
        try await measure(load, geartrain.port, geartrain.processes)
    }

    func measure(_ load: Load, _ pocketBase: PocketBase) async throws -> Sample {
        try await measure(load, pocketBase.port, [pocketBase.process])
    }

    func measure(
        _ load: Load, _ port: Int, _ servers: [ChildProcess], name: String = "load"
    ) async throws -> Sample {
        try await load.run(
            port: port, seconds: options.seconds, servers: servers, in: folder.path, name: name)
    }
}
