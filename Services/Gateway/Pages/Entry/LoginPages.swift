import HTTP
import RPC
import ServiceRuntime

private typealias Answer = Operation.Answer

/// `/login` and `/logout`.
struct LoginPages: Sendable {
    let frame: PageFrame
    let authenticator: Authenticator
    let random: any RandomSource

    func add(to table: RouteTable) {
        let page = Operation.Content.media("text/html")
        table.on(
            .get, "/login", .anyone(because: "it is how one logs in"),
            Operation(
                "The log-in form",
                query: [.init(name: "returnUrl", about: "An own page to go to afterwards")],
                answers: [Answer(200, "The page", page), Answer(303, "Logged in already")])
        ) { request, caller in
            let link = Link(own: request.query["returnUrl"])
            if caller.identity != nil { return PageFrame.redirect(to: link ?? .home) }
            return form(request, caller, returnTo: link)
        }
        table.on(
            .post, "/login", .anyone(because: "it is how one logs in"),
            Operation(
                "Logs a person in",
                answers: [Answer(303, "Logged in"), Answer(401, "The form again", page)]),
            // With what was typed when the session ended.
            body: RouteTable.form, bodyLimit: KeptInput.limit + 16 << 10
        ) { request, caller in try await logIn(request, caller) }
        table.on(
            .post, "/logout", .anyone(because: "an ended session may be ended once more"),
            Operation("Logs a person out", answers: [Answer(303, "Logged out")]),
            body: RouteTable.form, bodyLimit: 16 << 10
        ) { request, caller in
            if let identity = caller.identity {
                let form = try await Form(request)
                if caller.byCookie {
                    try authenticator.requireCSRF(form["_csrf"], of: identity)
                }
                try await authenticator.logOut(
                    identity, by: authenticator.requester(request, caller))
            }
            return PageFrame.redirect(
                to: .login, cookie: authenticator.cookies.endOfSession)
        }
    }

    /// A log-in form belongs to the browser that asked for it, so that nobody logs others in as
    /// himself.
    private func logIn(_ request: Request, _ caller: Caller) async throws -> Response {
        let form = try await Form(request)
        let link = Link(own: form["_returnUrl"])
        let kept = KeptInput(form)
        let account = form["account"] ?? ""
        guard let visitor = authenticator.cookies.visitor(of: request),
            SessionCookies.isToken(form["_csrf"], of: authenticator.cookies.csrf(visitor))
        else { throw Problem.csrf }
        do {
            // The browser is known from now on; one that was known keeps its name.
            let device = authenticator.cookies.device(of: request) ?? random.token()
            let session = try await authenticator.logins.logIn(
                account: account, password: form["password"] ?? "",
                from: authenticator.visit(request, device: device), byPage: true)
            let cookies = authenticator.cookies
            var response =
                kept?.page(frame, caller, csrf: cookies.csrf(session.secret))
                ?? PageFrame.redirect(to: link ?? .home)
            response.headers.add("Set-Cookie", cookies.session(session.secret))
            response.headers.add("Set-Cookie", authenticator.cookies.device(device))
            return response
        } catch let problem as Problem where problem.status == 401 || problem.status == 429 {
            return self.form(
                request, caller, returnTo: link, account: account, problem: problem, kept: kept)
        }
    }

    /// The log-in for whom the session ended before a form was sent: with what was typed.
    func again(_ request: Request, _ kept: KeptInput) -> Response {
        var caller = Caller.nobody
        caller.accepted = request.headers["Accept-Language"] ?? ""
        return form(request, caller, returnTo: kept.target, status: 401, kept: kept)
    }

    private func form(
        _ request: Request, _ caller: Caller, returnTo link: Link?, account: String = "",
        problem: Problem? = nil, status: Int = 200, kept: KeptInput? = nil
    ) -> Response {
        let texts = caller.texts
        let visitor = authenticator.cookies.visitor(of: request) ?? random.token(16)
        var response = frame.page(
            texts.logIn, caller, status: problem?.status ?? status, width: .narrow
        ) {
            tag(.section, .class("card")) {
                tag(.h1) { texts.logIn }
                if kept == nil {
                    tag(.p, .class("quiet")) { texts.loginLead }
                } else {
                    tag(.div, .class("notice warn"), .role(.status)) { texts.expired }
                }
                if let problem {
                    tag(.div, .class("notice bad"), .fixed("role", "alert"), .id("fault")) {
                        problem.status == 429 ? texts.loginSlow : texts.loginFailed
                    }
                }
                tag(.form, .post, .action(.login)) {
                    frame.csrf(authenticator.cookies.csrf(visitor))
                    if let link {
                        tag(.input, .type("hidden"), .name("_returnUrl"), .value(link.text))
                    }
                    if let kept { kept.hidden() }
                    fields(texts, account: account, isWrong: problem != nil)
                    tag(.div, .class("actions")) {
                        tag(.button, .class("button main"), .type("submit")) { texts.logIn }
                        tag(.a, .href(.forgotten)) { PasswordTexts.find(texts.language).forgot }
                    }
                }
            }
        }
        if let wait = problem?.retryAfter { response.headers["Retry-After"] = String(wait) }
        response.headers.add("Set-Cookie", authenticator.cookies.visitor(visitor))
        return response
    }

    private func fields(_ texts: Texts, account: String, isWrong: Bool) -> HTML {
        tag(.div) {
            tag(.div, .class("field")) {
                tag(.label, .for("account")) { texts.accountLabel }
                tag(
                    .input, .id("account"), .name("account"), .value(account), .required,
                    .fixed("autocomplete", "username"), .fixed("autocapitalize", "none"),
                    .fixed("spellcheck", "false"), account.isEmpty ? .autofocus : nil)
            }
            tag(.div, .class("field")) {
                tag(.label, .for("password")) { texts.passwordLabel }
                tag(
                    .input, .id("password"), .name("password"), .type("password"), .required,
                    .fixed("autocomplete", "current-password"),
                    isWrong ? .aria(.invalid, "true") : nil,
                    isWrong ? .aria(.describedBy, "fault") : nil,
                    account.isEmpty ? nil : .autofocus)
            }
        }
    }
}
