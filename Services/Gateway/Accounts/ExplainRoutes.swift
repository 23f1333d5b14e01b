import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime

private typealias Answer = Operation.Answer

/// `GET /api/explain`: why an account may, or may not; and who may at all.
struct ExplainRoutes: Sendable {
    static let operations = [
        "read", "insert", "change", "delete", "import", "export", "changeMany", "deleteMany",
    ]
    /// Accounts that one answer to "who may" looks at; the cursor leads on.
    static let scanLimit = 5000

    let accounts: AccountStore
    let feed: DirectoryFeed
    let records: Peer
    let hasOutsideAccess: Bool

    func add(to table: RouteTable) {
        table.on(
            .get, "/api/explain", .account,
            Operation(
                "Whether an account may do something with a class or a record, and why",
                about: "Without `account`: the accounts that may, each with its reasons. Anybody"
                    + " asks about themselves; about others needs `accounts:write`.",
                query: [
                    .init(name: "account", about: "Whom it is about"),
                    .init(name: "class", about: "`model.class`", required: true),
                    .init(
                        name: "operation", about: "What is to be done", required: true,
                        words: ExplainRoutes.operations),
                    .init(
                        name: "record", type: "integer", about: "With this record",
                        range: 1...Int64.max),
                    .init(name: "column", about: "And with this column"), .limit, .cursor,
                ], answers: [Answer(200, "The chain of reasons", "Explanation")],
                problems: [404])
        ) { request, caller in try await explain(request, caller) }
    }

    private func explain(_ request: Request, _ caller: Caller) async throws -> Response {
        let query = try QueryReader(
            request, ["account", "class", "operation", "record", "column", "limit", "cursor"])
        guard let type = query.text("class").flatMap({ FullCode($0) }) else {
            throw Problem.invalidParameter("class is needed, as model.class.")
        }
        guard let operation = query.text("operation"),
            ExplainRoutes.operations.contains(operation)
        else {
            throw Problem.invalidParameter(
                "operation is one of: \(ExplainRoutes.operations.joined(separator: ", ")).")
        }
        var call = ExplainRights(type, operation: operation, principals: [])
        call.record = try query.integer("record", in: 1...Int.max).map { Int64($0) }
        call.column = query.text("column")
        let identity = try caller.required
        if let code = query.text("account") {
            guard code == identity.principal.account || identity.may(Permissions.accountsWrite)
            else { throw Problem.forbidden("About others it needs \(Permissions.accountsWrite).") }
            return try await one(code, call, try request.context(caller))
        }
        guard identity.may(Permissions.accountsWrite) else {
            throw Problem.forbidden(
                "Name yourself as account; who else may needs \(Permissions.accountsWrite).")
        }
        return try await all(
            call, after: query.text("cursor") ?? "", limit: try query.limit() ?? 50,
            try request.context(caller))
    }

    private func one(_ code: String, _ call: ExplainRights, _ context: CallContext) async throws
        -> Response
    {
        guard let found = try await accounts.explained(code) else {
            throw Problem.notFound("There is no account \(code).")
        }
        var call = call
        call.principals = [found.principal]
        let explained = try await ask(call, context)
        guard let item = explained.items.first else { throw Problem.internalError }
        var writer = JSONWriter()
        write(answer(found, item, call.type.model), account: nil, &writer)
        return .json(writer.bytes)
    }

    /// Those that may, in the order of their codes.
    private func all(
        _ call: ExplainRights, after cursor: String, limit: Int, _ context: CallContext
    ) async throws -> Response {
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        writer.key("items")
        writer.beginArray()
        var cursor = cursor
        var (count, scanned) = (0, 0)
        var isOver = false
        while count < limit, scanned < ExplainRoutes.scanLimit, !isOver {
            let page = try await accounts.explained(
                after: cursor, limit: ExplainRights.principalLimit)
            isOver = page.count < ExplainRights.principalLimit
            guard !page.isEmpty else { break }
            var call = call
            call.principals = page.map(\.principal)
            let explained = try await ask(call, context)
            guard explained.items.count == page.count else { throw Problem.internalError }
            for (found, item) in zip(page, explained.items) {
                guard count < limit else {
                    isOver = false
                    break
                }
                scanned += 1
                cursor = found.principal.account
                let answer = answer(found, item, call.type.model)
                guard answer.isAllowed else { continue }
                count += 1
                write(answer, account: cursor, &writer)
            }
        }
        writer.endArray()
        writer.key("next")
        writer.string(orNull: isOver ? nil : cursor)
        writer.endObject()
        return .json(writer.bytes)
    }

    private func ask(_ call: ExplainRights, _ context: CallContext) async throws
        -> RightsExplained
    {
        await feed.ready(for: call.principals.map(\.directory).max() ?? 0)
        return try await records.call(call, as: context)
    }

    private struct Explanation {
        var isAllowed: Bool
        var reasons: [RightsReason]
    }

    /// What the gateway knows stands in front of what Records says.
    private func answer(
        _ found: AccountStore.Explained, _ item: RightsExplained.Item, _ model: String
    ) -> Explanation {
        var reasons: [RightsReason] = []
        func add(_ code: String, _ detail: String) {
            reasons.append(RightsReason(code: code, detail: detail))
        }
        let account = found.account
        if !account.enabled { add("account-disabled", "The account is not enabled.") }
        if account.locked { add("account-locked", "The account is locked.") }
        if account.isActive { add("account-active", "The account is enabled and not locked.") }
        if !hasOutsideAccess {
            add("web-access-off", "GATEWAY_WEB_ACCESS closes class data to the outside.")
        }
        for role in found.roles {
            if !role.enabled {
                add("role-disabled", "The role \(role.code) is switched off.")
            } else if role.disabledModels.contains(model) {
                add("role-off-in-model", "The role \(role.code) is switched off in \(model).")
            } else {
                add("role-held", "The account is a member of the role \(role.code).")
            }
        }
        if found.roles.isEmpty { add("no-role", "The account is a member of no role.") }
        return Explanation(
            isAllowed: account.isActive && hasOutsideAccess && item.allowed,
            reasons: reasons + item.reasons)
    }

    private func write(_ answer: Explanation, account: String?, _ writer: inout JSONWriter) {
        writer.beginObject()
        if let account {
            writer.key("account")
            writer.string(account)
        }
        writer.key("allowed")
        writer.boolean(answer.isAllowed)
        writer.key("reasons")
        writer.beginArray()
        for reason in answer.reasons {
            writer.beginObject()
            writer.key("code")
            writer.string(reason.code)
            writer.key("detail")
            writer.string(reason.detail)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}
