import HTTP
import JSON
import TestSupport
import Testing

/// Mails that need a person, in the one list of all incidents, with every service a process.
@Suite(.serialized) struct `Mail that needs a person` {
    private static let model = """
        {"code": "desk", "name": "Desk", "roles": [],
         "classes": [{"code": "question", "columns": [{"code": "subject", "type": "text"}]}],
         "mailboxes": [{"code": "desk", "source": {"kind": "folder", "path": "desk"},
           "every": "1s", "class": "question", "map": {"subject": "=mail.subject"}}]}
        """

    private let train = Train(.apart)

    private func incidents(_ api: APIClient, _ query: String = "") async throws -> [JSONValue] {
        try await api.get("/api/incidents\(query)")["items"]?.array ?? []
    }

    @Test func `is listed though Workflow and Mail were killed meanwhile, and ends by a person`()
        async throws
    {
        try await train.start()
        TestFile.makeFolder(train.data + "/mail/desk")
        let api = try await train.admin()
        let document = try JSONValue(parsing: Array(Self.model.utf8))
        _ = try await api.expect(201, .put, "/api/models/desk", json: document)
        try await train.kill("workflow")
        for number in 1...2 {
            try TestFile.write(
                "no mail \(number)\n\nat all", to: "\(train.data)/mail/desk/\(number).eml")
        }
        try await train.waitFor("the quarantine") {
            let path = "/api/mailboxes/desk.desk/messages?state=quarantined"
            return try await api.get(path)["items"]?.array?.count == 2
        }
        try await train.kill("mail")
        try train.start("mail")
        try train.start("workflow")
        for service in ["mail", "workflow"] { try await train.ready(service) }
        try await train.waitFor("the incidents") { try await incidents(api).count == 2 }
        let all = try await incidents(api, "?service=mail&kind=quarantined")
        #expect(
            all.map { $0["actions"] } == [["retry", "skip", "close"], ["retry", "skip", "close"]])
        let link = all[0]["link"]?.string ?? ""
        #expect(link.hasPrefix("/api/mailboxes/desk.desk/messages/"))
        #expect(try await api.expect(200, .get, link).text.hasPrefix("no mail"))
        let id = all[0]["id"]?.integer ?? 0

        // It fails anew, and is another one.
        let retried = try await api.expect(200, .post, "/api/incidents/\(id)/retry")
        #expect(try retried.json["resolution"] == "retry")
        #expect(try retried.json["resolvedBy"] == "admin")
        try await train.waitFor("the next") { try await incidents(api).count == 2 }
        _ = try await api.expect(409, .post, "/api/incidents/\(id)/close")
        for incident in try await incidents(api) {
            let id = incident["id"]?.integer ?? 0
            _ = try await api.expect(200, .post, "/api/incidents/\(id)/skip")
        }
        #expect(try await incidents(api).isEmpty)
        let ledger = try await api.get("/api/mailboxes/desk.desk/messages")["items"]?.array ?? []
        #expect(ledger.map { $0["state"] } == ["skipped", "skipped"])
        let resolved = try await incidents(api, "?state=resolved")
        #expect(resolved.map { $0["resolution"] } == ["retry", "skip", "skip"])
        #expect(try await train.stop().allSatisfy { $0 == 0 })
    }
}
