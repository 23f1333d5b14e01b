import HTTP

/// What pages of other origins may ask of the API by a browser (CORS): only those on the list, and
/// never with the session's cookie; they send a token of their own.
struct CrossOrigin: Sendable {
    static let age = 600
    private static let methods = "GET, HEAD, POST, PUT, PATCH, DELETE"
    private static let requestHeaders =
        "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id, "
        + "traceparent"
    private static let answerHeaders =
        "ETag, Location, Retry-After, X-Request-Id, WWW-Authenticate, Content-Disposition"

    /// As a browser says them: `https://app.example`, in lower case.
    let origins: [String]

    /// `scheme://host` or `scheme://host:port`, nothing behind; nil where it is none. No wildcard.
    static func origin(_ text: String) -> String? {
        let lower = text.lowercased()
        guard let scheme = ["https://", "http://"].first(where: lower.hasPrefix) else { return nil }
        let host = lower.dropFirst(scheme.count)
        let isPlain = host.utf8.allSatisfy {
            (48...57).contains($0) || (97...122).contains($0) || "-.:[]".utf8.contains($0)
        }
        guard !host.isEmpty, isPlain, host.first != ":", host.last != ":" else { return nil }
        return lower
    }

    /// Answers a preflight of an origin on the list; nil for any other request.
    func preflight(_ request: Request) -> Response? {
        guard request.method == .options, CrossOrigin.isOpen(request),
            request.headers["Access-Control-Request-Method"] != nil,
            let origin = allowed(request)
        else { return nil }
        return Response(
            status: 204,
            headers: [
                "Access-Control-Allow-Origin": origin,
                "Access-Control-Allow-Methods": CrossOrigin.methods,
                "Access-Control-Allow-Headers": CrossOrigin.requestHeaders,
                "Access-Control-Max-Age": String(CrossOrigin.age),
                "Vary": "Origin",
            ])
    }

    /// Lets the page of an origin on the list see the answer.
    func open(_ response: inout Response, to request: Request) {
        guard !origins.isEmpty, CrossOrigin.isOpen(request) else { return }
        let vary = response.headers["Vary"]
        response.headers["Vary"] = vary.map { "\($0), Origin" } ?? "Origin"
        guard let origin = allowed(request) else { return }
        response.headers.add("Access-Control-Allow-Origin", origin)
        response.headers.add("Access-Control-Expose-Headers", CrossOrigin.answerHeaders)
    }

    private func allowed(_ request: Request) -> String? {
        guard let origin = request.headers["Origin"], origins.contains(origin.lowercased()) else {
            return nil
        }
        return origin
    }

    /// The API and its description; pages and URL calls are nobody else's.
    private static func isOpen(_ request: Request) -> Bool {
        request.path.first == "api" || request.path.first == "openapi.json"
    }
}
