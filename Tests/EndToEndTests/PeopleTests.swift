import HTTP
import JSON
import TestSupport
import Testing

/// People, roles and organization over the real services: what they may is what the gateway says,
/// from the next request on.
@Suite struct People {
    private static let notes = "/api/records/desk/note"

    private static let model: JSONValue = [
        "code": "desk", "name": "Desk", "roles": ["clerk"],
        "classes": [
            [
                "code": "note", "name": "Note", "webAccess": true,
                "columns": [
                    ["code": "subject", "type": "text", "required": true],
                    ["code": "department", "type": "unit", "structure": "company"],
                ],
                "grants": [
                    [
                        "role": "clerk", "operations": ["read", "insert", "change"],
                        "rows": ["scope": "subtree", "column": "department"],
                    ]
                ],
            ]
        ],
    ]

    /// A train with the model, anna in `it`, bob in `support` below it, and a note in each; nobody
    /// else has anything.
    private func desk() async throws -> (train: Train, admin: APIClient) {
        let train = Train(.together, model: nil)
        try await train.start()
        let admin = try await train.visitor.loggedIn("admin", Train.password)
        for account in ["anna", "bob"] {
            try await admin.expect(
                201, .put, "/api/accounts/\(account)",
                json: [
                    "name": .string(account), "email": .string("\(account)@example.org"),
                    "password": .string(Train.password),
                ])
        }
        try await admin.expect(
            201, .put, "/api/org-structures/company", json: People.company(["bob"]))
        try await admin.expect(201, .put, "/api/models/desk", json: People.model)
        let role = try await admin.expect(200, .get, "/api/roles/clerk")
        try await admin.expect(
            200, .patch, "/api/roles/clerk", json: ["members": ["anna", "bob"]],
            headers: role.headers["ETag"].map { ["If-Match": $0] } ?? [:])
        let anna = try await train.visitor.loggedIn("anna", Train.password)
        for department in ["it", "support"] {
            try await anna.post(
                People.notes,
                ["subject": .string("of \(department)"), "department": .string(department)])
        }
        return (train, admin)
    }

    private static func company(_ support: [JSONValue], until: JSONValue = nil) -> JSONValue {
        [
            "name": "Company", "kind": "unit",
            "units": [
                ["code": "it", "parent": nil, "members": ["anna"]],
                [
                    "code": "support", "parent": "it", "members": .array(support),
                    "until": until,
                ],
            ],
        ]
    }

    private func subjects(_ client: APIClient) async throws -> [String] {
        let page = try await client.get(People.notes + "?orderby=subject")
        return (page["items"]?.array ?? []).compactMap { $0["subject"]?.string }
    }

    private func put(_ admin: APIClient, _ structure: JSONValue) async throws {
        let path = "/api/org-structures/company"
        let tag = try await admin.expect(200, .get, path).headers["ETag"]
        try await admin.expect(
            200, .put, path, json: structure, headers: tag.map { ["If-Match": $0] } ?? [:])
    }

    @Test func `each sees what unit and role allow, from the next request on, and explain agrees`()
        async throws
    {
        let (train, admin) = try await desk()
        let anna = try await train.visitor.loggedIn("anna", Train.password)
        let bob = try await train.visitor.loggedIn("bob", Train.password)
        #expect(try await subjects(anna) == ["of it", "of support"])
        #expect(try await subjects(bob) == ["of support"])
        #expect(try await bob.get("/api/me")["positions"] == ["company/support"])
        let outside = try await bob.send(
            .post, People.notes,
            body: (["subject": "x", "department": "it"] as JSONValue).bytes)
        #expect(outside.status == 403, "\(outside)")
        func mayRead(_ account: String, _ record: Int) async throws -> JSONValue? {
            try await admin.get(
                "/api/explain?account=\(account)&class=desk.note&operation=read&record=\(record)")[
                    "allowed"]
        }
        #expect(try await mayRead("bob", 1) == false)
        #expect(try await mayRead("bob", 2) == true)
        #expect(try await mayRead("anna", 1) == true)
        let who = try await admin.get("/api/explain?class=desk.note&operation=read&record=1")
        #expect((who["items"]?.array ?? []).map { $0["account"] } == ["anna"])

        try await put(admin, People.company([]))
        #expect(try await subjects(bob) == [])
        #expect(try await mayRead("bob", 2) == false)
        try await put(admin, People.company(["bob"], until: "2001-01-01"))
        #expect(try await subjects(bob) == [])
        try await put(admin, People.company(["bob"]))
        #expect(try await subjects(bob) == ["of support"])

        let role = try await admin.expect(200, .get, "/api/roles/clerk")
        try await admin.expect(
            200, .patch, "/api/roles/clerk", json: ["disabledModels": ["desk"]],
            headers: role.headers["ETag"].map { ["If-Match": $0] } ?? [:])
        try await anna.expectProblem(404, "not-found", .get, People.notes)
        _ = try await train.stop()
    }

    @Test func `a mailed link sets a password, and nobody reads that mail in the audit`()
        async throws
    {
        let (train, admin) = try await desk()
        let bob = try await train.visitor.loggedIn("bob", Train.password)
        try await train.visitor.expect(
            202, .post, "/api/password/forgotten", json: ["account": "bob"])
        try await train.waitFor("the mail to be written") {
            let mails = try await admin.get("/api/mail/messages?address=bob@example.org")
            return mails["items"]?.array?.first?["state"] == "sent"
        }
        let mails = try await admin.get("/api/mail/messages?address=bob@example.org")
        let mail = try #require(mails["items"]?.array?.first)
        let id = try #require(mail["id"]?.integer)
        let raw = try await admin.send(.get, "/api/mail/messages/\(id)/raw")
        #expect(raw.status == 409, "\(raw)")
        let resent = try await admin.send(.post, "/api/mail/messages/\(id)/resend")
        #expect(resent.status == 409, "\(resent)")
        let name = (mail["messageId"]?.string ?? "").dropFirst().dropLast()
        let text = TestFile.text("\(train.data)/mail/out/\(name).eml") ?? ""
        let link = try #require(
            text.split(whereSeparator: \.isNewline).first {
                $0.contains("/reset/")
            })
        let token = try #require(link.split(separator: "/").last)
        let body: JSONValue = ["token": .string(String(token)), "password": "a fresh password"]
        try await train.visitor.expect(204, .post, "/api/password/reset", json: body)
        try await train.visitor.expectProblem(
            410, "expired", .post, "/api/password/reset", json: body)
        try await bob.expectProblem(401, "unauthenticated", .get, "/api/me")
        let again = try await train.visitor.loggedIn("bob", "a fresh password")
        #expect(try await subjects(again) == ["of support"])
        _ = try await train.stop()
    }
}
