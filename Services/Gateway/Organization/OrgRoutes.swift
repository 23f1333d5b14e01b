import HTTP
import JSON
import RPC
import ServiceRuntime

private typealias Answer = Operation.Answer

/// `/api/org-structures`. `accounts:write` for all of it.
struct OrgRoutes: Sendable {
    private static let path = "/api/org-structures/{code}"
    /// A structure of the most units has a few megabytes.
    static let bodyLimit = 8 << 20

    let structures: OrgStore
    let authenticator: Authenticator
    let cache: IdentityCache
    let feed: DirectoryFeed
    private let writes: Permission = .holder(of: Permissions.accountsWrite)

    init(
        structures: OrgStore, authenticator: Authenticator, cache: IdentityCache,
        feed: DirectoryFeed
    ) {
        self.structures = structures
        self.authenticator = authenticator
        self.cache = cache
        self.feed = feed
    }

    func add(to table: RouteTable) {
        table.on(
            .get, "/api/org-structures", writes,
            Operation(
                "Organization structures in the order of their codes, without units",
                query: [.limit, .cursor],
                answers: [Answer(200, "A page of structures", "OrgStructureList")])
        ) { request, _ in try await list(request) }
        table.on(
            .get, OrgRoutes.path, writes,
            Operation(
                "One structure with its units and members",
                answers: [Answer(200, "The structure", "OrgStructure")])
        ) { request, _ in
            let code = try AccountInput.code(request.parameters["code"])
            guard let found = try await structures.structure(code) else { throw Problem.notFound() }
            return .json(found, headers: ["ETag": Precondition.tag(found.version)])
        }
        for (method, mode) in [(Method.put, AccountStore.Mode.put), (.patch, .patch)] {
            table.on(
                method, OrgRoutes.path, writes,
                Operation(
                    mode == .put
                        ? "Creates a structure, or replaces it" : "Changes what the body names",
                    body: .json("OrgStructureInput"), needsVersion: true,
                    answers: AccountRoutes.saved("structure", "OrgStructure", mode)),
                body: RouteTable.json, bodyLimit: OrgRoutes.bodyLimit
            ) { request, caller in try await save(request, caller, mode) }
        }
        table.on(
            .delete, OrgRoutes.path, writes,
            Operation(
                "Removes a structure; its units give nobody anything any more",
                needsVersion: true, answers: [Answer(204, "It is gone")])
        ) { request, caller in try await remove(request, caller) }
    }

    private func list(_ request: Request) async throws -> Response {
        try await AccountRoutes.page(request, code: \OrgStructure.code) {
            try await structures.structures(after: $0, limit: $1)
        } write: {
            $0.write(json: &$1, withUnits: false)
        }
    }

    private func save(_ request: Request, _ caller: Caller, _ mode: AccountStore.Mode)
        async throws -> Response
    {
        let code = try AccountInput.code(request.parameters["code"])
        let precondition = try AccountRoutes.precondition(request, mode)
        let input = try OrgStructureInput(
            try await request.json(limit: OrgRoutes.bodyLimit), code: code, isWhole: mode == .put)
        let (structure, created) = try await structures.save(
            code, input, mode: mode, if: precondition,
            by: authenticator.requester(request, caller))
        cache.clear()
        await feed.deliver()
        return .json(
            structure, status: created ? 201 : 200,
            headers: AccountRoutes.headers(request, structure.version, created))
    }

    private func remove(_ request: Request, _ caller: Caller) async throws -> Response {
        let code = try AccountInput.code(request.parameters["code"])
        let version = try Precondition.requiredVersion(request.headers)
        try await structures.remove(
            code, version: version, by: authenticator.requester(request, caller))
        cache.clear()
        await feed.deliver()
        return Response(status: 204)
    }
}
