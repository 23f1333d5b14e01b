import HTTP
import JSON
import TestSupport
import Testing

/// The main job of the sample, as `geartrain` and as five executables, must leave the same.
@Suite(.serialized) struct `The train runs` {
    @Test(arguments: Train.Formation.allCases)
    func `a mail becomes a ticket, waits for its link, is closed, and the audit shows it`(
        formation: Train.Formation
    ) async throws {
        let train = Train(formation)
        try await train.start()
        let api = try await train.admin()
        let loop = TicketLoop(train, api, FolderMail(train), name: "first")
        try loop.deliver()

        let id = try await loop.ticket()
        let ticket = try await api.get("/api/records/helpdesk/ticket/\(id)")
        #expect(ticket["subject"] == .string(loop.subject))
        #expect(ticket["email"] == .string(loop.address))
        #expect(ticket["mail_id"]?.string?.contains("first@client.test") == true)
        #expect(ticket["status"] == "new")
        #expect(ticket["creator"] == "mailbox:support")
        try await attachmentShows(loop, ticket)

        let link = try await loop.link()
        try await showsAndActs(train, loop, link, ticket: id)
        try await loop.closed(id)
        #expect(loop.asked.count == 1 && loop.told.count == 1)
        #expect(loop.told.first?.body.contains("is closed") == true)
        try await auditShows(loop, ticket: id)
        try await historyShows(loop, ticket: id)
        #expect(TestFile.names(in: train.data + "/mail/in").isEmpty)
        #expect(TestFile.names(in: train.data + "/mail/done").count == 1)
        #expect(try await api.get("/api/incidents")["items"]?.array?.isEmpty == true)
        #expect(try await train.stop().allSatisfy { $0 == 0 })
    }

    /// What the mail had attached is a file of the ticket.
    private func attachmentShows(_ loop: TicketLoop, _ ticket: JSONValue) async throws {
        let file = ticket["attachments"]?.array?.first
        #expect(file?["name"] == "the fire.png")
        #expect(file?["type"] == "image/png")
        #expect(file?["bytes"] == 5)
        let path = "/api/records/helpdesk/ticket/\(ticket["id"]?.integer ?? 0)/files/attachments"
        let answer = try await loop.api.expect(200, .get, path + "/the%20fire.png")
        #expect(answer.text == loop.attachment)
        #expect(answer.headers["Content-Type"] == "image/png")
        #expect(answer.headers["X-Content-Type-Options"] == "nosniff")
        #expect(answer.headers["Content-Security-Policy"]?.contains("sandbox") == true)
        #expect(answer.headers["Content-Disposition"]?.hasPrefix("attachment") == true)
    }

    /// GET changes nothing, POST acts, a second POST tells who did it.
    private func showsAndActs(
        _ train: Train, _ loop: TicketLoop, _ link: String, ticket id: Int64
    ) async throws {
        for _ in 0..<2 {
            let page = try await train.visitor.expect(200, .get, link)
            #expect(page.text.contains("<form"))
        }
        // What looks at mails before people do opens, asks for the head, and fetches ahead.
        try await train.visitor.expect(200, .head, link)
        try await train.visitor.expect(200, .get, link, headers: ["Sec-Purpose": "prefetch"])
        let before = try await loop.api.get("/api/records/helpdesk/ticket/\(id)")
        #expect(before["status"] == "new")
        // The mail may be there before the instance has said that it waits.
        try await eventually("the instance waits") {
            let states = try await loop.instances(id).map { $0["state"] }
            return states == ["waiting"]
        }

        let first = try await loop.press(link)
        #expect(first.status == 303)
        let second = try await loop.press(link)
        #expect(second.status == 303)
        let used = try await train.visitor.expect(200, .get, link)
        #expect(!used.text.contains("<form"))
        try await train.visitor.expect(404, .get, link + "x")
    }

    private func auditShows(_ loop: TicketLoop, ticket id: Int64) async throws {
        try await loop.train.waitFor("both mails to be sent") {
            try await loop.audit(id).allSatisfy { $0["state"] == "sent" }
        }
        let mails = try await loop.audit(id)
        #expect(mails.count == 2)
        for mail in mails {
            let number = mail["id"]?.integer ?? 0
            let full = try await loop.api.get("/api/mail/messages/\(number)")
            let recipients = full["recipients"]?.array ?? []
            #expect(recipients.map { $0["address"] } == [.string(loop.address)])
            #expect(recipients.map { $0["state"] } == ["sent"])
            #expect(full["attempts"]?.array?.count == 1)
            let raw = try await loop.api.expect(200, .get, "/api/mail/messages/\(number)/raw")
            let sent = loop.world.mails(to: loop.address)
            #expect(sent.contains(raw.text))
        }
        let intake = try await loop.api.get("/api/mailboxes/support/messages")
        #expect(intake["items"]?.array?.map { $0["state"] } == ["done"])
        #expect(intake["items"]?.array?.first?["record"] == .string("helpdesk.ticket/\(id)"))
    }

    private func historyShows(_ loop: TicketLoop, ticket id: Int64) async throws {
        let path = "/api/records/helpdesk/ticket/\(id)/history"
        let history = try await loop.api.get(path)["items"]?.array ?? []
        #expect(history.map { $0["operation"] } == ["insert", "change"])
        #expect(history.map { $0["door"] } == ["mail", "workflow"])
        #expect(history.map { $0["account"] } == ["mailbox:support", "workflow:handle_ticket"])
        let change = history.last?["changes"]?.array?.first
        #expect(change?["column"] == "status")
        #expect(change?["old"] == "new" && change?["new"] == "closed")

        let instances = try await loop.instances(id)
        #expect(instances.map { $0["state"] } == ["finished"])
        let number = instances.first?["id"]?.integer ?? 0
        let steps = try await loop.api.get("/api/instances/\(number)")["steps"]?.array ?? []
        #expect(steps.map { $0["step"] } == ["ask", "answer", "close", "tell", "end"])
        #expect(steps.allSatisfy { $0["state"] == "done" })
    }
}
