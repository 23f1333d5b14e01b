import HTTP
import JSON
import TestSupport
import Testing

/// API.md §3, line by line.
@Suite(.serialized, .desk) struct `Contract 3, models` {
    /// The example of the contract, with the class that it refers to.
    private static let helpdesk = """
        { "code": "helpdesk", "name": {"en": "Help desk", "de": "Helpdesk"}, "roles": ["agent", "customer"],
          "classes": [
            { "code": "ticket", "name": {"en": "Ticket"}, "describe": "#{id} {subject}", "history": true, "deletion": "logical",
              "columns": [
                {"code": "subject", "type": "text", "required": true, "max": 200},
                {"code": "body", "type": "text", "multiline": true},
                {"code": "status", "type": "choice", "choices": ["new", "open", "waiting", "closed"], "default": "new"},
                {"code": "spent", "type": "decimal", "scale": 2, "min": 0},
                {"code": "due", "type": "datetime"},
                {"code": "customer", "type": "reference", "class": "customer"},
                {"code": "watchers", "type": "account", "many": true},
                {"code": "department", "type": "unit", "structure": "company"},
                {"code": "email", "type": "text"}, {"code": "mail_id", "type": "text", "unique": true},
                {"code": "attachments", "type": "file", "many": true, "maxBytes": 26214400} ],
              "grants": [
                {"role": "agent", "operations": ["read", "insert", "change"], "rows": {"scope": "subtree", "column": "department"}},
                {"role": "customer", "operations": ["read"], "rows": {"scope": "own"}, "columns": ["subject", "status"]} ],
              "prefill": ["subject", "customer"], "webAccess": true },
            { "code": "customer", "columns": [ {"code": "name", "type": "text"} ] } ],
          "queries": [], "rules": [], "scripts": [], "workflows": [], "events": [], "jobs": [],
          "mailboxes": [], "notifications": [], "imports": [], "exports": [], "syncs": [] }
        """

    private func value(_ text: String) throws -> JSONValue {
        try JSONValue(parsing: Array(text.utf8))
    }

