import ServiceRuntime

/// What a route does, whoever its callers are.
struct Endpoint: Sendable {
    let path: String
    let bodyTypes: [String]
    let bodyLimit: Int
    /// Authorizes, then handles.
    let handle: @Sendable (Request) async throws -> Response
    let instruments: RouteObserver.Instruments?
}

/// The routes behind a router, without its type of callers: a generic one would look up its types
/// with every request.
final class RouteTable: @unchecked Sendable {
    private let observer: RouteObserver?
    // Written while the routes are declared, only read afterwards: no lock on the way of a request.
    private var tree = RouteTree()

    init(_ observer: RouteObserver?) { self.observer = observer }

    /// Answers what is wrong with a route, or nil.
    func add(
        _ method: Method, _ path: String, bodyTypes: [String], bodyLimit: Int,
        _ handle: @escaping @Sendable (Request) async throws -> Response
    ) -> String? {
        guard method != .head, method != .options else {
            return "is not needed: HEAD and OPTIONS come by themselves"
        }
        guard method != .trace, method != .query else { return "has a method that no route has" }
        let endpoint = Endpoint(
            path: path, bodyTypes: bodyTypes, bodyLimit: bodyLimit, handle: handle,
            instruments: observer?.instruments(method: method, path: path))
        return tree.insert(endpoint, method, path)
    }

    func respond(to request: Request) async -> Response {
        guard let (leaf, values) = tree.find(request.path) else {
            return render(unknown(request), request)
        }
        if request.method == .options {
            return Response(status: 204, headers: ["Allow": leaf.allow])
        }
        guard let match = leaf.match(request.method) else {
            return notAllowed(request, leaf.allow)
        }
        let endpoint = match.endpoint
        let start = endpoint.instruments == nil ? 0 : observer?.now() ?? 0
        var request = request
        let span = observer?.begin(&request, path: endpoint.path)
        var response: Response
        do {
            request.parameters = Parameters(names: match.names, values: values)
            try checkBody(of: request, endpoint)
            request.body = request.body.limited(to: endpoint.bodyLimit)
            response = try await endpoint.handle(request)
        } catch {
            observer?.failed(error, request, path: endpoint.path)
            response = render(Problem(error), request)
        }
        if let instruments = endpoint.instruments {
            observer?.answered(response.status, since: start, instruments)
        }
        if let span {
            observer?.end(span, request, path: endpoint.path, status: response.status)
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

    private func checkBody(of request: Request, _ endpoint: Endpoint) throws {
        guard request.body.length != 0 else { return }
        if let length = request.body.length, length > endpoint.bodyLimit {
            throw RequestBody.tooLarge(endpoint.bodyLimit)
        }
        guard !endpoint.bodyTypes.isEmpty else {
            throw mediaType("This route takes no body.")
        }
        if endpoint.bodyTypes.contains("*/*") { return }
        guard let type = request.headers["Content-Type"] else {
            throw mediaType("The request has a body but no Content-Type.", endpoint.bodyTypes)
        }
        guard endpoint.bodyTypes.contains(where: { MediaType.matches(type, $0) }) else {
            throw mediaType("The body is \(type).", endpoint.bodyTypes)
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
