import HTTP
import JSON
import RPC
import ServiceRuntime

/// Sessions, tokens, accounts and roles: what the gateway itself owns.
struct AccountRoutes: Sendable {
    let authenticator: Authenticator
    let accounts: AccountStore
    let sessions: SessionStore
    let passwords: PasswordWorker
    let cache: IdentityCache
    let clock: any WallClock
    let structures: OrgStore
    let feed: DirectoryFeed

    func add(to table: RouteTable) {
        addSessions(to: table)
        addTokens(to: table)
        addAccounts(to: table)
        addRoles(to: table)
    }

    // MARK: Sessions

    private func addSessions(to table: RouteTable) {
        table.on(
            .post, "/api/sessions", .anyone(because: "it is how one logs in"),
            Operation(
                "Logs in", body: .json("Credentials"),
                answers: [Answer(201, "The session's token, to be sent as Bearer", "Session")]),
            body: RouteTable.json, bodyLimit: 8 << 10
        ) { request, _ in try await begin(request) }
        table.on(
            .delete, "/api/sessions/current", .account,
            Operation("Logs out", answers: [Answer(204, "The token is no longer good")])
        ) { _, caller in
            guard let identity = caller.identity else { throw Problem.internalError }
            try await authenticator.logOut(identity)
            return Response(status: 204)
        }
        table.on(
            .get, "/api/me", .account,
            Operation(
                "Who the caller is and what it may do",
                answers: [Answer(200, "The account behind the credential", "Me")])
        ) { _, caller in
            guard let identity = caller.identity else { throw Problem.internalError }
            let today = CalendarDate(clock.now())
            let positions = try await structures.positions(of: identity.accountID, on: today)
            return .json(Me(identity: identity, positions: positions))
        }
    }

    private func begin(_ request: Request) async throws -> Response {
        let problems = ObjectReader.Problems()
        let reader = ObjectReader(
            try await request.json(limit: 8 << 10), at: "", problems: problems)
        let account = reader.string("account", required: true) ?? ""
        let password = reader.string("password", required: true) ?? ""
        reader.finish()
        if !problems.items.isEmpty { throw Problem.validation(problems.items) }
        let (secret, expires) = try await authenticator.logIn(
            account: account, password: password, address: authenticator.address(of: request))
        return .json(
            JSONValue.object(
                JSONObject([("token", .string(secret)), ("expires", .string(expires.text))])),
            status: 201, headers: ["Cache-Control": "no-store"])
    }

    // MARK: Tokens

    private func addTokens(to table: RouteTable) {
        table.on(
            .get, "/api/tokens", .account,
            Operation(
                "The caller's API tokens", answers: [Answer(200, "Without secrets", "TokenList")])
        ) { _, caller in
            let identity = try AccountRoutes.person(caller)
            let tokens = try await sessions.tokens(of: identity.accountID)
            let items = tokens.map { AccountRoutes.json(of: $0) }
            return .json(JSONValue.object(JSONObject([("items", .array(items)), ("next", .null)])))
        }
        table.on(
            .post, "/api/tokens", .account,
            Operation(
                "Creates an API token", body: .json("TokenInput"),
                answers: [Answer(201, "`token` is the secret, shown this once", "NewToken")]),
            body: RouteTable.json, bodyLimit: 8 << 10
        ) { request, caller in try await createToken(request, caller) }
        table.on(
            .delete, "/api/tokens/{id:integer}", .account,
            Operation("Deletes a token", answers: [Answer(204, "It is no longer good")])
        ) { request, caller in
            let identity = try AccountRoutes.person(caller)
            guard try await sessions.deleteToken(request.id(), of: identity.accountID) else {
                throw Problem.notFound()
            }
            cache.clear()
            return Response(status: 204)
        }
    }

    /// A stolen token shall not be able to make others that outlive it.
    private static func person(_ caller: Caller) throws -> Identity {
        guard let identity = caller.identity else { throw Problem.internalError }
        if case .token = identity.credential {
            throw Problem.forbidden("Tokens are managed by a session, not by a token.")
        }
        return identity
    }

