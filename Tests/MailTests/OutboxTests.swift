import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Mail

/// What callers ask of outgoing mail.
@Suite struct OutboxTests {
    @Test func `without a server mails become files, and the audit shows them`() async throws {
        let bench = try await MailBench { $0.outgoing.audit = "audit@example.org" }
        let queued = try await bench.call(
            SendMail(to: ["bob@example.org"], subject: "Hello", text: "x", record: "desk.ticket/4"))
        let mail = try await bench.mail(queued.id, in: "sent")
        #expect(mail["messageId"]?.string == queued.messageId)
        #expect(mail["record"] == "desk.ticket/4")
        #expect(mail["cause"] == "request:test")
        #expect(mail["from"] == "Help desk <support@example.org>")
        let name = String(queued.messageId.dropFirst().dropLast()) + ".eml"
        let file = TestFile.bytes("\(bench.folder.path)/mail/out/\(name)")
        #expect(try await bench.raw(GetMailRaw(id: queued.id)) == file)
        let byRecord = try await bench.json(ListMails(record: "desk.ticket/4"))
        #expect(byRecord["items"]?.array?.count == 1)
        let byAddress = try await bench.json(ListMails(address: "audit@example.org"))
        #expect(byAddress["items"]?.array?.first?["id"] == mail["id"])
        #expect(try await bench.json(ListMails(state: "failed"))["items"] == [])
        try await bench.stop()
    }

    @Test func `a confidential mail has no audit copy, nobody reads it, and its bytes go`()
        async throws
    {
        let bench = try await MailBench { $0.outgoing.audit = "audit@example.org" }
        let secret = SendMail(
            to: ["bob@example.org"], subject: "Link", text: "x", confidential: true)
        let refused = await MailBench.problem { _ = try await bench.call(secret) }
        #expect(refused?.errors.map(\.pointer) == ["/confidential"])
        let queued = try await bench.call(secret, as: MailBench.context(.system))
        let mail = try await bench.mail(queued.id, in: "sent")
        #expect(mail["recipients"]?.array?.count == 1)
        let raw = await MailBench.problem { _ = try await bench.raw(GetMailRaw(id: queued.id)) }
        #expect(raw?.status == 409)
        let resent = await MailBench.problem {
            _ = try await bench.json(ActOnMail(id: queued.id, action: .resend))
        }
        #expect(resent?.status == 409)
        try await bench.stop()
    }

    @Test func `pages of the audit are walked by cursor, newest first`() async throws {
        let bench = try await MailBench()
        for number in 0..<5 {
            _ = try await bench.call(
                SendMail(to: ["bob@example.org"], subject: "\(number)", text: "x"))
        }
        var subjects: [String] = []
        var cursor: String?
        repeat {
            let page = try await bench.json(ListMails(limit: 2, cursor: cursor))
            subjects += (page["items"]?.array ?? []).compactMap { $0["subject"]?.string }
            cursor = page["next"]?.string
        } while cursor != nil
        #expect(subjects == ["4", "3", "2", "1", "0"])
        let problem = await MailBench.problem {
            _ = try await bench.json(ListMails(cursor: "x"))
        }
        #expect(problem?.code == "invalid-cursor")
        try await bench.stop()
    }

