import HTTP
import JSON
import ServiceRuntime

/// Another service, called over HTTP with the principal signed. Retries what is safe (safe calls and those with an
/// idempotency key) while the deadline lasts; a peer that does not answer opens a circuit, and then calls
/// fail at once with 503 `peer-unavailable` and `Retry-After`.
public struct Peer: Sendable {
    public let name: String

    public init(name: String, transport: any Transport, signer: PrincipalSigner, runtime: Runtime) {
        fatalError("stub")
    }

    /// Throws only `Problem`.
    public func call<C: Call>(_ call: C, as context: CallContext) async throws -> C.Response {
        fatalError("stub")
    }

    /// The answer's JSON as bytes, unread: for what is only passed on.
    public func forward<C: Call>(_ call: C, as context: CallContext) async throws -> JSONBytes {
        fatalError("stub")
    }

    /// A stream call; the answer's body is read as it comes. Never retried.
    public func stream<C: StreamCall>(_ call: C, body: RequestBody, as context: CallContext)
        async throws -> ClientResponse
    { fatalError("stub") }
}
