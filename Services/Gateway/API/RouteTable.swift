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

/// What a route does, as the OpenAPI document says it.
struct Operation: Sendable {
    /// A value in the query.
    struct Parameter: Sendable {
        var name: String
        var type = "string"
        var about: String
        var required = false

        static let limit = Parameter(
            name: "limit", type: "integer", about: "Items a page; 50 unless said, at most 1000")
        static let cursor = Parameter(
            name: "cursor", about: "`next` of the page before")
    }

    /// What goes over the wire: a schema of the document by its name, or a media type.
    enum Content: Sendable {
        case json(String)
        case media(String)
    }

    struct Answer: Sendable {
        var status: Int
        var about: String
        var content: Content?

        init(_ status: Int, _ about: String, _ content: Content? = nil) {
            self.status = status
            self.about = about
            self.content = content
        }
    }

    var summary: String
    var query: [Parameter]
    var body: Content?
    var needsVersion: Bool
    var answers: [Answer]

    init(
        _ summary: String, query: [Parameter] = [], body: Content? = nil,
        needsVersion: Bool = false, answers: [Answer]
    ) {
        self.summary = summary
        self.query = query
        self.body = body
        self.needsVersion = needsVersion
        self.answers = answers
    }
}
