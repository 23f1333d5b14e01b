import Contracts
import HTTP
import JSON
import RPC

private typealias Answer = Operation.Answer

/// `/call/…`: for old systems that can do no more than open a URL. The answer is a line of text,
/// `OK: Event 1` or `ERROR: …`; the status says the same. GET acts only where the definition allows
/// it, and neither a browser's cookie, nor a page of somebody else, nor what fetches links ahead
/// can make it act.
struct URLCallRoutes: Sendable {
    static let parameterLimit = 100
    private static let text = Operation.Content.media("text/plain")
    private static let own: Set<String> = ["code", "scope", "id", "key"]

    let workflow: Peer
    let batch: Peer
    let resolver: CodeResolver

    func add(to table: RouteTable) {
        for method in [HTTP.Method.get, .post] {
            addEvents(method, to: table)
            addScripts(method, to: table)
            addExports(method, to: table)
        }
        table.on(
            .post, "/call/import", .holder(of: Permissions.batchOperate),
            Operation(
                "Imports the file in the body", query: [URLCallRoutes.code("import")],
                body: .media("text/csv"),
                answers: [Answer(200, "`OK: Run 5`", URLCallRoutes.text)], isKeptByOwner: true),
            body: BatchRoutes.fileTypes, bodyLimit: BatchRoutes.fileLimit
        ) { request, caller in
            try URLCallRoutes.check(request, caller)
            let code = try QueryReader(request, ["code"]).text("code") ?? ""
            let full = try await resolver.resolve(code, .imports, trace: request.trace)
            let context = try request.context(caller, door: .call)
            let answer = try await batch.stream(
                StartImport(definition: full, key: context.idempotencyKey), body: request.body,
                as: context)
            return URLCallRoutes.run(JSONBytes(try await answer.body.collect(limit: 256 << 10)))
        }
    }

    // MARK: Events

    private func addEvents(_ method: HTTP.Method, to table: RouteTable) {
        table.on(
            method, "/call/event", .account,
            Operation(
                method == .get
                    ? "Raises an event whose definition allows GET" : "Raises an event",
                about: "Other parameters become the payload, as texts.",
                query: [
                    URLCallRoutes.code("event"),
                    .init(
                        name: "scope", about: "Which instances it reaches; what `id` says, or all",
                        words: ["instance", "workflow", "all"]),
                    .init(name: "id", about: "An instance's number, or a workflow's code"),
                    .init(name: "key", about: "Reaches only those that wait with this key"),
                ], body: .media("application/x-www-form-urlencoded"), needsBody: false,
                answers: [
                    Answer(200, "`OK: Event 1`: how many instances it woke", URLCallRoutes.text)
                ], isKeptByOwner: true),
            body: method == .post ? RouteTable.form : [], bodyLimit: 64 << 10
        ) { request, caller in
            try URLCallRoutes.check(request, caller)
            let call = try await raise(URLCallRoutes.parameters(request), request)
            let raised = try await workflow.call(call, as: request.context(caller, door: .call))
            return .text("OK: Event \(raised.activated)")
        }
    }

    private func raise(_ form: Form, _ request: Request) async throws -> RaiseEvent {
        let event = try await resolver.resolve(form["code"] ?? "", .events, trace: request.trace)
        let id = form["id"].flatMap { $0.isEmpty ? nil : $0 }
        let instance = id.flatMap { Int64($0) }
        let implied = instance != nil ? "instance" : id != nil ? "workflow" : "all"
        guard let scope = RaiseEvent.Scope(rawValue: form["scope"] ?? implied) else {
            throw Problem.invalidParameter("scope is one of instance, workflow, all.")
        }
        switch scope {
        case .instance where instance == nil:
            throw Problem.invalidParameter("The scope instance needs its number as id.")
        case .workflow where id == nil || instance != nil:
            throw Problem.invalidParameter("The scope workflow needs a workflow's code as id.")
        default: break
        }
        let payload = form.fields.filter { !URLCallRoutes.own.contains($0.name) }
        return RaiseEvent(
            event: event, scope: scope, instance: scope == .instance ? instance : nil,
            workflow: scope == .workflow ? id : nil, key: form["key"].map { .string($0) },
            payload: payload.isEmpty ? nil : URLCallRoutes.object(payload),
            byGet: request.method == .get ? true : nil)
    }

    // MARK: Scripts

    private func addScripts(_ method: HTTP.Method, to table: RouteTable) {
        table.on(
            method, "/call/script", .account,
            Operation(
                method == .get
                    ? "Runs a script whose definition allows GET"
                    : "Runs a script that is open to the outside",
                about: "Other parameters are its `parameters`, as texts. A script that returns a"
                    + " file is answered by that file.",
                query: [URLCallRoutes.code("script")],
                body: .media("application/x-www-form-urlencoded"), needsBody: false,
                answers: [Answer(200, "`OK`, or `OK: ` and its result", URLCallRoutes.text)]),
            body: method == .post ? RouteTable.form : [], bodyLimit: 64 << 10
        ) { request, caller in
            try URLCallRoutes.check(request, caller)
            let form = try await URLCallRoutes.parameters(request)
            let code = try await resolver.resolve(
                form["code"] ?? "", .scripts, trace: request.trace)
            let parameters = form.fields.filter { $0.name != "code" }
            let answer = try await workflow.call(
                RunScript(
                    script: code, parameters: URLCallRoutes.object(parameters),
                    byGet: request.method == .get ? true : nil),
                as: ScriptRoutes.context(request, caller, door: .call))
            return ScriptRoutes.file(in: answer) ?? URLCallRoutes.result(answer)
        }
    }

