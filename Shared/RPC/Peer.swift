import Crypto
import HTTP
import JSON
import ServiceRuntime

/// Another service, called over HTTP with the principal signed. Retries what is safe (safe calls
/// and those with an idempotency key) while the deadline lasts; a peer that does not answer opens a
/// circuit, and then calls fail at once with 503 `peer-unavailable` and `Retry-After`.
public struct Peer: Sendable {
    /// For a call whose context says nothing.
    public static let defaultTimeout = Duration.seconds(30)
    static let attemptLimit = 4
    static let firstRetryWait = Duration.milliseconds(20)
    /// The most bytes of one answer (streams aside).
    static let answerLimit = 64 << 20
    /// The most bytes of a problem that is read from a stream call's answer.
    static let problemLimit = 1 << 20

    public let name: String
    private let transport: any Transport
    private let signer: PrincipalSigner
    private let clock: any WallClock
    private let random: any RandomSource
    private let circuit: Circuit
    private let tracer: Tracer

    public init(name: String, transport: any Transport, signer: PrincipalSigner, runtime: Runtime) {
        self.name = name
        self.transport = transport
        self.signer = signer
        clock = runtime.clock
        random = runtime.random
        tracer = runtime.tracer
        circuit = Circuit(clock: runtime.clock)
    }

    /// Throws only `Problem`.
    public func call<C: Call>(_ call: C, as context: CallContext) async throws -> C.Response {
        let answer = try await forward(call, as: context)
        if let raw = answer as? C.Response { return raw }
        var reader = JSONReader(answer.bytes)
        do {
            let response = try C.Response(json: &reader)
            try reader.finish()
            return response
        } catch {
            throw misbehaved("it answered \(C.path) with another shape: \(error.detail)")
        }
    }

    /// The answer's JSON as bytes, unread: for what is only passed on.
    public func forward<C: Call>(_ call: C, as context: CallContext) async throws -> JSONBytes {
        var writer = JSONWriter()
        call.write(json: &writer)
        let isRepeatable = C.isSafe || context.idempotencyKey != nil
        let bytes = writer.bytes
        return try await traced(C.path, context) { context in
            JSONBytes(
                try await exchange(
                    target(of: C.path, service: name), bytes, isRepeatable: isRepeatable,
                    as: context))
        }
    }

    /// A stream call; the answer's body is read as it comes. Never retried.
    public func stream<C: StreamCall>(_ call: C, body: RequestBody, as context: CallContext)
        async throws -> ClientResponse
    {
        try await traced(C.path, context) { try await stream(once: call, body: body, as: $0) }
    }

    private func stream<C: StreamCall>(once call: C, body: RequestBody, as context: CallContext)
        async throws -> ClientResponse
    {
        if let remaining = circuit.remaining { throw unavailable(after: remaining) }
        let timeout = context.timeout ?? Peer.defaultTimeout
        var headers = context.headers(
            signer: signer, timeout: timeout, contentType: "application/octet-stream")
        var writer = JSONWriter()
        call.write(json: &writer)
        headers.add(CallHeader.call, Base64.encodeURL(writer.bytes))
        let request = ClientRequest(
            method: .post, target: target(of: C.path, service: name), headers: headers, body: body,
            timeout: timeout)
        do {
            let response = try await transport.send(request)
            circuit.succeeded()
            guard response.status >= 300 else { return response }
            throw problem(
                response.status, try await response.body.collect(limit: Peer.problemLimit))
        } catch {
            throw noted(error)
        }
    }

