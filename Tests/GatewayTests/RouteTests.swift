import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Gateway

/// Who may call what: one line a route. A route without a line fails.
@Suite struct RouteTests {
    /// What a caller without an account, and one without any role, is answered.
    enum Access {
        /// Anybody gets through.
        case open
        /// Any account gets through; nobody is 401 (a page sends them to the log-in).
        case account
        /// Only who holds a permission gets through; an account without it is 403.
        case holder
    }

    static let table: [String: Access] = [
        "GET /livez": .open,
        "GET /readyz": .open,
        "GET /metrics": .open,
        "GET /openapi.json": .open,
        "GET /login": .open,
        "POST /login": .open,
        "POST /logout": .open,
        "GET /docs": .open,
        "GET /docs/{operation}": .open,
        "POST /docs/{operation}": .account,
        "GET /problems": .open,
        "GET /problems/{code}": .open,
        "GET /assets/{name}": .open,
        "GET /e/{capability}": .open,
        "POST /e/{capability}": .open,
        "GET /d/{link}": .open,
        "POST /api/sessions": .open,
        "DELETE /api/sessions/current": .account,
        "GET /api/me": .account,
        "GET /api/tokens": .account,
        "POST /api/tokens": .account,
        "DELETE /api/tokens/{id:integer}": .account,
        "GET /api/sessions": .account,
        "DELETE /api/sessions/{id}": .account,
        "POST /api/password": .account,
        "POST /api/password/forgotten": .open,
        "POST /api/password/reset": .open,
        "GET /mail": .holder,
        "GET /mail/{id:integer}": .holder,
        "GET /mail/{id:integer}/html": .holder,
        "POST /mail/{id:integer}/resend": .holder,
        "POST /mail/{id:integer}/hold": .holder,
        "POST /mail/{id:integer}/release": .holder,
        "GET /mailboxes": .holder,
        "GET /mailboxes/{code}": .holder,
        "POST /mailboxes/{code}/read": .holder,
        "GET /mailboxes/{code}/{number:integer}": .holder,
        "GET /mailboxes/{code}/{number:integer}/html": .holder,
        "POST /mailboxes/{code}/{number:integer}/replay": .holder,
        "GET /operations": .holder,
        "POST /operations/incidents": .holder,
        "POST /operations/jobs/{job}": .holder,
        "GET /runs/{run:integer}": .holder,
        "GET /runs": .holder,
        "GET /jobs/{job}": .holder,
        "POST /runs/{run:integer}/apply": .holder,
        "POST /runs/{run:integer}/cancel": .holder,
        "POST /runs/{run:integer}/undo": .holder,
        "GET /people": .holder,
        "GET /people/new": .holder,
        "POST /people/new": .holder,
        "GET /people/{code}": .holder,
        "POST /people/{code}": .holder,
        "POST /people/{code}/sessions": .holder,
        "GET /explain": .account,
        "GET /audit": .holder,
        "GET /me": .account,
        "POST /me": .account,
        "POST /me/sessions/{id}": .account,
        "POST /me/tokens": .account,
        "POST /me/tokens/{id:integer}": .account,
        "GET /org": .holder,
        "GET /org/new": .holder,
        "POST /org/new": .holder,
        "GET /org/{code}": .holder,
        "POST /org/{code}": .holder,
        "GET /roles": .holder,
        "GET /roles/new": .holder,
        "POST /roles/new": .holder,
        "GET /roles/{code}": .holder,
        "POST /roles/{code}": .holder,
        "GET /tasks": .account,
        "POST /tasks/{id:integer}": .account,
        "GET /workflows": .holder,
        "GET /workflows/{workflow}": .holder,
        "GET /instances/{id:integer}": .holder,
        "POST /instances/{id:integer}/pause": .holder,
        "POST /instances/{id:integer}/resume": .holder,
        "POST /instances/{id:integer}/retry": .holder,
        "POST /instances/{id:integer}/cancel": .holder,
        "PATCH /api/me": .account,
        "GET /password": .account,
        "POST /password": .account,
        "GET /forgotten": .open,
        "POST /forgotten": .open,
        "GET /reset/{token}": .open,
        "POST /reset/{token}": .open,
        "GET /api/accounts/{code}/sessions": .holder,
        "DELETE /api/accounts/{code}/sessions": .holder,
        "DELETE /api/accounts/{code}/sessions/{id}": .holder,
        "GET /api/accounts/{code}/tokens": .holder,
        "POST /api/accounts/{code}/tokens": .holder,
        "DELETE /api/accounts/{code}/tokens/{id:integer}": .holder,
        "GET /api/audit": .holder,
        "GET /api/explain": .account,
        "GET /api/accounts": .holder,
        "GET /api/accounts/{code}": .holder,
        "PUT /api/accounts/{code}": .holder,
        "PATCH /api/accounts/{code}": .holder,
        "GET /api/roles": .holder,
        "GET /api/roles/{code}": .holder,
        "PUT /api/roles/{code}": .holder,
        "PATCH /api/roles/{code}": .holder,
        "GET /api/org-structures": .holder,
        "GET /api/org-structures/{code}": .holder,
        "PUT /api/org-structures/{code}": .holder,
        "PATCH /api/org-structures/{code}": .holder,
        "DELETE /api/org-structures/{code}": .holder,
        "POST /api/history/verify": .holder,
        "GET /api/secrets": .holder,
        "PUT /api/secrets/{name}": .holder,
        "DELETE /api/secrets/{name}": .holder,
        "GET /api/models": .holder,
        "GET /api/models/{model}": .holder,
        "PUT /api/models/{model}": .holder,
        "GET /api/records/{model}/{class}": .account,
        "GET /api/queries/{model}/{query}": .account,
        "GET /api/views/{model}/{class}": .account,
        "POST /api/records/{model}/{class}": .account,
        "GET /api/records/{model}/{class}/{id:integer}": .account,
        "PATCH /api/records/{model}/{class}/{id:integer}": .account,
        "DELETE /api/records/{model}/{class}/{id:integer}": .account,
        "GET /api/records/{model}/{class}/{id:integer}/history": .account,
        "POST /api/records/{model}/{class}/{id:integer}/restore": .account,
        "PATCH /api/records/{model}/{class}": .account,
        "DELETE /api/records/{model}/{class}": .account,
        "POST /api/events/{event}": .account,
        "GET /call/event": .account,
        "POST /call/event": .account,
        "GET /call/script": .account,
        "POST /call/script": .account,
        "GET /call/export": .holder,
        "POST /call/export": .holder,
        "POST /call/import": .holder,
        "POST /api/scripts/{script}/run": .account,
        "POST /api/scripts/try": .holder,
        "POST /api/workflows/{workflow}/instances": .holder,
        "GET /api/instances": .holder,
        "GET /api/instances/{id:integer}": .holder,
        "POST /api/instances/{id:integer}/cancel": .holder,
        "POST /api/instances/{id:integer}/pause": .holder,
        "POST /api/instances/{id:integer}/resume": .holder,
        "POST /api/instances/{id:integer}/retry": .holder,
        "GET /api/instances/{id:integer}/drawing": .holder,
        "GET /api/workflows/{workflow}/drawing": .holder,
        "GET /api/tasks": .account,
        "POST /api/tasks/{id:integer}/complete": .account,
        "GET /api/jobs": .holder,
        "POST /api/jobs/{job}/run": .holder,
        "GET /api/jobs/{job}/runs": .holder,
        "GET /api/jobs/{job}/runs/{run:integer}": .holder,
        "POST /api/jobs/{job}/runs/{run:integer}/cancel": .holder,
        "POST /api/rules/try": .holder,
        "GET /api/firings": .holder,
        "GET /api/events": .holder,
        "GET /api/incidents": .holder,
        "POST /api/incidents/{id:integer}/retry": .holder,
        "POST /api/incidents/{id:integer}/skip": .holder,
        "POST /api/incidents/{id:integer}/close": .holder,
        "POST /api/mail/messages": .holder,
        "GET /api/mail/messages": .holder,
        "GET /api/mail/messages/{id:integer}": .holder,
        "GET /api/mail/messages/{id:integer}/raw": .holder,
        "POST /api/mail/messages/{id:integer}/resend": .holder,
        "POST /api/mail/messages/{id:integer}/hold": .holder,
        "POST /api/mail/messages/{id:integer}/release": .holder,
        "POST /api/notifications/{code}/preview": .holder,
        "GET /api/mailboxes/{code}": .holder,
        "POST /api/mailboxes/{code}/read": .holder,
        "GET /api/mailboxes/{code}/messages": .holder,
        "GET /api/mailboxes/{code}/messages/{number:integer}/raw": .holder,
        "POST /api/mailboxes/{code}/messages/{number:integer}/replay": .holder,
        "POST /api/imports/{import}/runs": .holder,
        "POST /api/exports/{export}/runs": .holder,
        "POST /api/syncs/{sync}/runs": .holder,
        "GET /api/runs": .holder,
        "GET /api/runs/{run:integer}": .holder,
        "POST /api/runs/{run:integer}/link": .holder,
        "POST /api/runs/{run:integer}/cancel": .holder,
        "GET /api/runs/{run:integer}/file": .holder,
        "GET /api/runs/{run:integer}/log": .holder,
        "GET /api/runs/{run:integer}/progress": .holder,
        "GET /api/runs/{run:integer}/rows": .holder,
        "POST /api/runs/{run:integer}/apply": .holder,
        "POST /api/runs/{run:integer}/undo": .holder,
        "GET /api/runs/{run:integer}/errors": .holder,
        "POST /m/{model}/{class}/{id:integer}/files/{column}": .account,
        "POST /m/{model}/{class}/{id:integer}/files/{column}/delete": .account,
        "GET /api/views": .account,
        "GET /api/records/{model}/{class}/new": .account,
        "GET /api/records/{model}/{class}/replica": .account,
        "POST /api/models/{model}/plan": .holder,
        "PUT /api/records/{model}/{class}/{id:integer}/files/{column}/{name}": .account,
        "DELETE /api/records/{model}/{class}/{id:integer}/files/{column}/{name}": .account,
        "GET /api/records/{model}/{class}/{id:integer}/files/{column}/{name}": .account,
        "POST /api/views/{model}/{class}/rebuild": .holder,
        "GET /": .account,
        "GET /models": .holder,
        "POST /models": .holder,
        "GET /models/{model}": .holder,
        "POST /models/{model}/apply": .holder,
        "GET /models/{model}/settings": .holder,
        "POST /models/{model}/settings": .holder,
        "GET /models/{model}/document": .holder,
        "POST /models/{model}/document": .holder,
        "GET /models/{model}/document.json": .holder,
        "POST /models/{model}/upload": .holder,
        "POST /models/{model}/sample": .holder,
        "POST /models/{model}/imports/{code}/plan": .holder,
        "GET /models/{model}/new/{part}": .holder,
        "POST /models/{model}/new/{part}": .holder,
        "GET /models/{model}/notifications/{code}/html": .holder,
        "GET /models/{model}/{part}/{code}": .holder,
        "POST /models/{model}/{part}/{code}": .holder,
        "GET /secrets": .holder,
        "POST /secrets": .holder,
        "GET /m/{model}/{class}": .account,
        "GET /m/{model}/{class}/new": .account,
        "POST /m/{model}/{class}/new": .account,
        "GET /m/{model}/{class}/{id:integer}": .account,
        "POST /m/{model}/{class}/{id:integer}": .account,
        "POST /m/{model}/{class}/{id:integer}/delete": .account,
        "POST /m/{model}/{class}/{id:integer}/restore": .account,
        "GET /m/{model}/{class}/pick": .account,
        "POST /m/{model}/{class}/{id:integer}/move": .account,
        "GET /m/{model}/{class}/many": .account,
        "POST /m/{model}/{class}/many": .account,
        "POST /m/{model}/{class}/views": .account,
        "POST /m/{model}/{class}/views/{id:integer}/delete": .account,
        "GET /search": .account,
        "GET /q/{model}/{query}": .account,
    ]

