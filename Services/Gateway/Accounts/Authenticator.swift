import Crypto
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Finds out who calls, and whether the route is theirs to call. On the hot path it is one look
/// into memory.
final class Authenticator: Sendable {
    /// How long a checked Basic password is believed without hashing it again.
    static let passwordLife = Duration.seconds(300)

    let cookies: SessionCookies
    private let configuration: GatewayConfiguration
    let accounts: AccountStore
    let sessions: SessionStore
    private let passwords: PasswordWorker
    private let limiter: LoginLimiter
    private let cache: IdentityCache
    private let feed: DirectoryFeed
    private let runtime: Runtime
    /// Keeps Basic headers out of memory: the cache knows them by their keyed hash only.
    private let cacheKey: [UInt8]
    private let failures: Counter

    init(
        configuration: GatewayConfiguration, accounts: AccountStore, sessions: SessionStore,
        passwords: PasswordWorker, cache: IdentityCache, feed: DirectoryFeed,
        cookies: SessionCookies, runtime: Runtime
    ) {
        self.configuration = configuration
        self.accounts = accounts
        self.sessions = sessions
        self.passwords = passwords
        self.cache = cache
        self.feed = feed
        self.cookies = cookies
        self.runtime = runtime
        limiter = LoginLimiter(clock: runtime.clock)
        cacheKey = runtime.random.bytes(32)
        failures = runtime.metrics.counter(
            "geartrain_gateway_login_failures_total", help: "Log-ins refused")
    }

    // MARK: Requests

    func authorize(_ request: Request, _ permission: Permission) async throws -> Caller {
        switch permission {
        case .anyone:
            // A page may greet who is logged in; a credential that is no good is as good as none.
            return (try? await identify(request)) ?? .nobody
        case .peer:
            throw Problem.notFound()
        case .account, .holder:
            break
        }
        let caller = try await identify(request)
        guard let identity = caller.identity else {
            throw Problem.unauthenticated("Send a bearer token, or log in.")
        }
        if case .holder(let name) = permission, !identity.may(name) {
            throw Problem.forbidden("This needs the permission \(name).")
        }
        let isRead = request.method == .get || request.method == .head
        if case .token(_, let scopes) = identity.credential,
            !scopes.contains(isRead ? "read" : "write")
        {
            throw Problem.forbidden("This token has not the scope \(isRead ? "read" : "write").")
        }
        if caller.byCookie, !isRead, request.path.first == "api" {
            try requireCSRF(request.headers["X-CSRF-Token"], of: identity)
        }
        return caller
    }

    /// A form of a page: its token must be that of the session.
    func requireCSRF(_ token: String?, of identity: Identity?) throws {
        guard let identity, !identity.csrf.isEmpty,
            SessionCookies.isToken(token, of: identity.csrf)
        else { throw Problem.csrf }
    }

    private func identify(_ request: Request) async throws -> Caller {
        if let header = request.headers["Authorization"] {
            if let identity = cache.find(header), isAlive(identity) {
                return Caller(identity: identity, byCookie: false)
            }
            return Caller(identity: try await identify(header, request), byCookie: false)
        }
        guard let secret = cookies.secret(of: request) else { return .nobody }
        if let identity = cache.find(secret), isAlive(identity) {
            return Caller(identity: identity, byCookie: true)
        }
        guard secret.hasPrefix(SessionStore.sessionPrefix) else { throw Authenticator.unknown }
        return Caller(identity: try await find(secret, key: secret), byCookie: true)
    }

    private func isAlive(_ identity: Identity) -> Bool {
        guard let expires = identity.expires else { return true }
        return expires > runtime.clock.now()
    }

    private static let unknown = Problem.unauthenticated(
        "The session or token is not known, or has ended.")

    private func identify(_ header: String, _ request: Request) async throws -> Identity {
        let parts = header.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2 else {
            throw Problem.unauthenticated("Authorization takes a Bearer token, or Basic.")
        }
        switch parts[0].lowercased() {
        case "bearer": return try await find(String(parts[1]), key: header)
        case "basic": return try await basic(String(parts[1]), request)
        default:
            throw Problem.unauthenticated("Authorization takes a Bearer token, or Basic.")
        }
    }

