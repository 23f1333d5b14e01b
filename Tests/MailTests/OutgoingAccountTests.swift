import Contracts
import Curl
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Mail

/// Accounts of mail servers, chosen by class and sender, and what a server may not do to them.
@Suite struct OutgoingAccountTests {
    private func account(
        _ code: String, _ server: FaultSMTPServer,
        _ change: (inout MailConfiguration.Account) -> Void
    ) -> MailConfiguration.Account {
        var account = MailConfiguration.Account(
            code: code, from: "\(code)@example.org",
            smtp: .init(url: "smtp://127.0.0.1:\(server.port)", startTLS: .never))
        change(&account)
        return account
    }

    @Test func `a class and a sender choose the account, its audit and its log-in`() async throws {
        let (main, news) = (try FaultSMTPServer(), try FaultSMTPServer())
        let letters = try FaultSMTPServer(extensions: ["AUTH XOAUTH2"])
        let peers = try FakePeers(key: MailBench.key, runtime: TestRuntime.make())
        peers.state.withLock { $0.secrets = ["letters": "token"] }
        let bench = try await MailBench(peers: peers) {
            $0.outgoing.smtp = .init(url: "smtp://127.0.0.1:\(main.port)", startTLS: .never)
            $0.outgoing.audit = "audit@example.org"
            $0.outgoing.accounts = [
                account("news", news) {
                    $0.classes = ["newsletter"]
                    $0.audit = "archive@example.org"
                },
                account("letters", letters) {
                    $0.senders = ["@letters.example"]
                    $0.smtp?.user = "anna"
                    $0.smtp?.password = "secret:letters"
                    $0.smtp?.loginOptions = "AUTH=XOAUTH2"
                },
            ]
        }
        var ids: [Int64] = []
        for (mailClass, from) in [
            (nil, nil), ("newsletter", nil), ("other", nil), (nil, "Anna <a@letters.example>"),
        ] as [(String?, String?)] {
            let queued = try await bench.call(
                SendMail(
                    to: ["bob@example.org"], subject: "Which", text: "x", class: mailClass,
                    from: from))
            ids.append(queued.id)
            let mail = try await bench.mail(queued.id, in: "sent")
            #expect(mail["class"] == (mailClass.map { .string($0) } ?? .null))
        }
        #expect(main.mails.map(\.sender) == ["support@example.org", "support@example.org"])
        #expect(news.mails.map(\.sender) == ["news@example.org"])
        #expect(news.mails.map(\.recipients) == [["bob@example.org", "archive@example.org"]])
        #expect(letters.mails.map(\.sender) == ["a@letters.example"])
        #expect(letters.state.withLock(\.logins) == ["XOAUTH2 anna token"])
        #expect(letters.mails.first?.content.contains("From: Anna <a@letters.example>") == true)
        let mail = try await bench.json(GetMail(id: ids[3]))
        #expect(mail["mailAccount"] == "letters")
        let problem = await MailBench.problem {
            _ = try await bench.call(
                SendMail(to: ["b@c"], subject: "x", text: "x", from: "eve@elsewhere.example"))
        }
        #expect(problem?.errors.map(\.pointer) == ["/from"])
        try await bench.stop()
        for server in [main, news, letters] { server.stop() }
    }

    @Test(arguments: ["PLAIN", "LOGIN"])
    func `a password is read at the log-in, and a wrong one is told`(mechanism: String) async throws
    {
        let server = try FaultSMTPServer(extensions: ["AUTH \(mechanism)"])
        let folder = TemporaryFolder()
        TestFile.makeFolder(folder.path + "/secrets")
        try TestFile.write("wrong", to: folder.path + "/secrets/smtp")
        let bench = try await MailBench(folder) {
            $0.outgoing.smtp = .init(
                url: "smtp://127.0.0.1:\(server.port)", user: "anna", password: "secret:smtp",
                startTLS: .never, loginOptions: "AUTH=\(mechanism)")
        }
        let queued = try await bench.call(
            SendMail(to: ["bob@example.org"], subject: "Secret", text: "x"))
        let mail = try await bench.mail(queued.id, in: "deferred")
        let reply = mail["recipients"]?.array?.first?["reply"]?.string ?? ""
        #expect(reply.contains("does not take the log-in"), "\(reply)")
        #expect(!reply.contains("wrong"))
        try TestFile.write("secret\n", to: folder.path + "/secrets/smtp")
        _ = try await bench.mail(queued.id, in: "sent")
        #expect(server.state.withLock(\.logins).last == "\(mechanism) anna secret")
        try await bench.stop()
        server.stop()
    }