    private static func name(_ route: Router<Caller>.Route) -> String {
        "\(route.method.rawValue) \(route.path)"
    }

    static func target(_ path: String) -> String {
        var target = OpenAPI.template(path)
        for (name, value) in [
            ("model", "helpdesk"), ("class", "ticket"), ("id", "1"), ("number", "1"), ("run", "1"),
            ("capability", "good"), ("code", "not-found"), ("name", "icon.svg"),
            ("script", "helpdesk.s"), ("event", "helpdesk.e"), ("workflow", "helpdesk.w"),
            ("import", "helpdesk.i"), ("export", "helpdesk.x"), ("token", "none"),
            ("query", "mine"), ("operation", "get_api_me"), ("column", "subject"),
        ] {
            target = target.split(separator: "{\(name)}", omittingEmptySubsequences: false)
                .joined(separator: value)
        }
        // Any other name is one of nothing.
        while let start = target.firstIndex(of: "{"), let end = target[start...].firstIndex(of: "}")
        {
            target.replaceSubrange(start...end, with: "x")
        }
        return target
    }

    private static func answer(
        _ gateway: TestGateway, _ route: Router<Caller>.Route, token: String?
    ) async -> TestGateway.Answer {
        var headers: Headers = ["If-Match": "\"1\""]
        if let token { headers["Authorization"] = "Bearer \(token)" }
        let type = route.bodyTypes.first
        let isJSON = type?.hasSuffix("json") == true
        return await gateway.send(
            route.method, target(route.path), body: type.map { _ in isJSON ? [123, 125] : [] },
            type: type ?? "", headers: headers)
    }

