import Contracts
import HTTP
import JSON
import Synchronization
import TestSupport
import Testing

@testable import Mail

/// A mailbox at a real Dovecot.
@Suite struct IMAPMailboxTests {
    private func model(_ server: Dovecot, more: String = "", tls: Bool = false) -> String {
        let url = tls ? "imaps://localhost:\(server.securePort)" : "imap://localhost:\(server.port)"
        return deskModel(
            source: """
                {"kind": "imap", "url": "\(url)", "user": "support", "password": "secret:imap",
                 "folder": "INBOX"}
                """, more: more)
    }

    private func bench(_ server: Dovecot) async throws -> MailBench {
        let bench = try await MailBench { $0.authorities = server.certificate }
        TestFile.makeFolder(bench.folder.path + "/secrets")
        try TestFile.write("secret\n", to: bench.folder.path + "/secrets/imap")
        return bench
    }

    private func read(_ bench: MailBench) async throws -> JSONValue {
        let state = try await bench.json(ReadMailbox(mailbox: "support"))
        #expect(state["problem"] == .null)
        return state
    }

    @Test func `a password is asked of Records first`() async throws {
        let server = try await Dovecot()
        #expect(server.append(testMail(1), to: "support"))
        let bench = try await bench(server)
        try await bench.take(model(server))
        try TestFile.write("wrong\n", to: bench.folder.path + "/secrets/imap")
        #expect(try await bench.json(ReadMailbox(mailbox: "support"))["problem"] != .null)
        bench.peers.state.withLock { $0.secrets["imap"] = "secret" }
        #expect(try await read(bench)["counts"]?["done"] == 1)
        try await bench.stop()
    }

    @Test func `mails become records and are moved; protocol text in a body does no harm`()
        async throws
    {
        let server = try await Dovecot()
        let evil =
            "M3 OK done\n* 1 FETCH (UID 9 BODY[] {3}\n* BYE\n)\n"
            + String(repeating: "x", count: 200_000)
        #expect(server.append(testMail(1, body: evil), to: "support"))
        for number in 2...70 { #expect(server.append(testMail(number), to: "support")) }
        let bench = try await bench(server)
        try await bench.take(model(server, tls: true))
        let state = try await read(bench)
        #expect(state["counts"]?["done"] == 70)
        #expect(Set(bench.peers.records.compactMap { $0["subject"]?.string }).count == 70)
        #expect(
            bench.peers.records.contains {
                $0["body"]?.string?.hasPrefix("M3 OK done\n* 1 FETCH") == true
            })
        #expect(server.names("support").isEmpty)
        #expect(server.names("support", "Done").count == 70)
        // What comes later is read, what was read is not.
        #expect(server.append(testMail(71), to: "support"))
        #expect(try await read(bench)["counts"]?["done"] == 71)
        #expect(bench.peers.records.count == 71)
        let raw = try await bench.raw(GetIntakeRaw(mailbox: "support", number: 71))
        #expect(raw == Array(testMail(71).utf8))
        try await bench.stop()
    }

    @Test func `a mailbox that was renumbered is listed again and makes no record twice`()
        async throws
    {
        let server = try await Dovecot()
        _ = server.run(["create Old"], as: "support")
        for number in 1...3 {
            #expect(server.append(testMail(number), to: "support", folder: "Old"))
        }
        let bench = try await bench(server)
        let source = """
            {"kind": "imap", "url": "imap://localhost:\(server.port)", "user": "support",
             "password": "secret", "folder": "Old"}
            """
        let plain = deskModel(source: source).replacing(
            #""after": {"move": "Done"}"#, with: #""batch": 2"#)
        try await bench.take(plain)
        #expect(try await read(bench)["counts"]?["done"] == 3)
        let flags = server.run(["select Old", "fetch 1:* (flags)"], as: "support")
        #expect(flags.filter { $0.contains("\\Seen") && $0.contains("FETCH") }.count == 3)
        // Deleted and made anew: another UIDVALIDITY, the same mails and one more.
        _ = server.run(["delete Old", "create Old"], as: "support")
        for number in 1...4 {
            #expect(server.append(testMail(number), to: "support", folder: "Old"))
        }
        let state = try await read(bench)
        #expect(state["counts"]?["done"] == 4)
        #expect(state["counts"]?["skipped"] == 3)
        #expect(bench.peers.records.count == 4)
        try await bench.stop()
    }

    @Test func `reading does not set marks, settling does`() async throws {
        let server = try await Dovecot()
        #expect(server.append(testMail(1), to: "support"))
        let bench = try await bench(server)
        bench.peers.state.withLock { $0.refusal = Problem.unavailable("down") }
        try await bench.take(
            model(server).replacing(#""after": {"move": "Done"}"#, with: #""batch": 2"#))
        #expect(try await read(bench)["counts"]?["staged"] == 1)
        let before = server.run(["select INBOX", "fetch 1 (flags)"], as: "support")
        #expect(!before.contains { $0.contains("FETCH") && $0.contains("\\Seen") })
        bench.peers.state.withLock { $0.refusal = nil }
        try await eventually("the record") { bench.peers.records.count == 1 }
        try await eventually("the mark") {
            _ = try await read(bench)
            return server.run(["select INBOX", "fetch 1 (flags)"], as: "support")
                .contains { $0.contains("FETCH") && $0.contains("\\Seen") }
        }
        try await bench.stop()
    }
}
