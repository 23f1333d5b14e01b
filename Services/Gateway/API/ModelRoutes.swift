import Contracts
import HTTP
import JSON
import RPC

private typealias Answer = Operation.Answer

/// `/api/models`: definitions as documents.
struct ModelRoutes: Sendable {
    let records: Peer
    let applier: ModelApplier
    let authenticator: Authenticator

    func add(to table: RouteTable) {
        let writes: Permission = .holder(of: Permissions.modelsWrite)
        table.on(
            .get, "/api/models", writes,
            Operation("The models", answers: [Answer(200, "Code, name, version", "ModelList")])
        ) { request, caller in
            _ = try QueryReader(request, [])
            return .passed(try await records.forward(ListModels(), as: request.context(caller)))
        }
        table.on(
            .get, "/api/models/{model}", writes,
            Operation(
                "The definition of a model, as it was put",
                answers: [Answer(200, "The document", "Model")])
        ) { request, caller in
            _ = try QueryReader(request, [])
            let code = try AccountInput.code(request.parameters["model"])
            return .passed(
                try await records.forward(GetModel(code: code), as: request.context(caller)))
        }
        table.on(
            .put, "/api/models/{model}", writes,
            Operation(
                "Applies a definition: all services or none",
                query: [
                    .init(
                        name: "allow", about: "`destructive` lets it remove classes and columns")
                ], body: .json("Model"),
                answers: [
                    Answer(200, "Applied; unchanged where it was the same", "ModelApplied"),
                    Answer(201, "Applied for the first time", "ModelApplied"),
                ]), body: RouteTable.json, bodyLimit: ModelApplier.documentLimit
        ) { request, caller in try await put(request, caller) }
        table.on(
            .post, "/api/models/{model}/plan", writes,
            Operation(
                "What applying a definition would do; nothing is changed", body: .json("Model"),
                answers: [
                    Answer(200, "In order; empty where it is what stands", "ModelPlan")
                ]), body: RouteTable.json, bodyLimit: ModelApplier.documentLimit
        ) { request, caller in
            _ = try QueryReader(request, [])
            let code = try AccountInput.code(request.parameters["model"])
            let document = try await request.jsonBytes(limit: ModelApplier.documentLimit)
            return .passed(
                try await applier.plan(code, document, as: request.context(caller)))
        }
        addViews(to: table)
    }

    private func addViews(to table: RouteTable) {
        table.on(
            .get, "/api/views", .account,
            Operation(
                "API views of the classes that the caller may read; of all for who writes models",
                answers: [Answer(200, "Name, columns and state of each", "ViewList")])
        ) { request, caller in
            _ = try QueryReader(request, [])
            return .passed(try await records.forward(ListViews(), as: request.context(caller)))
        }
        table.on(
            .post, "/api/views/{model}/{class}/rebuild", .holder(of: Permissions.modelsWrite),
            Operation(
                "Makes an API view again, in place of what another program made of it",
                answers: [Answer(200, "The view as it stands now", "View")])
        ) { request, caller in
            _ = try QueryReader(request, [])
            let call = RebuildView(try request.fullCode("class"))
            return .passed(try await records.forward(call, as: request.context(caller)))
        }
    }

    private func put(_ request: Request, _ caller: Caller) async throws -> Response {
        let parameters = try QueryReader(request, ["allow"])
        let allow = parameters.text("allow")
        guard allow == nil || allow == "destructive" else {
            throw Problem.invalidParameter("allow takes only destructive.")
        }
        let code = try AccountInput.code(request.parameters["model"])
        let document = try await request.jsonBytes(limit: ModelApplier.documentLimit)
        let applied = try await applier.apply(
            code, document, allowDestructive: allow != nil,
            by: authenticator.requester(request, caller), as: request.context(caller))
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("code")
        writer.string(code)
        writer.key("version")
        writer.integer(applied.model.version)
        writer.key("created")
        writer.boolean(applied.model.created)
        writer.key("changed")
        writer.boolean(applied.model.changed)
        writer.key("pending")
        writer.strings(applied.model.pending)
        writer.key("createdRoles")
        writer.strings(applied.createdRoles)
        writer.endObject()
        return .json(writer.bytes, status: applied.model.created ? 201 : 200)
    }
}