    @Test func `every route lets in whom its line says`() async throws {
        let gateway = try await TestGateway()
        let routes = gateway.service.table.router.routes
        let missing = Set(routes.map(RouteTests.name)).subtracting(RouteTests.table.keys)
        #expect(missing.isEmpty, "say in the table who may call these")
        let gone = Set(RouteTests.table.keys).subtracting(routes.map(RouteTests.name))
        #expect(gone.isEmpty)
        _ = try await gateway.person("plain")
        for route in routes {
            let name = RouteTests.name(route)
            guard let access = RouteTests.table[name] else { continue }
            let nobody = await RouteTests.answer(gateway, route, token: nil)
            let isPage = OpenAPI.tag(route.path) == "pages"
            let isToLogIn = nobody.status == 303 && nobody.location.hasPrefix("/login")
            switch access {
            case .open:
                #expect(nobody.status != 401 || route.path == "/api/sessions", "\(name)")
            case .account, .holder:
                #expect(nobody.status == 401 || isPage && isToLogIn, "\(name): \(nobody)")
            }
            // A new session each time, since some routes end it.
            let plain = try await gateway.session("plain")
            let some = await RouteTests.answer(gateway, route, token: plain.token)
            #expect(some.status != 401 || route.path == "/login", "\(name): \(some)")
            // Without its own cookie the log-in form is nobody's.
            let forms = ["POST /login", "POST /forgotten", "POST /reset/{token}", "POST /password"]
            let isRefused = access == .holder || forms.contains(name)
            #expect((some.status == 403) == isRefused, "\(name): \(some)")
        }
    }

