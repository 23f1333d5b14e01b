import Crypto
import Database
import JSON
import RPC
import ServiceRuntime

/// What an API token may of what its account may. `read` and `write` say which methods it takes.
/// Without further words it may all that; with `model:<code>` or a permission among them only
/// those models and permissions.
enum TokenScopes {
    static let methods = ["read", "write"]
    private static let modelPrefix = "model:"

    /// What is wrong with a scope, or nil.
    static func fault(_ scope: String) -> String? {
        let model = scope.hasPrefix(modelPrefix) ? scope.dropFirst(modelPrefix.utf8.count) : nil
        if methods.contains(scope) || Permissions.all.contains(scope) { return nil }
        if let model, ObjectReader.isCode(String(model)) { return nil }
        return "read, write, model:<code> or one of: \(Permissions.all.joined(separator: ", "))."
    }

    static func narrow(_ principal: Principal, to scopes: [String]) -> Principal {
        let words = scopes.filter { !methods.contains($0) }
        guard !words.isEmpty else { return principal }
        var narrowed = principal
        narrowed.models = words.filter { $0.hasPrefix(modelPrefix) }.map {
            String($0.dropFirst(modelPrefix.utf8.count))
        }
        narrowed.permissions = principal.permissions.filter(words.contains)
        return narrowed
    }
}

// API tokens.
extension SessionStore {
    /// Tokens of one account.
    static let tokenLimit: Int64 = 100

    /// An API token as its owner sees it; the secret is not among it.
    struct Token: Sendable, JSONWritable {
        let id: Int64
        let name: String
        let scopes: [String]
        let created: Timestamp
        let expires: Timestamp?
        let lastUsed: Timestamp?

        func write(json writer: inout JSONWriter) { write(json: &writer, secret: nil) }

        func write(json writer: inout JSONWriter, secret: String?) {
            writer.beginObject()
            writer.key("id")
            writer.integer(id)
            writer.key("name")
            writer.string(name)
            writer.key("scopes")
            writer.strings(scopes)
            writer.key("created")
            writer.string(created.text)
            writer.key("expires")
            writer.string(orNull: expires?.text)
            writer.key("lastUsed")
            writer.string(orNull: lastUsed?.text)
            if let secret {
                writer.key("token")
                writer.string(secret)
            }
            writer.endObject()
        }
    }

    func findToken(_ hash: [UInt8]) async throws -> Found? {
        let now = clock.now()
        let (found, used) = try await database.pointRead { connection -> (Found?, Int64) in
            let token = try connection.first(
                "select account, expires, id, scopes, used from token"
                    + " where hash = ? and (expires is null or expires > ?)",
                [.blob(hash), .integer(now.milliseconds)]
            ) {
                (
                    account: $0.integer(0), expires: $0.optionalInteger(1), id: $0.integer(2),
                    scopes: AccountStore.words($0.text(3)), used: $0.integer(4)
                )
            }
            guard let token else { return (nil, 0) }
            var found = try self.found(connection, account: token.account)
            found?.tokenID = token.id
            found?.scopes = token.scopes
            found?.expires = token.expires.map(Timestamp.init(milliseconds:))
            return (found, token.used)
        }
        if let found {
            noteUse(
                "update token set used = ? where id = ?", .integer(found.tokenID), last: used,
                now: now)
        }
        return found
    }

    /// The account behind a token that lives, by its number, if it may act.
    func findToken(id: Int64) async throws -> Found? {
        let now = clock.now()
        return try await database.pointRead { connection in
            let token = try connection.first(
                "select account, scopes from token"
                    + " where id = ? and (expires is null or expires > ?)",
                [.integer(id), .integer(now.milliseconds)]
            ) { (account: $0.integer(0), scopes: AccountStore.words($0.text(1))) }
            guard let token else { return nil }
            var found = try self.found(connection, account: token.account)
            found?.tokenID = id
            found?.scopes = token.scopes
            return found
        }
    }

    /// Nil where the account has `tokenLimit` tokens already.
    func createToken(
        account: Int64, _ code: String, name: String, scopes: [String], expires: Timestamp?,
        by requester: Requester
    ) async throws -> (token: Token, secret: String)? {
        let secret = SessionStore.tokenPrefix + random.token()
        let hash = SessionStore.hash(secret)
        let now = clock.now()
        let id = try await database.write { connection -> Int64? in
            let held = try connection.count(
                "select count(*) from token where account = ?", [.integer(account)])
            guard held < SessionStore.tokenLimit else { return nil }
            let id = try connection.insert(
                "insert into token (hash, account, name, scopes, created, expires)"
                    + " values (?, ?, ?, ?, ?, ?)",
                [
                    .blob(hash), .integer(account), .text(name),
                    .text(scopes.joined(separator: " ")), .integer(now.milliseconds),
                    SQLValue(expires?.milliseconds),
                ])
            let entry = Audit.Entry(
                .tokenCreated, code, detail: "\(id) \(name)",
                changes: [AuditChanges.change("scopes", .null, .array(scopes.map { .string($0) }))])
            try Audit.write(connection, entry, by: requester, at: now)
            return id
        }
        guard let id else { return nil }
        return (
            Token(
                id: id, name: name, scopes: scopes, created: now, expires: expires, lastUsed: nil),
            secret
        )
    }

    func tokens(of account: Int64) async throws -> [Token] {
        try await database.read { connection in
            try connection.query(
                "select id, name, scopes, created, expires, used from token where account = ?"
                    + " order by id", [.integer(account)]
            ) {
                Token(
                    id: $0.integer(0), name: $0.text(1), scopes: AccountStore.words($0.text(2)),
                    created: Timestamp(milliseconds: $0.integer(3)),
                    expires: $0.optionalInteger(4).map(Timestamp.init(milliseconds:)),
                    lastUsed: $0.optionalInteger(5).map(Timestamp.init(milliseconds:)))
            }
        }
    }

    /// False where the account has no such token.
    func deleteToken(_ id: Int64, of account: Int64, _ code: String, by requester: Requester)
        async throws -> Bool
    {
        let now = clock.now()
        return try await database.write { connection in
            let name = try connection.first(
                "select name from token where id = ? and account = ?",
                [.integer(id), .integer(account)]
            ) { $0.text(0) }
            guard let name else { return false }
            try connection.run("delete from token where id = ?", [.integer(id)])
            let entry = Audit.Entry(.tokenDeleted, code, detail: "\(id) \(name)")
            try Audit.write(connection, entry, by: requester, at: now)
            return true
        }
    }
}