    @Test func `the example of the contract is planned, applied and answered as it was put`()
        async throws
    {
        let desk = try SharedDesk.desk
        let document = try value(Self.helpdesk)
        let plan = try await desk.admin.expect(
            200, .post, "/api/models/helpdesk/plan", json: document)
        let operations = try plan.json.array ?? []
        #expect(!operations.isEmpty)
        for operation in operations {
            let members = Set(operation.object?.keys ?? [])
            #expect(
                members.isSuperset(of: ["operation", "kind", "code", "destructive", "detail"]))
        }
        try await desk.admin.expectProblem(404, "not-found", .get, "/api/models/helpdesk")
        let applied = try await desk.admin.expect(
            201, .put, "/api/models/helpdesk", json: document)
        #expect(
            try Set((applied.json["createdRoles"]?.array ?? []).compactMap(\.string))
                == ["agent", "customer"])
        let answered = try await desk.admin.get("/api/models/helpdesk")
        #expect(answered == document)
        // Twice, and what was answered put again, change nothing.
        for body in [document, answered] {
            let again = try await desk.admin.expect(200, .put, "/api/models/helpdesk", json: body)
            #expect(try again.json["changed"] == false)
            let nothing = try await desk.admin.expect(
                200, .post, "/api/models/helpdesk/plan", json: body)
            #expect(try nothing.json == [])
        }
    }

    @Test func `what would destroy data is refused with its count unless it is allowed`()
        async throws
    {
        let desk = try SharedDesk.desk
        func model(_ columns: String) throws -> JSONValue {
            try value(
                """
                {"code": "loss", "name": "L", "roles": ["keeper"], "classes": [{"code": "thing",
                 "webAccess": true, "columns": [\(columns)],
                 "grants": [{"role": "keeper", "operations": ["read", "insert"]}]}]}
                """)
        }
        let (a, b) = (#"{"code": "a", "type": "text"}"#, #"{"code": "b", "type": "text"}"#)
        try await desk.admin.expect(201, .put, "/api/models/loss", json: try model("\(a), \(b)"))
        let role = try await desk.admin.expect(200, .get, "/api/roles/keeper")
        try await desk.admin.expect(
            200, .patch, "/api/roles/keeper", json: ["members": ["anna"]],
            headers: role.headers["ETag"].map { ["If-Match": $0] } ?? [:])
        for text in ["1", "2"] {
            try await desk.anna.post("/api/records/loss/thing", ["b": .string(text)])
        }
        let refused = try await desk.admin.send(
            .put, "/api/models/loss", body: try model(a).bytes)
        #expect(refused.status == 409 && refused.text.contains("2 rows"), "\(refused)")
        #expect(try await desk.anna.get("/api/records/loss/thing/1")["b"] == "1")
        try await desk.admin.expect(
            200, .put, "/api/models/loss?allow=destructive", json: try model(a))
        #expect(try await desk.anna.get("/api/records/loss/thing/1")["b"] == nil)
    }

    @Test func `every column type takes what it is for`() async throws {
        let desk = try SharedDesk.desk
        try await desk.admin.expect(
            201, .put, "/api/models/types",
            json: try value(
                """
                {"code": "types", "name": "T", "roles": ["typist"], "classes": [{"code": "all",
                 "webAccess": true, "columns": [
                  {"code": "t", "type": "text"}, {"code": "i", "type": "integer"},
                  {"code": "d", "type": "decimal", "scale": 3}, {"code": "b", "type": "boolean"},
                  {"code": "day", "type": "date"}, {"code": "at", "type": "datetime"},
                  {"code": "c", "type": "choice", "choices": ["x", "y"]},
                  {"code": "r", "type": "reference", "class": "all"},
                  {"code": "a", "type": "account"}, {"code": "f", "type": "file"},
                  {"code": "u", "type": "unit", "structure": "types"},
                  {"code": "j", "type": "json"}, {"code": "g", "type": "guid"},
                  {"code": "n", "type": "sequence", "format": "N-{number:3}"},
                  {"code": "v", "type": "computed", "value": "=i * 2"},
                  {"code": "many", "type": "integer", "many": true}],
                 "grants": [{"role": "typist", "operations": ["read", "insert"]}]}]}
                """))
        try await desk.admin.expect(
            201, .put, "/api/org-structures/types",
            json: ["name": "T", "kind": "unit", "units": [["code": "one"]]])
        let role = try await desk.admin.expect(200, .get, "/api/roles/typist")
        try await desk.admin.expect(
            200, .patch, "/api/roles/typist", json: ["members": ["anna"]],
            headers: role.headers["ETag"].map { ["If-Match": $0] } ?? [:])
        let values = """
            {"t": "a", "i": -3, "d": 0.125, "b": true, "day": "2026-11-22",
             "at": "2026-11-22T10:15:30.000Z", "c": "y", "a": "victor", "u": "one",
             "j": {"k": [1, null]}, "g": "6f9619ff-8b86-d011-b42d-00c04fc964ff", "many": [3, 1]}
            """
        let body = try value(values)
        let made = try await desk.anna.post("/api/records/types/all", body)
        let record = try await desk.anna.get(
            "/api/records/types/all/\(made["id"]?.integer ?? 0)")
        for (code, value) in body.object?.members ?? [] {
            #expect(record[code] == value, "\(code)")
        }
        #expect(record["n"] == "N-001" && record["v"] == -6)
        #expect(record["f"] == [] && record["r"] == .null)
        let wrong = try value(
            """
            {"t": 1, "i": 1.5, "d": 0.0001, "b": "yes", "day": "x", "at": "x", "c": "z", "r": 99,
             "a": "nobody_here", "u": "two", "g": "x", "n": "N-9", "v": 1, "many": 1}
            """)
        let problem = try await desk.anna.expectProblem(
            422, "validation-failed", .post, "/api/records/types/all", json: wrong)
        let faults = Set((problem["errors"]?.array ?? []).compactMap { $0["pointer"]?.string })
        #expect(faults == Set((wrong.object?.keys ?? []).map { "/\($0)" }))
    }

    @Test func `parent inherits, row scopes and columns narrow, webAccess is off by default`()
        async throws
    {
        let desk = try SharedDesk.desk
        try await desk.admin.expect(
            201, .put, "/api/org-structures/scopes",
            json: [
                "name": "S", "kind": "unit",
                "units": [
                    ["code": "top", "members": ["anna"]],
                    ["code": "low", "parent": "top", "members": ["victor"]],
                ],
            ])
        try await desk.admin.expect(
            201, .put, "/api/models/scopes",
            json: try value(
                """
                {"code": "scopes", "name": "S", "roles": ["maker", "lead", "peer", "owner"],
                 "classes": [
                  {"code": "base", "webAccess": true, "columns": [
                    {"code": "title", "type": "text"}, {"code": "secret", "type": "text"},
                    {"code": "unit", "type": "unit", "structure": "scopes"}],
                   "grants": [
                    {"role": "maker", "operations": ["insert", "read"]},
                    {"role": "lead", "operations": ["read"],
                     "rows": {"scope": "subtree", "column": "unit"}},
                    {"role": "peer", "operations": ["read"], "columns": ["title"],
                     "rows": {"scope": "unit", "column": "unit"}},
                    {"role": "owner", "operations": ["read"], "rows": {"scope": "own"}}]},
                  {"code": "child", "parent": "base", "webAccess": true,
                   "columns": [{"code": "more", "type": "text"}]},
                  {"code": "closed", "grants": [{"role": "maker", "operations": ["read"]}]}]}
                """))
        for (role, members) in [
            ("maker", ["admin"]), ("lead", ["anna"]), ("peer", ["victor"]), ("owner", ["sam"]),
        ] as [(String, [JSONValue])] {
            let old = try await desk.admin.expect(200, .get, "/api/roles/\(role)")
            try await desk.admin.expect(
                200, .patch, "/api/roles/\(role)", json: ["members": .array(members)],
                headers: old.headers["ETag"].map { ["If-Match": $0] } ?? [:])
        }
        for (title, unit) in [("t", "top"), ("l", "low")] {
            try await desk.admin.post(
                "/api/records/scopes/child",
                ["title": .string(title), "secret": "s", "unit": .string(unit), "more": "m"])
        }
        func titles(_ client: APIClient) async throws -> [JSONValue] {
            let page = try await client.get("/api/records/scopes/base?orderby=title")
            return (page["items"]?.array ?? []).map { $0["title"] ?? .null }
        }
        #expect(try await titles(desk.admin) == ["l", "t"])
        #expect(try await titles(desk.anna) == ["l", "t"], "its own unit and those below")
        #expect(try await titles(desk.victor) == ["l"], "its own unit alone")
        #expect(try await titles(desk.sam) == [], "what it created")
        let narrow = try await desk.victor.get("/api/records/scopes/base")["items"]?.array?.first
        #expect(narrow?["title"] == "l" && narrow?["secret"] == nil)
        let child = try await desk.admin.get("/api/records/scopes/child/1")
        #expect(child["title"] == "t" && child["more"] == "m")
        try await desk.admin.expectProblem(404, "not-found", .get, "/api/records/scopes/closed")
    }
}
