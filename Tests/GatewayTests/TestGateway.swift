import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// A gateway whose owners are in memory, asked through its front door without a socket.
final class TestGateway: Sendable {
    static let password = "correct horse"

    let owners: FakeOwners
    let service: GatewayService
    let configuration: GatewayConfiguration
    private let folder: TemporaryFolder
    private let output: Output

    /// What the gateway printed.
    final class Output: Sendable {
        private let kept = Mutex<[String]>([])
        var lines: [String] { kept.withLock { $0 } }
        func add(_ line: String) { kept.withLock { $0.append(line) } }
    }

    var printed: [String] { output.lines }

    init(
        clock: any WallClock = SystemClock(), environment: [String: String] = [:],
        folder: TemporaryFolder = TemporaryFolder(), withAdmin: Bool = true,
        change: (inout GatewayConfiguration) -> Void = { _ in }
    ) async throws {
        self.folder = folder
        var variables = [
            "GEARTRAIN_DATA": folder.path, "GATEWAY_PORT": "0",
            "RPC_KEY": String(repeating: "k", count: 32),
        ]
        if withAdmin { variables["GATEWAY_ADMIN_PASSWORD"] = TestGateway.password }
        variables.merge(environment) { $1 }
        let reader = ConfigurationReader(service: "gateway", environment: variables)
        var configuration = GatewayConfiguration(reading: reader)
        try reader.finish()
        configuration.database = try await StoreEngine.chosen.place("gateway", in: folder.path)
        let output = Output()
        self.output = output
        configuration.output = { output.add($0) }
        change(&configuration)
        self.configuration = configuration
        let runtime = TestRuntime.make(clock: clock)
        let signer = PrincipalSigner(key: configuration.rpc.key, clock: clock)
        owners = FakeOwners(signer: signer, runtime: runtime)
        service = try await GatewayService(
            configuration: configuration, runtime: runtime,
            peers: Peers(transports: owners.transports, signer: signer, runtime: runtime))
    }

    deinit {
        // What is made of closures holds the service for ever; its threads and sessions go.
        let database = service.database
        Task { await database.close() }
    }

    /// A whole answer.
    struct Answer: CustomStringConvertible {
        let status: Int
        let headers: Headers
        let bytes: [UInt8]

        var text: String { String(decoding: bytes, as: UTF8.self) }
        var json: JSONValue { (try? JSONValue(parsing: bytes)) ?? .null }
        /// The code of a problem.
        var code: String {
            json["type"]?.string?.split(separator: "/").last.map(String.init) ?? "no problem"
        }
        var location: String { headers["Location"] ?? "" }
        var description: String { "\(status) \(text.prefix(1000))" }
    }

    func send(
        _ method: HTTP.Method, _ target: String, body: [UInt8]? = nil,
        type: String = "application/json", headers: Headers = [:],
        from address: String = "127.0.0.1"
    ) async -> Answer {
        var headers = headers
        if let body {
            if headers["Content-Type"] == nil { headers["Content-Type"] = type }
            headers["Content-Length"] = String(body.count)
        }
        let response = await service.door.respond(
            to: Request(
                method: method, target: target, headers: headers,
                body: body.map { RequestBody($0) } ?? .empty,
                trace: TraceContext(requestID: "test-1"), remoteAddress: address))
        let bytes: [UInt8]
        switch response.body {
        case .empty: bytes = []
        case .bytes(let all): bytes = all
        case .stream(_, let write): bytes = await TestGateway.collect(write)
        }
        return Answer(status: response.status, headers: response.headers, bytes: bytes)
    }

    private static func collect(
        _ write: @Sendable (BodyWriter) async throws -> Void
    ) async -> [UInt8] {
        let all = Mutex<[UInt8]>([])
        try? await write(BodyWriter { bytes in all.withLock { $0 += bytes } })
        return all.withLock { $0 }
    }

    /// A program with a token.
    struct Client {
        let gateway: TestGateway
        let token: String

        func send(
            _ method: HTTP.Method, _ target: String, _ json: JSONValue? = nil,
            headers: Headers = [:]
        ) async -> Answer {
            var headers = headers
            headers["Authorization"] = "Bearer \(token)"
            return await gateway.send(method, target, body: json?.bytes, headers: headers)
        }
    }

    func logIn(_ account: String = "admin", _ password: String = TestGateway.password) async
        -> Client
    {
        let answer = await send(
            .post, "/api/sessions",
            body: (["account": .string(account), "password": .string(password)] as JSONValue)
                .bytes)
        return Client(gateway: self, token: answer.json["token"]?.string ?? "\(answer)")
    }

    /// A session of an account without a log-in, since scrypt takes its time.
    func session(_ account: String) async throws -> Client {
        let sessions = service.door.authenticator.sessions
        let id = try #require(try await service.door.authenticator.accounts.account(account)?.id)
        let session = try await sessions.begin(
            id, account: account,
            from: Visit(address: "test", agent: "", device: nil, requestID: "test-1"))
        return Client(gateway: self, token: session.secret)
    }

    func admin() async throws -> Client { try await session("admin") }

    /// An account with roles that are made where they are missing, with a session. Only who has a
    /// `password` can log in too.
    func person(
        _ code: String, roles: [String] = [], permissions: [String] = [], password: Bool = false
    ) async throws -> Client {
        let admin = try await admin()
        for role in roles {
            _ = await admin.send(
                .put, "/api/roles/\(role)",
                ["name": .string(role), "permissions": .array(permissions.map { .string($0) })])
        }
        _ = await admin.send(
            .put, "/api/accounts/\(code)",
            [
                "name": .string(code), "password": password ? .string(TestGateway.password) : nil,
                "roles": .array(roles.map { .string($0) }),
            ])
        return try await session(code)
    }
}
