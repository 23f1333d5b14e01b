import HTTP
import JSON
import RPC
import ServiceRuntime

private typealias Answer = Operation.Answer

/// `/password` to change one's own, `/forgotten` and `/reset/{token}` for who cannot log in.
struct PasswordPages: Sendable {
    private static let bodyLimit = 16 << 10
    private static let nobody: Permission = .anyone(because: "who forgot it cannot log in")

    let frame: PageFrame
    let passwords: Passwords
    let authenticator: Authenticator
    let random: any RandomSource

    func add(to table: RouteTable) {
        add(to: table, "/password", .account, "One's own password") { request, caller in
            change(request, caller, nil)
        } post: { request, caller, form in
            try authenticator.requireCSRF(form["_csrf"], of: caller.identity)
            return try await sent { problem in
                change(request, caller, problem)
            } by: {
                let texts = PasswordTexts.find(caller.principal.language)
                let password = try PasswordPages.newPassword(form, texts)
                try await PasswordRoutes(passwords: passwords, authenticator: authenticator)
                    .change(request, caller, current: form["current"] ?? "", password: password)
                return done(texts.passwordChanged, texts, caller)
            }
        }
        add(to: table, "/forgotten", PasswordPages.nobody, "A link to set a password") {
            request, _ in
            forgotten(request)
        } post: { request, caller, form in
            try requireVisitor(request, form)
            try passwords.forgot(
                form["account"] ?? "", from: authenticator.visit(request),
                by: authenticator.requester(request, caller))
            let texts = PasswordTexts.find(accepting: request.headers["Accept-Language"])
            return done(texts.linkSent, texts, .nobody)
        }
        add(to: table, "/reset/{token}", PasswordPages.nobody, "A mailed link") { request, _ in
            reset(request, try await owner(request), nil)
        } post: { request, _, form in
            try requireVisitor(request, form)
            let texts = try await owner(request)
            return try await sent { problem in
                reset(request, texts, problem)
            } by: {
                try await passwords.reset(
                    request.parameters["token"] ?? "",
                    password: try PasswordPages.newPassword(form, texts),
                    from: authenticator.visit(request))
                return done(texts.passwordChanged, texts, .nobody)
            }
        }
    }

    private func add(
        to table: RouteTable, _ path: String, _ permission: Permission, _ about: String,
        get: @escaping @Sendable (Request, Caller) async throws -> Response,
        post: @escaping @Sendable (Request, Caller, Form) async throws -> Response
    ) {
        let page = Operation.Content.media("text/html")
        table.on(
            .get, path, permission,
            Operation(
                "\(about): the form", answers: [Answer(200, "The page", page)], problems: [410])
        ) { try await get($0, $1) }
        table.on(
            .post, path, permission,
            Operation(
                "\(about): the form, sent",
                answers: [Answer(200, "Done", page), Answer(422, "The form again", page)],
                problems: [410]),
            body: RouteTable.form, bodyLimit: PasswordPages.bodyLimit
        ) { request, caller in try await post(request, caller, try await Form(request)) }
    }

    /// What came of a form, or the form again with its fault.
    private func sent(
        _ again: (Problem) -> Response, by body: () async throws -> Response
    ) async throws -> Response {
        do {
            return try await body()
        } catch let problem as Problem where problem.status == 422 || problem.status == 429 {
            return again(problem)
        }
    }

    /// In the language of the account whose link it is; 410 where it is nobody's.
    private func owner(_ request: Request) async throws -> PasswordTexts {
        let token = request.parameters["token"] ?? ""
        guard let owner = try await passwords.store.owner(ofLink: token) else {
            throw Problem.linkOver
        }
        return PasswordTexts.find(owner.language)
    }

    /// Who typed it twice the same.
    private static func newPassword(_ form: Form, _ texts: PasswordTexts) throws -> String {
        let password = form["password"] ?? ""
        guard form["again"] == password else {
            throw Problem.fault("/again", "not-the-same", texts.notTheSame)
        }
        return password
    }

    private func requireVisitor(_ request: Request, _ form: Form) throws {
        guard let visitor = authenticator.cookies.visitor(of: request),
            SessionCookies.isToken(form["_csrf"], of: authenticator.cookies.csrf(visitor))
        else { throw Problem.csrf }
    }

