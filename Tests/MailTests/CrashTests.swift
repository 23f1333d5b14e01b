import Contracts
import Curl
import Database
import JSON
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Mail

/// The service begun anew over what a crash left at each durable point.
@Suite struct CrashTests {
    /// A worker's; by a longer one copies would not think that its holder is gone.
    private static let lease = Duration.seconds(50)

    /// Writes into the database as the service would have before it was killed.
    private func leave(
        _ folder: TemporaryFolder, _ body: @escaping @Sendable (Connection) throws -> Void
    ) async throws {
        let database = try await Database.open(
            StoreEngine.chosen.place("mail", in: folder.path), runtime: TestRuntime.make())
        try await database.migrate(MailMigrations.all)
        try await database.write(body)
        await database.close()
    }

    private func outgoing(_ address: String) -> OutgoingMail {
        let now = SystemClock().now()
        let raw = Array("Subject: left\r\n\r\nx\r\n".utf8)
        return OutgoingMail(
            messageID: "<left@example.org>", created: now,
            expires: now.advanced(by: .seconds(3600)), sender: "s@example.org",
            fromText: "s@example.org", subject: "left", account: "anna", causeRoot: "test",
            causeVia: "", content: WrittenMail(whole: raw),
            recipients: [.init(address: address, kind: .to)])
    }

    private func bench(_ folder: TemporaryFolder, _ server: FaultSMTPServer) async throws
        -> MailBench
    {
        try await MailBench(folder) {
            $0.outgoing.smtp = .init(url: "smtp://127.0.0.1:\(server.port)", startTLS: .never)
        }
    }

    @Test func `queued and leased, nothing sent: it is sent once`() async throws {
        let folder = TemporaryFolder()
        let mail = outgoing("bob@example.org")
        try await leave(folder) { connection in
            let now = SystemClock().now()
            let store = MailStore()
            _ = try store.insert(connection, mail, now: now)
            _ = try store.queue.lease(
                connection, now: now, until: now.advanced(by: CrashTests.lease), limit: 10)
        }
        let server = try FaultSMTPServer()
        let bench = try await bench(folder, server)
        _ = try await bench.mail(1, in: "sent")
        #expect(server.mails(about: "left").count == 1)
        try await bench.stop()
        server.stop()
    }

    @Test func `killed after the attempt was written: uncertain, and not sent again`() async throws
    {
        let folder = TemporaryFolder()
        let mail = outgoing("bob@example.org")
        try await leave(folder) { connection in
            let now = SystemClock().now()
            let store = MailStore()
            let id = try store.insert(connection, mail, now: now)
            _ = try store.queue.lease(
                connection, now: now, until: now.advanced(by: CrashTests.lease), limit: 10)
            _ = try store.beginFinalDot(
                connection, mail: id, recipients: [1], server: "s", now: now)
        }
        let server = try FaultSMTPServer()
        let bench = try await bench(folder, server)
        let left = try await bench.mail(1, in: "uncertain")
        #expect(left["attempts"]?.array?.map { $0["outcome"] } == ["uncertain"])
        let other = try await bench.call(
            SendMail(to: ["eve@example.org"], subject: "other", text: "x"))
        _ = try await bench.mail(other.id, in: "sent")
        #expect(server.mails(about: "left").isEmpty)
        // A person decides.
        _ = try await bench.json(ActOnMail(id: 1, action: .resend))
        _ = try await bench.mail(1, in: "sent")
        #expect(server.mails(about: "left").count == 1)
        try await bench.stop()
        server.stop()
    }

    @Test func `killed after the answer was written: nothing is left to do`() async throws {
        let folder = TemporaryFolder()
        let mail = outgoing("bob@example.org")
        try await leave(folder) { connection in
            let now = SystemClock().now()
            let store = MailStore()
            let id = try store.insert(connection, mail, now: now)
            _ = try store.queue.lease(
                connection, now: now, until: now.advanced(by: CrashTests.lease), limit: 10)
            let attempt = try store.beginFinalDot(
                connection, mail: id, recipients: [1], server: "s", now: now)
            try store.settle(connection, recipient: 1, state: .sent, code: 250, reply: "ok")
            try store.endAttempt(connection, attempt, outcome: "sent", reply: "ok")
            try store.summarize(connection, id)
        }
        let server = try FaultSMTPServer()
        let bench = try await bench(folder, server)
        let other = try await bench.call(
            SendMail(to: ["eve@example.org"], subject: "other", text: "x"))
        _ = try await bench.mail(other.id, in: "sent")
        #expect(try await bench.json(GetMail(id: 1))["state"] == "sent")
        #expect(server.mails(about: "left").isEmpty)
        try await bench.stop()
        server.stop()
    }

    @Test(.ofFile) func `a received mail goes on from wherever it was`() async throws {
        let folder = TemporaryFolder()
        let mailbox = FullCode(model: "desk", code: "support")
        let peers = try FakePeers(key: MailBench.key, runtime: TestRuntime.make())
        let mails = (1...4).map { testMail($0) }
        TestFile.makeFolder(folder.path + "/mail/in")
        // Under the names and times that the ledger knows them by.
        var keys: [String] = []
        for (index, mail) in mails.enumerated() {
            let path = "\(folder.path)/mail/in/\(index + 1).eml"
            try TestFile.write(mail, to: path)
            let status = try #require(Files.status(path))
            keys.append("file:\(status.size):\(status.modifiedNanoseconds):\(index + 1).eml")
        }
        let staged = zip(keys, mails).map { key, mail in
            StagedMail(
                SourceMail(item: SourceItem(key: key), raw: Array(mail.utf8)),
                now: SystemClock().now(), limits: MIMELimits())
        }
        try await leave(folder) { connection in
            let store = IntakeStore()
            let now = SystemClock().now()
            // 1 staged · 2 staged and leased · 3 created by Records, not written here · 4 done,
            // not moved
            _ = try store.stage(
                connection, mailbox, StagedPart(source: "folder", mails: staged), now: now)
            _ = try store.queue.lease(
                connection, now: now, until: now.advanced(by: .seconds(3600)), limit: 4)
            try store.settle(
                connection, 4, state: .done, record: "desk.ticket/77", problem: nil)
            try store.queue.cancel(connection, key: IntakeStore.queueKey(1))
            try store.queue.enqueue(
                connection, key: IntakeStore.queueKey(1), payload: Array("1".utf8), due: now,
                now: now)
        }
        peers.state.withLock {
            $0.records.append(["subject": "Mail 3"])
            $0.answers["mailbox:desk.support/3"] = Array("{\"id\": 1}".utf8)
        }
        let bench = try await MailBench(folder, peers: peers)
        try await bench.take(deskModel())
        let state = try await bench.json(ReadMailbox(mailbox: "support"))
        try await eventually("all records") {
            try await bench.json(GetMailbox(mailbox: "support"))["counts"]?["done"] == 4
        }
        #expect(state["problem"] == .null)
        #expect(
            Set(peers.records.compactMap { $0["subject"]?.string })
                == ["Mail 1", "Mail 2", "Mail 3"])
        #expect(peers.records.count == 3)
        _ = try await bench.json(ReadMailbox(mailbox: "support"))
        #expect(TestFile.names(in: folder.path + "/mail/Done").count == 4)
        try await bench.stop()
    }
}
