import HTTP
import JSON
import TestSupport
import Testing

@Suite(.serialized) struct `Faults at the door` {
    @Test func `a model with several faults is refused with all of them, and nothing is applied`()
        async throws
    {
        let train = Train(.together)
        try await train.start()
        let api = try await train.admin()
        let kept = try await api.get("/api/models/helpdesk")
        guard var document = kept.object else { throw TicketLoop.Wrong("no document") }
        document["classes"] = [
            ["code": "extra", "name": "Extra", "columns": [["code": "x", "type": "colour"]]]
        ]
        document["rules"] = [["code": "r", "class": "extra", "on": "sometimes", "do": []]]
        document["mailboxes"] = [["code": "m", "source": ["kind": "pigeon"], "class": "extra"]]
        document["imports"] = [["code": "i", "class": "nothing", "format": "csv", "columns": []]]
        document["exports"] = []
        document["colour"] = "red"
        let problem = try await api.expectProblem(
            422, "validation-failed", .put, "/api/models/helpdesk", json: .object(document))
        let pointers = problem["errors"]?.array?.compactMap { $0["pointer"]?.string } ?? []
        for part in ["/classes/0", "/rules/0", "/mailboxes/0", "/imports/0/class", "/colour"] {
            #expect(pointers.contains { $0.hasPrefix(part) }, "\(part) of \(pointers)")
        }
        #expect(try await api.get("/api/models/helpdesk") == kept)
        try await api.expectProblem(404, "not-found", .get, "/api/records/helpdesk/extra")

        let again = try await api.expect(200, .put, "/api/models/helpdesk", json: kept)
        #expect(again.status == 200)
        #expect(try await api.get("/api/models/helpdesk") == kept)
        _ = try await train.stop()
    }

    @Test func `a service that is away is a 503 at the door, and queued work goes on`()
        async throws
    {
        let train = Train(.apart)
        try await train.start()
        let api = try await train.admin()
        let loop = TicketLoop(train, api, FolderMail(train), name: "patient")

        try await train.kill("records")
        let answer = try await api.send(.get, "/api/records/helpdesk/ticket")
        #expect(answer.status == 503)
        #expect(answer.headers["Retry-After"] != nil)
        #expect(answer.headers["Content-Type"]?.hasPrefix("application/problem+json") == true)
        try loop.deliver()
        try await train.waitFor("the mail to be staged") {
            try await api.get("/api/mailboxes/support/messages")["items"]?.array?.first?["state"]
                == "staged"
        }
        try train.start("records")
        try await train.waitFor("records to be reached again") {
            try await api.send(.get, "/api/records/helpdesk/ticket").status == 200
        }
        let id = try await loop.ticket()

        try await train.kill("mail")
        try await train.waitFor("mail to be missed") {
            try await api.send(.get, "/api/mail/messages").status == 503
        }
        try train.start("mail")
        let link = try await loop.link()

        try await train.kill("workflow")
        #expect(try await loop.press(link).status == 503)
        try train.start("workflow")
        try await train.waitFor("the link to work again") {
            try await loop.press(link).status == 303
        }
        try await loop.closed(id)
        #expect(loop.asked.count == 1 && loop.told.count == 1)
        #expect(try await loop.instances(id).count == 1)
        _ = try await train.stop()
    }

    @Test func `a mail whose script throws is set aside, and the others go on`() async throws {
        let train = Train(.together)
        try await train.start()
        let api = try await train.admin()
        guard var document = try await api.get("/api/models/helpdesk").object else { return }
        document["scripts"] = [
            [
                "code": "tidy", "timeout": "5s",
                "source": """
                if (/throw/.test(record.subject)) throw new Error('not this one'); \
                if (/spin/.test(record.subject)) for (;;) {} \
                record.subject = record.subject.replace('Re: ', '')
                """,
            ]
        ]
        try await api.expect(200, .put, "/api/models/helpdesk", json: .object(document))
        let world = FolderMail(train)
        let loops = ["throw", "spin", "fine"].map { TicketLoop(train, api, world, name: $0) }
        for loop in loops { try loop.deliver() }
        _ = try await loops[2].ticket()
        try await train.waitFor("two mails set aside") {
            let path = "/api/mailboxes/support/messages?state=quarantined"
            return try await api.get(path)["items"]?.array?.count == 2
        }
        let path = "/api/mailboxes/support/messages?state=quarantined"
        for entry in try await api.get(path)["items"]?.array ?? [] {
            #expect(entry["problem"] != .null && entry["record"] == .null)
            let number = entry["number"]?.integer ?? 0
            let raw = try await api.expect(
                200, .get, "/api/mailboxes/support/messages/\(number)/raw")
            #expect(loops.contains { $0.mail == raw.text })
        }
        for loop in loops[..<2] { #expect(try await loop.tickets().isEmpty) }
        _ = try await train.stop()
    }
}
