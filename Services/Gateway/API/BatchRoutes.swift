import Contracts
import HTTP
import JSON
import RPC

private typealias Answer = Operation.Answer

/// Imports, exports and their runs. Files stream both ways.
struct BatchRoutes: Sendable {
    static let fileLimit = 1 << 30
    private static let run = "/api/runs/{run:integer}"
    static let fileTypes = ["text/csv", "application/octet-stream"]

    let batch: Peer
    let resolver: CodeResolver
    private let operates: Permission = .holder(of: Permissions.batchOperate)

    init(batch: Peer, resolver: CodeResolver) {
        self.batch = batch
        self.resolver = resolver
    }

    func add(to table: RouteTable) {
        table.on(
            .post, "/api/imports/{import}/runs", operates,
            Operation(
                "Imports the file in the body", body: .media("text/csv"),
                answers: [Answer(202, "The run that does it", "RunStarted")], isKeptByOwner: true),
            body: BatchRoutes.fileTypes, bodyLimit: BatchRoutes.fileLimit
        ) { request, caller in try await startImport(request, caller) }
        table.on(
            .post, "/api/exports/{export}/runs", operates,
            Operation(
                "Exports", answers: [Answer(202, "The run that does it", "RunStarted")],
                isKeptByOwner: true)
        ) { request, caller in
            _ = try QueryReader(request, [])
            let code = try await resolver.resolve(
                request.parameters["export"] ?? "", .exports, trace: request.trace)
            let answer = try await batch.forward(
                StartExport(definition: code), as: request.context(caller))
            return .passed(answer, status: 202, headers: BatchRoutes.location(answer))
        }
        addRuns(to: table)
    }

    private func addRuns(to table: RouteTable) {
        table.on(
            .get, BatchRoutes.run, operates,
            Operation("A run with its counters", answers: [Answer(200, "The run", "Run")])
        ) { request, caller in
            let call = GetRun(run: try request.id("run"))
            return .passed(try await batch.forward(call, as: request.context(caller)))
        }
        table.on(
            .post, BatchRoutes.run + "/cancel", operates,
            Operation("Stops a run between two rows", answers: [Answer(200, "The run", "Run")])
        ) { request, caller in
            let call = CancelRun(run: try request.id("run"))
            return .passed(try await batch.forward(call, as: request.context(caller)))
        }
        let file = Operation.Content.media("text/csv")
        table.on(
            .get, BatchRoutes.run + "/file", operates,
            Operation("What an export made", answers: [Answer(200, "The file", file)])
        ) { request, caller in
            let call = GetRunFile(run: try request.id("run"))
            return BatchRoutes.download(
                try await batch.stream(call, body: .empty, as: request.context(caller)))
        }
        table.on(
            .get, BatchRoutes.run + "/errors", operates,
            Operation(
                "The rejected rows, to be mended and imported again",
                answers: [Answer(200, "The rows with their reasons", file)])
        ) { request, caller in
            let call = GetRunErrors(run: try request.id("run"))
            return BatchRoutes.download(
                try await batch.stream(call, body: .empty, as: request.context(caller)))
        }
    }

    private func startImport(_ request: Request, _ caller: Caller) async throws -> Response {
        _ = try QueryReader(request, [])
        let code = try await resolver.resolve(
            request.parameters["import"] ?? "", .imports, trace: request.trace)
        let context = try request.context(caller)
        let answer = try await batch.stream(
            StartImport(definition: code, key: context.idempotencyKey), body: request.body,
            as: context)
        let bytes = try await answer.body.collect(limit: 256 << 10)
        let json = JSONBytes(bytes)
        return .passed(json, status: 202, headers: BatchRoutes.location(json))
    }

    private static func location(_ answer: JSONBytes) -> Headers {
        guard let run = (try? JSONValue(parsing: answer.bytes))?["run"]?.integer else { return [:] }
        return ["Location": "/api/runs/\(run)"]
    }

    private static func download(_ answer: ClientResponse) -> Response {
        var headers: Headers = ["Content-Security-Policy": "sandbox; default-src 'none'"]
        if answer.headers["Content-Disposition"] == nil {
            headers["Content-Disposition"] = "attachment"
        }
        return .passed(answer, headers: headers)
    }
}
