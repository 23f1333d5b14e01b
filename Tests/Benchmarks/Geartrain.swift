import HTTP
import JSON
import ServiceRuntime
import TestSupport

/// The five executables as one would deploy them: apart, with a key between them, each on its own
/// database.
final class Geartrain: Sendable {
    static let services = ["records", "workflow", "mail", "batch", "gateway"]
    static let password = "a password for benchmarks"

    let port: Int
    let processes: [ChildProcess]
    let client: APIClient
    let token: String
    /// Whose rows are those of a part of the organization.
    let tokens: [Reader: String]
    /// What the five took a while after their start, before anything was asked of them.
    let idleKilobytes: Int
    private let folder: String
    private let environment: [String: String]

    private static let idleTime = Duration.seconds(5)

    /// `settings` are added to the environment of each.
    init(in folder: String, settings: [String: String] = [:]) async throws {
        self.folder = folder
        let ports = Dictionary(
            uniqueKeysWithValues: zip(Geartrain.services, FreePort.take(Geartrain.services.count)))
        TestFile.makeFolder(folder)
        var environment = [
            "RPC_KEY": SystemRandom().token(), "GEARTRAIN_DATA": folder,
            "GATEWAY_ADMIN_PASSWORD": Geartrain.password, "INTEGRATIONS": "off",
            // One account at full speed is what is measured.
            "GATEWAY_RATE_ACCOUNT": "0", "GATEWAY_RATE_ADDRESS": "0", "GATEWAY_RATE_TOKEN": "0",
        ].merging(settings) { $1 }
        for (service, port) in ports {
            environment["\(service.uppercased())_PORT"] = "\(port)"
            environment["\(service.uppercased())_URL"] = "http://127.0.0.1:\(port)"
        }
        let own = environment
        self.environment = own
        processes = try Geartrain.services.map { service in
            try ChildProcess(
                ChildProcess.product(service), environment: own, output: "\(folder)/\(service).log")
        }
        port = ports["gateway"] ?? 0
        for (service, port) in ports {
            try await eventually("\(service) is ready") {
                await APIClient(port: port).isReady()
            }
        }
        try await Task.sleep(for: Geartrain.idleTime)
        idleKilobytes = ProcessUsage.kilobytes(of: processes)
        client = try await APIClient(port: port).loggedIn("admin", Geartrain.password)
        token = client.token ?? ""
        tokens = try await Geartrain.organize(client, port)
    }

    /// The organization, the model and who has which role; answers the tokens of its people.
    private static func organize(_ client: APIClient, _ port: Int) async throws -> [Reader: String]
    {
        for reader in Reader.members {
            try await client.expect(
                201, .put, "/api/accounts/\(reader.rawValue)",
                json: ["name": "Member", "password": .string(Geartrain.password)])
        }
        for (code, structure) in Organization.structures {
            try await client.expect(201, .put, "/api/org-structures/\(code)", json: structure)
        }
        try await client.expect(201, .put, "/api/models/bench", json: BenchModel.document)
        let roles: [(String, [Reader])] = [
            ("agent", [.all]), ("member", [.tree, .smallTree]), ("clerk", [.flat, .smallFlat]),
        ]
        for (code, readers) in roles {
            let role = try await client.expect(200, .get, "/api/roles/\(code)")
            try await client.expect(
                200, .put, "/api/roles/\(code)",
                json: [
                    "name": .string(code), "enabled": true,
                    "members": .array(readers.map { .string($0.rawValue) }),
                ],
                headers: ["If-Match": role.headers["ETag"] ?? ""])
        }
        var tokens: [Reader: String] = [:]
        for reader in Reader.members {
            tokens[reader] =
                try await APIClient(port: port).loggedIn(reader.rawValue, Geartrain.password)
                .token
        }
        return tokens
    }

    /// Who reads a list, by the account.
    enum Reader: String {
        /// Every row.
        case all = "admin"
        /// The rows of a unit in a tree and of those below it.
        case tree
        /// The same rows, by units of which none is below another.
        case flat
        /// The same of a unit that has few below it.
        case smallTree = "small_tree"
        case smallFlat = "small_flat"

        static let members = [tree, flat, smallTree, smallFlat]
    }

    /// Row `n` gets the id `n`.
    func load(_ code: String, rows: Int, _ item: (Int) -> JSONValue = Ticket.json) async throws {
        var next = 1
        while next <= rows {
            let last = min(next + 999, rows)
            try await client.expect(
                200, .post, "/api/records/bench/\(code)?atomic=true",
                json: .array((next...last).map(item)))
            next = last + 1
        }
    }

    /// Another gateway with a Records of its own, on the same databases.
    func startCopies() async throws -> (port: Int, processes: [ChildProcess]) {
        let ports = FreePort.take(2)
        var copied = environment
        for (service, port) in zip(["records", "gateway"], ports) {
            copied["\(service.uppercased())_PORT"] = "\(port)"
            copied["\(service.uppercased())_URL"] = "http://127.0.0.1:\(port)"
        }
        let environment = copied
        let processes = try ["records", "gateway"].map { service in
            try ChildProcess(
                ChildProcess.product(service), environment: environment,
                output: "\(folder)/\(service)-copy.log")
        }
        try await eventually("the copies are ready") {
            for port in ports where await !APIClient(port: port).isReady() { return false }
            return true
        }
        return (ports[1], processes)
    }

    /// Where a service keeps its data, for programs that read the file.
    func file(of service: String) -> String { "\(folder)/\(service).db" }

    /// The table of a class.
    func table(_ code: String) async throws -> String {
        let sql = "select number from class where model = 'bench' and code = '\(code)'"
        let (_, output) = try await ChildProcess.run("sqlite3", [file(of: "records"), sql])
        guard let number = Int(output.split(separator: "\n").last ?? "") else {
            throw BenchmarkError("there is no class \(code):\n\(output)")
        }
        return "DataRow_\(number)"
    }

    func processes(of services: Set<String>) -> [ChildProcess] {
        zip(Geartrain.services, processes).filter { services.contains($0.0) }.map(\.1)
    }
}
