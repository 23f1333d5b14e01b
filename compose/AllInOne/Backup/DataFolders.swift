import Batch
import Database
import Gateway
import Mail
import Records
import ServiceRuntime
import Workflow

/// Which files are whose, and where the services keep them.
struct DataFolders: Sendable {
    /// What a service keeps below its data folder. `secrets/` is the operator's and stays out.
    struct Owner: Sendable {
        let layout: StoreLayout
        var service: String { layout.service }
        /// What says that its tables are on a server.
        var setting: String { service.uppercased() + "_DATABASE" }
        var database: String { service + ".db" }
        /// Folders that grow beside the database.
        let folders: [String]
        /// Small files that must not be newer than the database.
        let files: [String]
    }

    static let owners = [
        Owner(layout: GatewayService.layout, folders: [], files: []),
        Owner(
            layout: RecordsService.layout, folders: ["files"], files: ["records-history-head"]),
        Owner(layout: MailService.layout, folders: ["mail"], files: []),
        Owner(layout: WorkflowService.layout, folders: [], files: []),
        Owner(layout: BatchService.layout, folders: ["batch", "exchange"], files: []),
    ]

    static func owner(_ service: some StringProtocol) -> Owner? {
        owners.first { $0.service == service }
    }

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
            guard halves.count == 2, owner(halves[0]) != nil else {
                throw WrongArguments("--data needs <service>=<folder>, such as mail=/volumes/mail")
            }
            folders.own[halves[0]] = halves[1]
        }
        if let unknown = rest.first(where: { $0.hasPrefix("-") }) {
            throw WrongArguments("there is no option \(unknown)")
        }
        return (folders, rest)
    }

    /// Refuses where a service keeps its tables elsewhere than in its folder; `advice` ends what is
    /// said of it.
    static func requireFiles(
        _ reader: ConfigurationReader, of owners: [Owner] = DataFolders.owners,
        help: String = "where it is set, the server's own tools back it up",
        advice: String = ", whose own tools (pg_dump, pg_restore) copy them"
    ) throws {
        for owner in owners {
            let server = reader.optionalString(owner.setting, help: help, secret: true)
            guard server == nil else {
                throw WrongArguments(
                    "\(owner.setting) is set: the tables of \(owner.service) are on a server"
                        + advice)
            }
        }
    }

    private init(common: String) { self.common = common }

    func folder(of owner: Owner) -> String { own[owner.service] ?? common }

    func database(of owner: Owner) -> String { "\(folder(of: owner))/\(owner.database)" }

    /// Each once.
    var all: [String] { Array(Set(DataFolders.owners.map(folder(of:)))).sorted() }
}
