import Contracts
import Curl
import JSON
import RPC
import Synchronization
import TestSupport
import Testing

@testable import Mail

/// The queue against an SMTP server that fails in every way, and against smtp-sink.
@Suite struct SendingTests {
    private func bench(_ server: FaultSMTPServer, resend: Bool = false) async throws -> MailBench {
        try await MailBench {
            $0.outgoing.smtp = .init(url: "smtp://127.0.0.1:\(server.port)", startTLS: .never)
            $0.outgoing.audit = "audit@example.org"
            $0.outgoing.resendsUncertain = resend
        }
    }

    @Test(arguments: [true, false])
    func `each recipient has its own outcome, the audit too`(isPipelined: Bool) async throws {
        let server = try FaultSMTPServer(extensions: isPipelined ? ["PIPELINING"] : [])
        let bench = try await bench(server)
        let queued = try await bench.call(
            SendMail(
                to: ["Bob <bob@example.org>", "perm@example.org"], cc: ["grey@example.org"],
                bcc: ["secret@example.org"], subject: "Fates", text: ".dot\nHi"))
        #expect(queued.state == "queued")
        try await eventually("everybody's outcome") {
            try await bench.json(GetMail(id: queued.id)).states == [
                "bob@example.org": "sent", "perm@example.org": "failed",
                "grey@example.org": "sent", "secret@example.org": "sent",
                "audit@example.org": "sent",
            ]
        }
        let mail = try await bench.json(GetMail(id: queued.id))
        #expect(mail["state"] == "failed")
        let recipients = mail["recipients"]?.array ?? []
        #expect(recipients.map { $0["kind"] } == ["to", "to", "cc", "bcc", "audit"])
        #expect(recipients.map { $0["code"] } == [250, 550, 250, 250, 250])
        #expect(recipients.map { $0["attempts"] } == [1, 1, 2, 1, 1])
        #expect(mail["attempts"]?.array?.count == 2)
        // What is audited is what was sent, byte by byte, and nothing tells of the blind copies.
        let raw = String(decoding: try await bench.raw(GetMailRaw(id: queued.id)), as: UTF8.self)
        #expect(server.mails(about: "Fates").map(\.content) == [raw, raw])
        #expect(!raw.contains("secret@example.org") && !raw.contains("audit@example.org"))
        try await bench.stop()
        server.stop()
    }

    @Test(arguments: [
        ("temp", "deferred"), ("shut", "deferred"), ("nodata", "deferred"),
        ("dropdata", "deferred"), ("reject", "failed"), ("resetbefore", "uncertain"),
        ("resetafter", "uncertain"), ("silent", "uncertain"), ("garbage", "uncertain"),
    ])
    func `a server's fault has its state, and an uncertain mail is never sent twice`(
        fault: String, state: String
    ) async throws {
        let server = try FaultSMTPServer()
        let bench = try await bench(server)
        let first = try await bench.call(
            SendMail(to: ["\(fault)@example.org"], subject: fault, text: "x"))
        let mail = try await bench.mail(first.id, in: state)
        #expect(mail["attempts"]?.array?.isEmpty == false)
        // The queue goes on with others.
        let second = try await bench.call(
            SendMail(to: ["bob@example.org"], subject: "after", text: "x"))
        _ = try await bench.mail(second.id, in: "sent")
        // Who is refused alone does not keep the blind copy from going out.
        let kept = server.mails(about: fault).count
        #expect(kept == (["temp", "resetafter", "silent", "garbage"].contains(fault) ? 1 : 0))
        if state == "uncertain" {
            #expect(mail["recipients"]?.array?.first?["code"] == .null)
            #expect(server.mails(about: fault).count <= 1)
        }
        try await bench.stop()
        server.stop()
    }

    @Test func `by setting, an uncertain mail is sent again under its Message-ID`() async throws {
        let server = try FaultSMTPServer()
        let bench = try await bench(server, resend: true)
        let queued = try await bench.call(
            SendMail(to: ["resetafter@example.org"], subject: "twice", text: "x"))
        try await eventually("the second copy") { server.mails(about: "twice").count >= 2 }
        let mails = server.mails(about: "twice")
        #expect(mails.allSatisfy { $0.content.contains("Message-ID: \(queued.messageId)") })
        try await bench.stop()
        server.stop()
    }