    /// By the secret of a session or an API token; kept in memory as `key`.
    private func find(_ secret: String, key: String) async throws -> Identity {
        let generation = cache.generation
        let hash = SessionStore.hash(secret)
        let identity: Identity
        if secret.hasPrefix(SessionStore.sessionPrefix),
            let found = try await sessions.findSession(hash)
        {
            identity = Identity(
                accountID: found.accountID, name: found.name, principal: found.principal,
                credential: .session(hash), expires: found.expires, csrf: cookies.csrf(secret))
        } else if secret.hasPrefix(SessionStore.tokenPrefix),
            let found = try await sessions.findToken(hash)
        {
            identity = Identity(
                accountID: found.accountID, name: found.name, principal: found.principal,
                credential: .token(id: found.tokenID, scopes: found.scopes),
                expires: found.expires)
        } else {
            throw Authenticator.unknown
        }
        await feed.ready(for: identity.principal.directory)
        cache.keep(identity, as: key, of: generation)
        return identity
    }

    // MARK: Passwords

    /// The address that a request came from, through the proxies that are trusted.
    func address(of request: Request) -> String {
        let proxies = configuration.door.trustedProxies
        if proxies.ranges.isEmpty { return request.remoteAddress }
        return proxies.client(
            of: request.remoteAddress, forwarded: request.headers.all("X-Forwarded-For"))
    }

    /// For old callers; only where nobody can listen on the way.
    private func basic(_ credentials: String, _ request: Request) async throws -> Identity {
        let isLocal = NetworkAddress(address(of: request))?.isLoopback == true
        guard isLocal || configuration.isSecure else {
            throw Problem.unauthenticated("Basic works over TLS or the loopback address only.")
        }
        let key = Base64.encode(HMAC.sha256(Array(credentials.utf8), key: cacheKey))
        if let identity = cache.find(key), isAlive(identity) { return identity }
        guard let bytes = Base64.decode(credentials),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
        else { throw Problem.unauthenticated("The Basic credentials cannot be read.") }
        let generation = cache.generation
        let id = try await check(
            account: String(decoding: bytes[..<colon], as: UTF8.self),
            password: String(decoding: bytes[(colon + 1)...], as: UTF8.self),
            address: address(of: request))
        guard let found = try await sessions.find(account: id) else { throw Authenticator.unknown }
        let identity = Identity(
            accountID: found.accountID, name: found.name, principal: found.principal,
            credential: .password,
            expires: runtime.clock.now().advanced(by: Authenticator.passwordLife))
        await feed.ready(for: identity.principal.directory)
        cache.keep(identity, as: key, of: generation)
        return identity
    }

    /// Begins a session; 401 `invalid-credentials`, 429 after repeated failures.
    func logIn(account: String, password: String, address: String) async throws
        -> (secret: String, expires: Timestamp)
    {
        let id = try await check(account: account, password: password, address: address)
        return try await sessions.begin(
            account: id, address: address, life: configuration.sessionLife)
    }

    func logOut(_ identity: Identity) async throws {
        guard case .session(let hash) = identity.credential else {
            throw Problem.conflict("Only a session can be ended; a token is deleted.")
        }
        try await sessions.end(hash)
        cache.clear()
    }

    /// Answers the account's id. A wrong name, a wrong password and an account that may not act
    /// look alike.
    private func check(account: String, password: String, address: String) async throws -> Int64 {
        guard account.utf8.count <= 63, password.utf8.count <= AccountInput.passwordMaximum else {
            throw Problem.invalidCredentials
        }
        try limiter.begin(account: account, address: address)
        let isRight: Bool
        let login: AccountStore.Login?
        do {
            login = try await accounts.login(account)
            isRight = try await passwords.verify(
                password, against: login?.password, address: address)
        } catch {
            limiter.undo(account: account, address: address)
            throw error
        }
        guard isRight, let login, login.isActive else {
            failures.increment()
            runtime.log.info("log-in refused", ["known": .boolean(login != nil)])
            throw Problem.invalidCredentials
        }
        limiter.succeeded(account: account, address: address)
        return login.id
    }
}

extension Problem {
    static let invalidCredentials = Problem(
        status: 401, code: "invalid-credentials", title: "The log-in is not right",
        detail: "Account and password do not belong together, or the account may not log in.")

    static let csrf = Problem(
        status: 403, code: "csrf-token-invalid", title: "The form is not of this session",
        detail: "Open the page again and send it from there.")
}
