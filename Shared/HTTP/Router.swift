import ServiceRuntime

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

/// The table of routes. `Caller` is what `authorize` makes of a request for a permission.
public final class Router<Caller: Sendable>: Sendable {
    public typealias Handler = @Sendable (Request, Caller) async throws -> Response

    /// A route as it was declared, for OpenAPI and tests.
    public struct Route: Sendable {
        public let method: Method
        public let path: String
        public let permission: Permission
        public let bodyTypes: [String]
        public let bodyLimit: Int
    }

    /// `authorize` throws a problem (401, 403) or answers the caller.
    public init(
        permissions: Set<String> = [],
        authorize: @escaping @Sendable (Request, Permission) async throws -> Caller
    ) { fatalError("stub") }

    /// Declares a route: `/api/records/{model}/{class}/{id}`. `{id:integer}` takes digits only; `{rest...}` the rest.
    /// `body`: accepted content types (415 otherwise); empty means that the route takes none.
    /// A route twice, or an unknown permission, is reported by `check()` and stops the start.
    public func on(
        _ method: Method, _ path: String, _ permission: Permission,
        body: [String] = ["application/json"], bodyLimit: Int = 1 << 20,
        _ handler: @escaping Handler
    ) { fatalError("stub") }

    public var routes: [Route] { fatalError("stub") }
    /// What is wrong with the table; a server refuses to start while it is not empty.
    public func check() -> [String] { fatalError("stub") }
    /// Routes, authorizes, handles; every error becomes problem+json. HEAD is GET without the body.
    public func respond(to request: Request) async -> Response { fatalError("stub") }
}
