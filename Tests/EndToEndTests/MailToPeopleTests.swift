import HTTP
import JSON
import TestSupport
import Testing

/// A mail to people instead of addresses, with a record's file, and what it will look like, with
/// every service real.
@Suite(.serialized) struct `Mail to people` {
    private static let model = """
        {"code": "desk", "name": "Desk", "roles": ["clerk"],
         "classes": [{"code": "question", "webAccess": true, "columns": [
            {"code": "subject", "type": "text"}, {"code": "files", "type": "file", "many": true}],
          "grants": [{"role": "clerk", "operations": ["read", "insert", "change"]}]}],
         "events": [{"code": "seen", "web": true}],
         "notifications": [{"code": "new",
            "subject": {"en": "New: {{record.subject}}", "cs": "Nový"},
            "text": "Press: {{link('seen')}}", "html": "<b>{{record.subject}}</b>"}],
         "distributionGroups": [
            {"code": "office", "members": ["role:clerk", "outside@example.org"]}]}
        """

    private let train = Train(.together)

    @Test func `a distribution group, a file and a preview`() async throws {
        try await train.start()
        let api = try await train.admin()
        _ = try await api.expect(
            201, .put, "/api/models/desk", json: JSONValue(parsing: Array(Self.model.utf8)))
        // What is put is what is there.
        #expect(
            try await api.get("/api/models/desk")["distributionGroups"]?.array?.first?["code"]
                == "office")
        _ = try await api.expect(
            201, .put, "/api/accounts/mara", json: ["name": "Mara", "email": "mara@example.org"])
        let role = try await api.expect(200, .get, "/api/roles/clerk")
        _ = try await api.expect(
            200, .patch, "/api/roles/clerk", json: ["members": ["admin", "mara"]],
            headers: ["If-Match": role.headers["ETag"] ?? ""])
        let record = try await api.post("/api/records/desk/question", ["subject": "a < b"])
        let id = record["id"]?.integer ?? 0
        let stored = try await api.send(
            .put, "/api/records/desk/question/\(id)/files/files/a.txt", body: Array("hello".utf8),
            type: "text/plain", headers: ["If-Match": "\"1\""])
        #expect(stored.status == 200 || stored.status == 201)

        let preview = try await api.post(
            "/api/notifications/desk.new/preview", ["record": .string("desk.question/\(id)")],
            status: 200)
        #expect(preview["subject"] == "New: a < b")
        #expect(preview["html"] == "<b>a &lt; b</b>")
        #expect(preview["text"]?.string?.contains("/e/preview") == true)
        let czech = try await api.post(
            "/api/notifications/desk.new/preview",
            ["record": .string("desk.question/\(id)"), "language": "cs"], status: 200)
        #expect(czech["subject"] == "Nový")
        // As it is typed, whatever stands.
        let typed = try await api.post(
            "/api/notifications/desk.fresh/preview",
            [
                "record": .string("desk.question/\(id)"),
                "definition": ["code": "fresh", "subject": "{{record.subject}}!", "text": "x"],
            ], status: 200)
        #expect(typed["subject"] == "a < b!")
        let wrong = try await api.expectProblem(
            422, "validation-failed", .post, "/api/notifications/desk.fresh/preview",
            json: ["definition": ["code": "fresh", "subject": "x"]])
        #expect(wrong["errors"]?.array?.first?["pointer"] == "/definition/text")

        let file = "desk.question/\(id)/files/a.txt"
        let body: JSONValue = [
            "to": ["group:desk.office"], "subject": "look", "text": "x",
            "attachments": [["file": .string(file)]],
        ]
        // The directory reaches Workflow a moment after the role was given.
        try await train.waitFor("the mail to be taken") {
            try await api.send(.post, "/api/mail/messages", body: body.bytes).status == 202
        }
        try await train.waitFor("the mail to mara") {
            FolderMail(train).mails(to: "mara@example.org").count == 1
        }
        let mail = try #require(FolderMail(train).mails(to: "outside@example.org").first)
        #expect(SentMail(mail).header("To")?.contains("Mara <mara@example.org>") == true)
        #expect(mail.contains("aGVsbG8="))
        #expect(mail.contains("filename=a.txt") || mail.contains("filename=\"a.txt\""))
        #expect(try await train.stop().allSatisfy { $0 == 0 })
    }
}
