import Contracts
import HTTP
import JSON
import RPC

private typealias Answer = Operation.Answer

/// Events, instances and incidents. The link of a person (`/e/…`) is among the pages.
struct WorkflowRoutes: Sendable {
    let workflow: Peer
    let resolver: CodeResolver

    func add(to table: RouteTable) {
        table.on(
            .post, "/api/events/{event}", .account,
            Operation(
                "Raises an event", body: .json("EventInput"),
                answers: [Answer(202, "How many instances it woke", "EventRaised")],
                isKeptByOwner: true),
            body: RouteTable.json
        ) { request, caller in try await raise(request, caller) }
        table.on(
            .post, "/api/workflows/{workflow}/instances",
            .holder(of: Permissions.workflowOperate),
            Operation(
                "Starts a workflow", body: .json("StartInput"),
                answers: [Answer(201, "The new instance", "Started")], isKeptByOwner: true),
            body: RouteTable.json
        ) { request, caller in try await start(request, caller) }
        addInstances(to: table)
        addIncidents(to: table)
        InstanceRoutes(workflow: workflow, resolver: resolver).add(to: table)
    }

    private func addInstances(to table: RouteTable) {
        table.on(
            .get, "/api/instances", .holder(of: Permissions.operationsRead),
            Operation(
                "Instances of workflows, newest first",
                query: [
                    .init(name: "workflow", about: "`model.workflow`"),
                    .init(name: "record", about: "`model.class/id`"),
                    .init(
                        name: "state", about: "running waiting paused finished cancelled failed"),
                    .limit, .cursor,
                ], answers: [Answer(200, "A page of instances", "InstanceList")])
        ) { request, caller in
            let query = try QueryReader(
                request, ["workflow", "record", "state", "limit", "cursor"])
            let call = ListInstances(
                workflow: query.text("workflow"), record: query.text("record"),
                state: query.text("state"), limit: try query.limit(),
                cursor: query.text("cursor"))
            return .passed(try await workflow.forward(call, as: request.context(caller)))
        }
        table.on(
            .get, "/api/instances/{id:integer}", .holder(of: Permissions.operationsRead),
            Operation(
                "One instance with its steps", answers: [Answer(200, "The instance", "Instance")])
        ) { request, caller in
            let call = GetInstance(id: try request.id())
            return .passed(try await workflow.forward(call, as: request.context(caller)))
        }
    }

    private func addIncidents(to table: RouteTable) {
        table.on(
            .get, "/api/incidents", .holder(of: Permissions.operationsRead),
            Operation(
                "What needs a person, oldest first",
                query: [
                    .init(
                        name: "state", about: "open, where nothing is said",
                        words: ListIncidents.State.allCases.map(\.rawValue)),
                    .init(
                        name: "kind",
                        about: "step rule action loop job reminder quarantined uncertain"
                            + " undelivered dead-letter"),
                    .init(name: "service", about: "workflow mail records batch"),
                    .init(name: "record", about: "`model.class/id`"), .limit, .cursor,
                ],
                answers: [Answer(200, "A page of incidents", "IncidentList")])
        ) { request, caller in
            let query = try QueryReader(
                request, ["state", "kind", "service", "record", "limit", "cursor"])
            let state = try query.word(
                "state", of: ListIncidents.State.allCases.map(\.rawValue))
            let call = ListIncidents(
                state: state.flatMap(ListIncidents.State.init(rawValue:)),
                kind: query.text("kind"), service: query.text("service"),
                record: query.text("record"), limit: try query.limit(),
                cursor: query.text("cursor"))
            return .passed(try await workflow.forward(call, as: request.context(caller)))
        }
        let actions: [(ResolveIncident.Action, String)] = [
            (.retry, "Tries the failed work again"), (.skip, "Goes on without it"),
            (.close, "Gives it up"),
        ]
        for (action, summary) in actions {
            table.on(
                .post, "/api/incidents/{id:integer}/\(action.rawValue)",
                .holder(of: Permissions.workflowOperate),
                Operation(summary, answers: [Answer(200, "The incident", "Incident")])
            ) { request, caller in
                let call = ResolveIncident(id: try request.id(), action: action)
                return .passed(try await workflow.forward(call, as: request.context(caller)))
            }
        }
    }

    /// `scope` may be left out: then it is the instance or workflow that the body names, or all.
    private func raise(_ request: Request, _ caller: Caller) async throws -> Response {
        let problems = ObjectReader.Problems()
        let reader = ObjectReader(try await request.json(), at: "", problems: problems)
        let instance = reader.integer("instance", in: 1 ... .max)
        let name = reader.string("workflow")
        let implied = instance != nil ? "instance" : name != nil ? "workflow" : "all"
        let word = reader.word("scope", of: ["instance", "workflow", "all"], default: implied)
        let scope = word.flatMap(RaiseEvent.Scope.init(rawValue:)) ?? .all
        let key = reader.value("key")
        let payload = reader.value("payload")
        if scope == .instance, instance == nil {
            reader.fault("instance", "required", "The scope instance needs one.")
        }
        if scope == .workflow, name == nil {
            reader.fault("workflow", "required", "The scope workflow needs one.")
        }
        reader.finish()
        if !problems.items.isEmpty { throw Problem.validation(problems.items) }
        let event = try await resolver.resolve(
            request.parameters["event"] ?? "", .events, trace: request.trace)
        let call = RaiseEvent(
            event: event, scope: scope, instance: instance, workflow: name, key: key,
            payload: payload)
        return .passed(
            try await workflow.forward(call, as: request.context(caller)), status: 202)
    }

    private func start(_ request: Request, _ caller: Caller) async throws -> Response {
        let problems = ObjectReader.Problems()
        let reader = ObjectReader(try await request.json(), at: "", problems: problems)
        let record = reader.integer("record", in: 1 ... .max)
        let values = reader.value("values")
        if let values, values.object == nil, !values.isNull {
            reader.fault("values", "wrong-type", "An object of values.")
        }
        reader.finish()
        if !problems.items.isEmpty { throw Problem.validation(problems.items) }
        let code = try await resolver.resolve(
            request.parameters["workflow"] ?? "", .workflows, trace: request.trace)
        let call = StartWorkflow(workflow: code, values: values, record: record)
        let answer = try await workflow.forward(call, as: request.context(caller))
        var headers: Headers = [:]
        if let id = RecordRoutes.head(of: answer).id {
            headers["Location"] = "/api/instances/\(id)"
        }
        return .passed(answer, status: 201, headers: headers)
    }
}
