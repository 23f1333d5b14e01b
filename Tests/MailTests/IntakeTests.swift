import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Mail

/// The model that the intake tests read with: folder `in`, or an IMAP server.
func deskModel(source: String = #"{"kind": "folder", "path": "in"}"#, more: String = "") -> String {
    """
    {"code": "desk", "classes": [{"code": "ticket", "columns": [
        {"code": "subject", "type": "text"}, {"code": "body", "type": "text"},
        {"code": "email", "type": "text"}, {"code": "about", "type": "text"}]}],
     "scripts": [{"code": "tidy", "source": ""}],
     "mailboxes": [{"code": "support", "source": \(source), "every": "1d", "class": "ticket",
       "map": {"subject": "=mail.subject", "body": "=mail.text", "email": "=mail.from.address",
               "about": "=mail.record"},
       "after": {"move": "Done"}\(more)}]}
    """
}

func testMail(_ number: Int, body: String = "Help.", header: String = "") -> String {
    """
    From: Anna <anna@example.org>
    To: support@example.org
    Subject: Mail \(number)
    Date: Sun, 22 Nov 2026 10:15:30 +0100
    Message-ID: <m\(number)@example.org>
    \(header.isEmpty ? "" : header + "\n")
    \(body)
    """.replacingLineEnds + "\r\n"
}

/// A folder mailbox through the whole service.
@Suite struct IntakeTests {
    private func put(_ bench: MailBench, _ name: String, _ mail: String) throws {
        TestFile.makeFolder("\(bench.folder.path)/mail/in")
        try TestFile.write(mail, to: "\(bench.folder.path)/mail/in/\(name)")
    }

    private func names(_ bench: MailBench, _ folder: String) -> [String] {
        TestFile.names(in: "\(bench.folder.path)/mail/\(folder)")
    }

    /// Reads, and answers the ledger, oldest first.
    private func read(_ bench: MailBench) async throws -> [JSONValue] {
        _ = try await bench.json(ReadMailbox(mailbox: "support"))
        let page = try await bench.json(ListIntake(mailbox: "desk.support"))
        return (page["items"]?.array ?? []).reversed()
    }

