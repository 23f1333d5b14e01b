import Database
import HTTP
import JSON
import ServiceRuntime
import TestSupport

/// Durable workflows beside DBOS. A step of DBOS is a function whose result is kept; ours is a
/// script whose result is kept. DBOS runs in the process that starts its workflows; ours are
/// started by HTTP, through the gateway, by somebody who is logged in, and their end is seen in
/// what a call answers.
struct WorkflowBenchmark {
    let options: Options
    let folder: String

    /// Everybody who is measured.
    struct Contenders {
        let flows: Flows
        let dbosOnSQLite: DBOS
        let dbosOnPostgreSQL: DBOS
        let raw: RawSQLite
    }

    private static let few: Int64 = 1000
    private static let timers: Int64 = 50_000
    /// Events of one measurement.
    private static let wakes = 300

    func run(_ geartrain: Geartrain, _ report: inout Report) async throws {
        let flows = try await Flows(geartrain)
        if options.takes("flows") { try await compare(flows, &report) }
        if options.takes("saves") {
            for _ in 1...options.rounds { try await saves(flows, &report) }
        }
        if options.takes("crowds") { try await crowds(flows, &report) }
        ratios(&report)
        if options.takes("attacks") {
            try await ScriptAttacks.run(
                geartrain, &report, seconds: options.seconds, in: folder)
        }
        if options.takes("timers") {
            report.limit(
                "50,000 timers within a minute, the latest", try await timers(flows),
                atMost: 5, unit: "s late")
        }
    }

    private func compare(_ flows: Flows, _ report: inout Report) async throws {
        let postgres = try await PostgreSQL(user: "dbos")
        let all = Contenders(
            flows: flows,
            dbosOnSQLite: try DBOS(
                store: "sqlite:///\(folder)/dbos/dbos.db", in: folder + "/dbos"),
            dbosOnPostgreSQL: try DBOS(store: postgres.url("bench"), in: folder + "/dbos"),
            raw: try await RawSQLite(in: folder + "/raw-flows"))
        for round in 1...options.rounds {
            say("Workflows, round \(round) of \(options.rounds)")
            try await oneByOne(all, &report)
            try await sideBySide(all, &report)
        }
        try await postgres.stop()
    }

    private func oneByOne(_ all: Contenders, _ report: inout Report) async throws {
        let (flows, seconds) = (all.flows, options.seconds)
        let commits = try await all.raw.run(seconds: seconds)
        report.add("five commits, raw SQLite loop", Sample(rate: commits / 5, median: 0, p99: 0))
        report.add(
            "3 steps c1, Geartrain", try await flows.sequential("scripts", seconds: seconds))
        report.add(
            "3 conditions c1, Geartrain",
            try await flows.sequential("conditions", seconds: seconds))
        report.add(
            "3 steps c1, DBOS on SQLite",
            try await all.dbosOnSQLite.sequential(seconds: seconds))
    }

    private func sideBySide(_ all: Contenders, _ report: inout Report) async throws {
        let (flows, seconds) = (all.flows, options.seconds)
        report.add(
            "3 steps c64, Geartrain",
            try await flows.parallel("scripts", seconds: seconds, in: folder))
        report.add(
            "3 conditions c64, Geartrain",
            try await flows.parallel("conditions", seconds: seconds, in: folder))
        report.add(
            "3 steps in parallel, DBOS on PostgreSQL",
            try await all.dbosOnPostgreSQL.parallel(seconds: seconds))
    }

    /// A save with a rule that runs a script before it, and one without.
    private func saves(_ flows: Flows, _ report: inout Report) async throws {
        for code in ["plain", "ruled"] {
            let load = flows.geartrain.posts(
                1, "/api/records/flow/\(code)", "{\"subject\":\"A thing\",\"amount\":1}")
            report.add(
                "save c1, \(code)",
                try await load.run(
                    port: flows.geartrain.port, seconds: options.seconds,
                    servers: flows.geartrain.processes(of: ["gateway", "records", "workflow"]),
                    in: folder, name: code))
        }
    }