    /// What the peer shows to whoever asks on its port: `/metrics`, `/readyz`. Nil where it does
    /// not answer in time, or not with 200; once, and without the circuit: it is asked how it is.
    public func look(at path: String, within timeout: Duration = .seconds(2)) async -> String? {
        let request = ClientRequest(method: .get, target: path, timeout: timeout)
        guard let response = try? await transport.send(request), response.status == 200,
            let bytes = try? await response.body.collect(limit: Peer.answerLimit)
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A span around a call, from which the peer goes on.
    private func traced<T>(
        _ path: String, _ context: CallContext, _ body: (CallContext) async throws -> T
    ) async throws -> T {
        guard tracer.isOn, let span = tracer.begin(.client, in: context.trace) else {
            return try await body(context)
        }
        var context = context
        context.trace.traceparent = span.traceparent
        func end(_ error: String?) {
            span.end(
                "call \(path)", error: error,
                [
                    ("rpc.system", .text("geartrain")), ("rpc.service", .text(name)),
                    ("rpc.method", .text(path)),
                    ("geartrain.request_id", .text(context.trace.requestID)),
                ])
        }
        do {
            let answer = try await body(context)
            end(nil)
            return answer
        } catch {
            end((error as? Problem)?.code ?? "\(type(of: error))")
            throw error
        }
    }

    private func exchange(
        _ target: String, _ body: [UInt8], isRepeatable: Bool, as context: CallContext
    ) async throws -> [UInt8] {
        let timeout = context.timeout ?? Peer.defaultTimeout
        let deadline = clock.monotonicNanoseconds() + max(timeout, .zero).nanoseconds
        var attempt = 1
        while true {
            if let remaining = circuit.remaining { throw unavailable(after: remaining) }
            let now = clock.monotonicNanoseconds()
            guard now < deadline else { throw noAnswer() }
            do {
                return try await exchangeOnce(
                    target, body, timeout: .nanoseconds(deadline - now), as: context)
            } catch {
                let problem = noted(error)
                let wait = retryWait(after: attempt)
                guard let failure = error as? HTTPClient.Failure, attempt < Peer.attemptLimit,
                    isRepeatable || failure.isBeforeSending,
                    clock.monotonicNanoseconds() + wait.nanoseconds < deadline
                else { throw problem }
                guard (try? await clock.sleep(for: wait)) != nil else { throw problem }
                attempt += 1
            }
        }
    }

    private func exchangeOnce(
        _ target: String, _ body: [UInt8], timeout: Duration, as context: CallContext
    ) async throws -> [UInt8] {
        let request = ClientRequest(
            method: .post, target: target,
            headers: context.headers(
                signer: signer, timeout: timeout, contentType: "application/json"),
            body: RequestBody(body), timeout: timeout)
        let response = try await transport.send(request)
        circuit.succeeded()
        let bytes = try await response.body.collect(limit: Peer.answerLimit)
        guard response.status < 300 else { throw problem(response.status, bytes) }
        return bytes
    }

    private func retryWait(after attempt: Int) -> Duration {
        Peer.firstRetryWait * (1 << (attempt - 1)) * (0.5 + random.fraction())
    }
}

extension HTTPClient.Failure {
    var isBeforeSending: Bool {
        if case .notConnected = self { true } else { false }
    }
}

// What a caller is told.
extension Peer {
    /// Tells the circuit of a failed connection, and gives the problem that the caller sees.
    private func noted(_ error: any Error) -> Problem {
        switch error {
        case let problem as Problem: return problem
        case let failure as HTTPClient.Failure where failure.isBeforeSending:
            circuit.failed()
            return unavailable(after: circuit.remaining ?? Circuit.firstOpen)
        case is HTTPClient.Failure: return noAnswer()
        case let convertible as any ProblemConvertible: return convertible.problem
        default: return noAnswer()
        }
    }

    private func unavailable(after wait: Duration) -> Problem {
        Problem(
            status: 503, code: "peer-unavailable", title: "A part of the platform is not reachable",
            detail: "The service \(name) cannot be reached; try again.",
            retryAfter: Int(max(1, (wait.milliseconds + 999) / 1000)))
    }

    private func noAnswer() -> Problem {
        Problem(
            status: 504, code: "peer-timeout",
            title: "A part of the platform did not answer in time",
            detail: "The service \(name) gave no answer in time; what was asked may have been done."
        )
    }

    private func misbehaved(_ detail: String) -> Problem {
        Problem(
            status: 502, code: "peer-misbehaved",
            title: "A part of the platform answered what nobody understands",
            detail: "The service \(name): \(detail)")
    }

    /// What the peer said, unchanged.
    private func problem(_ status: Int, _ bytes: [UInt8]) -> Problem {
        if let json = try? JSONValue(parsing: bytes), let problem = Problem(json: json) {
            return problem
        }
        return misbehaved("status \(status) without a problem")
    }
}
