import HTTP
import ServiceRuntime

/// Answers from another service's router in the same process, without a socket: for tests and simulations.
public struct RouterTransport<Caller: Sendable>: Transport {
    private let router: Router<Caller>

    public init(_ router: Router<Caller>) { self.router = router }

    public func send(_ request: ClientRequest) async throws -> ClientResponse {
        let trace = TraceContext(
            requestID: request.headers[CallHeader.requestID] ?? "-",
            traceparent: request.headers[CallHeader.traceparent])
        let response = await router.respond(
            to: Request(
                method: request.method, target: request.target, headers: request.headers,
                body: request.body, trace: trace))
        let body: RequestBody
        switch response.body {
        case .empty: body = .empty
        case .bytes(let bytes): body = RequestBody(bytes)
        case .stream:
            throw HTTPClient.Failure.noAnswer("a streamed answer needs a socket")
        }
        return ClientResponse(status: response.status, headers: response.headers, body: body)
    }
}