    // MARK: Exports

    private func addExports(_ method: HTTP.Method, to table: RouteTable) {
        table.on(
            method, "/call/export", .holder(of: Permissions.batchOperate),
            Operation(
                method == .get
                    ? "Starts an export whose definition allows GET" : "Starts an export",
                query: [URLCallRoutes.code("export")],
                body: .media("application/x-www-form-urlencoded"), needsBody: false,
                answers: [Answer(200, "`OK: Run 5`", URLCallRoutes.text)], isKeptByOwner: true),
            body: method == .post ? RouteTable.form : [], bodyLimit: 64 << 10
        ) { request, caller in
            try URLCallRoutes.check(request, caller)
            let form = try await URLCallRoutes.parameters(request)
            if let other = form.fields.first(where: { $0.name != "code" }) {
                throw Problem.invalidParameter(
                    "There is no parameter \(other.name.prefix(100)) here; known: code.")
            }
            let code = try await resolver.resolve(
                form["code"] ?? "", .exports, trace: request.trace)
            let call = StartExport(definition: code, byGet: request.method == .get ? true : nil)
            return URLCallRoutes.run(
                try await batch.forward(call, as: request.context(caller, door: .call)))
        }
    }

    // MARK: Common

    private static func code(_ kind: String) -> Operation.Parameter {
        .init(name: "code", about: "`model.code` of the \(kind), or its code alone", required: true)
    }

    /// A URL that acts must be called by a program, on purpose.
    private static func check(_ request: Request, _ caller: Caller) throws {
        if caller.byCookie {
            throw Problem.unauthenticated(
                "A URL call needs Basic or Bearer credentials; a cookie is none.")
        }
        if case .token(_, let scopes) = caller.identity?.credential, !scopes.contains("write") {
            throw Problem.forbidden("This token has not the scope write.")
        }
        if request.method == .head {
            throw Problem(
                status: 405, code: "method-not-allowed", title: "A look does not act",
                detail: "HEAD does nothing here; use GET or POST.")
        }
        let site = request.headers["Sec-Fetch-Site"] ?? "none"
        guard site == "none" || site == "same-origin" else {
            throw Problem.forbidden("A page of another site made the browser call this.")
        }
        for name in ["Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"] {
            if request.headers[name]?.lowercased().contains("prefetch") == true {
                throw Problem.forbidden("A URL that acts is not fetched ahead.")
            }
        }
    }

    /// The query and, of a POST, the form in the body; each name once.
    private static func parameters(_ request: Request) async throws -> Form {
        var fields = request.query.items
        if request.method == .post { fields += try await Form(request).fields }
        guard fields.count <= parameterLimit else {
            throw Problem.invalidParameter("At most \(parameterLimit) parameters.")
        }
        var seen: Set<String> = []
        for (name, _) in fields where !seen.insert(name).inserted {
            throw Problem.invalidParameter("The parameter \(name.prefix(100)) came twice.")
        }
        guard let code = fields.first(where: { $0.name == "code" }), !code.value.isEmpty else {
            throw Problem.invalidParameter("The parameter code is missing.")
        }
        return Form(fields: fields)
    }

    private static func object(_ fields: [(name: String, value: String)]) -> JSONValue {
        .object(JSONObject(fields.map { ($0.name, .string($0.value)) }))
    }

    private static func run(_ answer: JSONBytes) -> Response {
        let run = (try? JSONValue(parsing: answer.bytes))?["run"]?.integer
        return .text(run.map { "OK: Run \($0)" } ?? "OK")
    }

    private static func result(_ answer: JSONBytes) -> Response {
        let result = (try? JSONValue(parsing: answer.bytes))?["result"] ?? .null
        if result.isNull { return .text("OK") }
        return .text("OK: " + line(result.string ?? result.text))
    }

    private static func line(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    /// A problem as its line of text. Basic is asked for too: these callers know nothing else.
    static func shown(_ problem: Response) -> Response {
        guard case .bytes(let bytes) = problem.body, let json = try? JSONValue(parsing: bytes)
        else { return problem }
        var faults = (json["errors"]?.array ?? []).compactMap { $0["detail"]?.string }
        if faults.isEmpty { faults = [json["detail"]?.string ?? json["title"]?.string ?? ""] }
        var response = Response.text("ERROR: " + line(faults.joined(separator: " ")))
        response.status = problem.status
        for name in ["Retry-After", "Allow", "WWW-Authenticate"] {
            if let value = problem.headers[name] { response.headers[name] = value }
        }
        if problem.status == 401 {
            response.headers.add("WWW-Authenticate", "Basic realm=\"geartrain\", charset=\"UTF-8\"")
        }
        return response
    }
}
