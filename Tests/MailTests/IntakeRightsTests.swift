import Contracts
import HTTP
import JSON
import RPC
import Synchronization
import TestSupport
import Testing

@testable import Mail

/// Whoever a mail says it is from: what it does is done as the mailbox; and mails that are kept are
/// mapped anew.
@Suite struct IntakeRightsTests {
    private func put(_ bench: MailBench, _ number: Int, _ mail: String) throws {
        TestFile.makeFolder("\(bench.folder.path)/mail/in")
        try TestFile.write(mail, to: "\(bench.folder.path)/mail/in/\(number).eml")
    }

    private func read(_ bench: MailBench) async throws -> [JSONValue] {
        _ = try await bench.json(ReadMailbox(mailbox: "support"))
        let page = try await bench.json(ListIntake(mailbox: "desk.support"))
        return (page["items"]?.array ?? []).reversed()
    }

    @Test func `an address, a signature or a header gives no right to who writes it`() async throws
    {
        let bench = try await MailBench()
        try await bench.take(
            deskModel(more: #", "onReply": {"set": {"subject": "open"}}"#))
        let froms = [
            "Administrator <admin@example.org>", "support@example.org", "system",
            "<anna@example.org>", "\"admin\" <admin@localhost>",
        ]
        for (index, from) in froms.enumerated() {
            let mail = testMail(
                index, header: "Sender: admin\nX-Account: admin\nAuthorization: Bearer admin"
            ).replacing("From: Anna <anna@example.org>", with: "From: \(from)")
            try put(bench, index, mail)
        }
        #expect(try await read(bench).map { $0["state"] } == froms.map { _ in "done" })
        // An answer to one of ours, as if from the one who sent it.
        let sent = try await bench.call(
            SendMail(to: ["a@example.org"], subject: "x", text: "x", record: "desk.ticket/1"))
        _ = try await bench.mail(sent.id, in: "sent")
        try put(
            bench, 50,
            testMail(50, header: "In-Reply-To: \(sent.messageId)")
                .replacing("Anna <anna@example.org>", with: "admin <admin@example.org>"))
        #expect(try await read(bench).last?["reply"] == true)
        let contexts = bench.peers.state.withLock(\.contexts)
        #expect(contexts.count == froms.count + 1)
        for context in contexts {
            #expect(context.principal.account == "mailbox:support" && context.door == .mail)
            #expect(context.principal.permissions.isEmpty && context.principal.roles.isEmpty)
        }
        try await bench.stop()
    }

    @Test func `a stored mail is run through a changed mapping`() async throws {
        let bench = try await MailBench()
        try await bench.take(deskModel())
        bench.peers.state.withLock {
            $0.refusal = Problem.validation([
                FieldProblem(pointer: "/email", code: "required", detail: "Write an address.")
            ])
        }
        try put(bench, 1, testMail(1))
        #expect(try await read(bench).map { $0["state"] } == ["quarantined"])
        bench.peers.state.withLock { $0.refusal = nil }
        // The file is gone: the bytes are in the ledger.
        let changed = deskModel().replacing(
            #""subject": "=mail.subject""#, with: #""subject": "=mail.messageId""#)
        try await bench.take(changed, version: 2)
        let entry = try await bench.json(ReplayIntake(mailbox: "support", number: 1))
        #expect(entry["state"] == "done" && entry["record"] == "desk.ticket/1")
        #expect(bench.peers.records.map { $0["subject"] } == ["<m1@example.org>"])
        // Once more is refused: it has its record.
        let problem = await MailBench.problem {
            _ = try await bench.json(ReplayIntake(mailbox: "support", number: 1))
        }
        #expect(problem?.status == 409)
        #expect(bench.peers.records.count == 1)
        try await bench.stop()
    }

    @Test(arguments: [
        "Auto-Submitted: auto-generated", "Precedence: list", "Return-Path: <>",
        "Content-Type: multipart/report; boundary=x", "X-Auto-Response-Suppress: All",
        "List-Id: <news.example.org>",
    ])
    func `what a machine wrote is known, and a person may take it all the same`(
        header: String
    ) async throws {
        let bench = try await MailBench()
        try await bench.take(deskModel(more: #", "automatic": "skip""#))
        try put(bench, 1, testMail(1, header: header))
        try put(bench, 2, testMail(2, header: "Auto-Submitted: no"))
        let ledger = try await read(bench)
        #expect(ledger.map { $0["state"] } == ["skipped", "done"])
        #expect(ledger.first?["automatic"] != .null && ledger.last?["automatic"] == .null)
        #expect(bench.peers.records.map { $0["subject"] } == ["Mail 2"])
        let entry = try await bench.json(ReplayIntake(mailbox: "support", number: 1))
        #expect(entry["state"] == "done")
        #expect(bench.peers.records.map { $0["subject"] } == ["Mail 2", "Mail 1"])
        try await bench.stop()
    }
}
