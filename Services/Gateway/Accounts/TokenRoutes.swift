import HTTP
import JSON
import RPC
import ServiceRuntime

private typealias Answer = Operation.Answer

/// API tokens: one's own, and those of service accounts, which nobody logs in to.
struct TokenRoutes: Sendable {
    let authenticator: Authenticator
    let sessions: SessionStore
    let cache: IdentityCache
    let clock: any WallClock

    func add(to table: RouteTable) {
        add(to: table, "/api/tokens", .account, whose: "The caller's") { _, caller in
            let identity = try SessionRoutes.person(caller)
            return (identity.accountID, identity.principal.account)
        }
        add(
            to: table, "/api/accounts/{code}/tokens", .holder(of: Permissions.accountsWrite),
            whose: "An account's"
        ) { [authenticator] request, caller in
            let account = try await authenticator.touchable(request, caller)
            _ = try SessionRoutes.person(caller)
            guard request.method != .post || account.kind == "service" else {
                throw Problem.forbidden(
                    "A person's tokens are made by that person; this one is no service account.")
            }
            return (account.id, account.code)
        }
    }

    private typealias Owner = (id: Int64, code: String)

    private func add(
        to table: RouteTable, _ path: String, _ permission: Permission, whose: String,
        _ owner: @escaping @Sendable (Request, Caller) async throws -> Owner
    ) {
        table.on(
            .get, path, permission,
            Operation(
                "\(whose) API tokens", answers: [Answer(200, "Without secrets", "TokenList")])
        ) { request, caller in
            _ = try QueryReader(request, [])
            let tokens = try await sessions.tokens(of: try await owner(request, caller).id)
            return .json(SessionRoutes.items(tokens))
        }
        table.on(
            .post, path, permission,
            Operation(
                "Creates an API token", body: .json("TokenInput"),
                answers: [Answer(201, "`token` is the secret, shown this once", "NewToken")]),
            body: RouteTable.json, bodyLimit: 8 << 10
        ) { request, caller in
            try await create(request, caller, try await owner(request, caller), path)
        }
        table.on(
            .delete, path + "/{id:integer}", permission,
            Operation("Deletes a token", answers: [Answer(204, "It is no longer good")])
        ) { request, caller in
            let owner = try await owner(request, caller)
            let isGone = try await sessions.deleteToken(
                request.id(), of: owner.id, owner.code,
                by: authenticator.requester(request, caller))
            guard isGone else { throw Problem.notFound() }
            cache.clear()
            return Response(status: 204)
        }
    }

    private func create(_ request: Request, _ caller: Caller, _ owner: Owner, _ path: String)
        async throws -> Response
    {
        let (name, scopes, expires) = try await input(request)
        let created = try await sessions.createToken(
            account: owner.id, owner.code, name: name, scopes: scopes, expires: expires,
            by: authenticator.requester(request, caller))
        guard let (token, secret) = created else {
            throw Problem.conflict(
                "An account has at most \(SessionStore.tokenLimit) tokens; delete one first.")
        }
        var writer = JSONWriter()
        token.write(json: &writer, secret: secret)
        return .json(
            writer.bytes, status: 201,
            headers: [
                "Location": "\(request.rawPath)/\(token.id)", "Cache-Control": "no-store",
            ])
    }

    private func input(_ request: Request) async throws -> (String, [String], Timestamp?) {
        let problems = ObjectReader.Problems()
        let reader = ObjectReader(
            try await request.json(limit: 8 << 10), at: "", problems: problems)
        let name = reader.string("name", required: true) ?? ""
        if name.count > AccountInput.nameMaximum {
            reader.fault("name", "too-long", "At most \(AccountInput.nameMaximum) characters.")
        }
        var seen: Set<String> = []
        var scopes = reader.strings("scopes").filter { seen.insert($0).inserted }
        if reader.object["scopes"] == nil { scopes = TokenScopes.methods }
        for (index, scope) in scopes.enumerated() {
            guard let fault = TokenScopes.fault(scope) else { continue }
            problems.add("/scopes/\(index)", "unknown-scope", fault)
        }
        if !scopes.contains(where: TokenScopes.methods.contains), reader.object["scopes"] != nil {
            reader.fault("scopes", "required", "read or write must be among them.")
        }
        let expires = reader.string("expires").flatMap { text -> Timestamp? in
            guard let time = Timestamp(text), time > clock.now() else {
                reader.fault("expires", "malformed", "An RFC 3339 time that is still to come.")
                return nil
            }
            return time
        }
        reader.finish()
        if !problems.items.isEmpty { throw Problem.validation(problems.items) }
        return (name, scopes, expires)
    }
}
