import HTTP
import JSON
import RPC
import ServiceRuntime

private typealias Answer = Operation.Answer

/// `/api/password`: one's own.
struct PasswordRoutes: Sendable {
    private static let bodyLimit = 8 << 10

    let passwords: Passwords
    let authenticator: Authenticator

    func add(to table: RouteTable) {
        let done = [Answer(204, "The password is changed")]
        table.on(
            .post, "/api/password", .account,
            Operation(
                "Changes the caller's password; its other sessions end",
                body: .json("PasswordChange"), answers: done),
            body: RouteTable.json, bodyLimit: PasswordRoutes.bodyLimit
        ) { request, caller in
            let (current, password) = try await fields(request, "current", "password")
            try await change(request, caller, current: current, password: password)
            return Response(status: 204)
        }
        table.on(
            .post, "/api/password/forgotten",
            .anyone(because: "who forgot the password cannot log in"),
            Operation(
                "Mails a link to set a new password, where the account has an e-mail address",
                body: .json("PasswordForgotten"),
                answers: [Answer(202, "The same, whether there is such an account or not")]),
            body: RouteTable.json, bodyLimit: PasswordRoutes.bodyLimit
        ) { request, caller in
            let (account, _) = try await fields(request, "account", nil)
            try passwords.forgot(
                account, from: authenticator.visit(request),
                by: authenticator.requester(request, caller))
            return Response(status: 202)
        }
        table.on(
            .post, "/api/password/reset", .anyone(because: "the link of the mail is the proof"),
            Operation(
                "Sets a new password by the token of a mailed link, once",
                body: .json("PasswordReset"), answers: done, problems: [410]),
            body: RouteTable.json, bodyLimit: PasswordRoutes.bodyLimit
        ) { request, _ in
            let (token, password) = try await fields(request, "token", "password")
            try await passwords.reset(
                token, password: password, from: authenticator.visit(request))
            return Response(status: 204)
        }
    }

    /// Also what the page does.
    func change(_ request: Request, _ caller: Caller, current: String, password: String)
        async throws
    {
        let identity = try SessionRoutes.person(caller)
        guard let account = try await authenticator.accounts.account(identity.principal.account)
        else { throw Problem.notFound() }
        try await passwords.change(
            identity, account: account, current: current, password: password,
            from: authenticator.visit(request), by: authenticator.requester(request, caller))
    }

    private func fields(_ request: Request, _ first: String, _ second: String?) async throws
        -> (String, String)
    {
        let problems = ObjectReader.Problems()
        let reader = ObjectReader(
            try await request.json(limit: PasswordRoutes.bodyLimit), at: "", problems: problems)
        let values = (
            reader.string(first, required: true) ?? "",
            second.flatMap { reader.string($0, required: true) } ?? ""
        )
        reader.finish()
        if !problems.items.isEmpty { throw Problem.validation(problems.items) }
        return values
    }
}
