import Database
import ServiceRuntime

extension ServiceCommand {
    /// `move`: from files of SQLite to a PostgreSQL.
    static let move = ServiceCommand(
        "move",
        usage: "move --to postgresql://… [--service <service>]… [--data <service>=<folder>]…",
        help: "copies the tables of stopped services into a PostgreSQL, a schema for each service,"
            + " and reads both sides row by row before it says that they are the same. Each"
            + " schema must be empty; what a move that was cut left there is begun anew. The files"
            + " stay as they are, and no service starts on them afterwards. Files of records, of"
            + " runs and of mailboxes stay where they are."
    ) { reader, arguments in
        (try Moving.read(reader, arguments).run(), 0)
    }
}

/// One move.
struct Moving {
    private let folders: DataFolders
    private let target: MoveTarget
    private let owners: [DataFolders.Owner]

    static func read(_ reader: ConfigurationReader, _ arguments: [String]) throws -> Moving {
        var (url, services, rest) = (String?.none, [String](), [String]())
        var left = arguments[...]
        while let argument = left.popFirst() {
            switch argument {
            case "--to": url = left.popFirst()
            case "--service":
                let service = left.popFirst() ?? ""
                guard DataFolders.owner(service) != nil else {
                    let known = DataFolders.owners.map(\.service).joined(separator: ", ")
                    throw DataFolders.WrongArguments("--service needs one of \(known)")
                }
                services.append(service)
            default: rest.append(argument)
            }
        }
        let (folders, strange) = try DataFolders.read(reader, rest)
        let given = reader.optionalString(
            "GEARTRAIN_MOVE_TO", help: "as --to, where others must not see it", secret: true)
        guard let url = url ?? given, strange.isEmpty else {
            throw DataFolders.WrongArguments(
                "say where to: --to postgresql://user:password@host:port/database?sslmode=…")
        }
        let chosen = DataFolders.owners.filter {
            services.isEmpty || services.contains($0.service)
        }
        try DataFolders.requireFiles(
            reader, of: chosen, help: "where the tables are that are no files any more",
            advice: " already; name the services to move by --service")
        return Moving(
            folders: folders, target: try MoveTarget(url, for: chosen.count), owners: chosen)
    }

    func run() throws -> String {
        let begin = SystemClock().monotonicNanoseconds()
        // All are looked at, and their files held, before anything is written.
        let moves = try owners.map {
            try StoreMove(
                $0.layout, from: folders.database(of: $0), to: target.configuration($0))
        }
        var (lines, rows, replaced) = ([String](), 0, 0)
        do {
            // All are taken before the first is filled, which may last.
            for move in moves { try move.make(at: SystemClock().now()) }
            for move in moves { try move.copy() }
            for move in moves {
                let tables = try move.verify()
                let empty = tables.filter { $0.rows == 0 }.count
                lines.append("\(move.layout.service), with \(empty) tables that have no row")
                for table in tables where table.rows > 0 {
                    lines.append("  \(table.name): \(table.rows) rows, sha256 \(table.sha256)")
                    rows += table.rows
                    replaced += table.replaced
                }
            }
            try StoreMove.finish(moves, at: SystemClock().now())
        } catch let error as MoveError {
            throw DataFolders.WrongArguments(
                "\(error)\nNothing is moved: no service starts on what is there now, and the files"
                    + " hold what they held. Move again when that is mended; it begins anew.")
        }
        let seconds = (SystemClock().monotonicNanoseconds() - begin) / 1_000_000_000
        return lines.joined(separator: "\n") + "\n"
            + "moved in \(seconds) s: \(rows) rows, each value the same on both sides"
            + (replaced > 0
                ? " but for \(replaced) texts with U+0000, which is U+FFFD there\n" : "\n")
            + "No service starts on these files any more. Start them with the same GEARTRAIN_DATA"
            + " and\n"
            + owners.map { "\(target.setting($0))\n" }.joined()
    }
}
