import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

private typealias Answer = Operation.Answer

/// Log-in and log-out, the sessions of oneself and of others, and `/api/me`.
struct SessionRoutes: Sendable {
    let authenticator: Authenticator
    let cache: IdentityCache
    let structures: OrgStore
    let clock: any WallClock

    func add(to table: RouteTable) {
        table.on(
            .post, "/api/sessions", .anyone(because: "it is how one logs in"),
            Operation(
                "Logs in", body: .json("Credentials"),
                answers: [Answer(201, "The session's token, to be sent as Bearer", "Session")],
                problems: [401]),
            body: RouteTable.json, bodyLimit: 8 << 10
        ) { request, _ in try await begin(request) }
        table.on(
            .delete, "/api/sessions/current", .account,
            Operation("Logs out", answers: [Answer(204, "The token is no longer good")])
        ) { request, caller in
            try await authenticator.logOut(
                try caller.required, by: authenticator.requester(request, caller))
            return Response(status: 204)
        }
        table.on(
            .get, "/api/me", .account,
            Operation(
                "Who the caller is and what it may do",
                answers: [Answer(200, "The account behind the credential", "Me")])
        ) { _, caller in
            let identity = try caller.required
            let today = CalendarDate(clock.now())
            let positions = try await structures.positions(of: identity.accountID, on: today)
            return .json(Me(identity: identity, positions: positions))
        }
        addLanguage(to: table)
        addOwn(to: table)
        addOthers(to: table)
    }

