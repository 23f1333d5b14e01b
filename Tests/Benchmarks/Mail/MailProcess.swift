import Contracts
import HTTP
import RPC
import ServiceRuntime
import TestSupport

/// The Mail service alone. Its peers hang: what is made of mails, and who asks for them, is not
/// measured with it.
final class MailProcess: Sendable {
    let context = CallContext(
        principal: .system, door: .api, cause: Cause(root: "benchmark"),
        trace: TraceContext(requestID: "benchmark"))
    let peer: Peer
    let process: ChildProcess
    private let silent: SocketServer

    /// The key of the platform's calls, of all processes here.
    static let key = SystemRandom().token()

    init(in data: String, _ settings: [String: String] = [:]) async throws {
        silent = try SocketServer { $0.hang() }
        let (key, port) = (MailProcess.key, FreePort.take())
        TestFile.makeFolder(data)
        let own = [
            "RPC_KEY": key, "GEARTRAIN_DATA": data, "MAIL_PORT": "\(port)",
            "RECORDS_URL": "http://127.0.0.1:\(silent.port)",
            "WORKFLOW_URL": "http://127.0.0.1:\(silent.port)",
        ]
        process = try ChildProcess(
            ChildProcess.product("mail"), environment: own.merging(settings) { $1 },
            output: data + "/mail.log")
        let runtime = TestRuntime.make()
        peer = Peer(
            name: "mail", transport: HTTPClient(host: "127.0.0.1", port: port, runtime: runtime),
            signer: PrincipalSigner(key: Array(key.utf8), clock: runtime.clock), runtime: runtime)
        try await eventually("mail is ready") { await APIClient(port: port).isReady() }
    }

    func call<C: Call>(_ call: C) async throws -> C.Response {
        try await peer.call(call, as: context)
    }

    func end() async throws {
        try await process.killNow()
        silent.stop()
    }
}
