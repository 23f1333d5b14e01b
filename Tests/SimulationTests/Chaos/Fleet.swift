import Glibc
import HTTP
import JSON
import TestSupport

/// Two copies of each service on one PostgreSQL, as real processes. Whoever calls somebody does so
/// through a proxy of the two, and each copy has one to the database, so that any of these ways can
/// be cut.
final class Fleet: Sendable {
    /// Services that keep their tables in PostgreSQL, and so may have copies;
    /// `GEARTRAIN_TEST_SHARED` names others.
    static let shared =
        getenv("GEARTRAIN_TEST_SHARED").map {
            String(cString: $0).split(separator: ",").map(String.init)
        } ?? Train.services
    static let copiesOfEach = 2

    struct Copy: Sendable {
        /// `mail-2`.
        let name: String
        let service: String
        let port: Int
        let settings: [String: String]
    }

    private let models = TemporaryFolder()
    let train: Train
    let server: PostgreSQL
    let copies: [Copy]
    /// By `caller>service`, `copy>database` and `client>gateway`.
    let ways: [String: CutProxy]

    /// Everything is started; from the programs in the folder `build`, or from this one's.
    init(of build: String? = nil) async throws {
        let model = models.path + "/helpdesk.json"
        try TestFile.write(Train.hurriedModel, to: model)
        // A crash of the server's processes is none of the machine: what was written stands.
        server = try await PostgreSQL(
            user: "geartrain",
            settings: ["fsync=off", "full_page_writes=off", "max_connections=300"])
        train = Train(.apart, model: model)
        var ways: [String: CutProxy] = [:]
        var names: [(name: String, service: String, port: Int)] = []
        for service in Train.services {
            let count = Fleet.shared.contains(service) ? Fleet.copiesOfEach : 1
            for number in 1...count {
                let port = number == 1 ? train.ports[service] ?? 0 : FreePort.take()
                names.append(("\(service)-\(number)", service, port))
            }
        }
        for target in Train.services {
            let ports = names.filter { $0.service == target }.map(\.port)
            for caller in Train.services + ["client"] where caller != target {
                ways["\(caller)>\(target)"] = try CutProxy(to: ports)
            }
        }
        for copy in names { ways["\(copy.name)>database"] = try CutProxy(to: [server.port]) }
        self.ways = ways
        let clock = try await WrongClock(in: models.path)
        let door = ways["client>gateway"]?.port ?? 0
        copies = names.map { name, service, port in
            var settings = [
                "\(service.uppercased())_PORT": "\(port)",
                "GEARTRAIN_PUBLIC_URL": "http://127.0.0.1:\(door)",
            ]
            for target in Train.services where target != service {
                let way = ways["\(service)>\(target)"]?.port ?? 0
                settings["\(target.uppercased())_URL"] = "http://127.0.0.1:\(way)"
            }
            if Fleet.shared.contains(service) {
                let way = ways["\(name)>database"]?.port ?? 0
                settings["\(service.uppercased())_DATABASE"] =
                    "postgresql://geartrain@127.0.0.1:\(way)/postgres?sslmode=disable"
            }
            settings.merge(clock.settings(of: name)) { $1 }
            return Copy(name: name, service: service, port: port, settings: settings)
        }
        for copy in copies { try start(copy, of: build) }
        for copy in copies { try await ready(copy) }
    }

    /// Whom a client asks.
    var client: APIClient { APIClient(port: ways["client>gateway"]?.port ?? 0) }

    /// The admin, an agent, when the sample model stands.
    func admin() async throws -> APIClient {
        var client = client
        client.token = try await train.admin().token
        return client
    }

    func start(_ copy: Copy, of build: String? = nil) throws {
        let product = build.map { "\($0)/\(copy.service)" } ?? copy.service
        try train.start(copy.name, product: product, settings: copy.settings)
    }

    func ready(_ copy: Copy) async throws {
        let client = APIClient(port: copy.port)
        try await eventually("\(copy.name) is ready", within: .seconds(60)) {
            await client.isReady()
        }
    }

    func signal(_ copy: Copy, _ signal: Int32) { train.child(copy.name)?.kill(signal) }

    /// Stops everything; answers the exit codes that are not 0, by copy.
    func stop() async throws -> [String: Int32] {
        var codes: [String: Int32] = [:]
        for copy in copies.reversed() { codes[copy.name] = try await train.stop(copy.name) }
        for way in ways.values { way.stop() }
        try await server.stop()
        return codes.filter { $0.value != 0 }
    }

    /// A metric of all copies, where it is not 0: `mail-1 geartrain_queue_depth_items{…}`.
    func metric(_ name: String) async throws -> [String: Double] {
        var found: [String: Double] = [:]
        for copy in copies {
            let text = try await APIClient(port: copy.port).expect(200, .get, "/metrics").text
            for line in text.split(separator: "\n") where line.hasPrefix(name) {
                guard let blank = line.lastIndex(of: " "),
                    let value = Double(line[line.index(after: blank)...]), value != 0
                else { continue }
                found["\(copy.name) \(line[..<blank])"] = value
            }
        }
        return found
    }

    /// What is wrong with the chain of the history; nil where nothing is.
    func chainFault(_ admin: APIClient) async throws -> JSONValue? {
        var from: Int64?
        repeat {
            var body = JSONObject()
            if let from { body["from"] = .number(JSONNumber(from)) }
            let found = try await admin.post("/api/history/verify", .object(body), status: 200)
            if let fault = found["fault"], fault != .null { return fault }
            from = found["next"]?.integer
        } while from != nil
        return nil
    }

    /// The last lines of a copy's log that complain.
    func complaints(of copy: Copy, _ count: Int = 3) -> String {
        (TestFile.text(train.log(copy.name)) ?? "").split(separator: "\n")
            .filter { !$0.contains("\"level\":\"info\"") && !$0.contains("\"level\":\"debug\"") }
            .suffix(count).joined(separator: "\n")
    }
}
