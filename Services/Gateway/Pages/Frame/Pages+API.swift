import Contracts
import HTTP
import JSON

/// Most pages only show what the API answers and send on what a form says: they ask the gateway's
/// own routes, with the caller's cookie, so that a page can do nothing that the API would not, and
/// there is one place where each thing is checked, written and audited.
extension Pages {
    /// What `/api/…` answers to the caller. Throws the API's problem; `version` is sent as
    /// `If-Match`; 0 says that there must be nothing yet. `key` is a form's: sent twice, it is done
    /// once.
    func api(
        _ method: Method = .get, _ link: Link, _ request: Request, _ caller: Caller,
        body: JSONValue? = nil, version: Int64? = nil, key: String? = nil
    ) async throws -> JSONValue {
        var headers: Headers = [:]
        for name in [
            "Cookie", "Authorization", "X-Forwarded-For", "X-Forwarded-Proto", "User-Agent",
        ] {
            for value in request.headers.all(name) { headers.add(name, value) }
        }
        if method != .get, let identity = caller.identity, !identity.csrf.isEmpty {
            headers["X-CSRF-Token"] = frame.cookies.formToken(identity.csrf)
        }
        switch version {
        case nil: break
        case 0: headers["If-None-Match"] = "*"
        case .some(let version): headers["If-Match"] = Precondition.tag(version)
        }
        if let key, !key.isEmpty { headers["Idempotency-Key"] = key }
        if body != nil { headers["Content-Type"] = "application/json" }
        let inner = Request(
            method: method, target: link.text, headers: headers,
            body: body.map { RequestBody($0.bytes) } ?? .empty, trace: request.trace,
            remoteAddress: request.remoteAddress)
        let response = await table.router.respond(to: inner)
        guard case .bytes(let bytes) = response.body else { return .null }
        let value = try JSONValue(parsing: bytes)
        if response.status >= 400 {
            var problem = Problem(status: response.status, api: value)
            problem.retryAfter = response.headers["Retry-After"].flatMap { Int($0) }
            throw problem
        }
        return value
    }

    /// The same for a part of a page: nil where its service is away, so that the rest stands.
    func part(_ link: Link, _ request: Request, _ caller: Caller) async throws -> JSONValue? {
        do {
            return try await api(.get, link, request, caller)
        } catch let problem as Problem where problem.status >= 500 {
            return nil
        }
    }
}

extension Problem {
    /// A problem as the API wrote it.
    fileprivate init(status: Int, api value: JSONValue) {
        let errors = (value["errors"]?.array ?? []).map {
            FieldProblem(
                pointer: $0["pointer"]?.string ?? "", code: $0["code"]?.string ?? "",
                detail: $0["detail"]?.string ?? "")
        }
        self.init(
            status: status,
            code: value["type"]?.string?.split(separator: "/").last.map(String.init) ?? "",
            title: value["title"]?.string ?? "", detail: value["detail"]?.string)
        self.errors = errors
    }

    /// What is wrong, in a few sentences: of the whole, and of what no field of a form is for.
    func sentences(without pointers: Set<String> = []) -> [String] {
        let rest = errors.filter { !pointers.contains($0.pointer) }
        if errors.isEmpty { return [detail ?? title] }
        return rest.map {
            $0.pointer.isEmpty ? $0.detail : "\($0.pointer.dropFirst()): \($0.detail)"
        }
    }

    /// What is wrong at a member of the body, `/email`.
    func fault(at pointer: String) -> String? {
        let found = errors.filter { $0.pointer == pointer }.map(\.detail)
        return found.isEmpty ? nil : found.joined(separator: " ")
    }
}

extension Problem {
    /// A new thing needs a code that can stand in an address; throws the fault at its field.
    static func checkCode(_ code: String, _ texts: Texts) throws {
        guard !FullCode.isCode(code) else { return }
        throw Problem.validation([
            FieldProblem(pointer: "/code", code: "invalid-code", detail: texts.codeNeeded)
        ])
    }
}
