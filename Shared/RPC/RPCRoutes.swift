import Crypto
import HTTP
import JSON
import ServiceRuntime

/// The routes of a service: its calls under `/rpc/`, and `/livez`, `/readyz`, `/metrics`.
public final class RPCRoutes: Sendable {
    public let router: Router<CallContext>
    private let service: String
    private let runtime: Runtime

    /// `service`: its name in paths. `ready` answers why the service is not ready, or nil.
    public init(
        service: String, signer: PrincipalSigner, runtime: Runtime,
        ready: @escaping @Sendable () async -> String?
    ) {
        self.service = service
        self.runtime = runtime
        router = Router { request, permission in
            switch permission {
            case .peer: try CallContext(request, signer: signer)
            case .anyone: CallContext.nobody(request)
            case .account, .holder:
                throw Problem.forbidden("Only other services may call this service.")
            }
        }
        addHealth(ready)
    }

    /// Serves a call; throw a `Problem` or a `ProblemConvertible`.
    public func on<C: Call>(
        _ type: C.Type, bodyLimit: Int = 16 << 20,
        _ handler: @escaping @Sendable (C, CallContext) async throws -> C.Response
    ) {
        let (clock, durations) = (runtime.clock, durations(of: C.path))
        router.on(
            .post, target(of: C.path, service: service), .peer, bodyLimit: bodyLimit
        ) { [self] request, context in
            let start = clock.monotonicNanoseconds()
            defer { durations.observe(nanoseconds: clock.monotonicNanoseconds() - start) }
            let call: C = try RPCRoutes.read(try await request.body.collect(limit: bodyLimit))
            do {
                let answer = try await handler(call, context)
                if let raw = answer as? JSONBytes { return .json(raw.bytes) }
                return .json(answer)
            } catch {
                throw shown(error, path: C.path, context)
            }
        }
    }

    /// Serves a stream call.
    public func on<C: StreamCall>(
        _ type: C.Type,
        _ handler: @escaping @Sendable (C, RequestBody, CallContext) async throws -> Response
    ) {
        router.on(
            .post, target(of: C.path, service: service), .peer, body: ["application/octet-stream"],
            bodyLimit: .max
        ) { [self] request, context in
            guard let bytes = request.headers[CallHeader.call].flatMap(Base64.decodeURL) else {
                throw Problem(
                    status: 400, code: "malformed-call", title: "The call's headers cannot be read")
            }
            let call: C = try RPCRoutes.read(bytes)
            do {
                return try await handler(call, request.body, context)
            } catch {
                throw shown(error, path: C.path, context)
            }
        }
    }

    private func durations(of path: String) -> Histogram {
        runtime.metrics.histogram(
            "geartrain_rpc_request_duration_seconds", help: "Calls from other services, by path.",
            labels: ["path": path])
    }

    private static func read<C: JSONReadable>(_ bytes: [UInt8]) throws -> C {
        var reader = JSONReader(bytes)
        do {
            let call = try C(json: &reader)
            try reader.finish()
            return call
        } catch {
            if error.kind == .malformed { throw Problem.malformedJSON(error) }
            throw Problem.validation([
                FieldProblem(pointer: error.pointer, code: "wrong-type", detail: error.detail)
            ])
        }
    }

    /// What the caller sees; a cause that it may not see goes to the log under the same request id.
    private func shown(_ error: any Error, path: String, _ context: CallContext) -> Problem {
        let problem = Problem(error)
        if !(error is any ProblemConvertible) {
            runtime.log.error(
                "a call failed", trace: context.trace,
                ["path": .string(path), "error": .string("\(error)")])
        }
        return problem
    }

    private func addHealth(_ ready: @escaping @Sendable () async -> String?) {
        router.on(.get, "/livez", .anyone(because: "says only that the process runs"), body: []) {
            _, _ in .text("ok\n")
        }
        router.on(.get, "/readyz", .anyone(because: "says only whether it can serve"), body: []) {
            _, _ in
            if let reason = await ready() { throw Problem.unavailable(reason) }
            return .text("ok\n")
        }
        let metrics = runtime.metrics
        router.on(.get, "/metrics", .anyone(because: "numbers without names of people"), body: []) {
            _, _ in
            Response(
                headers: ["Content-Type": "text/plain; version=0.0.4; charset=utf-8"],
                body: .bytes(Array(metrics.render().utf8)))
        }
    }
}

extension CallContext {
    fileprivate static func nobody(_ request: Request) -> CallContext {
        CallContext(
            principal: Principal(account: ""), door: .system,
            cause: Cause(root: "request:\(request.trace.requestID)"), trace: request.trace)
    }
}