    @Test func `admin gets through every route`() async throws {
        let gateway = try await TestGateway()
        for route in gateway.service.table.router.routes
        where !["/login", "/forgotten", "/password", "/reset/{token}"].contains(route.path) {
            let admin = try await gateway.admin()
            let answer = await RouteTests.answer(gateway, route, token: admin.token)
            #expect(
                ![401, 403, 500].contains(answer.status), "\(RouteTests.name(route)): \(answer)")
        }
    }

    @Test func `admin reads no class data unless a role grants it`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        for path in ["", "/1", "/1/history"] {
            let answer = await admin.send(.get, "/api/records/helpdesk/ticket\(path)")
            #expect(answer.status == 404)
        }
        let principal = try #require(gateway.owners.calls("records/list").first?.principal)
        #expect(principal.isSystem == false && principal.roles.isEmpty)
    }

    @Test func `the calls between services are not reachable through the gateway`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        for path in ["/rpc/records/get", "/rpc/records/get/", "/rpc", "/%72pc/records/get"] {
            let answer = await admin.send(.post, path, ["type": "helpdesk.ticket", "id": 1])
            #expect(answer.status == 404 || answer.status == 405)
        }
        #expect(gateway.owners.calls("records/get").isEmpty)
    }

    @Test func `a change by cookie needs the session's CSRF token`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let cookie: Headers = ["Cookie": "a=b; geartrain=\(admin.token); c=d"]
        #expect(await gateway.send(.get, "/api/me", headers: cookie).status == 200)
        let body = (["name": "x"] as JSONValue).bytes
        let bare = await gateway.send(.post, "/api/tokens", body: body, headers: cookie)
        #expect(bare.status == 403 && bare.code == "csrf-token-invalid")
        var forged = cookie
        forged["X-CSRF-Token"] = "forged"
        #expect(
            await gateway.send(.post, "/api/tokens", body: body, headers: forged).status == 403)
        var right = cookie
        let cookies = gateway.service.door.authenticator.cookies
        right["X-CSRF-Token"] = cookies.formToken(cookies.csrf(admin.token))
        #expect(await gateway.send(.post, "/api/tokens", body: body, headers: right).status == 201)
    }

    @Test func `an API token is no cookie`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let made = await admin.send(.post, "/api/tokens", ["name": "robot"])
        let secret = made.json["token"]?.string ?? ""
        let answer = await gateway.send(
            .get, "/api/me", headers: ["Cookie": "geartrain=\(secret)"])
        #expect(answer.status == 401)
    }

    @Test func `every answer carries the headers of the house`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        for path in ["/api/me", "/api/nothing", "/login", "/livez", "/assets/icon.svg"] {
            let answer = await admin.send(.get, path)
            #expect(answer.headers["X-Content-Type-Options"] == "nosniff", "\(path)")
            #expect(answer.headers["Cache-Control"] != nil, "\(path)")
        }
        let page = await gateway.send(.get, "/login")
        let policy = try #require(page.headers["Content-Security-Policy"])
        #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
    }

    // MARK: Problems

    @Test func `the codes of the table are there once, and each page says what to do`()
        async throws
    {
        let gateway = try await TestGateway()
        #expect(Set(ProblemKind.all.map(\.code)).count == ProblemKind.all.count)
        let index = await gateway.send(.get, "/problems").text
        for kind in ProblemKind.all {
            let page = await gateway.send(.get, "/problems/\(kind.code)")
            #expect(page.status == 200)
            #expect(page.text.contains("<h1>"))
            #expect(index.contains("/problems/\(kind.code)\""))
            #expect((400...599).contains(kind.status))
            #expect(kind.remedy.hasSuffix(".") && kind.meaning.hasSuffix("."))
        }
        #expect(await gateway.send(.get, "/problems/no-such-code").status == 404)
    }

    @Test func `health and metrics answer on the gateway's own port`() async throws {
        let gateway = try await TestGateway()
        #expect(await gateway.send(.get, "/livez").status == 200)
        #expect(await gateway.send(.get, "/readyz").status == 200)
        let metrics = await gateway.send(.get, "/metrics")
        #expect(metrics.text.contains("geartrain_gateway_"))
        #expect(metrics.headers["Content-Type"]?.hasPrefix("text/plain") == true)
    }
}
