import HTTP
import ServiceRuntime

/// Answers from another service's router in the same process, without a socket: for tests and
/// simulations.
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
        case .stream(let length, let write): body = streamed(length, write)
        }
        return ClientResponse(status: response.status, headers: response.headers, body: body)
    }

    private func streamed(
        _ length: Int?, _ write: @escaping @Sendable (BodyWriter) async throws -> Void
    ) -> RequestBody {
        let (stream, continuation) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
        Task {
            do {
                try await write(BodyWriter { continuation.yield($0) })
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        let pieces = Pieces(stream)
        return RequestBody(length: length) { try await pieces.next() }
    }
}

/// A body is read by one task at a time, which is what an iterator needs.
private final class Pieces: @unchecked Sendable {
    private var iterator: AsyncThrowingStream<[UInt8], any Error>.Iterator

    init(_ stream: AsyncThrowingStream<[UInt8], any Error>) {
        iterator = stream.makeAsyncIterator()
    }

    func next() async throws -> [UInt8]? { try await iterator.next() }
}
