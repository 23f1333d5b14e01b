import HTTP
import JSON
import ServiceRuntime

private typealias Answer = Operation.Answer

/// What a machine asks of the gateway itself: health, metrics, and the description of the API.
struct PlatformRoutes: Sendable {
    let metrics: Metrics
    let isReady: @Sendable () async -> String?

    func add(to table: RouteTable) {
        table.on(
            .get, "/livez", .anyone(because: "a supervisor has no account"),
            Operation(
                "Whether the process lives",
                answers: [Answer(200, "It does", Operation.Content.media("text/plain"))])
        ) { _, _ in .text("ok\n") }
        table.on(
            .get, "/readyz", .anyone(because: "a supervisor has no account"),
            Operation(
                "Whether it takes requests",
                answers: [Answer(200, "It does", Operation.Content.media("text/plain"))])
        ) { _, _ in
            guard let reason = await isReady() else { return .text("ok\n") }
            throw Problem.unavailable(reason)
        }
        let metrics = metrics
        table.on(
            .get, "/metrics", .anyone(because: "numbers without names; keep it off the internet"),
            Operation(
                "Metrics in the Prometheus text format",
                answers: [Answer(200, "The metrics", Operation.Content.media("text/plain"))])
        ) { _, _ in
            var response = Response.text(metrics.render())
            response.headers["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8"
            return response
        }
        table.on(
            .get, "/openapi.json", .anyone(because: "the description holds no data"),
            Operation(
                "This document",
                answers: [
                    Answer(200, "OpenAPI 3.1", Operation.Content.media("application/json"))
                ])
        ) { _, _ in .json(OpenAPI.document(of: table.entries).bytes) }
    }
}