    @Test func `a server is never asked for more connections than its cap, by all its accounts`()
        async throws
    {
        let server = try FaultSMTPServer()
        let bench = try await MailBench {
            $0.outgoing.smtp = .init(url: "smtp://127.0.0.1:\(server.port)", startTLS: .never)
            $0.outgoing.connections = 2
            $0.outgoing.accounts = [
                account("news", server) {
                    $0.classes = ["news"]
                    $0.connections = 3
                }
            ]
        }
        var ids: [Int64] = []
        for number in 0..<30 {
            let queued = try await bench.call(
                SendMail(
                    to: ["slow+\(number)@example.org"], subject: "many", text: "x",
                    class: number.isMultiple(of: 2) ? "news" : nil))
            ids.append(queued.id)
        }
        for id in ids { _ = try await bench.mail(id, in: "sent") }
        #expect(server.mails(about: "many").count == 30)
        let most = server.state.withLock(\.mostOpen)
        #expect(most <= 3, "\(most) connections")
        try await bench.stop()
        server.stop()
    }

    @Test func `a slow server keeps no other account waiting`() async throws {
        let (stuck, quick) = (try FaultSMTPServer(), try FaultSMTPServer())
        let bench = try await MailBench {
            $0.outgoing.smtp = .init(url: "smtp://127.0.0.1:\(stuck.port)", startTLS: .never)
            $0.outgoing.connections = 1
            $0.outgoing.accounts = [account("quick", quick) { $0.classes = ["quick"] }]
        }
        for _ in 0..<20 {
            _ = try await bench.call(
                SendMail(to: ["slow@example.org"], subject: "behind", text: "x"))
        }
        let queued = try await bench.call(
            SendMail(to: ["bob@example.org"], subject: "ahead", text: "x", class: "quick"))
        _ = try await bench.mail(queued.id, in: "sent")
        #expect(stuck.mails.count < 20)
        try await bench.stop()
        for server in [stuck, quick] { server.stop() }
    }

    @Test func `mails of an account that is gone wait with the reason, and go when it is back`()
        async throws
    {
        let folder = TemporaryFolder()
        let server = try FaultSMTPServer()
        let away = account("away", server) { $0.classes = ["c"] }
        var id: Int64 = 0
        let first = try await MailBench(folder) {
            $0.outgoing.accounts = [away]
            $0.integrations = false
        }
        id = try await first.call(
            SendMail(to: ["bob@example.org"], subject: "gone", text: "x", class: "c")
        ).id
        _ = try await first.json(ActOnMail(id: id, action: .release))
        try await first.stop()
        let second = try await MailBench(folder)
        let mail = try await second.mail(id, in: "deferred")
        #expect(mail["recipients"]?.array?.first?["reply"] == .string(Sender.noAccount))
        try await second.stop()
        let third = try await MailBench(folder) { $0.outgoing.accounts = [away] }
        _ = try await third.mail(id, in: "sent")
        #expect(server.mails(about: "gone").count == 1)
        try await third.stop()
        server.stop()
    }

