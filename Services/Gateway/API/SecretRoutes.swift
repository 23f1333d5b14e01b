import Contracts
import HTTP
import JSON
import RPC

private typealias Answer = Operation.Answer

/// `/api/secrets`: what definitions name as `secret:name`. A value goes in and never comes out.
struct SecretRoutes: Sendable {
    let records: Peer
    let audit: Audit
    let authenticator: Authenticator

    func add(to table: RouteTable) {
        let writes: Permission = .holder(of: Permissions.modelsWrite)
        table.on(
            .get, "/api/secrets", writes,
            Operation(
                "The names of the secrets, never a value",
                answers: [Answer(200, "Name and time of the last change", "SecretList")])
        ) { request, caller in
            _ = try QueryReader(request, [])
            return .passed(try await records.forward(ListSecrets(), as: request.context(caller)))
        }
        table.on(
            .put, "/api/secrets/{name}", writes,
            Operation(
                "Puts a secret, which definitions name as `secret:name`", body: .json("Secret"),
                answers: [Answer(204, "It is kept, sealed")]),
            body: RouteTable.json, bodyLimit: 8 * PutSecret.valueLimit
        ) { request, caller in
            _ = try QueryReader(request, [])
            let name = try AccountInput.code(request.parameters["name"])
            let problems = ObjectReader.Problems()
            let body = try await request.json(limit: 8 * PutSecret.valueLimit)
            let reader = ObjectReader(body, at: "", problems: problems)
            let value = reader.string("value", required: true)
            reader.finish()
            guard let value, problems.items.isEmpty else {
                throw Problem.validation(problems.items)
            }
            _ = try await records.call(
                PutSecret(name: name, value: value), as: request.context(caller))
            try await note(.secretPut, name, request, caller)
            return Response(status: 204)
        }
        table.on(
            .delete, "/api/secrets/{name}", writes,
            Operation("Deletes a secret", answers: [Answer(204, "It is gone")])
        ) { request, caller in
            _ = try QueryReader(request, [])
            let name = try AccountInput.code(request.parameters["name"])
            _ = try await records.call(DeleteSecret(name: name), as: request.context(caller))
            try await note(.secretDeleted, name, request, caller)
            return Response(status: 204)
        }
    }

    private func note(
        _ kind: Audit.Kind, _ name: String, _ request: Request, _ caller: Caller
    ) async throws {
        try await audit.write(
            Audit.Entry(kind, name), by: authenticator.requester(request, caller))
    }
}
