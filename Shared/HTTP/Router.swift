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
    private let table: RouteTable
    // Written while the routes are declared, only read afterwards.
    private var problems: [String] = []
    public private(set) var routes: [Route] = []

    /// `authorize` throws a problem (401, 403) or answers the caller. With `observer` each route
    /// has its metrics, and an error that nobody foresaw goes to the log.
    public init(
        permissions: Set<String> = [], observer: RouteObserver? = nil,
        authorize: @escaping @Sendable (Request, Permission) async throws -> Caller
    ) {
        self.permissions = permissions
        self.authorize = authorize
        table = RouteTable(observer)
    }

    /// Declares a route: `/api/records/{model}/{class}/{id}`. `{id:integer}` takes
    /// digits only; `{rest...}` the rest.
    /// `body`: accepted content types (415 otherwise); empty means that the route takes none.
    /// A route twice, or an unknown permission, is reported by `check()` and stops the start.
    public func on(
        _ method: Method, _ path: String, _ permission: Permission,
        body: [String] = ["application/json"], bodyLimit: Int = 1 << 20,
        _ handler: @escaping Handler
    ) {
        routes.append(
            Route(
                method: method, path: path, permission: permission, bodyTypes: body,
                bodyLimit: bodyLimit))
        switch permission {
        case .holder(let name) where !permissions.contains(name):
            problems.append("\(method.rawValue) \(path) demands the unknown permission \(name)")
        case .anyone(let reason) where reason.isEmpty:
            problems.append("\(method.rawValue) \(path) is open to anyone without a reason")
        default: break
        }
        let authorize = authorize
        let problem = table.add(method, path, bodyTypes: body, bodyLimit: bodyLimit) { request in
            try await handler(request, try await authorize(request, permission))
        }
        if let problem { problems.append("\(method.rawValue) \(path) \(problem)") }
    }

    /// What is wrong with the table; a server refuses to start while it is not empty.
    public func check() -> [String] { problems }

    /// Routes, authorizes, handles; every error becomes problem+json. HEAD is GET without the body.
    public func respond(to request: Request) async -> Response {
        await table.respond(to: request)
    }
}
