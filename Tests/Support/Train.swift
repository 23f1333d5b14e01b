import Glibc
import HTTP
import JSON
import Synchronization

/// The whole platform as real processes over one data folder: `geartrain`, or the five executables.
public final class Train: Sendable {
    public enum Formation: String, Sendable, CaseIterable {
        case together, apart
    }

    public static let services = ["records", "mail", "workflow", "batch", "gateway"]
    public static let password = "the admin of a test"

    public let formation: Formation
    public let folder = TemporaryFolder()
    /// By service.
    public let ports: [String: Int]
    private let environment: [String: String]
    private let children = Mutex<[String: ChildProcess]>([:])
    private let hasSlot = Mutex(false)

    /// Starts nothing yet. `settings` are added to the environment of every process; `model` is the
    /// file that the gateway applies at first start.
    public init(
        _ formation: Formation, settings: [String: String] = [:],
        model: String? = TestFile.repository + "/compose/models/helpdesk.json"
    ) {
        self.formation = formation
        let taken = FreePort.take(Train.services.count)
        let ports = Dictionary(uniqueKeysWithValues: zip(Train.services, taken))
        self.ports = ports
        var environment = [
            "GEARTRAIN_DATA": folder.path + "/data",
            "RPC_KEY": "a key of a test, as long as thirty-two bytes or more",
            "GATEWAY_ADMIN_PASSWORD": Train.password,
            "GEARTRAIN_PUBLIC_URL": "http://127.0.0.1:\(ports["gateway"] ?? 0)",
            "SWIFT_BACKTRACE": "enable=no",
            // Tests ask more of one address than people do.
            "GATEWAY_RATE_ACCOUNT": "0", "GATEWAY_RATE_ADDRESS": "0", "GATEWAY_RATE_TOKEN": "0",
        ]
        environment["GEARTRAIN_MODELS"] = model
        for (service, port) in ports {
            environment["\(service.uppercased())_PORT"] = String(port)
            environment["\(service.uppercased())_URL"] = "http://127.0.0.1:\(port)"
        }
        self.environment = environment.merging(settings) { $1 }
        for name in ["data/mail/in", "data/mail/out", "data/mail/done", "log"] {
            TestFile.makeFolder(folder.path + "/" + name)
        }
    }

    public var data: String { folder.path + "/data" }

    /// The processes of this formation.
    public var processes: [String] { formation == .together ? ["geartrain"] : Train.services }

    /// The process that runs a service.
    public func process(of service: String) -> String {
        formation == .together ? "geartrain" : service
    }

    /// Starts a process (see `processes`); one of another name than its `product` is a copy of it,
    /// with `settings` of its own. A product with a slash is a program of another build.
    public func start(
        _ process: String, product: String? = nil, settings: [String: String] = [:]
    ) throws {
        let child = try ChildProcess(
            product?.contains("/") == true
                ? product ?? "" : ChildProcess.product(product ?? process),
            environment: environment.merging(settings) { $1 },
            output: "\(folder.path)/log/\(process).log")
        children.withLock { $0[process] = child }
    }

    /// Starts one more copy of a service of five executables, on a port of its own, which is the
    /// answer; `name` is what it is killed and stopped by.
    public func startCopy(of service: String, name: String) throws -> Int {
        let port = FreePort.take()
        let settings = ["\(service.uppercased())_PORT": "\(port)"]
        try start(name, product: service, settings: settings)
        return port
    }

    deinit {
        if hasSlot.withLock({ $0 }) { Task { await TrainSlots.shared.release() } }
    }

    /// Starts them all and waits until each service is ready. Only a few trains run at a time; the
    /// others wait here. Two do not count: one that a whole suite shares, since while its tests
    /// wait for the runner it would keep those from ending for whom the runner waits; and one of a
    /// test that has a train already, since two such tests would wait for each other for ever.
    public func start(isCounted: Bool = true) async throws {
        if isCounted {
            await TrainSlots.shared.take()
            hasSlot.withLock { $0 = true }
        }
        for process in processes { try start(process) }
        for service in Train.services { try await ready(service) }
    }

    /// Waits until a service is ready.
    public func ready(_ service: String) async throws {
        let client = APIClient(port: ports[service] ?? 0)
        try await waitFor("\(service) to be ready") { await client.isReady() }
    }

    public func child(_ process: String) -> ChildProcess? { children.withLock { $0[process] } }

    /// SIGKILL.
    public func kill(_ process: String) async throws {
        try await child(process)?.killNow()
        children.withLock { $0[process] = nil }
    }

    /// SIGTERM; answers the exit code.
    @discardableResult
    public func stop(_ process: String) async throws -> Int32 {
        let child = child(process)
        child?.kill(SIGTERM)
        let code = try await child?.waitForExit() ?? 0
        children.withLock { $0[process] = nil }
        return code
    }

    /// Ends them all in order; answers the exit codes.
    public func stop() async throws -> [Int32] {
        var codes: [Int32] = []
        for process in processes.reversed() where child(process) != nil {
            codes.append(try await stop(process))
        }
        return codes
    }

    /// A client of the gateway, not logged in.
    public var visitor: APIClient { APIClient(port: ports["gateway"] ?? 0) }

    /// The admin, when the sample model stands, as a member of `agent`.
    public func admin() async throws -> APIClient {
        let api = try await visitor.loggedIn("admin", Train.password)
        try await waitFor("the model") {
            guard try await api.send(.get, "/api/models/helpdesk").status == 200 else {
                return false
            }
            return try await api.send(.get, "/api/roles/agent").status == 200
        }
        let role = try await api.expect(200, .get, "/api/roles/agent")
        if try role.json["members"]?.array?.contains("admin") != true {
            try await api.expect(
                200, .patch, "/api/roles/agent", json: ["members": ["admin"]],
                headers: role.headers["ETag"].map { ["If-Match": $0] } ?? [:])
        }
        return api
    }

    /// As `eventually`; what the services complained of is in the error.
    public func waitFor(
        _ what: String, within limit: Duration = .seconds(90), _ condition: () async throws -> Bool
    ) async throws {
        do {
            try await eventually(what, within: limit, condition)
        } catch let error as NotInTime {
            throw Stuck(what: error.what, complaints: complaints)
        }
    }

    /// The last warnings and errors of each process, and whether it runs.
    public var complaints: String {
        processes.map { process in
            let ended = child(process)?.hasEnded ?? true
            let lines = (child(process)?.output ?? TestFile.text(log(process)) ?? "")
                .split(separator: "\n")
                .filter { !$0.contains("\"level\":\"info\"") && !$0.contains("\"debug\"") }
            return "--- \(process)\(ended ? " (not running)" : "")\n"
                + lines.suffix(12).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    public func log(_ process: String) -> String { "\(folder.path)/log/\(process).log" }

    /// Something did not happen.
    public struct Stuck: Error, CustomStringConvertible {
        public let what: String
        public let complaints: String
        public var description: String { "not in time: \(what)\n\(complaints)" }
    }
}

extension String {
    /// Percent-encoded for a query.
    public var queryEncoded: String {
        let plain = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in utf8 {
            if plain.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [37, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// How many trains may run at a time, so that the limits of tests are about the platform and not
/// about the machine.
private actor TrainSlots {
    static let shared = TrainSlots()
    private var free = 2
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func take() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func release() {
        if waiting.isEmpty {
            free += 1
        } else {
            waiting.removeFirst().resume()
        }
    }
}
