import HTTP
import JSON
import TestSupport
import Testing

/// Real mail servers on both sides: Postfix takes what the platform sends and delivers what people
/// write into the maildir that Dovecot serves.
struct ServerMail: MailWorld {
    let postfix: Postfix

    func deliver(_ mail: String, name: String) throws {
        let reply = LineClient.mail(
            mail, from: "\(name)@ok.test", to: "support@ok.test", port: postfix.port)
        guard reply?.hasPrefix("250") == true else {
            throw TicketLoop.Wrong("Postfix said \(reply ?? "nothing")")
        }
    }

    func mails(to address: String) -> [String] {
        postfix.mails(to: address)
    }
}

@Suite struct `The train with real mail servers` {
    @Test func `five executables, Dovecot and Postfix do the main job`() async throws {
        let dovecot = try await Dovecot()
        let postfix = try await Postfix(deliverTo: dovecot.mail)
        var model = TestFile.text(TestFile.repository + "/compose/models/helpdesk.json") ?? ""
        model.replace("\"every\": \"2s\"", with: "\"every\": \"1s\"")
        model.replace(
            #"{"kind": "folder", "path": "in"}"#,
            with: """
                {"kind": "imap", "url": "imap://127.0.0.1:\(dovecot.port)", "user": "support", \
                "password": "secret", "folder": "INBOX"}
                """)
        model.replace(#""after": {"move": "done"}"#, with: #""after": {"move": "Done"}"#)
        let folder = TemporaryFolder()
        try TestFile.write(model, to: folder.path + "/helpdesk.json")
        let train = Train(
            .apart,
            settings: [
                "MAIL_SMTP_URL": "smtp://127.0.0.1:\(postfix.port)",
                "MAIL_FROM": "helpdesk@ok.test", "MAIL_AUDIT_ADDRESS": "audit@ok.test",
            ], model: folder.path + "/helpdesk.json")
        try await train.start()
        let api = try await train.admin()
        let loop = TicketLoop(train, api, ServerMail(postfix: postfix), name: "real")
        try loop.deliver()
        let id = try await loop.ticket()
        #expect(try await loop.press(loop.link()).status == 303)
        try await loop.closed(id)
        #expect(loop.asked.count == 1 && loop.told.count == 1)

        // The mail is there a moment before its sender has written down that it is.
        var mails: [JSONValue] = []
        try await train.waitFor("the audit to have both as sent") {
            mails = try await loop.audit(id)
            return mails.count == 2 && mails.allSatisfy { $0["state"] == "sent" }
        }
        let number = mails.first?["id"]?.integer ?? 0
        let mail = try await api.get("/api/mail/messages/\(number)")
        #expect(mail["recipients"]?.array?.map { $0["kind"] } == ["to", "audit"])
        #expect(mail["attempts"]?.array?.first?["reply"]?.string?.contains("250") == true)
        // The blind copy reached the audit mailbox, and no header tells of it.
        try await train.waitFor("the blind copies") {
            postfix.mails(to: "audit@ok.test").count == 2
        }
        #expect(!loop.told[0].text.contains("audit@ok.test\r\n"))
        #expect(loop.told[0].header("Bcc") == nil)
        try await train.waitFor("the mail to be moved") {
            dovecot.names("support", "Done").count == 1
        }
        _ = try await train.stop()
    }
}