    /// Starts and wakes while few wait, and while very many do.
    private func crowds(_ flows: Flows, _ report: inout Report) async throws {
        let template = try await flows.start("waiting", ["key": "template"], until: .waiting)
        var first: Int64 = 1_000_000_000
        for (count, name) in [
            (WorkflowBenchmark.few, "few"), (Int64(options.waiting), "many"),
        ] {
            say("\(count) instances wait")
            try await Crowd(flows: flows).copy(template, first: first, count: count, due: "t.due")
            for round in 0..<options.rounds {
                report.add(
                    "start c1, \(name) waiting",
                    try await flows.sequential("waiting", .waiting, seconds: options.seconds) {
                        ["key": .string("\(name)\(round)-\($0)")]
                    })
                let ids = (0..<WorkflowBenchmark.wakes).map { n in
                    first + count * Int64(n) / Int64(WorkflowBenchmark.wakes) + Int64(round)
                }
                report.add(
                    "wake c1, \(name) waiting",
                    try await flows.wakes(ids.map { "k\($0)" }, ids))
            }
            first += 1_000_000_000
        }
    }

    /// Seconds by which the latest of 50,000 timers, spread over a minute, was late.
    private func timers(_ flows: Flows) async throws -> Double {
        let template = try await flows.start("sleeping", ["wait": "1d"], until: .waiting)
        say("\(WorkflowBenchmark.timers) timers")
        let first: Int64 = 9_000_000_000
        // Later than it takes to write them.
        let start = SystemClock().now().milliseconds + 20_000
        let last = first + WorkflowBenchmark.timers - 1
        try await Crowd(flows: flows).copy(
            template, first: first, count: WorkflowBenchmark.timers,
            due: "\(start) + n * 60000 / \(WorkflowBenchmark.timers)")
        // Workflow did not see them come: a timer of its own makes it look.
        _ = try await flows.start("sleeping", ["wait": "1s"])
        try await eventually("all but the template have ended", within: .seconds(300)) {
            try await flows.list("workflow=flow.sleeping&state=waiting&limit=2").count == 1
        }
        let late = try await flows.look { connection in
            try connection.first(
                """
                select max(left_at - (\(start) + (instance - \(first)) * 60000
                    / \(WorkflowBenchmark.timers)))
                from step where instance between \(first) and \(last) and kind = 'timer'
                """
            ) { $0.integer(0) }
        }
        return Double(late ?? 0) / 1000
    }

    private func ratios(_ report: inout Report) {
        report.ratio(
            "3 steps one after another, to DBOS on SQLite", "3 steps c1, Geartrain",
            "3 steps c1, DBOS on SQLite", target: 12)
        report.ratio(
            "3 steps one after another, to five raw commits", "3 steps c1, Geartrain",
            "five commits, raw SQLite loop", target: 0.35)
        report.ratio(
            "The same with conditions", "3 conditions c1, Geartrain",
            "five commits, raw SQLite loop", target: 0.35)
        report.ratio(
            "3 steps in parallel, to DBOS on PostgreSQL", "3 steps c64, Geartrain",
            "3 steps in parallel, DBOS on PostgreSQL", target: 20)
        report.ratio(
            "The same with conditions", "3 conditions c64, Geartrain",
            "3 steps in parallel, DBOS on PostgreSQL", target: 20)
        report.ratio(
            "Start while 1,000,000 wait, to 1,000", "start c1, many waiting",
            "start c1, few waiting", target: 1.25, atMost: true, \.median)
        report.ratio(
            "Wake while 1,000,000 wait, to 1,000", "wake c1, many waiting",
            "wake c1, few waiting", target: 1.25, atMost: true, \.median)
        let wake = report.middle("wake c1, few waiting", \.median)
        if wake > 0 {
            report.limit(
                "From an event's answer to the next step done", wake, atMost: 2, unit: "ms")
        }
        let plain = report.middle("save c1, plain", \.median)
        if plain > 0 {
            report.limit(
                "What a rule with a script adds to a save",
                report.middle("save c1, ruled", \.median) - plain, atMost: 0.3, unit: "ms")
        }
    }
}
