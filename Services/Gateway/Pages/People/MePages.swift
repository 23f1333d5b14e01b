import HTTP
import JSON
import RPC

/// `/me`: one's own account, language, sessions and tokens.
struct MePages: Sendable {
    let pages: Pages

    func add() {
        pages.onPage("/me", .account, "One's own account, sessions and tokens") {
            request, caller in
            try await show(request, caller)
        }
        pages.onForm("/me", .account, "Chooses the language of the pages") {
            request, caller, form in
            _ = try await pages.api(
                .patch, Link("api", "me"), request, caller,
                body: ["language": .string(form["language"] ?? "")])
            return pages.redirect(to: Link("me"), saying: "saved")
        }
        pages.onForm("/me/sessions/{id}", .account, "Ends one of one's own sessions") {
            request, caller, _ in
            _ = try await pages.api(
                .delete, Link("api", "sessions", request.parameters["id"] ?? ""), request, caller)
            return pages.redirect(to: Link("me"), saying: "done")
        }
        pages.onForm(
            "/me/tokens", .account, "Creates an API token, shown this once",
            problems: [409], shows: "The account, with the new token"
        ) { request, caller, form in
            try await createToken(request, caller, form)
        }
        pages.onForm("/me/tokens/{id:integer}", .account, "Deletes an API token") {
            request, caller, _ in
            _ = try await pages.api(
                .delete, Link("api", "tokens", request.parameters["id"] ?? ""), request, caller)
            return pages.redirect(to: Link("me"), saying: "deleted")
        }
    }

    private func createToken(_ request: Request, _ caller: Caller, _ form: Form) async throws
        -> Response
    {
        var body = JSONObject([
            ("name", .string(form["name"] ?? "")),
            ("scopes", form["write"] == nil ? ["read"] : ["read", "write"]),
        ])
        if let day = form["expires"], !day.isEmpty {
            body["expires"] = .string(day + "T00:00:00Z")
        }
        do {
            let made = try await pages.api(
                .post, Link("api", "tokens"), request, caller, body: .object(body),
                key: form["_key"])
            return try await show(request, caller, secret: made["token"]?.string)
        } catch let problem as Problem where [403, 409, 422].contains(problem.status) {
            return try await show(request, caller, problem: problem)
        }
    }

    private func show(
        _ request: Request, _ caller: Caller, secret: String? = nil, problem: Problem? = nil
    ) async throws -> Response {
        let texts = caller.texts
        let me = try await pages.api(.get, Link("api", "me"), request, caller)
        let sessions = try await pages.api(.get, Link("api", "sessions"), request, caller)
        let tokens = try await pages.api(.get, Link("api", "tokens"), request, caller)
        let word = pages.word(for: request)
        var response = pages.frame.page(
            texts.yourAccount, caller, status: problem?.status ?? 200, width: .reading
        ) {
            Parts.head(me["name"]?.string ?? "", lead: texts.yourAccount) {
                tag(.a, .class("button"), .href(.password)) { texts.changePassword1 }
                Parts.act(texts.logOut, .logout, pages, caller)
            }
            pages.notice(word, texts)
            Parts.notice(problem, texts)
            if let secret {
                tag(.div, .class("notice good"), .role(.status)) {
                    tag(.strong) { texts.tokenOnce }
                    tag(.p) { tag(.code) { secret } }
                }
            }
            facts(me, texts)
            language(me, caller)
            self.sessions(sessions, caller)
            self.tokens(tokens, caller)
        }
        pages.said(word, &response)
        return response
    }

    private func facts(_ me: JSONValue, _ texts: Texts) -> HTML {
        let list = { (key: String) -> HTML? in
            let items = (me[key]?.array ?? []).compactMap(\.string)
            return items.isEmpty ? nil : HTML(items.joined(separator: ", "))
        }
        return tag(.section, .class("card")) {
            Parts.facts([
                (texts.account, me["account"]?.string.map { HTML($0) }),
                (texts.roles, list("roles")), (texts.positions, list("positions")),
                (
                    texts.permissions,
                    (me["permissions"]?.array).flatMap {
                        $0.isEmpty
                            ? nil
                            : HTML(
                                $0.compactMap(\.string).map(texts.permission)
                                    .joined(separator: ", "))
                    }
                ),
            ])
        }
    }

    private func language(_ me: JSONValue, _ caller: Caller) -> HTML {
        let texts = caller.texts
        return tag(.form, .class("card row"), .post, .action(Link("me"))) {
            pages.csrf(caller)
            Parts.select(
                "language", texts.language1, Language.allCases.map { ($0.rawValue, $0.name) },
                chosen: me["language"]?.string ?? "en")
            tag(.button, .class("button"), .type("submit")) { texts.save }
        }
    }

    private func sessions(_ answer: JSONValue, _ caller: Caller) -> HTML {
        let texts = caller.texts
        return tag(.section) {
            tag(.h2) { texts.sessions }
            Parts.table(
                texts.sessions,
                [texts.browser, texts.address, texts.started, texts.lastUsed, ""],
                (answer["items"]?.array ?? []).map { item in
                    [
                        HTML(item["agent"]?.string ?? texts.empty),
                        HTML(item["address"]?.string ?? ""),
                        Parts.time(item["created"], texts) ?? .nothing,
                        Parts.time(item["lastUsed"], texts) ?? .nothing,
                        item["current"] == .boolean(true)
                            ? tag(.span, .class("chip")) { texts.thisSession }
                            : Parts.act(
                                texts.endSession,
                                Link("me", "sessions", item["id"]?.string ?? ""), pages, caller),
                    ]
                }, texts)
        }
    }

    private func tokens(_ answer: JSONValue, _ caller: Caller) -> HTML {
        let texts = caller.texts
        let items = answer["items"]?.array ?? []
        return tag(.section) {
            tag(.h2) { texts.tokens }
            if !items.isEmpty {
                Parts.table(
                    texts.tokens,
                    [texts.name, texts.scopes, texts.lastUsed, texts.expires, ""],
                    items.map { item in
                        [
                            HTML(item["name"]?.string ?? ""),
                            HTML(
                                (item["scopes"]?.array ?? []).compactMap(\.string)
                                    .joined(separator: ", ")),
                            Parts.time(item["lastUsed"], texts) ?? HTML(texts.empty),
                            Parts.time(item["expires"], texts) ?? HTML(texts.empty),
                            Parts.act(
                                texts.delete,
                                Link("me", "tokens", String(item["id"]?.integer ?? 0)), pages,
                                caller, isBad: true),
                        ]
                    }, texts)
            }
            tag(.form, .class("card filter"), .post, .action(Link("me", "tokens"))) {
                pages.csrf(caller)
                pages.onceKey
                Parts.text("name", texts.name, "", note: texts.required, isNeeded: true)
                Parts.text("expires", texts.expires, "", note: texts.optional, type: "date")
                Parts.box("write", "on", texts.mayWrite, isTicked: false)
                tag(.button, .class("button"), .type("submit")) { texts.newToken }
            }
        }
    }
}
