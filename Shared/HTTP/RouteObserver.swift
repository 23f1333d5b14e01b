import ServiceRuntime

/// The metrics and the log of a table of routes.
public struct RouteObserver: Sendable {
    struct Instruments: Sendable {
        let durations: Histogram
        /// By the first digit of the status.
        let answers: [Counter]
    }

    private static let untraced: Set<String> = ["/livez", "/readyz", "/metrics"]

    private let service: String
    private let runtime: Runtime

    /// `service`: as in the names of metrics, `geartrain_<service>_…`.
    public init(service: String, runtime: Runtime) {
        self.service = service
        self.runtime = runtime
    }

    func instruments(method: Method, path: String) -> Instruments {
        let labels = ["method": method.rawValue, "route": path]
        return Instruments(
            durations: runtime.metrics.histogram(
                "geartrain_\(service)_http_request_duration_seconds",
                help: "Time from head to answer, by route.", labels: labels),
            answers: (1...5).map { digit in
                runtime.metrics.counter(
                    "geartrain_\(service)_http_answers_total", help: "Answers by route and status.",
                    labels: labels.merging(["status": "\(digit)xx"]) { $1 })
            })
    }

    func now() -> UInt64 { runtime.clock.monotonicNanoseconds() }

    func answered(_ status: Int, since start: UInt64, _ instruments: Instruments) {
        instruments.durations.observe(nanoseconds: now() &- start)
        let digit = status / 100
        if (1...5).contains(digit) { instruments.answers[digit - 1].increment() }
    }

    /// A span for the request, which then goes on from it; supervisors' questions have none.
    func begin(_ request: inout Request, path: String) -> OpenSpan? {
        guard runtime.tracer.isOn, !RouteObserver.untraced.contains(path),
            let span = runtime.tracer.begin(.server, in: request.trace)
        else { return nil }
        request.trace.traceparent = span.traceparent
        return span
    }

    func end(_ span: OpenSpan, _ request: Request, path: String, status: Int) {
        span.end(
            "\(request.method.rawValue) \(path)", error: status >= 500 ? "\(status)" : nil,
            [
                ("http.request.method", .text(request.method.rawValue)),
                ("http.route", .text(path)),
                ("http.response.status_code", .number(status)),
                ("geartrain.request_id", .text(request.trace.requestID)),
            ])
    }

    func failed(_ error: any Error, _ request: Request, path: String) {
        guard !(error is any ProblemConvertible), !(error is CancellationError),
            !(error is ConnectionLost)
        else { return }
        runtime.log.error(
            "a request failed", trace: request.trace,
            ["route": .string(path), "error": .string("\(error)")])
    }
}