    @Test func `a mail that stays deferred fails when its time is over`() async throws {
        let server = try FaultSMTPServer()
        let bench = try await MailBench {
            $0.outgoing.smtp = .init(url: "smtp://127.0.0.1:\(server.port)", startTLS: .never)
            $0.outgoing.firstRetry = .milliseconds(5)
            $0.outgoing.retryFor = .milliseconds(50)
        }
        let queued = try await bench.call(
            SendMail(to: ["temp@example.org"], subject: "late", text: "x"))
        let mail = try await bench.mail(queued.id, in: "failed")
        let reply = mail["recipients"]?.array?.first?["reply"]?.string
        #expect(reply?.contains("not sent in time") == true && reply?.contains("later") == true)
        try await bench.stop()
        server.stop()
    }

    @Test func `connections are kept, and one that the server closed does no harm`() async throws {
        let server = try FaultSMTPServer()
        let bench = try await MailBench {
            $0.outgoing.smtp = .init(url: "smtp://127.0.0.1:\(server.port)", startTLS: .never)
            $0.outgoing.connections = 1
        }
        for number in 0..<20 {
            let queued = try await bench.call(
                SendMail(to: ["u\(number)@example.org"], subject: "kept", text: "x"))
            _ = try await bench.mail(queued.id, in: "sent")
        }
        #expect(server.state.withLock(\.connections) == 1)
        #expect(server.mails(about: "kept").count == 20)
        try await bench.stop()
        try await eventually("the farewell") { server.state.withLock(\.commands).last == "QUIT" }
        server.stop()
    }

    @Test func `150 recipients go out in transactions of at most 100`() async throws {
        let server = try FaultSMTPServer()
        let bench = try await bench(server)
        let queued = try await bench.call(
            SendMail(to: (0..<150).map { "u\($0)@example.org" }, subject: "many", text: "x"))
        let mail = try await bench.mail(queued.id, in: "sent")
        #expect(mail.states.count == 151)
        #expect(server.mails(about: "many").map(\.recipients.count) == [100, 51])
        try await bench.stop()
        server.stop()
    }

    @Test func `no server, and then one`() async throws {
        let port = FreePort.take()
        let bench = try await MailBench {
            $0.outgoing.smtp = .init(url: "smtp://127.0.0.1:\(port)", startTLS: .never)
        }
        let queued = try await bench.call(
            SendMail(to: ["bob@example.org"], subject: "wait", text: "x"))
        let mail = try await bench.mail(queued.id, in: "deferred")
        #expect(mail["recipients"]?.array?.first?["code"] == .null)
        #expect(mail["recipients"]?.array?.first?["reply"]?.string?.isEmpty == false)
        try await bench.stop()
    }

    @Test func `smtp-sink takes text, HTML and attachments as they were made`() async throws {
        let sink = try await SMTPSink()
        let bench = try await MailBench {
            $0.outgoing.smtp = .init(url: "smtp://127.0.0.1:\(sink.port)", startTLS: .never)
        }
        let queued = try await bench.call(
            SendMail(
                to: ["Žofie <zofie@example.org>"], subject: "Příliš žluťoučký", text: "ahoj\n",
                html: "<p>ahoj</p>",
                attachments: [.init(name: "č.txt", type: "text/plain", content: "YWJj")]))
        _ = try await bench.mail(queued.id, in: "sent")
        try await eventually("the mail in the sink") { sink.mails.count == 1 }
        let text = sink.mails.first ?? ""
        let raw = String(decoding: try await bench.raw(GetMailRaw(id: queued.id)), as: UTF8.self)
        // The sink writes plain line feeds.
        let body = String(raw.unicodeScalars.filter { $0 != "\r" }.map(Character.init))
        #expect(text.contains(body.trimmingSpaces()))
        try await bench.stop()
    }
}