    private func createToken(_ request: Request, _ caller: Caller) async throws -> Response {
        let identity = try AccountRoutes.person(caller)
        let problems = ObjectReader.Problems()
        let reader = ObjectReader(
            try await request.json(limit: 8 << 10), at: "", problems: problems)
        let name = reader.string("name", required: true) ?? ""
        if name.count > AccountInput.nameMaximum {
            reader.fault("name", "too-long", "At most \(AccountInput.nameMaximum) characters.")
        }
        var scopes = reader.strings("scopes")
        if reader.object["scopes"] == nil { scopes = ["read", "write"] }
        for (index, scope) in scopes.enumerated() where scope != "read" && scope != "write" {
            problems.add("/scopes/\(index)", "unknown-scope", "read or write.")
        }
        if scopes.isEmpty { reader.fault("scopes", "required", "At least one scope.") }
        let expires = reader.string("expires").flatMap { text -> Timestamp? in
            guard let time = Timestamp(text), time > clock.now() else {
                reader.fault("expires", "malformed", "An RFC 3339 time that is still to come.")
                return nil
            }
            return time
        }
        reader.finish()
        if !problems.items.isEmpty { throw Problem.validation(problems.items) }
        let created = try await sessions.createToken(
            account: identity.accountID, name: name,
            scopes: ["read", "write"].filter(scopes.contains),
            expires: expires)
        guard let (token, secret) = created else {
            throw Problem.conflict(
                "An account has at most \(SessionStore.tokenLimit) tokens; delete one first.")
        }
        guard case .object(var object) = AccountRoutes.json(of: token) else {
            throw Problem.internalError
        }
        object["token"] = .string(secret)
        return .json(
            JSONValue.object(object), status: 201,
            headers: ["Location": "/api/tokens/\(token.id)", "Cache-Control": "no-store"])
    }

    private static func json(of token: SessionStore.Token) -> JSONValue {
        .object(
            JSONObject([
                ("id", .number(JSONNumber(token.id))), ("name", .string(token.name)),
                ("scopes", .array(token.scopes.map { .string($0) })),
                ("created", .string(token.created.text)),
                ("expires", token.expires.map { .string($0.text) } ?? .null),
            ]))
    }

    // MARK: Accounts

    private func addAccounts(to table: RouteTable) {
        let writes: Permission = .holder(of: Permissions.accountsWrite)
        table.on(
            .get, "/api/accounts", writes,
            Operation(
                "Accounts in the order of their codes", query: [.limit, .cursor],
                answers: [Answer(200, "A page of accounts", "AccountList")])
        ) { request, _ in
            try await AccountRoutes.page(request, code: \Account.code) {
                try await accounts.accounts(after: $0, limit: $1)
            }
        }
        table.on(
            .get, "/api/accounts/{code}", writes,
            Operation("One account", answers: [Answer(200, "The account", "Account")])
        ) { request, _ in
            let code = try AccountInput.code(request.parameters["code"])
            guard let account = try await accounts.account(code) else { throw Problem.notFound() }
            return .json(account, headers: ["ETag": Precondition.tag(account.version)])
        }
        for (method, mode) in [(Method.put, AccountStore.Mode.put), (.patch, .patch)] {
            table.on(
                method, "/api/accounts/{code}", writes,
                Operation(
                    mode == .put
                        ? "Creates an account, or replaces it" : "Changes what the body names",
                    body: .json("AccountInput"), needsVersion: true,
                    answers: AccountRoutes.saved("account", "Account", mode)),
                body: RouteTable.json
            ) { request, caller in try await saveAccount(request, caller, mode) }
        }
    }

    private func saveAccount(
        _ request: Request, _ caller: Caller, _ mode: AccountStore.Mode
    ) async throws -> Response {
        let code = try AccountInput.code(request.parameters["code"])
        guard !Account.reserved.contains(code) else {
            throw Problem.conflict("\(code) is a name of the platform itself.")
        }
        let precondition = try AccountRoutes.precondition(request, mode)
        let value = try await request.json()
        var input = try AccountInput.account(value, code: code, isWhole: mode == .put)
        if let password = input.password {
            input.change.password = try await passwords.hash(
                password, address: authenticator.address(of: request))
        }
        let (account, created) = try await accounts.save(
            account: code, input.change, mode: mode, if: precondition,
            held: Set(caller.principal.permissions))
        cache.clear()
        await feed.deliver()
        return .json(
            account, status: created ? 201 : 200,
            headers: AccountRoutes.headers(request, account.version, created))
    }

    // MARK: Roles

