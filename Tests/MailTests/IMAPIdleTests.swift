import Contracts
import HTTP
import JSON
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Mail

/// Waiting for mail: IDLE where the server has it, else looking again and again; and one server's
/// connections.
@Suite struct IMAPIdleTests {
    private func wait(_ bench: MailBench, for number: UInt64) async throws {
        try await eventually("mail \(number)") { IMAPLieTests.numbers(bench).contains(number) }
    }

    @Test func `a mail is read as soon as the server tells of it`() async throws {
        let server = try LyingIMAPServer(IMAPLieTests.mails())
        // It looks again after a day.
        let bench = try await IMAPLieTests.bench(server, after: #""after": {"move": "New"}"#)
        try await wait(bench, for: 31)
        for number in UInt64(40)...45 {
            try await eventually("idle") { server.state.withLock { $0.idling } == 1 }
            server.deliver(testMail(Int(number)), uid: number)
            try await wait(bench, for: number)
        }
        #expect(server.connections == 1)
        // The folder to move to was made.
        try await eventually("moves") {
            server.state.withLock { $0.mails.isEmpty && $0.moved["New"]?.count == 18 }
        }
        // A reading that is asked for does not wait for the rest to end.
        try await eventually("idle") { server.state.withLock { $0.idling } == 1 }
        _ = try await IMAPLieTests.read(bench)
        // The connection is lost: another is made at once, and what came meanwhile is read.
        try await eventually("idle") { server.state.withLock { $0.idling } == 1 }
        server.dropConnections()
        server.deliver(testMail(46), uid: 46)
        try await wait(bench, for: 46)
        #expect(Set(IMAPLieTests.numbers(bench)).count == IMAPLieTests.numbers(bench).count)
        try await bench.stop()
        try await eventually("no connection is left") { server.open == 0 }
        server.stop()
    }

    @Test func `without IDLE the mailbox is looked at in its time`() async throws {
        var lies = LyingIMAPServer.Lies()
        lies.capabilities = "IMAP4rev1 UIDPLUS"
        let server = try LyingIMAPServer(IMAPLieTests.mails(), lies: lies)
        let bench = try await MailBench()
        try await bench.take(
            IMAPLieTests.model(server.port, after: #""after": {"move": "Done"}"#)
                .replacing(#""every": "1d""#, with: #""every": "1s""#))
        try await wait(bench, for: 31)
        server.deliver(testMail(40), uid: 40)
        try await wait(bench, for: 40)
        // Without MOVE it is copied and removed.
        try await eventually("moves") {
            server.state.withLock { $0.mails.isEmpty && $0.moved["Done"]?.count == 13 }
        }
        try await bench.stop()
        server.stop()
    }

    @Test func `what cannot be moved is read all the same, and said`() async throws {
        var lies = LyingIMAPServer.Lies()
        lies.refusesMoves = true
        let server = try LyingIMAPServer(IMAPLieTests.mails(), lies: lies)
        let bench = try await IMAPLieTests.bench(server, after: #""after": {"move": "Done"}"#)
        _ = try await bench.json(ReadMailbox(mailbox: "support"))
        server.deliver(testMail(40), uid: 40)
        let state = try await bench.json(ReadMailbox(mailbox: "support"))
        #expect(state["problem"]?.string?.contains("UID MOVE: NO not today") == true)
        #expect(IMAPLieTests.numbers(bench) == IMAPLieTests.uids + [40])
        // The new mail has begun a reading of its own, beside the one that was asked for.
        try await eventually("says that it fails") {
            let state = try await bench.json(GetMailbox(mailbox: "support"))["state"]
            return state == "failing"
        }
        try await bench.stop()
        server.stop()
    }

    @Test func `mailboxes of one server share its connections`() async throws {
        let server = try LyingIMAPServer(IMAPLieTests.mails())
        let bench = try await MailBench {
            $0.serverConnections = 2
            $0.serverTimeout = .seconds(5)
        }
        let model = IMAPLieTests.model(server.port)
        let start = try #require(model.firstRange(of: #"{"code": "support""#)).lowerBound
        let mailbox = String(model[start...].dropLast(2))
        let more = (1...4).map { ", " + mailbox.replacing("support", with: "box\($0)") }
        try await bench.take(model.dropLast(2) + more.joined() + "]}")
        for code in ["support", "box1", "box2", "box3", "box4"] {
            let state = try await bench.json(ReadMailbox(mailbox: code))
            #expect(state["problem"] == .null)
            #expect(state["audit"]?["read"] == 12)
        }
        #expect(server.most == 2)
        try await bench.stop()
        server.stop()
    }

    @Test func `Dovecot tells of new mail by IDLE`() async throws {
        let server = try await Dovecot()
        let bench = try await MailBench { $0.authorities = server.certificate }
        // Any token opens it: the password would not, and the token is no password.
        for (index, mechanism) in ["xoauth2", "oauthbearer"].enumerated() {
            let user = "user\(index)"
            bench.peers.state.withLock { $0.secrets["token"] = "a-token" }
            let source = """
                {"kind": "imap", "url": "imaps://localhost:\(server.securePort)", "user": "\(user)",
                 "password": "secret:token", "auth": "\(mechanism)"}
                """
            try await bench.take(deskModel(source: source), version: Int64(index + 1))
            let state = try await bench.json(ReadMailbox(mailbox: "support"))
            #expect(state["problem"] == .null)
            var times: [UInt64] = []
            for number in 1...5 {
                let before = bench.peers.records.count
                let clock = SystemClock()
                #expect(server.append(testMail(index * 10 + number), to: user))
                let start = clock.monotonicNanoseconds()
                try await eventually("the record") { bench.peers.records.count == before + 1 }
                times.append((clock.monotonicNanoseconds() - start) / 1_000_000)
                try await eventually("moved") { server.names(user).isEmpty }
            }
            print("from Dovecot to a record by IDLE, ms: \(times)")
        }
        try await bench.stop()
    }
}
