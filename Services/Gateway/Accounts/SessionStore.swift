import Crypto
import Database
import JSON
import RPC
import ServiceRuntime

/// Sessions and API tokens in the database: only their hashes.
struct SessionStore: Sendable {
    let database: Database
    let clock: any WallClock
    let random: any RandomSource
    /// How long a session lasts.
    let life: Duration
    /// After so long a person must change the password; nil is never.
    let passwordAge: Duration?

    /// A session as its owner sees it; the secret is not among it.
    struct Session: Sendable, JSONWritable {
        /// The first half of its hash: it names the session and says nothing of its secret.
        let id: String
        let created: Timestamp
        let expires: Timestamp
        let lastUsed: Timestamp
        let address: String
        let agent: String
        var isCurrent = false

        func write(json writer: inout JSONWriter) {
            writer.beginObject()
            writer.key("id")
            writer.string(id)
            writer.key("created")
            writer.string(created.text)
            writer.key("expires")
            writer.string(expires.text)
            writer.key("lastUsed")
            writer.string(lastUsed.text)
            writer.key("address")
            writer.string(address)
            writer.key("agent")
            writer.string(agent)
            writer.key("current")
            writer.boolean(isCurrent)
            writer.endObject()
        }
    }

    /// What a credential was found to be.
    struct Found: Sendable {
        let accountID: Int64
        let name: String
        let principal: Principal
        /// The account must change its password before anything else.
        let mustChange: Bool
        var tokenID: Int64 = 0
        var scopes: [String] = []
        var expires: Timestamp?
    }

    /// A session may be used as a bearer token or as a cookie, an API token only as a bearer; the
    /// prefix tells them apart, and tells scanners that it is a secret.
    static let sessionPrefix = "gts_"
    static let tokenPrefix = "gtk_"
    /// The last use is written again after so long only.
    static let usePrecision = Duration.seconds(60)
    private static let identifierBytes = 16

    static func hash(_ secret: String) -> [UInt8] { SHA256.digest(Array(secret.utf8)) }

    static func identifier(_ hash: [UInt8]) -> String {
        Hex.encode(Array(hash.prefix(identifierBytes)))
    }

    // MARK: Sessions

    /// Begins a session; answers its secret.
    func begin(_ account: Int64, account code: String, from visit: Visit) async throws
        -> (secret: String, expires: Timestamp)
    {
        let secret = SessionStore.sessionPrefix + random.token()
        let now = clock.now()
        let expires = now.advanced(by: life)
        let hash = SessionStore.hash(secret)
        let requester = Requester(
            account: code, permissions: [], address: visit.address, requestID: visit.requestID)
        try await database.write { connection in
            try connection.run(
                "insert into session (hash, account, created, expires, address, agent, used)"
                    + " values (?, ?, ?, ?, ?, ?, ?)",
                [
                    .blob(hash), .integer(account), .integer(now.milliseconds),
                    .integer(expires.milliseconds), .text(visit.address), .text(visit.agent),
                    .integer(now.milliseconds),
                ])
            try Audit.write(
                connection, Audit.Entry(.sessionBegan, code), by: requester, at: now)
        }
        return (secret, expires)
    }

    /// Those that have not ended, newest first.
    func sessions(of account: Int64) async throws -> [Session] {
        let now = clock.now()
        return try await database.read { connection in
            try connection.query(
                "select hash, created, expires, used, address, agent from session"
                    + " where account = ? and expires > ? order by created desc",
                [.integer(account), .integer(now.milliseconds)]
            ) {
                Session(
                    id: SessionStore.identifier($0.blob(0)),
                    created: Timestamp(milliseconds: $0.integer(1)),
                    expires: Timestamp(milliseconds: $0.integer(2)),
                    lastUsed: Timestamp(milliseconds: $0.integer(3)), address: $0.text(4),
                    agent: $0.text(5))
            }
        }
    }

