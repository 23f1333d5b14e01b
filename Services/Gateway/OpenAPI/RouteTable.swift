import HTTP
import ServiceRuntime
import Synchronization

/// The routes of the gateway with what they do: one declaration serves the router and the OpenAPI
/// document.
final class RouteTable: Sendable {
    typealias Handler = Router<Caller>.Handler

    /// A declared route with its description.
    struct Entry: Sendable {
        let method: Method
        let path: String
        let permission: Permission
        let body: [String]
        let operation: Operation
    }

    static let json = ["application/json"]
    static let form = ["application/x-www-form-urlencoded"]

    let router: Router<Caller>
    private let declared = Mutex<[Entry]>([])

    init(authenticator: Authenticator, runtime: Runtime) {
        router = Router(
            permissions: Set(Permissions.all),
            observer: RouteObserver(service: "gateway", runtime: runtime)
        ) { request, permission in
            try await authenticator.authorize(request, permission)
        }
    }

    var entries: [Entry] { declared.withLock { $0 } }

    /// Declares a route. `body` lists the content types that it takes; none for a route without a
    /// body.
    func on(
        _ method: Method, _ path: String, _ permission: Permission, _ operation: Operation,
        body: [String] = [], bodyLimit: Int = 1 << 20, _ handler: @escaping Handler
    ) {
        let entry = Entry(
            method: method, path: path, permission: permission, body: body, operation: operation)
        declared.withLock { $0.append(entry) }
        router.on(method, path, permission, body: body, bodyLimit: bodyLimit, handler)
    }
}
