import HTTP
import JSON
import ServiceRuntime

/// What every request and every answer of the gateway goes through: the limit of its address, the
/// router, then the headers that each answer carries, pages for the problems that a browser meets,
/// and a line of text for those of URL calls.
struct FrontDoor: Sendable {
    /// What belongs to programs: their problems stay JSON.
    private static let machinePaths: Set<String> = [
        "api", "call", "rpc", "livez", "readyz", "metrics", "openapi.json", "assets",
    ]
    /// A supervisor asks these however much is going on.
    private static let supervisorPaths: Set<String> = ["livez", "readyz", "metrics"]
    /// What is no page may load and be framed by nothing.
    private static let contentPolicy =
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    private static let transportSecurity = "max-age=31536000"

    let router: Router<Caller>
    let pages: ProblemPages
    let login: LoginPages
    let authenticator: Authenticator
    let limits: RateLimits
    let crossOrigin: CrossOrigin
    /// Whether browsers come over TLS, and are to come by nothing else.
    let isSecure: Bool

    func respond(to request: Request) async -> Response {
        var response = await answer(request)
        if response.status >= 400 {
            if request.path.first == "call" {
                response = URLCallRoutes.shown(response)
            } else if wantsPage(request) {
                response = await page(for: response, request)
            }
        }
        crossOrigin.open(&response, to: request)
        addHeaders(&response)
        return response
    }

    private func answer(_ request: Request) async -> Response {
        if !FrontDoor.supervisorPaths.contains(request.path.first ?? "") {
            do {
                try limits.take(address: authenticator.address(of: request), for: request)
            } catch {
                return Problem(error).response(
                    requestID: request.trace.requestID, instance: request.rawPath)
            }
        }
        if let preflight = crossOrigin.preflight(request) { return preflight }
        return await router.respond(to: request)
    }

    private func addHeaders(_ response: inout Response) {
        response.headers.add("X-Content-Type-Options", "nosniff")
        if response.headers["Cache-Control"] == nil {
            response.headers.add("Cache-Control", "no-store")
        }
        if response.headers["Content-Security-Policy"] == nil {
            response.headers.add("Content-Security-Policy", FrontDoor.contentPolicy)
        }
        if response.headers["Referrer-Policy"] == nil {
            response.headers.add("Referrer-Policy", "no-referrer")
        }
        if isSecure {
            response.headers.add("Strict-Transport-Security", FrontDoor.transportSecurity)
        }
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
        if problem["type"]?.string?.hasSuffix("/password-change-required") == true {
            return PageFrame.redirect(to: .password)
        }
        if response.status == 401, request.method == .get || request.method == .head {
            let back = Link(own: Link(of: request)?.text)
            let query = [(name: "returnUrl", value: back.flatMap { $0 == .home ? nil : $0.text })]
            return PageFrame.redirect(to: Link("login", query: query))
        }
        if response.status == 401, let kept = await KeptInput(request) {
            return login.again(request, kept)
        }
        let caller = (try? await authenticator.authorize(request, .anyone(because: "a problem")))
        var page = pages.show(problem, status: response.status, caller ?? .nobody)
        for name in ["Retry-After", "Allow"] {
            if let value = response.headers[name] { page.headers[name] = value }
        }
        return page
    }
}