    @Test func `outside production everything goes to one address, and says for whom it was`()
        async throws
    {
        let folder = TemporaryFolder()
        let server = try FaultSMTPServer()
        let before = try await MailBench(folder) { $0.integrations = false }
        let old = try await before.call(
            SendMail(to: ["carol@example.org"], subject: "Before", text: "x"))
        _ = try await before.json(ActOnMail(id: old.id, action: .release))
        try await before.stop()
        let bench = try await MailBench(folder) {
            $0.outgoing.smtp = .init(url: "smtp://127.0.0.1:\(server.port)", startTLS: .never)
            $0.outgoing.audit = "audit@example.org"
            $0.outgoing.redirect = "Testers <test@example.org>"
        }
        let queued = try await bench.call(
            SendMail(
                to: ["Bob <bob@example.org>"], cc: ["cc@example.org"], bcc: ["bcc@example.org"],
                subject: "Test", text: "x"))
        let mail = try await bench.mail(queued.id, in: "sent")
        #expect(mail["recipients"]?.array?.count == 4)
        for recipient in mail["recipients"]?.array ?? [] {
            #expect(recipient["state"] == "sent")
            #expect(recipient["redirectedTo"] == "test@example.org")
        }
        // One copy for all, and nothing for anybody else: a mail from before neither.
        _ = try await bench.mail(old.id, in: "sent")
        #expect(server.mails.allSatisfy { $0.recipients == ["test@example.org"] })
        let sent = server.mails(about: "Test")
        #expect(sent.count == 1 && server.mails(about: "Before").count == 1)
        let content = sent.first?.content ?? ""
        #expect(content.contains("To: Testers <test@example.org>\r\nX-Original-To: Bob <bob@"))
        #expect(content.contains("X-Original-Cc: cc@example.org\r\n"))
        #expect(!content.contains("bcc@example.org"))
        try await bench.stop()
        server.stop()
    }

    @Test func `who has an address outside ASCII fails alone where the server takes none`()
        async throws
    {
        let (old, new) = (try FaultSMTPServer(extensions: []), try FaultSMTPServer())
        for (server, state) in [(old, "failed"), (new, "sent")] {
            let bench = try await MailBench {
                $0.outgoing.smtp = .init(url: "smtp://127.0.0.1:\(server.port)", startTLS: .never)
                $0.outgoing.audit = "audit@example.org"
            }
            let mixed = try await bench.call(
                SendMail(
                    to: ["bob@example.org", "jürgen@example.org"], subject: "Mixed", text: "x"))
            let mail = try await bench.mail(mixed.id, in: state)
            #expect(
                mail.states == [
                    "bob@example.org": "sent", "jürgen@example.org": state,
                    "audit@example.org": "sent",
                ])
            if state == "failed" {
                let reply = mail["recipients"]?.array?[1]["reply"]?.string
                #expect(reply?.contains("SMTPUTF8") == true)
            }
            let alone = try await bench.call(
                SendMail(to: ["jürgen@example.org"], subject: "Alone", text: "x"))
            _ = try await bench.mail(alone.id, in: state)
            try await bench.stop()
            server.stop()
        }
    }

    @Test func `MAIL_ACCOUNTS is read as JSON or from a file, and its faults are told`() throws {
        let text = """
            [{"code": "news", "url": "smtps://mail.example.org:465", "user": "anna",
              "password": "secret:news", "auth": "login", "from": "News <news@example.org>",
              "connections": 2, "classes": ["newsletter"], "senders": ["@example.org"],
              "uncertain": "resend"}]
            """
        let folder = TemporaryFolder()
        try TestFile.write(text, to: folder.path + "/accounts.json")
        for setting in [text, folder.path + "/accounts.json"] {
            let reader = ConfigurationReader(
                service: "mail",
                environment: [
                    "MAIL_ACCOUNTS": setting, "MAIL_AUDIT_ADDRESS": "audit@example.org",
                    "RPC_KEY": String(repeating: "k", count: 32),
                ])
            let outgoing = MailConfiguration(reading: reader).outgoing
            try reader.finish()
            let account = try #require(outgoing.all.last)
            #expect(account.code == "news" && account.resendsUncertain)
            #expect(account.audit == "audit@example.org")
            #expect(account.smtp?.loginOptions == "AUTH=LOGIN")
            #expect(account.sends(as: "Anyone@Example.org") && !account.sends(as: "a@b.c"))
        }
        let wrong = """
            [{"code": "default", "url": "http://x", "password": "open", "auth": "ntlm"},
             {"code": "a", "url": "smtp://mail.example.org", "from": "nobody", "colour": "red"}]
            """
        let reader = ConfigurationReader(
            service: "mail",
            environment: ["MAIL_ACCOUNTS": wrong, "RPC_KEY": String(repeating: "k", count: 32)])
        _ = MailConfiguration(reading: reader)
        let problems = try #require(throws: ConfigurationError.self) { try reader.finish() }
        for part in ["/0/password", "/0/auth", "/0/user", "/1/from", "/1/colour"] {
            #expect("\(problems)".contains("MAIL_ACCOUNTS \(part)"), "\(part): \(problems)")
        }
        #expect(!"\(problems)".contains("open"))
    }
}
