import RPC
import ServiceRuntime
import Synchronization

/// An account that proved who it is, kept in memory until something about accounts or roles
/// changes.
final class Identity: Sendable {
    /// By what it proved it.
    enum Credential: Sendable, Equatable {
        /// The hash of the session's token.
        case session([UInt8])
        case token(id: Int64, scopes: [String])
        case password
    }

    let accountID: Int64
    let name: String
    /// Narrowed to the scopes of a token.
    let principal: Principal
    let credential: Credential
    /// When the credential ends; nil is never.
    let expires: Timestamp?
    /// Until when it is believed without looking at the database.
    let fresh: Timestamp
    /// The account must change its password before anything else; a token, which is not one's
    /// password, goes on.
    let mustChange: Bool
    /// The key of this session's form tokens; empty for what is no session.
    let csrf: [UInt8]

    init(
        _ found: SessionStore.Found, credential: Credential, fresh: Timestamp, csrf: [UInt8] = []
    ) {
        accountID = found.accountID
        name = found.name
        self.credential = credential
        expires = found.expires
        self.fresh = found.expires.map { min($0, fresh) } ?? fresh
        self.csrf = csrf
        if case .token(_, let scopes) = credential {
            principal = TokenScopes.narrow(found.principal, to: scopes)
            mustChange = false
        } else {
            principal = found.principal
            mustChange = found.mustChange
        }
    }

    /// Whether the account holds a permission.
    func may(_ permission: String) -> Bool { principal.permissions.contains(permission) }

    /// False for a token whose scopes do not say so.
    var mayRead: Bool {
        if case .token(_, let scopes) = credential { scopes.contains("read") } else { true }
    }
}

/// Who makes a request; nobody where the route is for anyone.
struct Caller: Sendable {
    let identity: Identity?
    /// A browser's cookie: then every change needs the CSRF token.
    let byCookie: Bool

    /// `Accept-Language` of a browser that is not logged in.
    var accepted = ""

    static let nobody = Caller(identity: nil, byCookie: false)

    /// Someone without an account: the person who opens a link.
    static let anonymous = Principal(account: "anonymous")

    var principal: Principal { identity?.principal ?? Caller.anonymous }
}

/// Identities by credential, so that a request costs neither a query nor a hash. Any change of
/// accounts, roles, sessions or tokens empties it: those are rare, and the next request reads
/// afresh. Other copies of the gateway empty theirs by what the transaction of the change says
/// (`Audit.write`).
final class IdentityCache: Sendable {
    /// What copies of the gateway tell each other of a change under.
    static let topic = "identities"
    /// Beyond it the cache starts anew.
    static let limit = 10_000

    private struct State {
        var generation = 0
        var identities: [String: Identity] = [:]
    }

    private let state = Mutex(State())

    func find(_ key: String) -> Identity? {
        state.withLock { $0.identities[key] }
    }

    /// Read it before the database; a value read before a change is then not kept after it.
    var generation: Int { state.withLock { $0.generation } }

    func keep(_ identity: Identity, as key: String, of generation: Int) {
        state.withLock {
            guard $0.generation == generation else { return }
            if $0.identities.count >= IdentityCache.limit { $0.identities = [:] }
            $0.identities[key] = identity
        }
    }

    /// Call it after the commit of a change and before its answer.
    func clear() {
        state.withLock {
            $0.generation += 1
            $0.identities = [:]
        }
    }
}
