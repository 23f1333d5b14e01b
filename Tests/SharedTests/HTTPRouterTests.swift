import HTTP
import JSON
import ServiceRuntime
import TestSupport
import Testing

@Suite struct HTTPRouterTests {
    private static func router() -> Router<String> {
        let router = Router<String>(permissions: ["mail:read"]) { request, permission in
            switch permission {
            case .anyone: "anyone"
            default:
                try request.headers["Who"]
                    ?? { throw Problem.unauthenticated("Say who you are.") }()
            }
        }
        func answer(_ name: String) -> Router<String>.Handler {
            { request, caller in
                let id = request.parameters["id"] ?? request.parameters["rest"] ?? "-"
                return .text("\(name) \(id) \(caller)")
            }
        }
        router.on(.get, "/", .anyone(because: "a test"), answer("root"))
        router.on(.get, "/a/{id}", .anyone(because: "a test"), body: [], answer("text"))
        router.on(.get, "/a/{id:integer}", .anyone(because: "a test"), answer("number"))
        router.on(.get, "/a/fixed", .anyone(because: "a test"), answer("fixed"))
        router.on(.get, "/a/{id}/deep", .anyone(because: "a test"), answer("deep"))
        router.on(.get, "/a/{rest...}", .anyone(because: "a test"), answer("rest"))
        router.on(.post, "/a/{id:integer}", .account, bodyLimit: 10, answer("post"))
        router.on(.delete, "/mail", .holder(of: "mail:read"), answer("mail"))
        router.on(.get, "/fail", .account) { _, _ in throw CancellationError() }
        return router
    }

    @Test(arguments: [
        (Method.get, "/", 200, "root - anyone"), (.get, "/a/7", 200, "number 7 anyone"),
        (.get, "/a/seven", 200, "text seven anyone"), (.get, "/a/fixed", 200, "fixed - anyone"),
        (.get, "/a/7/deep", 200, "deep 7 anyone"), (.get, "/a/7/x/y", 200, "rest 7/x/y anyone"),
        (.get, "/a/%C3%A4", 200, "text ä anyone"), (.head, "/a/7", 200, "number 7 anyone"),
        (.get, "/b", 404, "not-found"), (.get, "/a", 404, "not-found"),
        (.post, "/", 405, "method-not-allowed"), (.post, "/a/7", 401, "unauthenticated"),
        (.get, "/fail", 401, "unauthenticated"), (.options, "/a/7", 204, ""),
    ])
    func `a request finds its route`(
        _ method: HTTP.Method, _ target: String, _ status: Int, _ text: String
    ) async throws {
        let router = HTTPRouterTests.router()
        #expect(router.check() == [])
        let response = await router.respond(to: Request(method: method, target: target))
        #expect(response.status == status)
        let body = if case .bytes(let bytes) = response.body { bytes } else { [UInt8]() }
        #expect(String(decoding: body, as: UTF8.self).contains(text))
        if status >= 400 {
            #expect(response.headers["Content-Type"] == "application/problem+json")
            let problem = try #require(Problem(json: try JSONValue(parsing: body)))
            #expect(problem.status == status && problem.code == text)
        }
    }

    @Test func `methods of a path stand in Allow`() async {
        let router = HTTPRouterTests.router()
        let refused = await router.respond(to: Request(method: .put, target: "/a/7"))
        #expect(refused.status == 405)
        #expect(refused.headers["Allow"] == "GET, HEAD, OPTIONS, POST")
        let options = await router.respond(to: Request(method: .options, target: "/mail"))
        #expect(options.headers["Allow"] == "DELETE, OPTIONS")
        let traced = await router.respond(to: Request(method: .trace, target: "/mail"))
        #expect(traced.status == 405)
    }

    @Test(arguments: [
        ("application/json", 2, 200), ("Application/JSON; charset=utf-8", 2, 200), (nil, 0, 200),
        ("text/plain", 2, 415), (nil, 2, 415), ("application/json", 11, 413),
    ])
    func `a body has to be of a type and size that the route takes`(
        _ type: String?, _ size: Int, _ status: Int
    ) async {
        var headers: Headers = ["Who": "me"]
        headers["Content-Type"] = type
        let response = await HTTPRouterTests.router().respond(
            to: Request(
                method: .post, target: "/a/7", headers: headers,
                body: RequestBody([UInt8](repeating: 0x20, count: size))))
        #expect(response.status == status)
    }

    @Test func `a route that takes no body refuses one`() async {
        let response = await HTTPRouterTests.router().respond(
            to: Request(method: .get, target: "/a/x", body: RequestBody([1])))
        #expect(response.status == 415)
    }

    @Test func `a table with faults does not start`() throws {
        let router = Router<Void>(permissions: ["known"]) { _, _ in }
        func on(_ path: String, _ permission: Permission, _ method: HTTP.Method = .get) {
            router.on(method, path, permission) { _, _ in Response() }
        }
        on("/a/{id}", .account)
        #expect(router.check().isEmpty)
        let faults: [(String, Permission, HTTP.Method)] = [
            ("/a/{other}", .account, .get), ("/b", .holder(of: "unknown"), .get),
            ("/c", .anyone(because: ""), .get), ("d", .account, .get), ("/e//f", .account, .get),
            ("/{a}/{a}", .account, .get), ("/{rest...}/x", .account, .get),
            ("/{a:word}", .account, .get), ("/x{a}", .account, .get), ("/h", .account, .head),
        ]
        for (number, (path, permission, method)) in faults.enumerated() {
            on(path, permission, method)
            #expect(router.check().count == number + 1, "\(path)")
        }
        let server = HTTPServer(
            name: "x", configuration: HTTPServerConfiguration(), runtime: TestRuntime.make(),
            routes: router)
        #expect(throws: HTTPServerError.self) { try server.bind() }
    }

    @Test func `each route has its metrics, and an unforeseen error goes to the log only`() async {
        struct Secret: Error {}
        let runtime = TestRuntime.make()
        let router = Router<Void>(observer: RouteObserver(service: "x", runtime: runtime)) { _, _ in
        }
        router.on(.get, "/a/{id}", .anyone(because: "a test")) { _, _ in throw Secret() }
        let response = await router.respond(to: Request(method: .get, target: "/a/1"))
        #expect(response.status == 500)
        if case .bytes(let bytes) = response.body {
            #expect(!String(decoding: bytes, as: UTF8.self).contains("Secret"))
        }
        let text = runtime.metrics.render()
        #expect(text.contains(#"route="/a/{id}",status="5xx"} 1"#))
    }
}
