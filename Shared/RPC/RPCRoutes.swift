import Crypto
import HTTP
import JSON
import ServiceRuntime

extension HTTPServerConfiguration {
    /// The largest head that a service takes: the principal of an account with many roles is in it.
    public static let peerHeadLimit = 64 << 10
}

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
        let observer = RouteObserver(service: service, runtime: runtime)
        router = Router(observer: observer) { request, permission in
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
        router.on(
            .post, target(of: C.path, service: service), .peer, bodyLimit: bodyLimit
        ) { request, context in
            let call: C = try RPCRoutes.read(try await request.body.collect(limit: bodyLimit))
            let answer = try await handler(call, context)
            // What is JSON already passes as it is.
            if let raw = answer as? JSONBytes { return .json(raw.bytes) }
            return .json(answer)
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
        ) { request, context in
            guard let bytes = request.headers[CallHeader.call].flatMap(Base64.decodeURL) else {
                throw Problem(
                    status: 400, code: "malformed-call", title: "The call's headers cannot be read")
            }
            let call: C = try RPCRoutes.read(bytes)
            return try await handler(call, request.body, context)
        }
    }

    private static func read<C: JSONReadable>(_ bytes: [UInt8]) throws -> C {
        var reader = JSONReader(bytes)
        do {
            let call = try C(json: &reader)
            try reader.finish()
            return call
        } catch {
            throw Problem(error)
        }
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
