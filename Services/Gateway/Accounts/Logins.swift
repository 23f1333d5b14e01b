import Crypto
import Database
import HTTP
import RPC
import ServiceRuntime

/// From where somebody knocks.
struct Visit: Sendable {
    /// Through trusted proxies.
    let address: String
    /// What the browser says that it is.
    let agent: String
    /// The secret that a browser got when somebody logged in with it before.
    let device: String?
    let requestID: String

    static let agentLimit = 200

    /// Whose limits it counts for: of an IPv6 network of 64 bits a single caller has every address.
    var network: String { Visit.network(of: address) }

    static func network(of address: String) -> String {
        guard let parsed = NetworkAddress(address), parsed.bytes.count == 16 else { return address }
        return Hex.encode(parsed.network) + "/64"
    }
}

/// Checks passwords, slows down guessing, and begins sessions. Each log-in and each refusal goes
/// into the audit.
final class Logins: Sendable {
    private let accounts: AccountStore
    private let sessions: SessionStore
    private let passwords: PasswordWorker
    private let origins: KnownOrigins
    private let limiter: LoginLimiter
    private let audit: Audit
    private let failures: Counter

    init(
        accounts: AccountStore, sessions: SessionStore, passwords: PasswordWorker, audit: Audit,
        runtime: Runtime
    ) {
        self.accounts = accounts
        self.sessions = sessions
        self.passwords = passwords
        self.audit = audit
        origins = KnownOrigins(database: accounts.database, clock: runtime.clock)
        limiter = LoginLimiter(
            clock: runtime.clock, share: CopyShare(of: accounts.database))
        failures = runtime.metrics.counter(
            "geartrain_gateway_login_failures_total", help: "Log-ins refused")
    }

    /// Begins a session; 401 `invalid-credentials`, 429 after repeated failures. A page is for
    /// people only.
    func logIn(
        account: String, password: String, from visit: Visit, byPage: Bool = false
    ) async throws -> (secret: String, expires: Timestamp) {
        let login = try await check(
            account: account, password: password, from: visit, byPage: byPage)
        let session = try await sessions.begin(login.id, account: account, from: visit)
        try await origins.remember(login.id, visit)
        return session
    }

    /// Answers who it is. A wrong name, a wrong password and an account that may not act look
    /// alike.
    func check(
        account: String, password: String, from visit: Visit, byPage: Bool = false
    ) async throws -> AccountStore.Login {
        guard account.utf8.count <= 63, password.utf8.count <= AccountInput.passwordMaximum else {
            throw Problem.invalidCredentials
        }
        let login = try await accounts.login(account)
        let isKnown = try await login.mapAsync { try await origins.knows($0.id, visit) } ?? false
        let attempt = LoginLimiter.Attempt(
            account: account, address: visit.network, isKnown: isKnown)
        do {
            try limiter.begin(attempt)
        } catch {
            await refused(login, account, visit, "too many failures")
            throw error
        }
        let isRight: Bool
        do {
            isRight = try await passwords.verify(
                password, against: login?.password, address: visit.network)
        } catch {
            limiter.undo(attempt)
            throw error
        }
        guard isRight, let login, login.isActive, !byPage || login.isPerson else {
            await refused(
                login, account, visit,
                login == nil ? "no such account" : isRight ? "may not log in" : "wrong password")
            throw Problem.invalidCredentials
        }
        limiter.succeeded(attempt)
        return login
    }

    /// What was typed as an account is kept only where it is one: it may be somebody's password.
    private func refused(
        _ login: AccountStore.Login?, _ account: String, _ visit: Visit, _ reason: String
    ) async {
        failures.increment()
        let subject = login == nil ? "" : account
        let requester = Requester(
            account: "", permissions: [], address: visit.address, requestID: visit.requestID)
        await audit.note(Audit.Entry(.sessionRefused, subject, detail: reason), by: requester)
    }
}

extension Optional {
    fileprivate func mapAsync<T>(_ body: (Wrapped) async throws -> T) async throws -> T? {
        guard let self else { return nil }
        return try await body(self)
    }
}

/// Where an account's owner logged in from before: addresses and browsers. Guessing from elsewhere
/// does not slow these down.
struct KnownOrigins: Sendable {
    /// Of one account; beyond it the one unused for longest goes.
    static let limit: Int64 = 50
    /// How long an origin is known without another log-in from there.
    static let life = Duration.seconds(180 * 86_400)

    let database: Database
    let clock: any WallClock

    func knows(_ account: Int64, _ visit: Visit) async throws -> Bool {
        let oldest = clock.now().advanced(by: .zero - KnownOrigins.life)
        let names = KnownOrigins.names(visit)
        return try await database.pointRead { connection in
            try names.contains { name in
                try connection.count(
                    "select count(*) from known_origin"
                        + " where account = ? and origin = ? and seen > ?",
                    [.integer(account), .text(name), .integer(oldest.milliseconds)]) > 0
            }
        }
    }

    func remember(_ account: Int64, _ visit: Visit) async throws {
        let now = clock.now()
        try await database.write { connection in
            for name in KnownOrigins.names(visit) {
                try connection.run(
                    "insert into known_origin (account, origin, seen) values (?, ?, ?)"
                        + " on conflict (account, origin) do update set seen = excluded.seen",
                    [.integer(account), .text(name), .integer(now.milliseconds)])
            }
            try connection.run(
                "delete from known_origin where account = ? and origin not in"
                    + " (select origin from known_origin where account = ?"
                    + " order by seen desc limit ?)",
                [.integer(account), .integer(account), .integer(KnownOrigins.limit)])
        }
    }

    private static func names(_ visit: Visit) -> [String] {
        let address = "address:\(visit.network)"
        guard let device = visit.device else { return [address] }
        return [address, "device:\(Hex.encode(SessionStore.hash(device)))"]
    }
}
