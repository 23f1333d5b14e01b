import Contracts
import Curl
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport

@testable import Workflow

/// Calls and programs without a service around them: secrets from a Records in memory, a server on
/// the loopback address, which is open here.
final class OutgoingBench: Sendable {
    static let start = Timestamp(milliseconds: 1_800_000_000_000)

    let folder: TemporaryFolder
    let outgoing: Outgoing
    let server: RudeHTTPServer
    var url: String { "http://127.0.0.1:\(server.port)" }

    init(
        secrets: [String: String] = [:], integrations: Bool = true,
        commands: [String: String] = [:],
        timeout: Duration = .seconds(20), folder: TemporaryFolder = TemporaryFolder(),
        reply: @escaping @Sendable (String) -> RudeHTTPServer.Reply = { _ in .text("ok") }
    ) throws {
        self.folder = folder
        let clock = ManualClock(start: OutgoingBench.start)
        let runtime = TestRuntime.make(clock: clock)
        let signer = PrincipalSigner(key: Array(repeating: 7, count: 32), clock: clock)
        let records = RPCRoutes(service: "records", signer: signer, runtime: runtime) { nil }
        records.on(ReadSecrets.self) { call, context in
            guard context.principal.isSystem else { throw Problem.forbidden("No.") }
            return SecretValues(
                values: try call.names.map { name in
                    guard let value = secrets[name] else {
                        throw Problem(status: 422, code: "unknown-secret", title: "Missing")
                    }
                    return value
                })
        }
        guard let server = RudeHTTPServer(reply: reply) else { throw SystemError("listen") }
        self.server = server
        outgoing = Outgoing(
            client: try OutgoingHTTP(
                configuration: OutgoingConfiguration(
                    policy: OutgoingPolicy(
                        opened: [NetworkRange("127.0.0.1")].compactMap { $0 })),
                runtime: runtime),
            commands: Commands(
                settings: .init(
                    list: CommandList(
                        paths: commands, environment: ["PATH=/usr/bin:/bin", "GREETING=hello"]),
                    timeout: timeout, folder: folder.path + "/commands",
                    supervisor: ChildProcess.product("script-host")),
                log: runtime.log),
            records: Peer(
                name: "records", transport: RouterTransport(records.router), signer: signer,
                runtime: runtime),
            integrations: integrations, clock: clock)
    }

    deinit {
        outgoing.client.close()
        server.stop()
    }

    static func context(key: String? = "workflow:41/tell/3") -> CallContext {
        CallContext(
            principal: Principal(account: "workflow:desk.handle", isSystem: true), door: .workflow,
            cause: Cause(root: "request:r1", via: "workflow:41/tell", depth: 2),
            trace: TraceContext(requestID: "r1"), idempotencyKey: key)
    }

    /// As a step does it: the definition is the content.
    func http(_ content: JSONValue, of definition: JSONValue? = nil) async throws -> JSONValue {
        try await outgoing.http(
            content, of: SecretPlace(definition ?? content),
            as: OutgoingBench.context())
    }

    func command(_ content: JSONValue) async throws -> JSONValue {
        try await outgoing.command(
            content, input: SecretPlace(content["input"] ?? .null),
            as: OutgoingBench.context())
    }
}

/// The problem that something answers; nil where it answers none.
func outgoingProblem(_ body: () async throws -> some Any) async -> Problem? {
    do {
        _ = try await body()
        return nil
    } catch {
        return Problem(error)
    }
}