    @Test func `every fault of a mail is told with its pointer, and nothing is queued`()
        async throws
    {
        let bench = try await MailBench()
        let problem = await MailBench.problem {
            _ = try await bench.call(
                SendMail(
                    to: ["bob@example.org\r\nRCPT TO:<x@y.z>", "fine@example.org"], cc: ["nobody"],
                    bcc: ["a\0@example.org"], subject: "a\nBcc: x@y.z", text: "x",
                    attachments: [.init(name: "a\n", type: "text", content: "%%%")]))
        }
        #expect(problem?.status == 422)
        #expect(
            problem?.errors.map(\.pointer) == [
                "/to/0", "/cc/0", "/bcc/0", "/attachments/0/type", "/attachments/0/name",
                "/attachments/0/content", "/subject",
            ])
        let empty = await MailBench.problem {
            _ = try await bench.call(SendMail(to: [], text: "x"))
        }
        #expect(empty?.errors.map(\.pointer) == ["/to", "/subject"])
        #expect(try await bench.json(ListMails())["items"] == [])
        try await bench.stop()
    }

    @Test func `a repeated call queues once, another body under the key is refused`() async throws {
        let bench = try await MailBench()
        let mail = SendMail(to: ["bob@example.org"], subject: "once", text: "x")
        let context = MailBench.context(key: "k1")
        let first = try await bench.call(mail, as: context)
        let again = try await bench.call(mail, as: context)
        #expect(first.id == again.id && first.messageId == again.messageId)
        var other = mail
        other.subject = "other"
        let changed = other
        let problem = await MailBench.problem {
            _ = try await bench.call(changed, as: context)
        }
        #expect(problem?.code == "idempotency-key-reused")
        // The platform's keys name the action itself, whatever the values are by now.
        let system = MailBench.context(.system, key: "workflow:1/ask/1")
        let sent = try await bench.call(mail, as: system)
        #expect(try await bench.call(other, as: system).id == sent.id)
        #expect(try await bench.json(ListMails())["items"]?.array?.count == 2)
        try await bench.stop()
    }

    @Test(.ofFile)
    func `what the platform does for an account is done once, however late it comes again`()
        async throws
    {
        let bench = try await MailBench()
        var context = MailBench.context(key: "export:7")
        context.door = .system
        let call = SendMail(to: ["bob@example.org"], subject: "The file", text: "x")
        let first = try await bench.call(call, as: context)
        _ = try await bench.mail(first.id, in: "sent")
        // As when a day has gone by.
        let path = bench.folder.path + "/mail.db"
        #expect(
            try await ChildProcess.run("sqlite3", [path, "delete from idempotency"]).code == 0)
        #expect(try await bench.call(call, as: context).id == first.id)
        // A person's key is another thing.
        let own = try await bench.call(call, as: MailBench.context(key: "export:7"))
        #expect(own.id != first.id)
        try await bench.stop()
    }

    @Test func `nothing is seen or sent without the permission`() async throws {
        let bench = try await MailBench()
        let context = MailBench.context(Principal(account: "eve"))
        for problem in [
            await MailBench.problem {
                _ = try await bench.call(
                    SendMail(to: ["a@b.c"], subject: "x", text: "x"), as: context)
            }, await MailBench.problem { _ = try await bench.call(ListMails(), as: context) },
            await MailBench.problem { _ = try await bench.call(GetMail(id: 1), as: context) },
        ] {
            #expect(problem?.status == 403)
        }
        #expect(
            await MailBench.problem { _ = try await bench.call(GetMail(id: 99)) }?.status == 404)
        try await bench.stop()
    }

    @Test func `the kill switch holds, a person releases, and both are kept`() async throws {
        let folder = TemporaryFolder()
        let off = try await MailBench(folder) { $0.integrations = false }
        let queued = try await off.call(
            SendMail(to: ["bob@example.org"], subject: "held", text: "x"))
        #expect(queued.state == "held")
        #expect(try await off.json(GetMail(id: queued.id))["state"] == "held")
        try await off.stop()
        let on = try await MailBench(folder)
        #expect(try await on.json(GetMail(id: queued.id))["state"] == "held")
        _ = try await on.json(ActOnMail(id: queued.id, action: .release))
        let mail = try await on.mail(queued.id, in: "sent")
        #expect(mail["attempts"]?.array?.map { $0["outcome"] } == ["released", "sent"])
        #expect(mail["attempts"]?.array?.first?["reply"] == "by anna")
        let problem = await MailBench.problem {
            _ = try await on.json(ActOnMail(id: queued.id, action: .hold))
        }
        #expect(problem?.status == 409)
        try await on.stop()
    }

    @Test func `notifications speak the caller's language, else English, else the first`()
        async throws
    {
        let bench = try await MailBench()
        try await bench.take(
            """
            {"code": "desk", "notifications": [
              {"code": "hello", "subject": {"cs": "Ahoj {{record.subject}}", "en": "Hi {{record.subject}}"},
               "text": {"de": "Guten Tag {{record.subject}}", "fr": "Bonjour"},
               "html": {"en": "<p>{{record.subject}}</p>"}},
              {"code": "plain", "subject": "Plain", "text": "No expressions."}]}
            """)
        func send(_ language: String, record: JSONValue?) async throws -> Message {
            let principal = Principal(
                account: "anna", permissions: ["mail:send"], language: language)
            let queued = try await bench.call(
                SendMail(
                    to: ["bob@example.org"], record: "desk.ticket/1", notification: "desk.hello",
                    recordValues: record), as: MailBench.context(principal))
            return Message(parsing: try await bench.raw(GetMailRaw(id: queued.id)))
        }
        let czech = try await send("cs", record: ["subject": "tisk\r\nárna"])
        #expect(czech.subject == "Ahoj tisk árna")
        #expect(czech.text?.hasPrefix("Guten Tag tisk\nárna") == true)
        let german = try await send("de", record: nil)
        #expect(german.subject == "Hi from Records")
        #expect(german.html?.contains("<p>from Records</p>") == true)
        let problem = await MailBench.problem {
            _ = try await bench.call(
                SendMail(to: ["bob@example.org"], notification: "desk.none"))
        }
        #expect(problem?.errors.first?.pointer == "/notification")
        try await bench.stop()
    }

    @Test func `the audit is searched by words, time, cause and person`() async throws {
        let bench = try await MailBench()
        let first = try await bench.call(
            SendMail(
                to: ["Bob@Example.org"], subject: "Faktúra číslo 7",
                html: "<p>Splatnosť <b>zajtra</b></p>"))
        let second = try await bench.call(
            SendMail(to: ["eve@example.org"], subject: "Other", text: "příliš žluťoučký\nkůň"))
        func found(_ call: ListMails) async throws -> [Int64?] {
            try await bench.json(call)["items"]?.array?.map { $0["id"]?.integer } ?? []
        }
        #expect(try await found(ListMails(text: "faktura")) == [first.id])
        #expect(try await found(ListMails(text: "splat zajtra")) == [first.id])
        #expect(try await found(ListMails(text: "Žluťoučký")) == [second.id])
        #expect(try await found(ListMails(text: "splat other")).isEmpty)
        #expect(try await found(ListMails(text: "\"other\" OR x*")).isEmpty)
        #expect(try await found(ListMails(address: "bob@example.org")) == [first.id])
        #expect(try await found(ListMails(cause: "request:test")) == [second.id, first.id])
        #expect(try await found(ListMails(cause: "request:other")).isEmpty)
        #expect(try await found(ListMails(account: "anna", since: "2026-01-01")).count == 2)
        #expect(try await found(ListMails(until: "2026-01-01")).isEmpty)
        #expect(try await found(ListMails(since: "2126-01-01T00:00:00Z")).isEmpty)
        // What comes later is found, too.
        let third = try await bench.call(
            SendMail(to: ["eve@example.org"], subject: "Faktura", text: "x"))
        #expect(try await found(ListMails(text: "faktura")) == [third.id, first.id])
        for call in [ListMails(text: "…"), ListMails(since: "yesterday")] {
            let problem = await MailBench.problem { _ = try await bench.json(call) }
            #expect(problem?.status == 422)
        }
        try await bench.stop()
    }

    @Test func `bytes and mails go when their time is over, unless something is open`()
        async throws
    {
        let folder = TemporaryFolder()
        let bench = try await MailBench(folder)
        var ids: [Int64] = []
        for state in ["sent", "failed", "uncertain", "held", "deferred"] {
            let queued = try await bench.call(
                SendMail(to: ["bob@example.org"], subject: state, text: "x"))
            _ = try await bench.mail(queued.id, in: "sent")
            ids.append(queued.id)
        }
        _ = try await bench.json(ListMails(text: "sent"))
        let database = try await Database.open(
            StoreEngine.chosen.place("mail", in: folder.path), runtime: TestRuntime.make())
        let later = SystemClock().now().advanced(by: .seconds(86_400))
        let (sent, all) = (ids[0], ids)
        try await database.write { connection in
            for (id, state) in zip(all, ["sent", "failed", "uncertain", "held", "deferred"]) {
                try connection.run(
                    "update recipient set state = ? where mail = ?", [.text(state), .integer(id)])
                try MailStore().summarize(connection, id)
            }
            // A copy for the audit that is still open keeps the mail.
            try connection.run(
                """
                insert into recipient (mail, address, kind, state)
                values (?, 'audit@example.org', 'audit', 'uncertain')
                """, [.integer(all[1])])
            let early = MailRetention(keepBytes: .seconds(90_000), keep: .seconds(90_000))
            #expect(try early.remove(connection, now: later) == false)
            let bytes = MailRetention(keepBytes: .seconds(3600), keep: nil)
            #expect(try bytes.remove(connection, now: later) == false)
        }
        let problem = await MailBench.problem {
            _ = try await bench.raw(GetMailRaw(id: sent))
        }
        #expect(problem?.status == 409 && problem?.detail?.contains("removed on") == true)
        for id in ids.dropFirst() {
            #expect(try await bench.raw(GetMailRaw(id: id)).isEmpty == false)
        }
        let again = await MailBench.problem {
            _ = try await bench.json(ActOnMail(id: sent, action: .resend))
        }
        #expect(again?.status == 409)
        try await database.write { connection in
            _ = try MailRetention(keepBytes: nil, keep: .seconds(3600)).remove(
                connection, now: later)
        }
        #expect(try await bench.json(ListMails())["items"]?.array?.count == 4)
        #expect(try await bench.json(ListMails(text: "sent"))["items"] == [])
        await database.close()
        try await bench.stop()
    }
}