    /// The one thing of the account that is a person's own to change, beside the password.
    private func addLanguage(to table: RouteTable) {
        table.on(
            .patch, "/api/me", .account,
            Operation(
                "Chooses the caller's own language", body: .json("MeInput"),
                answers: [Answer(200, "The account as it stands now", "Account")]),
            body: RouteTable.json, bodyLimit: 8 << 10
        ) { request, caller in
            let identity = try SessionRoutes.person(caller)
            let language = try AccountInput.ownLanguage(try await request.json(limit: 8 << 10))
            var change = AccountStore.AccountChange()
            change.language = language
            let code = identity.principal.account
            guard let standing = try await authenticator.accounts.account(code) else {
                throw Problem.notFound()
            }
            let (account, _) = try await authenticator.accounts.save(
                account: code, change, mode: .patch, if: .matches(standing.version),
                by: authenticator.requester(request, caller))
            cache.clear()
            await authenticator.feed.deliver()
            return .json(account, headers: ["ETag": Precondition.tag(account.version)])
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
        let (secret, expires) = try await authenticator.logins.logIn(
            account: account, password: password, from: authenticator.visit(request))
        return .json(
            JSONValue.object(
                JSONObject([("token", .string(secret)), ("expires", .string(expires.text))])),
            status: 201, headers: ["Cache-Control": "no-store"])
    }

    // MARK: Sessions

    private func addOwn(to table: RouteTable) {
        table.on(
            .get, "/api/sessions", .account,
            Operation(
                "The caller's sessions, newest first",
                answers: [Answer(200, "Without secrets", "SessionList")])
        ) { request, caller in
            _ = try QueryReader(request, [])
            let identity = try caller.required
            return try await list(identity.accountID, current: identity)
        }
        table.on(
            .delete, "/api/sessions/{id}", .account,
            Operation("Ends one of the caller's sessions", answers: [Answer(204, "It has ended")])
        ) { request, caller in
            let identity = try SessionRoutes.person(caller)
            return try await end(
                request, caller, identity.accountID, identity.principal.account)
        }
    }

    private func addOthers(to table: RouteTable) {
        let writes: Permission = .holder(of: Permissions.accountsWrite)
        let path = "/api/accounts/{code}/sessions"
        table.on(
            .get, path, writes,
            Operation(
                "An account's sessions, newest first",
                answers: [Answer(200, "Without secrets", "SessionList")])
        ) { request, caller in
            _ = try QueryReader(request, [])
            let account = try await authenticator.touchable(request, caller)
            return try await list(account.id, current: nil)
        }
        table.on(
            .delete, path, writes,
            Operation(
                "Ends all sessions of an account", answers: [Answer(204, "They have ended")])
        ) { request, caller in
            let account = try await authenticator.touchable(request, caller)
            _ = try await authenticator.sessions.end(
                of: account.id, account.code, by: authenticator.requester(request, caller)
            ) { _ in true }
            cache.clear()
            return Response(status: 204)
        }
        table.on(
            .delete, path + "/{id}", writes,
            Operation("Ends a session of an account", answers: [Answer(204, "It has ended")])
        ) { request, caller in
            let account = try await authenticator.touchable(request, caller)
            return try await end(request, caller, account.id, account.code)
        }
    }

    private func list(_ account: Int64, current: Identity?) async throws -> Response {
        var sessions = try await authenticator.sessions.sessions(of: account)
        if case .session(let hash) = current?.credential {
            let id = SessionStore.identifier(hash)
            for index in sessions.indices { sessions[index].isCurrent = sessions[index].id == id }
        }
        return .json(SessionRoutes.items(sessions))
    }

    private func end(_ request: Request, _ caller: Caller, _ account: Int64, _ code: String)
        async throws -> Response
    {
        let id = request.parameters["id"] ?? ""
        let count = try await authenticator.sessions.end(
            of: account, code, by: authenticator.requester(request, caller)
        ) { SessionStore.identifier($0) == id }
        guard count > 0 else { throw Problem.notFound() }
        cache.clear()
        return Response(status: 204)
    }

    /// A whole list in one page.
    static func items(_ items: [some JSONWritable]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("items")
        writer.beginArray()
        for item in items { item.write(json: &writer) }
        writer.endArray()
        writer.key("next")
        writer.null()
        writer.endObject()
        return writer.bytes
    }

    /// A stolen token shall not be able to make others that outlive it.
    static func person(_ caller: Caller) throws -> Identity {
        let identity = try caller.required
        if case .token = identity.credential {
            throw Problem.forbidden(
                "Tokens, sessions and passwords are managed by a session, not by a token.")
        }
        return identity
    }
}

extension Caller {
    /// Who it is; the route let nobody else in.
    var required: Identity {
        get throws {
            guard let identity else { throw Problem.internalError }
            return identity
        }
    }
}

extension Authenticator {
    /// The account of the path; 403 where it holds more than the caller.
    func touchable(_ request: Request, _ caller: Caller) async throws -> Account {
        let code = try AccountInput.code(request.parameters["code"])
        let held = Set(caller.principal.permissions)
        let account = try await accounts.database.read { connection -> Account? in
            guard let account = try AccountStore.account(connection, code) else { return nil }
            let permissions = try AccountStore.permissions(connection, of: account)
            try AccountStore.guardPermissions(permissions, held: held)
            return account
        }
        guard let account else { throw Problem.notFound() }
        return account
    }
}

/// `GET /api/me`.
private struct Me: JSONWritable {
    let identity: Identity
    let positions: [String]

    func write(json writer: inout JSONWriter) {
        let principal = identity.principal
        writer.beginObject()
        writer.key("account")
        writer.string(principal.account)
        writer.key("name")
        writer.string(identity.name)
        writer.key("language")
        writer.string(principal.language)
        writer.key("roles")
        writer.strings(principal.roles)
        writer.key("rolesOff")
        writer.strings(principal.rolesOff ?? [])
        writer.key("positions")
        writer.strings(positions)
        writer.key("permissions")
        writer.strings(principal.permissions)
        writer.key("scopes")
        if case .token(_, let scopes) = identity.credential {
            writer.strings(scopes)
        } else {
            writer.strings(TokenScopes.methods)
        }
        writer.key("mustChangePassword")
        writer.boolean(identity.mustChange)
        writer.key("expires")
        writer.string(orNull: identity.expires?.text)
        writer.endObject()
    }
}
