import Crypto
import Database
import RPC
import ServiceRuntime

/// Sessions and API tokens in the database: only their hashes.
struct SessionStore: Sendable {
    let database: Database
    let clock: any WallClock
    let random: any RandomSource

    /// An API token as its owner sees it; the secret is not among it.
    struct Token: Sendable {
        let id: Int64
        let name: String
        let scopes: [String]
        let created: Timestamp
        let expires: Timestamp?
    }

    /// What a credential was found to be.
    struct Found: Sendable {
        let accountID: Int64
        let name: String
        let principal: Principal
        let tokenID: Int64
        let scopes: [String]
        let expires: Timestamp?
    }

    /// A session may be used as a bearer token or as a cookie, an API token only as a bearer; the
    /// prefix tells them apart, and tells scanners that it is a secret.
    static let sessionPrefix = "gts_"
    static let tokenPrefix = "gtk_"
    /// Tokens of one account.
    static let tokenLimit: Int64 = 100

    static func hash(_ secret: String) -> [UInt8] { SHA256.digest(Array(secret.utf8)) }

    // MARK: Sessions

    /// Begins a session; answers its secret.
    func begin(account: Int64, address: String, life: Duration) async throws
        -> (secret: String, expires: Timestamp)
    {
        let secret = SessionStore.sessionPrefix + random.token()
        let now = clock.now()
        let expires = now.advanced(by: life)
        let hash = SessionStore.hash(secret)
        try await database.write { connection in
            try connection.run(
                "insert into session (hash, account, created, expires, address)"
                    + " values (?, ?, ?, ?, ?)",
                [
                    .blob(hash), .integer(account), .integer(now.milliseconds),
                    .integer(expires.milliseconds), .text(address),
                ])
        }
        return (secret, expires)
    }

    func end(_ hash: [UInt8]) async throws {
        try await database.write { connection in
            try connection.run("delete from session where hash = ?", [.blob(hash)])
        }
    }

    /// The account behind a session that lives, if it may act.
    func findSession(_ hash: [UInt8]) async throws -> Found? {
        let now = clock.now()
        return try await database.pointRead { connection in
            let session = try connection.first(
                "select account, expires from session where hash = ? and expires > ?",
                [.blob(hash), .integer(now.milliseconds)]
            ) { ($0.integer(0), $0.integer(1)) }
            guard let (account, expires) = session else { return nil }
            return try SessionStore.found(
                connection, account: account, expires: Timestamp(milliseconds: expires))
        }
    }

    // MARK: Tokens

    func findToken(_ hash: [UInt8]) async throws -> Found? {
        let now = clock.now()
        return try await database.pointRead { connection in
            let token = try connection.first(
                "select account, expires, id, scopes from token"
                    + " where hash = ? and (expires is null or expires > ?)",
                [.blob(hash), .integer(now.milliseconds)]
            ) { ($0.integer(0), $0.optionalInteger(1), $0.integer(2), $0.text(3)) }
            guard let (account, expires, id, scopes) = token else { return nil }
            return try SessionStore.found(
                connection, account: account,
                expires: expires.map(Timestamp.init(milliseconds:)), tokenID: id,
                scopes: AccountStore.words(scopes))
        }
    }

    /// Nil where the account has `tokenLimit` tokens already.
    func createToken(account: Int64, name: String, scopes: [String], expires: Timestamp?)
        async throws -> (token: Token, secret: String)?
    {
        let secret = SessionStore.tokenPrefix + random.token()
        let hash = SessionStore.hash(secret)
        let now = clock.now()
        let id = try await database.write { connection -> Int64? in
            let held = try connection.count(
                "select count(*) from token where account = ?", [.integer(account)])
            guard held < SessionStore.tokenLimit else { return nil }
            try connection.run(
                "insert into token (hash, account, name, scopes, created, expires)"
                    + " values (?, ?, ?, ?, ?, ?)",
                [
                    .blob(hash), .integer(account), .text(name),
                    .text(scopes.joined(separator: " ")), .integer(now.milliseconds),
                    SQLValue(expires?.milliseconds),
                ])
            return connection.lastInsertID
        }
        guard let id else { return nil }
        return (
            Token(id: id, name: name, scopes: scopes, created: now, expires: expires), secret
        )
    }

    func tokens(of account: Int64) async throws -> [Token] {
        try await database.read { connection in
            try connection.query(
                "select id, name, scopes, created, expires from token where account = ?"
                    + " order by id", [.integer(account)]
            ) {
                Token(
                    id: $0.integer(0), name: $0.text(1), scopes: AccountStore.words($0.text(2)),
                    created: Timestamp(milliseconds: $0.integer(3)),
                    expires: $0.optionalInteger(4).map(Timestamp.init(milliseconds:)))
            }
        }
    }

    /// False where the account has no such token.
    func deleteToken(_ id: Int64, of account: Int64) async throws -> Bool {
        try await database.write { connection in
            try connection.run(
                "delete from token where id = ? and account = ?",
                [.integer(id), .integer(account)]) > 0
        }
    }

    /// Removes what ended; answers how many rows.
    func removeExpired() async throws -> Int {
        let now = clock.now()
        return try await database.write { connection in
            try connection.run(
                "delete from session where expires <= ?", [.integer(now.milliseconds)])
                + connection.run(
                    "delete from token where expires <= ?", [.integer(now.milliseconds)])
        }
    }

    // MARK: Accounts

    /// The account as it may act now; nil where it may not.
    func find(account: Int64) async throws -> Found? {
        try await database.pointRead { try SessionStore.found($0, account: account, expires: nil) }
    }

    private static func found(
        _ connection: Connection, account id: Int64, expires: Timestamp?, tokenID: Int64 = 0,
        scopes: [String] = []
    ) throws -> Found? {
        // Read first: the principal may be newer than it says, never older.
        let directory = try Directory.version(connection)
        let row = try connection.first(
            "select \(AccountStore.accountColumns) from account where id = ?", [.integer(id)],
            AccountStore.account(of:))
        guard let account = row, account.isActive else { return nil }
        let roles = try connection.query(
            "select role.code from role_member join role on role.id = role_member.role"
                + " where role_member.account = ? and role.enabled = 1 order by role.code",
            [.integer(id)]
        ) { $0.text(0) }
        let principal = Principal(
            account: account.code, roles: roles,
            permissions: try AccountStore.permissions(connection, of: account),
            units: try OrgStore.units(connection, of: id), directory: directory,
            language: account.language)
        return Found(
            accountID: id, name: account.name, principal: principal, tokenID: tokenID,
            scopes: scopes, expires: expires)
    }
}
