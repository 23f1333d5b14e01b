import Database
import RPC
import ServiceRuntime

/// Accounts, roles, organization and all that says who somebody is, put together.
struct People: Sendable {
    let accounts: AccountStore
    let structures: OrgStore
    let sessions: SessionStore
    let audit: Audit
    let feed: DirectoryFeed
    let cache: IdentityCache
    let cookies: SessionCookies
    let authenticator: Authenticator
    let passwords: Passwords
    let worker: PasswordWorker
    private let explanations: ExplainRoutes
    private let clock: any WallClock

    /// Makes what only the first start makes, too.
    init(
        _ configuration: GatewayConfiguration, database: Database, peers: Peers, runtime: Runtime
    ) async throws {
        clock = runtime.clock
        let cache = IdentityCache()
        database.follow(IdentityCache.topic) { cache.clear() }
        self.cache = cache
        accounts = AccountStore(database: database, clock: clock)
        structures = OrgStore(database: database, clock: clock)
        sessions = SessionStore(
            database: database, clock: clock, random: runtime.random,
            life: configuration.sessionLife, passwordAge: configuration.passwordPolicy.age)
        audit = Audit(database: database, runtime: runtime)
        feed = DirectoryFeed(
            database: database, service: "records", peer: peers["records"],
            follower: DirectoryFeed(
                database: database, service: "workflow", peer: peers["workflow"],
                runtime: runtime),
            runtime: runtime)
        worker = PasswordWorker(random: runtime.random, metrics: runtime.metrics)
        let first = FirstStart(
            accounts: accounts, passwords: worker, configuration: configuration, runtime: runtime)
        cookies = SessionCookies(
            isSecure: configuration.isSecure, key: try await first.csrfKey(),
            random: runtime.random)
        try await first.makeAdmin()
        let logins = Logins(
            accounts: accounts, sessions: sessions, passwords: worker, audit: audit,
            runtime: runtime)
        authenticator = Authenticator(
            configuration: configuration, accounts: accounts, sessions: sessions, logins: logins,
            audit: audit, cache: cache, feed: feed, cookies: cookies, runtime: runtime)
        passwords = Passwords(
            policy: configuration.passwordPolicy,
            store: PasswordStore(
                database: database, clock: clock, random: runtime.random,
                linkLife: configuration.resetLife),
            worker: worker, logins: logins, cache: cache, mail: peers["mail"],
            publicURL: configuration.publicURL, runtime: runtime)
        explanations = ExplainRoutes(
            accounts: accounts, feed: feed, records: peers["records"],
            hasOutsideAccess: configuration.door.hasWebAccess)
    }

    func addRoutes(to table: RouteTable) {
        SessionRoutes(
            authenticator: authenticator, cache: cache, structures: structures, clock: clock
        ).add(to: table)
        TokenRoutes(
            authenticator: authenticator, sessions: sessions, cache: cache, clock: clock
        ).add(to: table)
        PasswordRoutes(passwords: passwords, authenticator: authenticator).add(to: table)
        AccountRoutes(
            authenticator: authenticator, accounts: accounts, passwords: worker,
            policy: passwords.policy, cache: cache, feed: feed
        ).add(to: table)
        OrgRoutes(
            structures: structures, authenticator: authenticator, cache: cache, feed: feed
        ).add(to: table)
        AuditRoutes(audit: audit).add(to: table)
        explanations.add(to: table)
    }
}