    @Test func `a file becomes a record, once, and is moved afterwards`() async throws {
        let bench = try await MailBench()
        try put(bench, "a.eml", testMail(1))
        try put(bench, ".hidden.eml", testMail(8))
        try put(bench, "b.eml.part", testMail(9))
        try await bench.take(deskModel())
        let ledger = try await read(bench)
        #expect(ledger.map { $0["state"] } == ["done"])
        #expect(ledger.first?["record"] == "desk.ticket/1")
        #expect(ledger.first?["messageId"] == "<m1@example.org>")
        #expect(ledger.first?["number"] == 1)
        #expect(
            bench.peers.records == [
                [
                    "subject": "Mail 1", "body": "Help.\n", "email": "anna@example.org",
                    "about": .null,
                ]
            ])
        #expect(names(bench, "in") == ["b.eml.part"])
        #expect(names(bench, "Done") == ["a.eml"])
        let context = bench.peers.state.withLock { $0.contexts.first }
        #expect(context?.principal.account == "mailbox:support")
        #expect(context?.door == .mail)
        #expect(context?.cause.root == "mail:desk.support/1")
        #expect(context?.idempotencyKey == "mailbox:desk.support/1")
        // The bytes are kept as they came.
        let raw = try await bench.raw(GetIntakeRaw(mailbox: "support", number: 1))
        #expect(raw == Array(testMail(1).utf8))
        // The same mail under another name makes no second record.
        try put(bench, "copy.eml", testMail(1))
        let again = try await read(bench)
        #expect(again.map { $0["state"] } == ["done", "skipped"])
        #expect(again.last?["record"] == "desk.ticket/1")
        #expect(bench.peers.records.count == 1)
        #expect(names(bench, "in") == ["b.eml.part"])
        try await bench.stop()
    }

    @Test
    func `a failing mail is quarantined with its reason, the others go on, a replay mends it`()
        async throws
    {
        let bench = try await MailBench()
        try await bench.take(deskModel())
        try put(bench, "1.eml", "this is no mail\n\nat all")
        try put(bench, "2.eml", testMail(2))
        let ledger = try await read(bench)
        #expect(ledger.map { $0["state"] } == ["quarantined", "done"])
        #expect(ledger.first?["problem"]?["type"] == "/problems/unreadable-mail")
        #expect(names(bench, "in") == ["1.eml"])

        bench.peers.state.withLock {
            $0.scriptFailure = Problem(
                status: 422, code: "script-failed", title: "The script failed",
                detail: "TypeError", extra: JSONObject([("line", 3)]))
        }
        try put(bench, "3.eml", testMail(3))
        #expect(try await read(bench).last?["state"] == "quarantined")
        bench.peers.state.withLock {
            $0.scriptFailure = nil
            $0.refusal = Problem.validation([
                FieldProblem(pointer: "/subject", code: "too-long", detail: "Too long.")
            ])
        }
        let refused = try await bench.json(ReplayIntake(mailbox: "support", number: 3))
        #expect(refused["state"] == "quarantined")
        #expect(
            refused["problem"]?["errors"]?.array?.first?["pointer"] == "/subject")
        bench.peers.state.withLock { $0.refusal = nil }
        let mended = try await bench.json(ReplayIntake(mailbox: "support", number: 3))
        #expect(mended["state"] == "done")
        #expect(mended["problem"] == .null)
        #expect(bench.peers.records.count == 2)
        let problem = await MailBench.problem {
            _ = try await bench.json(ReplayIntake(mailbox: "support", number: 3))
        }
        #expect(problem?.status == 409)
        // The mended mail is moved like any other.
        _ = try await read(bench)
        #expect(names(bench, "in") == ["1.eml"])
        let state = try await bench.json(GetMailbox(mailbox: "support"))
        #expect(state["counts"]?["quarantined"] == 1 && state["counts"]?["done"] == 2)
        try await bench.stop()
    }

    @Test func `while a peer is down mails stay staged, and go on when it is back`() async throws {
        let bench = try await MailBench()
        try await bench.take(deskModel())
        bench.peers.state.withLock { $0.refusal = Problem.unavailable("down") }
        try put(bench, "1.eml", testMail(1))
        let ledger = try await read(bench)
        #expect(ledger.map { $0["state"] } == ["staged"])
        #expect(ledger.first?["problem"]?["status"] == 503)
        #expect(names(bench, "in") == ["1.eml"])
        bench.peers.state.withLock { $0.refusal = nil }
        try await eventually("the record") { bench.peers.records.count == 1 }
        try await eventually("the entry") {
            try await bench.json(ListIntake(mailbox: "support", state: "done"))["items"]?
                .array?.count == 1
        }
        _ = try await read(bench)
        #expect(names(bench, "Done") == ["1.eml"])
        try await bench.stop()
    }

    @Test func `automatic mail is skipped by setting, and never answered`() async throws {
        let bench = try await MailBench()
        try await bench.take(deskModel(more: #", "automatic": "skip""#))
        try put(bench, "1.eml", testMail(1, header: "Auto-Submitted: auto-replied"))
        let skipped = try await read(bench)
        #expect(skipped.first?["state"] == "skipped")
        #expect(skipped.first?["problem"]?["type"] == "/problems/automatic-mail")
        #expect(bench.peers.records.isEmpty)
        // By default it is stored; then nothing automatic goes back to its sender.
        try await bench.take(deskModel(), version: 2)
        try put(bench, "2.eml", testMail(2, header: "Precedence: bulk"))
        let stored = try await read(bench)
        #expect(stored.last?["record"] == "desk.ticket/1")
        func send(_ principal: Principal) async throws -> JSONValue {
            let queued = try await bench.call(
                SendMail(
                    to: ["Anna@example.org", "bob@example.org"], subject: "Re", text: "x",
                    record: "desk.ticket/1"), as: MailBench.context(principal))
            try await eventually("its outcome") {
                try await bench.json(GetMail(id: queued.id)).states["bob@example.org"] == "sent"
            }
            return try await bench.json(GetMail(id: queued.id))
        }
        let machine = try await send(.system)
        #expect(machine.states["Anna@example.org"] == "failed")
        let person = try await send(Principal(account: "anna", permissions: ["mail:send"]))
        #expect(person.states["Anna@example.org"] == "sent")
        try await bench.stop()
    }

    @Test func `an answer knows the record of the mail that it answers`() async throws {
        let bench = try await MailBench()
        try await bench.take(deskModel())
        try put(bench, "1.eml", testMail(1))
        _ = try await read(bench)
        let queued = try await bench.call(
            SendMail(
                to: ["anna@example.org"], subject: "Re", text: "x", record: "desk.ticket/1"),
            as: MailBench.context(.system))
        let sent = Message(parsing: try await bench.raw(GetMailRaw(id: queued.id)))
        // What is written about a record answers the mail that it came from.
        #expect(sent.inReplyTo == ["<m1@example.org>"])
        #expect(sent.automatic == "auto-submitted")
        try put(bench, "2.eml", testMail(2, header: "In-Reply-To: \(queued.messageId)"))
        let references = "References: <x@y.z> \(queued.messageId)"
        try put(bench, "3.eml", testMail(3, header: references))
        _ = try await read(bench)
        #expect(
            bench.peers.records.suffix(2).map { $0["about"] } == ["desk.ticket/1", "desk.ticket/1"])
        try await bench.stop()
    }

    @Test func `many files are read in order, each once`() async throws {
        let bench = try await MailBench()
        for number in 100..<220 { try put(bench, "\(number).eml", testMail(number)) }
        try await bench.take(deskModel())
        let page = try await bench.json(ReadMailbox(mailbox: "support"))
        #expect(page["counts"]?["done"] == 120)
        #expect(Set(bench.peers.records.compactMap { $0["subject"]?.string }).count == 120)
        #expect(names(bench, "in").isEmpty && names(bench, "Done").count == 120)
        try await bench.stop()
    }

    @Test func `the kill switch stops mailboxes, unknown ones are told`() async throws {
        let bench = try await MailBench { $0.integrations = false }
        try await bench.take(deskModel())
        let problem = await MailBench.problem {
            _ = try await bench.json(ReadMailbox(mailbox: "support"))
        }
        #expect(problem?.status == 409)
        #expect(try await bench.json(GetMailbox(mailbox: "support"))["state"] == "stopped")
        let unknown = await MailBench.problem {
            _ = try await bench.json(GetMailbox(mailbox: "none"))
        }
        #expect(unknown?.status == 404)
        try await bench.stop()
    }

    @Test func `a mailbox that cannot be read says so`() async throws {
        let bench = try await MailBench()
        let source = """
            {"kind": "imap", "url": "imap://127.0.0.1:\(FreePort.take())", "user": "x",
             "password": "secret:missing"}
            """
        try await bench.take(deskModel(source: source))
        let state = try await bench.json(ReadMailbox(mailbox: "support"))
        #expect(state["state"] == "failing")
        #expect(state["problem"]?.string?.contains("missing") == true)
        try await bench.stop()
    }
}
