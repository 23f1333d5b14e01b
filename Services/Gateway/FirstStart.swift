import Contracts
import Crypto
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// What happens once in the life of an installation: the key of the CSRF tokens and the account
/// `admin`.
struct FirstStart: Sendable {
    let accounts: AccountStore
    let passwords: PasswordWorker
    let configuration: GatewayConfiguration
    let runtime: Runtime

    /// The key of the CSRF tokens, made at first start.
    func csrfKey() async throws -> [UInt8] {
        let fresh = runtime.random.bytes(32)
        let standing = try await accounts.setIfAbsent("csrf-key", Hex.encode(fresh))
        if let key = Hex.decode(standing), !key.isEmpty { return key }
        // It is none; what was made with it is void.
        try await accounts.set("csrf-key", Hex.encode(fresh))
        return fresh
    }

    /// Makes `admin` where there is no account yet. A random password is printed before the row is
    /// written, so that it cannot be lost between the two; where the start fails after that, the
    /// next one prints another.
    func makeAdmin() async throws {
        guard try await accounts.accounts(after: "", limit: 1).isEmpty else { return }
        let password: String
        if let given = configuration.adminPassword {
            password = given
        } else {
            password = runtime.random.token(15)
            configuration.output("admin password: \(password)")
        }
        let hash = try await passwords.hash(password, address: "first start")
        do {
            _ = try await accounts.save(
                account: Account.admin,
                AccountStore.AccountChange(name: "Administrator", kind: "person", password: hash),
                mode: .put, if: .absent, by: .platform)
            runtime.log.info("first start: the account admin was made")
        } catch let problem as Problem where problem.status == 412 {
            // Two copies that start first at the same moment make one account.
            if configuration.adminPassword == nil {
                configuration.output("admin has the password that another copy has printed")
            }
        }
    }
}

/// Applies the documents of `GEARTRAIN_MODELS` once after the first start, as soon as the services
/// are there.
final class ModelSeeder: Service {
    let name = "gateway model seeder"
    /// How long it waits between two tries: the first, and the longest.
    private static let waits = (first: Duration.milliseconds(100), longest: Duration.seconds(5))
    private static let setting = "models-applied"

    private let applier: ModelApplier
    private let accounts: AccountStore
    private let configuration: GatewayConfiguration
    private let runtime: Runtime
    private let stop = StopSignal()

    init(
        applier: ModelApplier, accounts: AccountStore, configuration: GatewayConfiguration,
        runtime: Runtime
    ) {
        self.applier = applier
        self.accounts = accounts
        self.configuration = configuration
        self.runtime = runtime
    }

    func run() async throws {
        try await stop.runUntilStopped { [self] in
            if try await accounts.setting(ModelSeeder.setting) == nil { try await applyAll() }
        }
    }

    func shutdown() async { stop.stop() }

    /// A document that is at fault is logged and left; the next start tries again.
    private func applyAll() async throws {
        var isDone = true
        for path in configuration.models {
            if try await !apply(path) { isDone = false }
        }
        if isDone {
            try await accounts.set(ModelSeeder.setting, runtime.clock.now().text)
        }
    }

    private func apply(_ path: String) async throws -> Bool {
        let document: JSONBytes
        let code: String
        do {
            document = JSONBytes(try Files.read(path, limit: ModelApplier.documentLimit))
            code = try JSONValue(parsing: document.bytes)["code"]?.string ?? ""
        } catch {
            runtime.log.error(
                "a model cannot be read", ["path": .string(path), "error": .string("\(error)")])
            return false
        }
        var wait = ModelSeeder.waits.first
        while true {
            do {
                let applied = try await applier.apply(
                    code, document, allowDestructive: false,
                    member: configuration.adminJoinsModelRoles ? Account.admin : nil,
                    by: .platform, as: context())
                runtime.log.info(
                    "a model was applied at first start",
                    ["model": .string(code), "version": .integer(Int(applied.model.version))])
                return true
            } catch let problem as Problem where problem.status == 503 || problem.status == 504 {
                try await runtime.clock.sleep(for: wait)
                wait = min(wait * 2, ModelSeeder.waits.longest)
            } catch let problem as Problem {
                report(problem, path)
                return false
            }
        }
    }

    private func context() -> CallContext {
        let now = runtime.clock.now()
        let id = runtime.random.identifier(at: now)
        return CallContext(
            principal: .system, door: .system, cause: Cause(root: "request:\(id)"),
            trace: TraceContext(requestID: id))
    }

    private func report(_ problem: Problem, _ path: String) {
        runtime.log.error(
            "a model was not applied",
            [
                "path": .string(path), "code": .string(problem.code),
                "detail": .string(problem.detail ?? problem.title),
            ])
        for fault in problem.errors {
            runtime.log.error(
                "a fault of the model",
                [
                    "path": .string(path), "pointer": .string(fault.pointer),
                    "code": .string(fault.code), "detail": .string(fault.detail),
                ])
        }
    }
}
