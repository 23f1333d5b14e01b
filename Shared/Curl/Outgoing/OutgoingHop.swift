/// One exchange of a call: the first, or what a redirect makes of the one before it.
struct OutgoingHop: Sendable {
    var url: OutgoingURL
    var method: String
    var headers: [OutgoingRequest.Header]
    var body: [UInt8]
    var isBodySecret: Bool

    private static let redirects = [301, 302, 303, 307, 308]
    /// What proves who calls, whether it is marked as a secret or not.
    private static let credentials = ["authorization", "cookie"]

    init(_ request: OutgoingRequest) throws(OutgoingError) {
        url = try OutgoingURL(request.url)
        method = request.method
        headers = request.headers
        body = request.body
        isBodySecret = request.isBodySecret
    }

    /// The next exchange; nil where the answer is no redirect. Methods change as `fetch` changes
    /// them. Throws where a redirect leads to what it may not lead to.
    func following(_ answer: OutgoingResponse) throws(OutgoingError) -> OutgoingHop? {
        guard OutgoingHop.redirects.contains(answer.status), let place = answer.header("Location")
        else { return nil }
        var next = self
        do throws(OutgoingError) {
            next.url = try url.resolving(place)
        } catch {
            throw .forbidden("\(url.host) redirects to an address that cannot be called: \(error)")
        }
        if url.scheme == .https, next.url.scheme == .http {
            throw .forbidden("\(url.host) redirects from https to http")
        }
        let becomesGet =
            answer.status == 303
            ? method != "GET" && method != "HEAD"
            : method == "POST" && [301, 302].contains(answer.status)
        if becomesGet {
            next.method = "GET"
            next.body = []
            next.isBodySecret = false
            next.headers.removeAll { $0.name.lowercased().hasPrefix("content-") }
        }
        guard next.url.origin != url.origin else { return next }
        if next.isBodySecret {
            throw .forbidden("\(url.host) redirects a body with a secret to another host")
        }
        next.headers.removeAll {
            $0.isSecret || OutgoingHop.credentials.contains($0.name.lowercased())
        }
        return next
    }
}