    private func addRoles(to table: RouteTable) {
        let writes: Permission = .holder(of: Permissions.accountsWrite)
        table.on(
            .get, "/api/roles", writes,
            Operation(
                "Roles in the order of their codes", query: [.limit, .cursor],
                answers: [Answer(200, "A page of roles", "RoleList")])
        ) { request, _ in
            try await AccountRoutes.page(request, code: \Role.code) {
                try await accounts.roles(after: $0, limit: $1)
            }
        }
        table.on(
            .get, "/api/roles/{code}", writes,
            Operation("One role with its members", answers: [Answer(200, "The role", "Role")])
        ) { request, _ in
            let code = try AccountInput.code(request.parameters["code"])
            guard let role = try await accounts.role(code) else { throw Problem.notFound() }
            return .json(role, headers: ["ETag": Precondition.tag(role.version)])
        }
        for (method, mode) in [(Method.put, AccountStore.Mode.put), (.patch, .patch)] {
            table.on(
                method, "/api/roles/{code}", writes,
                Operation(
                    mode == .put ? "Creates a role, or replaces it" : "Changes what the body names",
                    body: .json("RoleInput"), needsVersion: true,
                    answers: AccountRoutes.saved("role", "Role", mode)),
                body: RouteTable.json
            ) { request, caller in
                let code = try AccountInput.code(request.parameters["code"])
                let precondition = try AccountRoutes.precondition(request, mode)
                let change = try AccountInput.role(
                    try await request.json(), code: code, isWhole: mode == .put)
                let (role, created) = try await accounts.save(
                    role: code, change, mode: mode, if: precondition,
                    held: Set(caller.principal.permissions))
                cache.clear()
                return .json(
                    role, status: created ? 201 : 200,
                    headers: AccountRoutes.headers(request, role.version, created))
            }
        }
    }

    // MARK: Common

    static func saved(_ noun: String, _ schema: String, _ mode: AccountStore.Mode)
        -> [Operation.Answer]
    {
        let replaced = Operation.Answer(200, "The \(noun) as it stands now", schema)
        return mode == .patch
            ? [replaced] : [replaced, Operation.Answer(201, "The new \(noun)", schema)]
    }

    static func precondition(_ request: Request, _ mode: AccountStore.Mode) throws
        -> Precondition
    {
        let precondition = try Precondition(request.headers)
        if mode == .patch, precondition == .none { throw Problem.preconditionRequired }
        return precondition
    }

    static func headers(_ request: Request, _ version: Int64, _ created: Bool) -> Headers {
        var headers: Headers = ["ETag": Precondition.tag(version)]
        if created { headers["Location"] = request.rawPath }
        return headers
    }

    /// The cursor is the last code of the page before.
    static func page<Item: JSONWritable>(
        _ request: Request, code: KeyPath<Item, String>,
        _ find: (String, Int) async throws -> [Item],
        write: (Item, inout JSONWriter) -> Void = { $0.write(json: &$1) }
    ) async throws -> Response {
        let parameters = try QueryReader(request, ["limit", "cursor"])
        let limit = try parameters.limit() ?? 50
        let found = try await find(parameters.text("cursor") ?? "", limit + 1)
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        writer.key("items")
        writer.beginArray()
        for item in found.prefix(limit) { write(item, &writer) }
        writer.endArray()
        writer.key("next")
        if found.count > limit {
            writer.string(found[limit - 1][keyPath: code])
        } else {
            writer.null()
        }
        writer.endObject()
        return .json(writer.bytes)
    }
}

private typealias Answer = Operation.Answer

/// `GET /api/me`.
private struct Me: JSONWritable {
    let identity: Identity
    let positions: [String]

    func write(json writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("account")
        writer.string(identity.principal.account)
        writer.key("name")
        writer.string(identity.name)
        writer.key("language")
        writer.string(identity.principal.language)
        writer.key("roles")
        writer.strings(identity.principal.roles)
        writer.key("positions")
        writer.strings(positions)
        writer.key("permissions")
        writer.strings(identity.principal.permissions)
        writer.key("scopes")
        if case .token(_, let scopes) = identity.credential {
            writer.strings(scopes)
        } else {
            writer.strings(["read", "write"])
        }
        writer.key("expires")
        if let expires = identity.expires { writer.string(expires.text) } else { writer.null() }
        writer.endObject()
    }
}
