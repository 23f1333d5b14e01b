import HTTP
import JSON
import TestSupport
import Testing

/// Answers to our mails, over the folder mailbox, with every service real.
@Suite(.serialized) struct `Mail that is answered` {
    private static let model = """
        {"code": "desk", "name": "Desk", "roles": ["clerk"],
         "classes": [{"code": "question", "webAccess": true, "columns": [
            {"code": "subject", "type": "text"}, {"code": "email", "type": "text"},
            {"code": "replies", "type": "integer", "default": 0},
            {"code": "status", "type": "text"}],
          "grants": [{"role": "clerk", "operations": ["read"]}]}],
         "events": [{"code": "answered"}],
         "mailboxes": [{"code": "desk", "source": {"kind": "folder", "path": "desk"},
           "every": "1s", "class": "question", "after": {"move": "desk-done"},
           "map": {"subject": "=mail.subject", "email": "=mail.from.address"},
           "onReply": {"set": {"replies": "=record.replies + 1"}, "event": "answered"}}],
         "notifications": [{"code": "got", "subject": "We have it", "text": "Wait."}],
         "rules": [
          {"code": "first", "class": "question", "on": "inserted", "do": [
            {"workflow": "listen"}, {"mail": {"notification": "got", "to": "=record.email"}}]},
          {"code": "again", "class": "question", "on": "changed",
           "when": "=record.replies > previous.replies && record.email.startsWith('machine')",
           "do": [{"mail": {"notification": "got", "to": "=record.email"}}]}],
         "workflows": [{"code": "listen", "class": "question", "start": "wait", "steps": [
          {"code": "wait", "kind": "event", "event": "answered", "next": "note"},
          {"code": "note", "kind": "change", "next": "end",
           "set": {"status": "='said ' + event.payload.text.trim()"}},
          {"code": "end", "kind": "end"}]}]}
        """

    private let train = Train(.together)

    private func start() async throws -> APIClient {
        try await train.start()
        TestFile.makeFolder(train.data + "/mail/desk")
        let api = try await train.admin()
        let document = try JSONValue(parsing: Array(Self.model.utf8))
        _ = try await api.expect(201, .put, "/api/models/desk", json: document)
        let role = try await api.expect(200, .get, "/api/roles/clerk")
        _ = try await api.expect(
            200, .patch, "/api/roles/clerk", json: ["members": ["admin"]],
            headers: ["If-Match": role.headers["ETag"] ?? ""])
        return api
    }

    private func deliver(_ name: String, from address: String, answering id: String? = nil) throws {
        let answered = id.map { "In-Reply-To: \($0)\r\n" } ?? ""
        try TestFile.write(
            """
            From: <\(address)>\r
            To: desk@example.org\r
            Subject: \(name)\r
            Date: Sun, 22 Nov 2026 10:15:30 +0100\r
            Message-ID: <\(name)@client.test>\r
            \(answered)\r
            yes\r\n
            """, to: "\(train.data)/mail/desk/\(name).eml")
    }

    /// The Message-IDs of our mails to an address, in no order.
    private func sent(to address: String) -> [String] {
        FolderMail(train).mails(to: address).compactMap { SentMail($0).header("Message-ID") }
    }

    private func questions(_ api: APIClient) async throws -> [JSONValue] {
        try await api.get("/api/records/desk/question")["items"]?.array ?? []
    }

    private func ledger(_ api: APIClient) async throws -> [JSONValue] {
        try await api.get("/api/mailboxes/desk.desk/messages")["items"]?.array ?? []
    }

    @Test func `an answer goes on with its record's workflow and makes no second record`()
        async throws
    {
        let api = try await start()
        try deliver("ask", from: "mara@client.test")
        try await train.waitFor("our mail") { sent(to: "mara@client.test").count == 1 }
        try deliver(
            "answer", from: "stranger@client.test", answering: sent(to: "mara@client.test")[0])
        try await train.waitFor("the workflow") {
            try await questions(api).first?["status"] == "said yes"
        }
        let question = try await questions(api)
        #expect(question.count == 1 && question[0]["replies"] == 1)
        let id = question[0]["id"]?.integer ?? 0
        let newest = try await ledger(api).first
        #expect(newest?["reply"] == true && newest?["record"] == .string("desk.question/\(id)"))
        // Who wrote it gains nothing: the change is the mailbox's.
        let history = try await api.get("/api/records/desk/question/\(id)/history")
        #expect(history["items"]?.array?.dropFirst().first?["account"] == "mailbox:desk")
        let events = try await api.get("/api/events?event=desk.answered")["items"]?.array ?? []
        #expect(events.map { $0["state"] } == ["taken"])
        let firings = try await api.get("/api/firings?class=desk.question&record=\(id)")
        #expect(firings["items"]?.array?.map { $0["rule"] } == ["desk.first"])
        #expect(try await train.stop().allSatisfy { $0 == 0 })
    }

    @Test func `a machine that answers every mail without a mark is stopped, others are not`()
        async throws
    {
        let api = try await start()
        let machine = "machine@client.test"
        try deliver("begin", from: machine)
        var answered: Set<String> = []
        try await train.waitFor("the loop to be stopped", within: .seconds(60)) {
            for id in sent(to: machine) where answered.insert(id).inserted {
                try deliver("answer\(answered.count)", from: machine, answering: id)
            }
            return try await ledger(api).contains { $0["state"] == "quarantined" }
        }
        let stopped = try await ledger(api).first
        #expect(stopped?["problem"]?["type"] == "/problems/loop")
        #expect(stopped?["problem"]?["cycle"]?.array?.count == 5)
        // Mail tells Workflow of it in its own time.
        var incidents: [JSONValue] = []
        try await train.waitFor("the incident") {
            incidents = try await api.get("/api/incidents")["items"]?.array ?? []
            return !incidents.isEmpty
        }
        #expect(incidents.map { [$0["service"], $0["kind"]] } == [["mail", "loop"]])
        #expect(incidents.first?["cycle"]?.array?.count == 5)
        #expect(try await questions(api).map { $0["replies"] } == [5])
        #expect(sent(to: machine).count == 6)
        try deliver("person", from: "mara@client.test")
        try await train.waitFor("the other") { sent(to: "mara@client.test").count == 1 }
        #expect(sent(to: machine).count == 6)
        #expect(try await train.stop().allSatisfy { $0 == 0 })
    }
}
