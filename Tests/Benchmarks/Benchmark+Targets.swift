import TestSupport

// What the run is held against.
extension Benchmark {
    private static let idleLimit = 120.0
    /// Milliseconds that nobody waits beyond when other programs are at work on the database.
    private static let waitLimit = 100.0

    func ratios(_ report: inout Report) {
        let (get, list, create) = ("get c64, ", "list 50 c16, ", "create c64, ")
        let (ours, theirs) = ("Geartrain", "PocketBase")
        report.ratio(
            "GET one, c64, to nginx → nginx", get + ours, get + "nginx → nginx", target: 0.25)
        report.ratio("GET one, c64, to PocketBase", get + ours, get + theirs, target: 5)
        report.ratio(
            "GET one, c64, p99 to PocketBase's", get + ours, get + theirs, target: 0.2,
            atMost: true, \.p99)
        report.ratio("List of 50, c16, to PocketBase", list + ours, list + theirs, target: 6)
        report.ratio(
            "API view of 50 rows, to datasette", "view 50 c16, " + ours, "view 50 c16, datasette",
            target: 15)
        large(&report)
        report.ratio(
            "List of 50 by rights in a tree of 10,000, to flat", "list 50, by tree",
            "list 50, by flat units", target: 0.5)
        report.ratio(
            "List of 50 of few rows by tree, to flat", "list 50 of few, by tree",
            "list 50 of few, by flat units", target: 0.5)
        report.ratio(
            "GET one beside log-ins, its median to without", "get c4 beside log-ins",
            "get c4, Geartrain", target: 3, atMost: true, \.median)
        report.ratio("Create, c64, to PocketBase", create + ours, create + theirs, target: 3)
        report.ratio(
            "Create, c64, to raw SQLite's single commits", create + ours,
            "create, raw SQLite loop", target: 0.6)
        report.ratio(
            "Create, processor time, to without history", create + ours, create + "no history",
            target: 2.5, atMost: true
        ) { $0.processor ?? 0 }
        report.ratio(
            "Arrays of 1,000, to PocketBase's batch", "1,000 at once c2, " + ours,
            "1,000 at once c2, " + theirs, target: 12)
    }

    func waits(_ report: inout Report) {
        for (who, name) in [
            ("writing program", "foreign insert"), ("reading program", "foreign view"),
            ("caller of the API", "create c64 beside programs"),
        ] {
            report.worst(
                "Longest wait of a \(who)", name, atMost: Benchmark.waitLimit)
        }
    }

    private func large(_ report: inout Report) {
        let (ours, theirs) = ("Geartrain", "PocketBase")
        report.ratio(
            "GET one, large table, to the small one", "get c64, large, " + ours,
            "get c64, " + ours, target: 0.85)
        report.ratio(
            "List of 50, large table, to the small one", "list 50 c16, large, " + ours,
            "list 50 c16, " + ours, target: 0.85)
        report.ratio(
            "Page 10,000 of a list, to page 1", "page 10,000, " + ours, "page 1, " + ours,
            target: 0.85)
        report.ratio(
            "List with total, large, to PocketBase", "with total, large, " + ours,
            "with total, large, " + theirs, target: 1.5)
        report.ratio(
            "List with kept total, large, to PocketBase", "with kept total, large, " + ours,
            "with total, large, " + theirs, target: 50)
    }

    /// Memory: of the services that a list takes, at most a quarter of PocketBase's.
    func limits(_ all: Contenders, _ report: inout Report) {
        let lists = all.geartrain.processes(of: ["gateway", "records"])
        let theirs = ProcessUsage.kilobytes(of: [all.pocketBase.process], peak: true)
        report.limit(
            "Peak memory, gateway and records",
            Double(ProcessUsage.kilobytes(of: lists, peak: true)) / 1024,
            atMost: Double(theirs) / 1024 / 4, unit: "MB")
        report.limit(
            "Resident memory, five services idle", Double(all.geartrain.idleKilobytes) / 1024,
            atMost: Benchmark.idleLimit, unit: "MB")
    }
}
