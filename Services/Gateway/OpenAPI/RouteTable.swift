import HTTP
import RPC
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
    private let authenticator: Authenticator
    private let keptAnswers: KeptAnswers
    /// False where the instance is closed to the outside.
    private let hasOutsideAccess: Bool
    private let declared = Mutex<[Entry]>([])

    init(
        authenticator: Authenticator, limits: RateLimits, keptAnswers: KeptAnswers,
        hasOutsideAccess: Bool, runtime: Runtime
    ) {
        self.authenticator = authenticator
        self.keptAnswers = keptAnswers
        self.hasOutsideAccess = hasOutsideAccess
        router = Router(
            permissions: Set(Permissions.all),
            observer: RouteObserver(service: "gateway", runtime: runtime)
        ) { request, permission in
            let caller = try await authenticator.authorize(request, permission)
            try limits.take(caller, for: request)
            return caller
        }
    }

    var entries: [Entry] { declared.withLock { $0 } }

    /// Declares a route. `body` lists the content types that it takes; none for a route without a
    /// body. A POST for programs takes an `Idempotency-Key`: its answer is kept here, unless the
    /// operation says that the service behind it keeps it.
    func on(
        _ method: Method, _ path: String, _ permission: Permission, _ operation: Operation,
        body: [String] = [], bodyLimit: Int = 1 << 20, _ handler: @escaping Handler
    ) {
        let entry = Entry(
            method: method, path: path, permission: permission, body: body, operation: operation)
        declared.withLock { $0.append(entry) }
        var handler = handler
        if method == .post, OpenAPI.tag(path) != "pages", !operation.isKeptByOwner {
            handler = keptAnswers.keeping(handler, bodyLimit: bodyLimit) {
                [authenticator] request, caller in
                caller.identity?.principal.account ?? "@\(authenticator.address(of: request))"
            }
        }
        if !hasOutsideAccess, OutsideAccess.isNeeded(path) {
            handler = { _, _ in throw OutsideAccess.isOff }
        }
        router.on(method, path, permission, body: body, bodyLimit: bodyLimit) {
            [authenticator, handler] request, caller in
            do {
                return try await handler(request, caller)
            } catch let problem as Problem where problem.status == 403 {
                await authenticator.denied(request, caller, problem)
                throw problem
            }
        }
    }
}
