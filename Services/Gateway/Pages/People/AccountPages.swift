import HTTP
import JSON
import RPC

/// `/people` and `/people/{code}`: accounts of persons and services.
struct AccountPages: Sendable {
    let pages: Pages
    private let writes: Permission = .holder(of: Permissions.accountsWrite)

    init(pages: Pages) {
        self.pages = pages
    }

    func add() {
        pages.onPage("/people", writes, "Accounts", query: [.cursor], list)
        pages.onPage("/people/new", writes, "The form of a new account") { request, caller in
            try await form(request, caller, AccountForm(), status: 200)
        }
        pages.onForm("/people/new", writes, "Creates the account") { request, caller, sent in
            try await save(request, caller, sent, code: sent["code"] ?? "", isNew: true)
        }
        pages.onPage("/people/{code}", writes, "An account, its roles and its sessions") {
            request, caller in
            let code = request.parameters["code"] ?? ""
            let account = try await pages.api(.get, Link("api", "accounts", code), request, caller)
            return try await form(request, caller, AccountForm(account), status: 200)
        }
        pages.onForm("/people/{code}", writes, "Saves the account") { request, caller, sent in
            try await save(
                request, caller, sent, code: request.parameters["code"] ?? "", isNew: false)
        }
        pages.onForm("/people/{code}/sessions", writes, "Ends all sessions of the account") {
            request, caller, _ in
            let code = request.parameters["code"] ?? ""
            _ = try await pages.api(
                .delete, Link("api", "accounts", code, "sessions"), request, caller)
            return pages.redirect(to: Link("people", code), saying: "done")
        }
    }

    @Sendable private func list(_ request: Request, _ caller: Caller) async throws -> Response {
        let texts = caller.texts
        let cursor = request.query["cursor"]
        let answer = try await pages.api(
            .get, Link("api", "accounts", query: [("cursor", cursor)]), request, caller)
        return pages.frame.page(texts.people, caller, section: .people) {
            Parts.head(texts.people) {
                tag(.a, .class("button main"), .href(Link("people", "new"))) { texts.newAccount }
            }
            PeopleTab.show(.accounts, caller)
            Parts.table(
                texts.accounts,
                [texts.account, texts.name, texts.email, texts.kind, texts.state, texts.roles],
                (answer["items"]?.array ?? []).map { item in
                    let code = item["code"]?.string ?? ""
                    return [
                        tag(.a, .href(Link("people", code))) { code },
                        HTML(item["name"]?.string ?? ""), HTML(item["email"]?.string ?? ""),
                        HTML(texts.word(item["kind"]?.string ?? "")),
                        Parts.state(AccountPages.state(item), texts),
                        HTML(
                            (item["roles"]?.array ?? []).compactMap(\.string)
                                .joined(separator: ", ")),
                    ]
                }, texts)
            Parts.pager(texts, cursor: cursor, next: answer["next"]?.string) {
                Link("people", query: [("cursor", $0)])
            }
        }
    }

    private static func state(_ account: JSONValue) -> String {
        if account["locked"] == .boolean(true) { return "locked" }
        return account["enabled"] == .boolean(true) ? "enabled" : "disabled"
    }

    private func save(
        _ request: Request, _ caller: Caller, _ sent: Form, code: String, isNew: Bool
    ) async throws -> Response {
        var form = AccountForm(sent, isNew: isNew)
        let link = Link("api", "accounts", code)
        do {
            if isNew { try Problem.checkCode(code, caller.texts) }
            _ = try await pages.api(
                isNew ? .put : .patch, link, request, caller, body: form.body,
                version: isNew ? 0 : form.version)
            return pages.redirect(
                to: Link("people", code), saying: isNew ? "created" : "saved")
        } catch let problem as Problem where [409, 412, 422, 404].contains(problem.status) {
            form.problem = problem
            if problem.status == 412, !isNew {
                let current = try await pages.api(.get, link, request, caller)
                form.version = current["version"]?.integer
                form.isStale = true
            }
            return try await self.form(request, caller, form, status: problem.status)
        }
    }

    private func form(
        _ request: Request, _ caller: Caller, _ form: AccountForm, status: Int
    ) async throws -> Response {
        let texts = caller.texts
        let roles = try await pages.api(
            .get, Link("api", "roles", query: [("limit", "1000")]), request, caller)
        let known = (roles["items"]?.array ?? []).compactMap { $0["code"]?.string }
        let word = pages.word(for: request)
        let title = form.isNew ? texts.newAccount : form.name
        let action = form.isNew ? Link("people", "new") : Link("people", form.code)
        var response = pages.frame.page(
            title, caller, status: status, width: .reading, section: .people
        ) {
            Parts.crumbs(texts, (Link("people"), texts.people))
            Parts.head(title)
            pages.notice(word, texts)
            form.notice(texts)
            tag(.form, .class("card"), .post, .action(action)) {
                pages.csrf(caller)
                form.fields(known, texts)
                tag(.div, .class("actions")) {
                    tag(.button, .class("button main"), .type("submit")) {
                        form.isNew ? texts.create : texts.save
                    }
                    tag(.a, .class("button"), .href(Link("people"))) { texts.back }
                }
            }
            if !form.isNew {
                tag(.div, .class("row")) {
                    Parts.act(
                        texts.endSessions, Link("people", form.code, "sessions"), pages, caller,
                        isBad: true)
                    tag(
                        .a, .class("button small"),
                        .href(Link("audit", query: [("subject", form.code)]))
                    ) { texts.audit }
                    tag(
                        .a, .class("button small"),
                        .href(Link("explain", query: [("account", form.code)]))
                    ) { texts.whyMay }
                }
            }
        }
        pages.said(word, &response)
        return response
    }
}