    // MARK: Pages

    private func change(_ request: Request, _ caller: Caller, _ problem: Problem?) -> Response {
        let texts = PasswordTexts.find(caller.principal.language)
        let lead = caller.identity?.mustChange == true ? texts.mustChangeLead : texts.changeLead
        let csrf = caller.identity?.csrf ?? []
        return form(
            texts.changePassword, lead, texts, caller, csrf, texts.save, .password, problem
        ) {
            field(texts.currentPassword, "current", .current, problem)
            field(texts.newPassword, "password", .new, problem)
            field(texts.againPassword, "again", .new, problem)
        }
    }

    private func forgotten(_ request: Request) -> Response {
        let texts = PasswordTexts.find(accepting: request.headers["Accept-Language"])
        return visitorForm(
            request, texts.forgot, texts.forgottenLead, texts, texts.sendLink, .forgotten, nil
        ) {
            field(texts.forgottenLabel, "account", .account, nil)
        }
    }

    private func reset(
        _ request: Request, _ texts: PasswordTexts, _ problem: Problem?
    ) -> Response {
        let link = Link("reset", request.parameters["token"] ?? "")
        return visitorForm(
            request, texts.setPassword, texts.setLead, texts, texts.save, link, problem
        ) {
            field(texts.newPassword, "password", .new, problem)
            field(texts.againPassword, "again", .new, problem)
        }
    }

    private func done(_ text: String, _ texts: PasswordTexts, _ caller: Caller) -> Response {
        frame.page(text, caller, width: .narrow, language: texts.language) {
            tag(.section, .class("card")) {
                tag(.h1) { text }
                tag(.p) { tag(.a, .class("button"), .href(.home)) { texts.goHome } }
            }
        }
    }

    /// A form for who is not logged in: it belongs to the browser that asked for it.
    private func visitorForm(
        _ request: Request, _ title: String, _ lead: String, _ texts: PasswordTexts,
        _ button: String, _ action: Link, _ problem: Problem?, @HTMLBuilder fields: () -> HTML
    ) -> Response {
        let visitor = authenticator.cookies.visitor(of: request) ?? random.token(16)
        let csrf = authenticator.cookies.csrf(visitor)
        var response = form(
            title, lead, texts, .nobody, csrf, button, action, problem, fields: fields)
        response.headers.add("Set-Cookie", authenticator.cookies.visitor(visitor))
        return response
    }

    private func form(
        _ title: String, _ lead: String, _ texts: PasswordTexts, _ caller: Caller,
        _ csrf: [UInt8], _ button: String, _ action: Link, _ problem: Problem?,
        @HTMLBuilder fields: () -> HTML
    ) -> Response {
        let content = fields()
        return frame.page(
            title, caller, status: problem?.status ?? 200, width: .narrow,
            language: texts.language
        ) {
            tag(.section, .class("card")) {
                tag(.h1) { title }
                tag(.p, .class("quiet")) { lead }
                if let problem {
                    tag(.div, .class("notice bad"), .fixed("role", "alert"), .id("fault")) {
                        problem.detail ?? problem.title
                    }
                }
                tag(.form, .post, .action(action)) {
                    frame.csrf(csrf)
                    content
                    tag(.div, .class("actions")) {
                        tag(.button, .class("button main"), .type("submit")) { button }
                    }
                }
            }
        }
    }

    private enum Kind {
        case account, current, new
    }

    private func field(_ label: String, _ name: String, _ kind: Kind, _ problem: Problem?) -> HTML {
        let isWrong = problem?.errors.contains { $0.pointer == "/\(name)" } == true
        let completion: Attribute =
            switch kind {
            case .account: .fixed("autocomplete", "username")
            case .current: .fixed("autocomplete", "current-password")
            case .new: .fixed("autocomplete", "new-password")
            }
        return tag(.div, .class("field")) {
            tag(.label, .for(name)) { label }
            tag(
                .input, .id(name), .name(name), kind == .account ? nil : .type("password"),
                .required, completion, isWrong ? .aria(.invalid, "true") : nil,
                isWrong ? .aria(.describedBy, "fault") : nil)
        }
    }
}