    /// Ends the sessions of an account of which `isMeant`; answers how many.
    func end(
        of account: Int64, _ code: String, by requester: Requester,
        where isMeant: @escaping @Sendable (_ hash: [UInt8]) -> Bool
    ) async throws -> Int {
        let now = clock.now()
        return try await database.write { connection in
            let hashes = try connection.query(
                "select hash from session where account = ?", [.integer(account)]
            ) { $0.blob(0) }.filter(isMeant)
            for hash in hashes {
                try connection.run("delete from session where hash = ?", [.blob(hash)])
            }
            if !hashes.isEmpty {
                let entry = Audit.Entry(.sessionEnded, code, detail: "\(hashes.count) ended")
                try Audit.write(connection, entry, by: requester, at: now)
            }
            return hashes.count
        }
    }

    /// The account behind a session that lives, if it may act.
    func findSession(_ hash: [UInt8]) async throws -> Found? {
        let now = clock.now()
        let (found, used) = try await database.pointRead { connection -> (Found?, Int64) in
            let session = try connection.first(
                "select account, expires, used from session where hash = ? and expires > ?",
                [.blob(hash), .integer(now.milliseconds)]
            ) { ($0.integer(0), $0.integer(1), $0.integer(2)) }
            guard let (account, expires, used) = session else { return (nil, 0) }
            var found = try self.found(connection, account: account)
            found?.expires = Timestamp(milliseconds: expires)
            return (found, used)
        }
        if found != nil {
            noteUse("update session set used = ? where hash = ?", .blob(hash), last: used, now: now)
        }
        return found
    }

    /// Writes when a credential was last used; who uses it does not wait for that.
    func noteUse(_ sql: String, _ key: SQLValue, last: Int64, now: Timestamp) {
        guard now.milliseconds - last >= SessionStore.usePrecision.milliseconds else { return }
        Task { [database] in
            _ = try? await database.write { try $0.run(sql, [.integer(now.milliseconds), key]) }
        }
    }

    /// Removes what ended; answers how many rows.
    func removeExpired() async throws -> Int {
        let now = SQLValue.integer(clock.now().milliseconds)
        return try await database.write { connection in
            try connection.run("delete from session where expires <= ?", [now])
                + connection.run("delete from token where expires <= ?", [now])
                + connection.run("delete from reset where expires <= ?", [now])
        }
    }

    // MARK: Accounts

    /// The account as it may act now; nil where it may not.
    func find(account: Int64) async throws -> Found? {
        try await database.pointRead { try found($0, account: account) }
    }

    func found(_ connection: Connection, account id: Int64) throws -> Found? {
        // Read first: the principal may be newer than it says, never older.
        let directory = try Directory.version(connection)
        let row = try connection.first(
            "select \(AccountStore.accountColumns) from account where id = ?", [.integer(id)],
            AccountStore.account(of:))
        guard let account = row, account.isActive else { return nil }
        let principal = try SessionStore.principal(connection, account, directory: directory)
        let isOver = try isPasswordOver(connection, account)
        return Found(
            accountID: id, name: account.name, principal: principal,
            mustChange: account.mustChangePassword || isOver)
    }

    /// Whether the policy says that a person's password is too old.
    private func isPasswordOver(_ connection: Connection, _ account: Account) throws -> Bool {
        guard let passwordAge, account.kind == "person" else { return false }
        let oldest = clock.now().advanced(by: .zero - passwordAge)
        return try connection.count(
            "select count(*) from account where id = ? and password is not null"
                + " and password_set < ?",
            [.integer(account.id), .integer(oldest.milliseconds)]) > 0
    }

    /// What an active account holds.
    static func principal(_ connection: Connection, _ account: Account, directory: Int64) throws
        -> Principal
    {
        let roles = try connection.query(
            "select role.code, role.disabled_models from role_member"
                + " join role on role.id = role_member.role"
                + " where role_member.account = ? and role.enabled = 1 order by role.code",
            [.integer(account.id)]
        ) { (code: $0.text(0), off: AccountStore.words($0.text(1))) }
        let off = roles.flatMap { role in role.off.map { "\($0)/\(role.code)" } }
        return Principal(
            account: account.code, roles: roles.map(\.code),
            permissions: try AccountStore.permissions(connection, of: account),
            directory: directory, language: account.language, rolesOff: off.isEmpty ? nil : off)
    }
}
