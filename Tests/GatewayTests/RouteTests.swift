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
