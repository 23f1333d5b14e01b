import HTTP
import JSON

/// What every request and every answer of the gateway goes through: the router, then the headers
/// that each answer carries, and pages for the problems that a browser meets.
struct FrontDoor: Sendable {
    /// What belongs to programs: their problems stay JSON.
    private static let machinePaths: Set<String> = [
        "api", "call", "rpc", "livez", "readyz", "metrics", "openapi.json", "assets",
    ]

    let router: Router<Caller>
    let pages: ProblemPages
    let authenticator: Authenticator

    func respond(to request: Request) async -> Response {
        var response = await router.respond(to: request)
        if response.status >= 400, wantsPage(request) {
            response = await page(for: response, request)
        }
        response.headers.add("X-Content-Type-Options", "nosniff")
        if response.headers["Cache-Control"] == nil {
            response.headers.add("Cache-Control", "no-store")
        }
        return response
    }

    private func wantsPage(_ request: Request) -> Bool {
        if let first = request.path.first, FrontDoor.machinePaths.contains(first) { return false }
        return !CapabilityPages.wantsJSON(request)
    }

    /// Who is not logged in is shown the way; any other problem is shown as a page.
    private func page(for response: Response, _ request: Request) async -> Response {
        guard response.headers["Content-Type"]?.hasPrefix("application/problem+json") == true,
            case .bytes(let bytes) = response.body, let problem = try? JSONValue(parsing: bytes)
        else { return response }
        if response.status == 401, request.method == .get || request.method == .head {
            let back = Link(own: FrontDoor.target(request))
            let query = [(name: "returnUrl", value: back.flatMap { $0 == .home ? nil : $0.text })]
            return PageFrame.redirect(to: Link("login", query: query))
        }
        let caller = (try? await authenticator.authorize(request, .anyone(because: "a problem")))
        var page = pages.show(problem, status: response.status, caller ?? .nobody)
        for name in ["Retry-After", "Allow"] {
            if let value = response.headers[name] { page.headers[name] = value }
        }
        return page
    }

    /// Path and query as they came, as far as a link of ours can say them.
    private static func target(_ request: Request) -> String {
        if request.query.items.isEmpty { return request.rawPath }
        let query = Link(query: request.query.items.map { ($0.name, $0.value) }).text.dropFirst()
        return request.rawPath + query
    }
}
