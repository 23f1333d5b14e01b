import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport

/// `mail` as a process of its own over a folder that outlives it, for tests that kill it.
final class MailProcess: Sendable {
    static let key = "a key of a test, as long as thirty-two bytes or more"

    let folder = TemporaryFolder()
    private let port = FreePort.take()
    private let settings: [String: String]
    private let peer: Peer
    private let child = Mutex<ChildProcess?>(nil)

    /// Starts nothing yet. `settings` are added to its environment.
    init(_ settings: [String: String]) {
        var all = [
            "GEARTRAIN_DATA": folder.path, "RPC_KEY": MailProcess.key, "MAIL_PORT": "\(port)",
            "MAIL_FROM": "Help desk <support@example.org>", "SWIFT_BACKTRACE": "enable=no",
            "MAIL_RETRY_FIRST": "20ms", "MAIL_RETRY_MOST": "100ms",
        ]
        all.merge(settings) { $1 }
        self.settings = all
        let runtime = TestRuntime.make()
        peer = Peer(
            name: "mail",
            transport: HTTPClient(host: "127.0.0.1", port: port, runtime: runtime),
            signer: PrincipalSigner(key: Array(MailProcess.key.utf8), clock: runtime.clock),
            runtime: runtime)
    }

    /// The file of its database.
    var database: String { folder.path + "/mail.db" }

    func start() throws {
        let process = try ChildProcess(
            ChildProcess.product("mail"), environment: settings, output: folder.path + "/log")
        child.withLock { $0 = process }
    }

    /// SIGKILL.
    func kill() async throws { try await child.withLock { $0 }?.killNow() }

    /// SIGTERM; answers the exit code.
    func stop() async throws -> Int32 {
        let process = child.withLock { $0 }
        process?.kill(15)
        return try await process?.waitForExit() ?? 0
    }

    func ready() async throws {
        let client = APIClient(port: port)
        do {
            try await eventually("mail to be ready") { await client.isReady() }
        } catch {
            throw NotInTime(what: "mail to be ready: \(TestFile.text(folder.path + "/log") ?? "")")
        }
    }

    /// Asks once; throws where the process is not there.
    func call<C: Call>(_ call: C, key: String? = nil) async throws -> C.Response {
        try await peer.call(call, as: MailBench.context(key: key))
    }

    /// Asks until it answers, as a caller does who got no answer.
    func insist<C: Call>(_ call: C, key: String? = nil) async throws -> C.Response {
        var answer: C.Response?
        try await eventually("an answer to \(C.path)") {
            answer = try? await self.call(call, key: key)
            return answer != nil
        }
        guard let answer else { throw NotInTime(what: C.path) }
        return answer
    }

    /// Every mail of the audit.
    func mails() async throws -> [JSONValue] {
        let bytes = try await insist(ListMails(limit: 1000)).bytes
        return try JSONValue(parsing: bytes)["items"]?.array ?? []
    }
}
