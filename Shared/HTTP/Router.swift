import ServiceRuntime
import Synchronization

/// What a route demands of its caller. There is no route without one.
public enum Permission: Sendable, Hashable {
    /// Anybody; the reason stands in the route table.
    case anyone(because: String)
    /// Any account.
    case account
    /// A permission of a role, `mail:read`; the names must be among those that the router was told.
    case holder(of: String)
    /// Another service (signed).
    case peer
}

/// What a server asks of a table of routes.
public protocol Routes: Sendable {
    /// What is wrong with the table, a sentence each.
    func check() -> [String]
    func respond(to request: Request) async -> Response
}

/// The table of routes. `Caller` is what `authorize` makes of a request for a permission.
/// Declare every route before the first request.
public final class Router<Caller: Sendable>: Routes, @unchecked Sendable {
    public typealias Handler = @Sendable (Request, Caller) async throws -> Response

    /// A route as it was declared, for OpenAPI and tests.
    public struct Route: Sendable {
        public let method: Method
        public let path: String
        public let permission: Permission
        public let bodyTypes: [String]
        public let bodyLimit: Int
    }

    private let permissions: Set<String>
    private let authorize: @Sendable (Request, Permission) async throws -> Caller
    private let observer: RouteObserver?
    // Written while the routes are declared, only read afterwards: no lock on the way of a request.
    private var tree = RouteTree<Endpoint>()
    private var problems: [String] = []
    public private(set) var routes: [Route] = []

    struct Endpoint: Sendable {
        let route: Route
        let handler: Handler
        let instruments: RouteObserver.Instruments?
    }

    /// `authorize` throws a problem (401, 403) or answers the caller. With `observer` each route
    /// has its metrics, and an error that nobody foresaw goes to the log.
    public init(
        permissions: Set<String> = [], observer: RouteObserver? = nil,
        authorize: @escaping @Sendable (Request, Permission) async throws -> Caller
    ) {
        self.permissions = permissions
        self.observer = observer
        self.authorize = authorize
    }

    /// Declares a route: `/api/records/{model}/{class}/{id}`. `{id:integer}` takes digits only;
    /// `{rest...}` the rest. `body`: accepted content types (415 otherwise); empty means that the
    /// route takes none. A route twice, or an unknown permission, is reported by `check()` and
    /// stops the start.
    public func on(
        _ method: Method, _ path: String, _ permission: Permission,
        body: [String] = ["application/json"], bodyLimit: Int = 1 << 20,
        _ handler: @escaping Handler
    ) {
        let route = Route(
            method: method, path: path, permission: permission, bodyTypes: body,
            bodyLimit: bodyLimit)
        routes.append(route)
        switch permission {
        case .holder(let name) where !permissions.contains(name):
            problems.append("\(method.rawValue) \(path) demands the unknown permission \(name)")
        case .anyone(let reason) where reason.isEmpty:
            problems.append("\(method.rawValue) \(path) is open to anyone without a reason")
        default: break
        }
        if method == .head || method == .options {
            problems.append("\(method.rawValue) \(path): HEAD and OPTIONS come by themselves")
        }
        let endpoint = Endpoint(
            route: route, handler: handler,
            instruments: observer?.instruments(method: method, path: path))
        if let problem = tree.insert(endpoint, method, path) {
            problems.append("\(method.rawValue) \(path) \(problem)")
        }
    }

    /// What is wrong with the table; a server refuses to start while it is not empty.
    public func check() -> [String] { problems }

    /// Routes, authorizes, handles; every error becomes problem+json. HEAD is GET without the body.
    public func respond(to request: Request) async -> Response {
        guard let (leaf, values) = tree.find(request.path) else {
            return render(request.path == ["*"] ? .notFound() : unknown(request), request)
        }
        if request.method == .options {
            return Response(status: 204, headers: ["Allow": leaf.allow])
        }
        guard let match = leaf.match(request.method) else {
            return notAllowed(request, leaf.allow)
        }
        let endpoint = match.endpoint
        let start = endpoint.instruments == nil ? 0 : observer?.now() ?? 0
        var response: Response
        do {
            var request = request
            request.parameters = Parameters(names: match.names, values: values)
            try checkBody(of: request, endpoint.route)
            request.body = request.body.limited(to: endpoint.route.bodyLimit)
            let caller = try await authorize(request, endpoint.route.permission)
            response = try await endpoint.handler(request, caller)
        } catch {
            observer?.failed(error, request, path: endpoint.route.path)
            response = render(Problem(error), request)
        }
        if let instruments = endpoint.instruments {
            observer?.answered(response.status, since: start, instruments)
        }
        return response
    }

    private func render(_ problem: Problem, _ request: Request) -> Response {
        problem.response(requestID: request.trace.requestID, instance: request.rawPath)
    }

    private func unknown(_ request: Request) -> Problem {
        .notFound("No route has the path \(request.rawPath).")
    }

    private func notAllowed(_ request: Request, _ allow: String) -> Response {
        let problem = Problem(
            status: 405, code: "method-not-allowed", title: "This path takes other methods",
            detail: "Use one of \(allow).")
        var response = render(problem, request)
        response.headers["Allow"] = allow
        return response
    }

    private func checkBody(of request: Request, _ route: Route) throws {
        guard request.body.length != 0 else { return }
        if let length = request.body.length, length > route.bodyLimit {
            throw RequestBody.tooLarge(route.bodyLimit)
        }
        guard !route.bodyTypes.isEmpty else {
            throw mediaType("This route takes no body.")
        }
        guard let type = request.headers["Content-Type"] else {
            throw mediaType("The request has a body but no Content-Type.", route.bodyTypes)
        }
        guard route.bodyTypes.contains(where: { MediaType.matches(type, $0) }) else {
            throw mediaType("The body is \(type).", route.bodyTypes)
        }
    }

    private func mediaType(_ detail: String, _ accepted: [String] = []) -> Problem {
        let hint = accepted.isEmpty ? "" : " Send \(accepted.joined(separator: " or "))."
        return Problem(
            status: 415, code: "unsupported-media-type", title: "A body of another type is needed",
            detail: detail + hint)
    }
}

/// Content types.
enum MediaType {
    /// Whether `value` (a header, parameters and all) is what `pattern` (`text/csv`, `text/*`,
    /// `*/*`) names.
    static func matches(_ value: String, _ pattern: String) -> Bool {
        if pattern == "*/*" { return true }
        let end = value.utf8.firstIndex { $0 == UInt8(ascii: ";") || $0 == 0x20 || $0 == 0x09 }
        let type = end.map { String(value[..<$0]) } ?? value
        if pattern.hasSuffix("/*") {
            let group = String(pattern.dropLast())
            return type.utf8.count > group.utf8.count
                && Headers.areEqual(String(type.prefix(group.count)), group)
        }
        return Headers.areEqual(type, pattern)
    }
}
