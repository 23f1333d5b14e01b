import Database
import HTTP
import ServiceRuntime

/// Passwords that their owners change, and the links by which they do who forgot theirs.
struct PasswordStore: Sendable {
    /// Links of one account that are good at a time.
    static let linkLimit: Int64 = 3

    let database: Database
    let clock: any WallClock
    let random: any RandomSource
    /// How long a link is good.
    let linkLife: Duration

    /// What a link is for.
    struct Owner: Sendable {
        let id: Int64
        let code: String
        let email: String?
        let language: String
    }

    /// The hashes of the present password and of former ones, newest first.
    func hashes(of account: Int64, limit: Int) async throws -> [String] {
        try await database.read { connection in
            let present = try connection.query(
                "select password from account where id = ? and password is not null",
                [.integer(account)]
            ) { $0.text(0) }
            let former = try connection.query(
                "select password from password_history where account = ? order by id desc limit ?",
                [.integer(account), .integer(Int64(limit))]
            ) { $0.text(0) }
            return Array((present + former).prefix(limit))
        }
    }

    /// Replaces the password; the sessions of the old one end, but for `session`.
    func change(_ owner: Owner, hash: String, keeping session: [UInt8]?, by requester: Requester)
        async throws
    {
        let now = clock.now()
        try await database.write { connection in
            try PasswordStore.change(
                connection, owner, hash: hash, keeping: session, by: requester, detail: nil,
                now: now)
        }
    }

    /// Makes a link's secret for an active person with an e-mail address, found by code or by that
    /// address; nil where there is none, or where enough links are under way.
    func makeLink(for text: String, by requester: Requester) async throws
        -> (owner: Owner, secret: String)?
    {
        let secret = random.token()
        let now = clock.now()
        let expires = now.advanced(by: linkLife)
        return try await database.write { connection in
            let owners = try connection.query(
                "select \(PasswordStore.columns) from account where (code = ? or email = ?)"
                    + " and kind = 'person' and enabled = 1 and locked = 0"
                    + " and email is not null limit 2",
                [.text(text), .text(text)], PasswordStore.owner(of:))
            // An address that several accounts share is nobody's.
            guard let owner = owners.first(where: { $0.code == text }) ?? owners.first,
                owners.count == 1 || owner.code == text,
                try connection.count(
                    "select count(*) from reset where account = ? and expires > ?",
                    [.integer(owner.id), .integer(now.milliseconds)]) < PasswordStore.linkLimit
            else { return nil }
            try connection.run(
                "insert into reset (hash, account, expires) values (?, ?, ?)",
                [
                    .blob(SessionStore.hash(secret)), .integer(owner.id),
                    .integer(expires.milliseconds),
                ])
            try Audit.write(
                connection, Audit.Entry(.resetRequested, owner.code), by: requester, at: now)
            return (owner, secret)
        }
    }

    /// Whose link it is; nil where it is used, ended, or none.
    func owner(ofLink secret: String) async throws -> Owner? {
        let now = clock.now()
        return try await database.read { try PasswordStore.owner($0, ofLink: secret, now: now) }
    }

    /// Uses a link; false where somebody did before.
    func use(_ secret: String, hash: String, by requester: Requester) async throws -> Bool {
        let now = clock.now()
        return try await database.write { connection in
            guard let owner = try PasswordStore.owner(connection, ofLink: secret, now: now) else {
                return false
            }
            try PasswordStore.change(
                connection, owner, hash: hash, keeping: nil, by: requester, detail: "by a link",
                now: now)
            return true
        }
    }

    // MARK: Inside

    private static let columns = "id, code, email, language"

    private static func owner(of row: Row) -> Owner {
        Owner(
            id: row.integer(0), code: row.text(1), email: row.optionalText(2),
            language: row.text(3))
    }

    private static func owner(_ connection: Connection, ofLink secret: String, now: Timestamp)
        throws -> Owner?
    {
        try connection.first(
            "select \(columns) from account where kind = 'person' and enabled = 1 and locked = 0"
                + " and id = (select account from reset where hash = ? and expires > ?)",
            [.blob(SessionStore.hash(secret)), .integer(now.milliseconds)], owner(of:))
    }

    private static func change(
        _ connection: Connection, _ owner: Owner, hash: String, keeping session: [UInt8]?,
        by requester: Requester, detail: String?, now: Timestamp
    ) throws {
        try AccountStore.setPassword(connection, of: owner.id, hash, now: now)
        try connection.run(
            "update account set must_change = 0, version = version + 1, modified = ? where id = ?",
            [.integer(now.milliseconds), .integer(owner.id)])
        try connection.run(
            "delete from session where account = ? and hash <> ?",
            [.integer(owner.id), .blob(session ?? [])])
        let entry = Audit.Entry(.passwordChanged, owner.code, detail: detail)
        try Audit.write(connection, entry, by: requester, at: now)
    }
}
