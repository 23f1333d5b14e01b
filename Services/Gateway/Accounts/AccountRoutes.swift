import HTTP
import JSON
import RPC
import ServiceRuntime

/// Accounts and roles.
struct AccountRoutes: Sendable {
    let authenticator: Authenticator
    let accounts: AccountStore
    let passwords: PasswordWorker
    let policy: PasswordPolicy
    let cache: IdentityCache
    let feed: DirectoryFeed

    func add(to table: RouteTable) {
        addAccounts(to: table)
        addRoles(to: table)
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
        var input = try AccountInput.account(
            value, code: code, isWhole: mode == .put, policy: policy)
        if let password = input.password {
            input.change.password = try await passwords.hash(
                password, address: authenticator.address(of: request))
        }
        let (account, created) = try await accounts.save(
            account: code, input.change, mode: mode, if: precondition,
            by: authenticator.requester(request, caller))
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
                    by: authenticator.requester(request, caller))
                cache.clear()
                await feed.deliver()
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
