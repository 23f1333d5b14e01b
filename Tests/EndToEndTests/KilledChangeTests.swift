import HTTP
import JSON
import TestSupport
import Testing

/// A change of people or organization whose gateway is killed between its commit and its answer:
/// it stands or it does not, never half, and what stands holds everywhere.
@Suite struct `Killed changes of rights` {
    private static let structure: JSONValue = [
        "name": "Company", "kind": "unit", "units": [["code": "it", "members": ["anna"]]],
    ]

    private static let model: JSONValue = [
        "code": "desk", "name": "Desk", "roles": ["clerk"],
        "classes": [
            [
                "code": "note", "webAccess": true,
                "columns": [["code": "unit", "type": "unit", "structure": "company"]],
                "grants": [
                    [
                        "role": "clerk", "operations": ["read", "insert"],
                        "rows": ["scope": "unit", "column": "unit"],
                    ]
                ],
            ]
        ],
    ]

    /// Sends a change, and kills the gateway when its database has changed.
    private func kill(
        _ train: Train, while change: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var watch = CommitWatch(train, "gateway")
            // Its answer is lost, or was there already.
            group.addTask { try? await change() }
            try await eventually("a commit of the gateway") {
                watch.look()
            }
            try await train.kill("gateway")
            try await group.waitForAll()
        }
    }

    private func start(_ services: String..., of train: Train) async throws {
        for service in services {
            try train.start(service)
            try await train.ready(service)
        }
    }

    @Test func `a structure stands whole, and Records decides by it`() async throws {
        let train = Train(.apart, model: nil)
        try await train.start()
        let admin = try await train.visitor.loggedIn("admin", Train.password)
        try await admin.expect(201, .put, "/api/models/desk", json: Self.model)
        try await admin.expect(
            201, .put, "/api/accounts/anna",
            json: ["name": "Anna", "password": .string(Train.password), "roles": ["clerk"]])
        let anna = try await train.visitor.loggedIn("anna", Train.password)
        // Records is away, so that the gateway hangs between its commit and its answer.
        try await train.stop("records")
        try await kill(train) {
            _ = try await admin.send(
                .put, "/api/org-structures/company", body: Self.structure.bytes)
        }
        try await start("records", "gateway", of: train)
        let stands = try await admin.send(.get, "/api/org-structures/company")
        if stands.status == 404 {
            try await admin.expect(201, .put, "/api/org-structures/company", json: Self.structure)
        } else {
            #expect(try stands.json["units"]?.array?.count == 1)
        }
        #expect(try await anna.get("/api/me")["positions"] == ["company/it"])
        try await train.waitFor("Records to know of it") {
            try await anna.send(
                .post, "/api/records/desk/note", body: (["unit": "it"] as JSONValue).bytes
            ).status == 201
        }
        #expect(try await anna.get("/api/records/desk/note?count=true")["count"] == 1)
        _ = try await train.stop()
    }

    @Test func `a password is the old one or the new one, and the old sessions are as it is`()
        async throws
    {
        let train = Train(.apart, model: nil)
        try await train.start()
        let admin = try await train.visitor.loggedIn("admin", Train.password)
        try await admin.expect(
            201, .put, "/api/accounts/anna",
            json: ["name": "Anna", "password": .string(Train.password)])
        let other = try await train.visitor.loggedIn("anna", Train.password)
        let anna = try await train.visitor.loggedIn("anna", Train.password)
        let new = "another quiet heron 6"
        try await kill(train) {
            _ = try await anna.send(
                .post, "/api/password",
                body: (["current": .string(Train.password), "password": .string(new)] as JSONValue)
                    .bytes)
        }
        try await start("gateway", of: train)
        func isGood(_ password: String) async throws -> Bool {
            try await train.visitor.send(
                .post, "/api/sessions",
                body: (["account": "anna", "password": .string(password)] as JSONValue).bytes
            ).status == 201
        }
        let isNew = try await isGood(new)
        #expect(try await isGood(Train.password) == !isNew)
        #expect(try await other.send(.get, "/api/me").status == (isNew ? 401 : 200))
        // The session that changed it goes on either way.
        #expect(try await anna.send(.get, "/api/me").status == 200)
        _ = try await train.stop()
    }
}
