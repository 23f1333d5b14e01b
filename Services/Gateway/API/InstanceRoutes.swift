import Contracts
import HTTP
import JSON
import RPC

private typealias Answer = Operation.Answer

/// What people do with instances, their tasks, and drawings.
struct InstanceRoutes: Sendable {
    let workflow: Peer
    let resolver: CodeResolver

    func add(to table: RouteTable) {
        let actions: [(ActOnInstance.Action, String)] = [
            (.cancel, "Ends an instance, with those that it waits for"),
            (.pause, "Begins nothing more until it is resumed; what arrives meanwhile is kept"),
            (.resume, "Goes on, with what arrived meanwhile"),
            (.retry, "Tries every step again that failed"),
        ]
        for (action, summary) in actions {
            table.on(
                .post, "/api/instances/{id:integer}/\(action.rawValue)",
                .holder(of: Permissions.workflowOperate),
                Operation(
                    summary, answers: [Answer(200, "The instance, without steps", "Instance")],
                    isKeptByOwner: true)
            ) { request, caller in
                let call = ActOnInstance(id: try request.id(), action: action)
                return .passed(try await workflow.forward(call, as: request.context(caller)))
            }
        }
        addTasks(to: table)
        addDrawings(to: table)
    }

    private func addTasks(to table: RouteTable) {
        table.on(
            .get, "/api/tasks", .account,
            Operation(
                "The caller's open tasks, oldest first",
                about: "Those of the account, of its roles and of the units that it is in.",
                query: [.limit, .cursor], answers: [Answer(200, "A page of tasks", "TaskList")])
        ) { request, caller in
            let query = try QueryReader(request, ["limit", "cursor"])
            let call = ListTasks(limit: try query.limit(), cursor: query.text("cursor"))
            return .passed(try await workflow.forward(call, as: request.context(caller)))
        }
        table.on(
            .post, "/api/tasks/{id:integer}/complete", .account,
            Operation(
                "Does a task, once",
                about: "A second time is 409, which says who did it. `values` become members of the"
                    + " instance's `values`.",
                body: .json("TaskInput"), answers: [Answer(200, "The task", "Task")],
                isKeptByOwner: true), body: RouteTable.json
        ) { request, caller in
            let problems = ObjectReader.Problems()
            let reader = ObjectReader(try await request.json(), at: "", problems: problems)
            let outcome = reader.string("outcome", required: true) ?? ""
            let values = reader.value("values")
            if let values, values.object == nil, !values.isNull {
                reader.fault("values", "wrong-type", "An object of values.")
            }
            reader.finish()
            if !problems.items.isEmpty { throw Problem.validation(problems.items) }
            let call = CompleteTask(id: try request.id(), outcome: outcome, values: values)
            return .passed(try await workflow.forward(call, as: request.context(caller)))
        }
    }

    private func addDrawings(to table: RouteTable) {
        table.on(
            .get, "/api/workflows/{workflow}/drawing", .holder(of: Permissions.operationsRead),
            Operation(
                "A workflow drawn",
                answers: [Answer(200, "An SVG document", .media(InstanceRoutes.svg))])
        ) { request, caller in
            let code = try await resolver.resolve(
                request.parameters["workflow"] ?? "", .workflows, trace: request.trace)
            return try await drawing(DrawWorkflow(workflow: code), request, caller)
        }
        table.on(
            .get, "/api/instances/{id:integer}/drawing", .holder(of: Permissions.operationsRead),
            Operation(
                "An instance drawn, with where it stands",
                answers: [Answer(200, "An SVG document", .media(InstanceRoutes.svg))])
        ) { request, caller in
            try await drawing(DrawWorkflow(instance: try request.id()), request, caller)
        }
    }

    private static let svg = "image/svg+xml"

    private func drawing(
        _ call: DrawWorkflow, _ request: Request, _ caller: Caller
    ) async throws -> Response {
        let drawing = try await workflow.call(call, as: request.context(caller))
        // The document is opened by itself too: it runs nothing and loads nothing.
        let policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        return Response(
            headers: [
                "Content-Type": InstanceRoutes.svg, "Cache-Control": "no-store",
                "Content-Security-Policy": policy,
            ], body: .bytes(Array(drawing.svg.utf8)))
    }
}
