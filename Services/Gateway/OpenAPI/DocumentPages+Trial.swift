import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization

// Trying an operation: the form is sent to the gateway, which asks itself as the caller would.
extension DocumentPages {
    /// More of an answer is not shown.
    static let shownLimit = 64 << 10

    /// What was asked and answered.
    struct Trial: Sendable {
        let request: String
        let status: Int
        let headers: [(name: String, value: String)]
        let body: String
        let isCut: Bool

        func shown(_ texts: Texts) -> HTML {
            tag(.section, .class("card"), .id("answer")) {
                tag(.h2) { texts.docsAnswer }
                tag(.pre) { request }
                tag(.p) { tag(.strong) { String(status) } }
                tag(.pre) { headers.map { "\($0.name): \($0.value)" }.joined(separator: "\n") }
                if !body.isEmpty { tag(.pre) { body } }
                if isCut { tag(.p, .class("quiet")) { texts.docsRest } }
            }
        }
    }

    /// What a form can send: JSON or nothing, by a cookie.
    static func canBeTried(_ entry: RouteTable.Entry) -> Bool {
        OpenAPI.tag(entry.path) != "call"
            && (entry.body.isEmpty || entry.body.contains("application/json"))
    }

    /// The fields of a form as the parameters' examples fill them.
    static func examples(_ entry: RouteTable.Entry) -> [(name: String, value: String)] {
        OpenAPI.parameters(entry).compactMap { parameter in
            guard let name = parameter["name"]?.string, let example = parameter["example"] else {
                return nil
            }
            return (name, example.string ?? example.text)
        }
    }

    func trialForm(
        _ entry: RouteTable.Entry, _ caller: Caller, _ form: Form
    ) -> HTML {
        let texts = caller.texts
        return tag(.section, .class("card")) {
            tag(.h2) { texts.docsTry }
            if let identity = caller.identity, !identity.csrf.isEmpty {
                tag(.p, .class("quiet")) {
                    texts.docsReally(identity.principal.account)
                }
                tag(.form, .post, .action(Link("docs", OpenAPI.identifier(entry)))) {
                    frame.csrf(identity.csrf)
                    for parameter in OpenAPI.parameters(entry) {
                        field(parameter["name"]?.string ?? "", parameter["required"] == true, form)
                    }
                    if !entry.body.isEmpty {
                        tag(.div, .class("field")) {
                            tag(.label, .for("_body")) { texts.docsJSONBody }
                            tag(.textarea, .id("_body"), .name("_body"), .number("rows", 8)) {
                                form["_body"] ?? "{}"
                            }
                        }
                    }
                    tag(.div, .class("actions")) {
                        tag(.button, .class("button main"), .type("submit")) { texts.send }
                    }
                }
            } else {
                tag(.p) {
                    tag(.a, .href(login(entry))) { texts.docsLogIn }
                }
            }
        }
    }

    private func login(_ entry: RouteTable.Entry) -> Link {
        let back = Link("docs", OpenAPI.identifier(entry)).text
        return Link("login", query: [(name: "returnUrl", value: back)])
    }

    private func field(_ name: String, _ isRequired: Bool, _ form: Form) -> HTML {
        tag(.div, .class("field")) {
            tag(.label, .for(name)) { name }
            tag(
                .input, .id(name), .name(name), .value(form[name] ?? ""),
                isRequired ? .required : nil)
        }
    }

    func tryOut(_ request: Request, _ caller: Caller) async throws -> Response {
        let form = try await Form(request)
        guard let identity = caller.identity else { throw Problem.internalError }
        if caller.byCookie, !SessionCookies.isToken(form["_csrf"], of: identity.csrf) {
            throw Problem.csrf
        }
        let entry = try find(request)
        guard DocumentPages.canBeTried(entry) else { throw Problem.notFound() }
        let inner = self.request(entry, form, identity, like: request)
        let answer = await table.router.respond(to: inner.request)
        let trial = await DocumentPages.trial(inner.line, answer)
        return show(entry, caller, form: form, trial: trial)
    }

    /// What a program would send, with the credential of the page in the place of its own.
    private func request(
        _ entry: RouteTable.Entry, _ form: Form, _ identity: Identity, like request: Request
    ) -> (request: Request, line: String) {
        var path = OpenAPI.template(entry.path)
        var query: [(name: String, value: String?)] = []
        var headers: Headers = [
            "X-CSRF-Token": frame.cookies.formToken(identity.csrf), "Accept": "application/json",
        ]
        for parameter in OpenAPI.parameters(entry) {
            guard let name = parameter["name"]?.string, let value = form[name], !value.isEmpty
            else { continue }
            switch parameter["in"]?.string {
            case "path":
                path = path.split(separator: "{\(name)}", omittingEmptySubsequences: false)
                    .joined(separator: Percent.encode(value))
            case "query": query.append((name, value))
            default: headers[name] = value
            }
        }
        let target = path + Link(query: query).text.dropFirst()
        var line = "\(entry.method.rawValue) \(target)"
        for name in ["If-Match", "Idempotency-Key"] {
            if let value = headers[name] { line += "\n\(name): \(value)" }
        }
        for name in ["Cookie", "Authorization"] {
            for value in request.headers.all(name) { headers.add(name, value) }
        }
        var body: [UInt8] = []
        if !entry.body.isEmpty, let text = form["_body"], !text.isEmpty {
            body = Array(text.utf8)
            headers["Content-Type"] = "application/json"
            line += "\nContent-Type: application/json\n\n\(text)"
        }
        let inner = Request(
            method: entry.method, target: target, headers: headers, body: RequestBody(body),
            trace: request.trace, remoteAddress: request.remoteAddress)
        return (inner, line)
    }

    private static func trial(_ line: String, _ answer: Response) async -> Trial {
        let kept = Mutex<[UInt8]>([])
        switch answer.body {
        case .empty: break
        case .bytes(let bytes): kept.withLock { $0 = Array(bytes.prefix(shownLimit + 1)) }
        case .stream(_, let write):
            // Ends the stream when there is enough of it.
            try? await write(
                BodyWriter { bytes in
                    let count = kept.withLock { kept in
                        kept += bytes
                        return kept.count
                    }
                    if count > shownLimit { throw CancellationError() }
                })
        }
        let bytes = kept.withLock { $0 }
        let isJSON = answer.headers["Content-Type"]?.contains("json") == true
        let value = isJSON && bytes.count <= shownLimit ? try? JSONValue(parsing: bytes) : nil
        return Trial(
            request: line, status: answer.status, headers: answer.headers.fields,
            body: value.map { PrettyJSON.text(of: $0) }
                ?? String(decoding: bytes.prefix(shownLimit), as: UTF8.self),
            isCut: bytes.count > shownLimit)
    }
}

/// JSON for people: a line for each member.
enum PrettyJSON {
    static func text(of value: JSONValue, indentation: String = "") -> String {
        let inner = indentation + "  "
        switch value {
        case .object(let object) where !object.isEmpty:
            let lines = object.members.map { member in
                "\(inner)\(JSONValue.string(member.key).text): "
                    + text(of: member.value, indentation: inner)
            }
            return "{\n\(lines.joined(separator: ",\n"))\n\(indentation)}"
        case .array(let items) where items.contains { $0.object != nil || $0.array != nil }:
            let lines = items.map { inner + text(of: $0, indentation: inner) }
            return "[\n\(lines.joined(separator: ",\n"))\n\(indentation)]"
        default: return value.text
        }
    }
}
