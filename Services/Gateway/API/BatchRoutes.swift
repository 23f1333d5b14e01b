import Contracts
import HTTP
import JSON
import RPC

private typealias Answer = Operation.Answer

/// Imports, exports, synchronizations and their runs. Files stream both ways.
struct BatchRoutes: Sendable {
    static let fileLimit = 1 << 30
    private static let run = "/api/runs/{run:integer}"
    static let fileTypes = [
        "text/csv", "application/json", "application/x-ndjson", "application/xml", "text/xml",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/octet-stream",
    ]
    /// Bytes of a body that may be a wish and no file.
    private static let wordLimit = 256

    private static let plan = Operation.Parameter(
        name: "plan", type: "boolean", about: "true: make a plan and write nothing")

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
                "Imports the file in the body, or plans to (plan=true); {\"source\": true} takes"
                    + " the new files of the import's source",
                query: [BatchRoutes.plan], body: .media("text/csv"),
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
        table.on(
            .post, "/api/syncs/{sync}/runs", operates,
            Operation(
                "Synchronizes", answers: [Answer(202, "The run that does it", "RunStarted")],
                isKeptByOwner: true)
        ) { request, caller in
            _ = try QueryReader(request, [])
            let code = try await resolver.resolve(
                request.parameters["sync"] ?? "", .syncs, trace: request.trace)
            let answer = try await batch.forward(
                StartSync(definition: code), as: request.context(caller))
            return .passed(answer, status: 202, headers: BatchRoutes.location(answer))
        }
        addRuns(to: table)
    }

    private func addRuns(to table: RouteTable) {
        table.on(
            .get, "/api/runs", operates,
            Operation(
                "Runs, newest first",
                query: [
                    .init(
                        name: "kind", about: "import export sync undo",
                        words: ["import", "export", "sync", "undo"]),
                    .init(
                        name: "state", about: "planned running succeeded failed cancelled",
                        words: ["planned", "running", "succeeded", "failed", "cancelled"]),
                    .init(
                        name: "definition", about: "Of what: `model.code`, or a code of any model"),
                    .limit, .cursor,
                ], answers: [Answer(200, "A page of runs", "RunList")])
        ) { request, caller in
            let query = try QueryReader(
                request, ["kind", "state", "definition", "limit", "cursor"])
            let call = ListRuns(
                kind: query.text("kind"), state: query.text("state"),
                definition: query.text("definition"), limit: try query.limit(),
                cursor: query.text("cursor"))
            return .passed(try await batch.forward(call, as: request.context(caller)))
        }
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
        addRest(to: table)
        // In the format of the definition.
        let file = Operation.Content.media("*/*")
        table.on(
            .get, BatchRoutes.run + "/file", operates,
            Operation(
                "What an export made, or an import read", answers: [Answer(200, "The file", file)])
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

    /// What is done with a run, and seen of it.
    private func addRest(to table: RouteTable) {
        let started = [Answer(202, "The run that does it", "RunStarted")]
        table.on(
            .post, BatchRoutes.run + "/apply", operates,
            Operation("Does exactly what the run's plan says, or refuses", answers: started)
        ) { request, caller in
            let call = ApplyRun(run: try request.id("run"))
            let answer = try await batch.forward(call, as: request.context(caller))
            return .passed(answer, status: 202, headers: BatchRoutes.location(answer))
        }
        table.on(
            .post, BatchRoutes.run + "/undo", operates,
            Operation("Takes back what an import did, by a run of its own", answers: started)
        ) { request, caller in
            let call = UndoRun(run: try request.id("run"))
            let answer = try await batch.forward(call, as: request.context(caller))
            return .passed(answer, status: 202, headers: BatchRoutes.location(answer))
        }
        table.on(
            .get, BatchRoutes.run + "/rows", operates,
            Operation(
                "What the run did, or its plan would do, row by row",
                query: [.limit, .cursor],
                answers: [Answer(200, "A page", "RunRows")])
        ) { request, caller in
            let query = try QueryReader(request, ["limit", "cursor"])
            let call = ListRunRows(
                run: try request.id("run"), limit: try query.limit(), cursor: query.text("cursor"))
            return .passed(try await batch.forward(call, as: request.context(caller)))
        }
        table.on(
            .get, BatchRoutes.run + "/log", operates,
            Operation("What happened to the run", answers: [Answer(200, "The lines", "RunLog")])
        ) { request, caller in
            let call = GetRunLog(run: try request.id("run"))
            return .passed(try await batch.forward(call, as: request.context(caller)))
        }
        table.on(
            .get, BatchRoutes.run + "/progress", operates,
            Operation(
                "The run as it goes on (Server-Sent Events), until it ends",
                answers: [Answer(200, "An event each time it moved", .media("text/event-stream"))])
        ) { request, caller in
            let call = WatchRun(run: try request.id("run"))
            return .passed(
                try await batch.stream(call, body: .empty, as: request.context(caller)),
                headers: ["Cache-Control": "no-store"])
        }
    }

    private func startImport(_ request: Request, _ caller: Caller) async throws -> Response {
        let query = try QueryReader(request, ["plan"])
        let plan = try query.flag("plan") ? true : nil
        let code = try await resolver.resolve(
            request.parameters["import"] ?? "", .imports, trace: request.trace)
        let context = try request.context(caller)
        let (isSource, body) = try await BatchRoutes.body(request)
        if isSource {
            let answer = try await batch.forward(
                StartImportFromSource(definition: code), as: context)
            return .passed(answer, status: 202, headers: BatchRoutes.location(answer))
        }
        let answer = try await batch.stream(
            StartImport(definition: code, key: context.idempotencyKey, plan: plan),
            body: body, as: context)
        let bytes = try await answer.body.collect(limit: 256 << 10)
        let json = JSONBytes(bytes)
        return .passed(json, status: 202, headers: BatchRoutes.location(json))
    }

    /// `{"source": true}` asks for the files of the import's source; any other body is the file.
    private static func body(_ request: Request) async throws -> (isSource: Bool, RequestBody) {
        let type = request.headers["Content-Type"] ?? ""
        guard type.hasPrefix("application/json"), let length = request.body.length,
            length <= BatchRoutes.wordLimit
        else { return (false, request.body) }
        let bytes = try await request.body.collect(limit: BatchRoutes.wordLimit)
        let wish: JSONValue = ["source": true]
        return ((try? JSONValue(parsing: bytes)) == wish, RequestBody(bytes))
    }

    private static func location(_ answer: JSONBytes) -> Headers {
        guard let run = (try? JSONValue(parsing: answer.bytes))?["run"]?.integer else { return [:] }
        return ["Location": "/api/runs/\(run)"]
    }

    static func download(_ answer: ClientResponse) -> Response {
        var headers: Headers = ["Content-Security-Policy": "sandbox; default-src 'none'"]
        if answer.headers["Content-Disposition"] == nil {
            headers["Content-Disposition"] = "attachment"
        }
        return .passed(answer, headers: headers)
    }
}
