import ServiceRuntime

/// Which files are whose, and where the services keep them.
struct DataFolders: Sendable {
    /// What a service keeps below its data folder. `secrets/` is the operator's and stays out.
    struct Owner: Sendable {
        let service: String
        var database: String { service + ".db" }
        /// Folders that grow beside the database.
        let folders: [String]
        /// Small files that must not be newer than the database.
        let files: [String]
    }

    static let owners = [
        Owner(service: "gateway", folders: [], files: []),
        Owner(service: "records", folders: ["files"], files: ["records-history-head"]),
        Owner(service: "mail", folders: ["mail"], files: []),
        Owner(service: "workflow", folders: [], files: []),
        Owner(service: "batch", folders: ["batch", "exchange"], files: []),
    ]

    struct WrongArguments: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    private let common: String
    private var own: [String: String] = [:]

    /// `--data mail=/volumes/mail` for those that have a folder of their own; the others are in
    /// `GEARTRAIN_DATA`. Answers what is left of the arguments.
    static func read(
        _ reader: ConfigurationReader, _ arguments: [String]
    ) throws -> (DataFolders, rest: [String]) {
        var folders = DataFolders(
            common: reader.string("GEARTRAIN_DATA", default: "./data", help: "folder for all data"))
        var rest: [String] = []
        var left = arguments[...]
        while let argument = left.popFirst() {
            guard argument == "--data" else {
                rest.append(argument)
                continue
            }
            let halves = (left.popFirst() ?? "").split(separator: "=", maxSplits: 1).map(
                String.init)
            guard halves.count == 2, owners.contains(where: { $0.service == halves[0] }) else {
                throw WrongArguments("--data needs <service>=<folder>, such as mail=/volumes/mail")
            }
            folders.own[halves[0]] = halves[1]
        }
        if let unknown = rest.first(where: { $0.hasPrefix("-") }) {
            throw WrongArguments("there is no option \(unknown)")
        }
        return (folders, rest)
    }

    /// Refuses where a service keeps its tables elsewhere than in its folder.
    static func requireFiles(_ reader: ConfigurationReader) throws {
        for owner in owners {
            let name = owner.service.uppercased() + "_DATABASE"
            let server = reader.optionalString(
                name, help: "where it is set, the server's own tools back it up", secret: true)
            guard server == nil else {
                throw WrongArguments(
                    "\(name) is set: the tables of \(owner.service) are on a server, whose own"
                        + " tools (pg_dump, pg_restore) copy them")
            }
        }
    }

    private init(common: String) { self.common = common }

    func folder(of owner: Owner) -> String { own[owner.service] ?? common }

    /// Each once.
    var all: [String] { Array(Set(DataFolders.owners.map(folder(of:)))).sorted() }
}
