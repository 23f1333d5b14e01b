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
    /// How long any other credential is believed without looking at the database: its last use is
    /// written at most that late.
    static let identityLife = Duration.seconds(60)

    let cookies: SessionCookies
    private let configuration: GatewayConfiguration
    let accounts: AccountStore
    let sessions: SessionStore
    let logins: Logins
    let audit: Audit
    private let cache: IdentityCache
    let feed: DirectoryFeed
    private let runtime: Runtime
    /// Keeps Basic headers out of memory: the cache knows them by their keyed hash only.
    private let cacheKey: [UInt8]

    init(
        configuration: GatewayConfiguration, accounts: AccountStore, sessions: SessionStore,
        logins: Logins, audit: Audit, cache: IdentityCache, feed: DirectoryFeed,
        cookies: SessionCookies, runtime: Runtime
    ) {
        self.configuration = configuration
        self.accounts = accounts
        self.sessions = sessions
        self.logins = logins
        self.audit = audit
        self.cache = cache
        self.feed = feed
        self.cookies = cookies
        self.runtime = runtime
        cacheKey = runtime.random.bytes(32)
    }

    // MARK: Requests

    func authorize(_ request: Request, _ permission: Permission) async throws -> Caller {
        switch permission {
        case .anyone:
            // A page may greet who is logged in; a credential that is no good is as good as none.
            var caller = (try? await identify(request)) ?? .nobody
            caller.accepted = request.headers["Accept-Language"] ?? ""
            return caller
        case .peer:
            throw Problem.notFound()
        case .account, .holder:
            break
        }
        let caller: Caller
        do {
            caller = try await identify(request)
        } catch let problem as Problem where problem.code == Authenticator.unknown.code {
            let entry = Audit.Entry(.requestRefused, Authenticator.name(of: request))
            await audit.note(entry, by: requester(request, .nobody))
            throw problem
        }
        guard let identity = caller.identity else {
            throw Problem.unauthenticated("Send a bearer token, or log in.")
        }
        do {
            try check(request, permission, identity)
        } catch let problem as Problem {
            await denied(request, caller, problem)
            throw problem
        }
        if caller.byCookie, !Authenticator.isRead(request), request.path.first == "api" {
            try requireCSRF(request.headers["X-CSRF-Token"], of: identity)
        }
        return caller
    }

    /// What stays open to an account that must change its password first.
    private static let openBeforeChange: Set<[String]> = [
        ["api", "me"], ["api", "password"], ["api", "sessions", "current"], ["password"],
    ]

    private func check(_ request: Request, _ permission: Permission, _ identity: Identity) throws {
        if identity.mustChange, !Authenticator.openBeforeChange.contains(request.path) {
            throw Problem.passwordChangeRequired
        }
        if case .holder(let name) = permission, !identity.may(name) {
            throw Problem.forbidden("This needs the permission \(name).")
        }
        let scope = Authenticator.isRead(request) ? "read" : "write"
        if case .token(_, let scopes) = identity.credential, !scopes.contains(scope) {
            throw Problem.forbidden("This token has not the scope \(scope).")
        }
    }

    private static func isRead(_ request: Request) -> Bool {
        request.method == .get || request.method == .head
    }

    /// A request as the audit names it: without the query, which may hold what nobody should read.
    private static func name(of request: Request) -> String {
        "\(request.method.rawValue) \(request.rawPath.prefix(200))"
    }

    /// Puts a refusal of somebody who is known into the audit.
    func denied(_ request: Request, _ caller: Caller, _ problem: Problem) async {
        let entry = Audit.Entry(
            .requestDenied, Authenticator.name(of: request), detail: problem.detail)
        await audit.note(entry, by: requester(request, caller))
    }

    func requester(_ request: Request, _ caller: Caller) -> Requester {
        Requester(
            account: caller.identity?.principal.account ?? "",
            permissions: Set(caller.principal.permissions), address: address(of: request),
            requestID: request.trace.requestID)
    }

    /// `device` instead of that of the browser's cookie.
    func visit(_ request: Request, device: String? = nil) -> Visit {
        Visit(
            address: address(of: request),
            agent: String((request.headers["User-Agent"] ?? "").prefix(Visit.agentLimit)),
            device: device ?? cookies.device(of: request), requestID: request.trace.requestID)
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

    private func isAlive(_ identity: Identity) -> Bool { identity.fresh > runtime.clock.now() }

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
        let fresh = runtime.clock.now().advanced(by: Authenticator.identityLife)
        let identity: Identity
        if secret.hasPrefix(SessionStore.sessionPrefix),
            let found = try await sessions.findSession(hash)
        {
            identity = Identity(
                found, credential: .session(hash), fresh: fresh, csrf: cookies.csrf(secret))
        } else if secret.hasPrefix(SessionStore.tokenPrefix),
            let found = try await sessions.findToken(hash)
        {
            identity = Identity(
                found, credential: .token(id: found.tokenID, scopes: found.scopes), fresh: fresh)
        } else {
            throw Authenticator.unknown
        }
        await feed.ready(for: identity.principal.directory)
        cache.keep(identity, as: key, of: generation)
        return identity
    }

    /// Who gave a link away, as it may act now: with the token that it was made with, where it was
    /// one. Nil where the account or the token is no longer good.
    func issuer(account: Int64, token: Int64) async throws -> Caller? {
        let now = runtime.clock.now()
        let identity: Identity
        if token == 0 {
            guard let found = try await sessions.find(account: account) else { return nil }
            identity = Identity(found, credential: .password, fresh: now)
        } else {
            guard let found = try await sessions.findToken(id: token), found.accountID == account
            else { return nil }
            identity = Identity(
                found, credential: .token(id: token, scopes: found.scopes), fresh: now)
        }
        guard !identity.mustChange else { return nil }
        await feed.ready(for: identity.principal.directory)
        return Caller(identity: identity, byCookie: false)
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
        let login = try await logins.check(
            account: String(decoding: bytes[..<colon], as: UTF8.self),
            password: String(decoding: bytes[(colon + 1)...], as: UTF8.self),
            from: visit(request))
        guard let found = try await sessions.find(account: login.id) else {
            throw Authenticator.unknown
        }
        let identity = Identity(
            found, credential: .password,
            fresh: runtime.clock.now().advanced(by: Authenticator.passwordLife))
        await feed.ready(for: identity.principal.directory)
        cache.keep(identity, as: key, of: generation)
        return identity
    }

    func logOut(_ identity: Identity, by requester: Requester) async throws {
        guard case .session(let hash) = identity.credential else {
            throw Problem.conflict("Only a session can be ended; a token is deleted.")
        }
        _ = try await sessions.end(
            of: identity.accountID, identity.principal.account, by: requester
        ) { $0 == hash }
        cache.clear()
    }
}

extension Problem {
    static let invalidCredentials = Problem(
        status: 401, code: "invalid-credentials", title: "The log-in is not right",
        detail: "Account and password do not belong together, or the account may not log in.")

    static let csrf = Problem(
        status: 403, code: "csrf-token-invalid", title: "The form is not of this session",
        detail: "Open the page again and send it from there.")

    static let passwordChangeRequired = Problem(
        status: 403, code: "password-change-required", title: "The password must be changed first",
        detail: "Change it with POST /api/password or on the page /password.")
}
