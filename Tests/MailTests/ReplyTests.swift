import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Mail

/// Answers to mails about records (`onReply`), and circles through mail.
@Suite struct ReplyTests {
    private static let onReply = """
        , "onReply": {"set": {"subject": "open", "body": "=mail.text", "about": "=record.subject"},
                      "event": "customer_replied"}
        """

    private func model(_ more: String = onReply) -> String {
        let model = deskModel(more: more)
        return model.replacing(
            #""scripts":"#, with: #""events": [{"code": "customer_replied"}], "scripts":"#)
    }

    private func put(_ bench: MailBench, _ number: Int, _ header: String, body: String = "Yes.")
        throws
    {
        TestFile.makeFolder("\(bench.folder.path)/mail/in")
        try TestFile.write(
            testMail(number, body: body, header: header),
            to: "\(bench.folder.path)/mail/in/\(number).eml")
    }

    /// Reads, and answers the newest entry.
    private func read(_ bench: MailBench) async throws -> JSONValue? {
        _ = try await bench.json(ReadMailbox(mailbox: "support"))
        return try await bench.json(ListIntake(mailbox: "desk.support"))["items"]?.array?.first
    }

    private func send(
        _ bench: MailBench, about record: String?, cause: Cause = Cause(root: "request:7")
    ) async throws -> MailQueued {
        var context = MailBench.context(.system)
        context.cause = cause
        let queued = try await bench.call(
            SendMail(to: ["anna@example.org"], subject: "Re", text: "x", record: record),
            as: context)
        _ = try await bench.mail(queued.id, in: "sent")
        return queued
    }

    @Test func `an answer changes its record, raises the event, and makes no other record`()
        async throws
    {
        let bench = try await MailBench()
        try await bench.take(model())
        let sent = try await send(bench, about: "desk.ticket/4")
        try put(bench, 1, "In-Reply-To: \(sent.messageId)")
        let entry = try await read(bench)
        #expect(entry?["state"] == "done" && entry?["reply"] == true)
        #expect(entry?["record"] == "desk.ticket/4")
        #expect(bench.peers.records.isEmpty)
        bench.peers.state.withLock { state in
            #expect(
                state.changes == [
                    "mailbox:desk.support/1/set": [
                        "subject": "open", "body": "Yes.\n", "about": "from Records",
                    ]
                ])
            let event = state.events["mailbox:desk.support/1/event"]
            #expect(state.events.count == 1)
            #expect(event?.event.description == "desk.customer_replied")
            #expect(event?.scope == .all && event?.key == 4 && event?.record == "desk.ticket/4")
            let payload = event?.payload
            #expect(payload?["messageId"] == "<m1@example.org>" && payload?["number"] == 1)
            #expect(payload?["from"]?["address"] == "anna@example.org")
            #expect(payload?["text"] == "Yes.\n" && payload?["subject"] == "Mail 1")
            // It acts as the mailbox, whoever wrote the mail.
            #expect(state.contexts.allSatisfy { $0.principal.account == "mailbox:support" })
        }
        try await bench.stop()
    }

    @Test func `an answer to a mail that was received belongs to its record too`() async throws {
        let bench = try await MailBench()
        try await bench.take(model())
        try put(bench, 1, "")
        #expect(try await read(bench)?["record"] == "desk.ticket/1")
        try put(bench, 2, "References: <unknown@x.y> <m1@example.org>")
        let entry = try await read(bench)
        #expect(entry?["record"] == "desk.ticket/1" && entry?["reply"] == true)
        #expect(bench.peers.records.count == 1)
        #expect(
            bench.peers.state.withLock { $0.changes.keys.sorted() } == [
                "mailbox:desk.support/2/set"
            ])
        try await bench.stop()
    }

    @Test func `what answers nothing known, another class or a lost record is a record as ever`()
        async throws
    {
        let bench = try await MailBench()
        try await bench.take(model())
        let other = try await send(bench, about: "shop.order/4")
        let gone = try await send(bench, about: "desk.ticket/5")
        let about = try await send(bench, about: nil)
        bench.peers.state.withLock { $0.gone = [5] }
        for (index, id) in [
            other.messageId, gone.messageId, about.messageId, "<else@where.example>",
        ].enumerated() {
            try put(bench, index + 1, "In-Reply-To: \(id)")
            let entry = try await read(bench)
            #expect(entry?["state"] == "done" && entry?["reply"] == false)
            #expect(entry?["record"] == .string("desk.ticket/\(index + 1)"))
        }
        #expect(bench.peers.state.withLock { $0.changes.isEmpty && $0.events.isEmpty })
        try await bench.stop()
    }

    @Test func `what a machine answers is no reply, and makes no record beside its own`()
        async throws
    {
        let bench = try await MailBench()
        try await bench.take(model())
        let sent = try await send(bench, about: "desk.ticket/4")
        let marks = [
            "Auto-Submitted: auto-replied", "Precedence: bulk", "List-Id: <news.example>",
            "X-Autoreply: yes",
        ]
        for (index, mark) in marks.enumerated() {
            try put(bench, index + 1, "In-Reply-To: \(sent.messageId)\n\(mark)")
            let entry = try await read(bench)
            #expect(entry?["state"] == "skipped" && entry?["record"] == "desk.ticket/4")
            #expect(entry?["problem"]?["type"] == "/problems/automatic-mail")
        }
        bench.peers.state.withLock { state in
            #expect(state.changes.isEmpty && state.events.isEmpty && state.records.isEmpty)
        }
        // A person who has looked at it may say that it is none.
        _ = try await bench.json(ReplayIntake(mailbox: "support", number: 1))
        #expect(bench.peers.state.withLock { $0.events.count } == 1)
        try await bench.stop()
    }

    @Test func `a refused change is quarantined, and its replay does both once`() async throws {
        let bench = try await MailBench()
        try await bench.take(model())
        let sent = try await send(bench, about: "desk.ticket/4")
        bench.peers.state.withLock {
            $0.refusal = Problem(status: 422, code: "rule-refused", title: "No")
        }
        try put(bench, 1, "In-Reply-To: \(sent.messageId)")
        let entry = try await read(bench)
        #expect(entry?["state"] == "quarantined")
        #expect(entry?["problem"]?["type"] == "/problems/rule-refused")
        bench.peers.state.withLock {
            $0.refusal = nil
            $0.eventRefusal = Problem.notFound()
        }
        _ = try await bench.json(ReplayIntake(mailbox: "support", number: 1))
        #expect(bench.peers.state.withLock { $0.changes.count } == 1)
        // What was done is not done again, however long the rest has to wait.
        bench.peers.state.withLock {
            $0.eventRefusal = nil
            $0.changes = [:]
        }
        let done = try await bench.json(ReplayIntake(mailbox: "support", number: 1))
        #expect(done["state"] == "done" && done["reply"] == true)
        bench.peers.state.withLock { state in
            #expect(state.changes.isEmpty && state.events.count == 1)
        }
        try await bench.stop()
    }

    @Test func `a quick answer goes on with our mail's cause, a later one begins its own`()
        async throws
    {
        let bench = try await MailBench()
        try await bench.take(model())
        let chain = Cause(root: "request:7", via: "rule:desk.tell", depth: 3)
        let sent = try await send(bench, about: "desk.ticket/4", cause: chain)
        try put(bench, 1, "In-Reply-To: \(sent.messageId)")
        _ = try await read(bench)
        #expect(
            bench.peers.state.withLock { $0.contexts.last?.cause }
                == Cause(root: "request:7", via: "mail:desk.support/1", depth: 4))
        // As if it had been sent long before.
        let database = try await Database.open(
            StoreEngine.chosen.place("mail", in: bench.folder.path), runtime: TestRuntime.make())
        try await database.write {
            try $0.run("update mail set created = '2020-01-01T00:00:00.000Z'")
            try $0.run("update attempt set time = '2020-01-01T00:00:00.000Z'")
        }
        await database.close()
        try put(bench, 2, "In-Reply-To: \(sent.messageId)")
        _ = try await read(bench)
        #expect(
            bench.peers.state.withLock { $0.contexts.last?.cause }
                == Cause(root: "mail:desk.support/2", via: "mailbox:desk.support"))
        try await bench.stop()
    }

    @Test func `mails that bring one another are a loop, with the mails that led to it`()
        async throws
    {
        let bench = try await MailBench()
        try await bench.take(deskModel())
        TestFile.makeFolder("\(bench.folder.path)/mail/in")
        // Our mail goes to an address that lands in our own mailbox, and a rule mails on.
        var cause = Cause(root: "request:7", via: "rule:desk.tell", depth: 1)
        var last: JSONValue?
        var number = 0
        repeat {
            number += 1
            let sent = try await send(bench, about: "desk.ticket/1", cause: cause)
            let raw = try await bench.raw(GetMailRaw(id: sent.id))
            try TestFile.write(
                String(decoding: raw, as: UTF8.self),
                to: "\(bench.folder.path)/mail/in/\(number).eml")
            last = try await read(bench)
            cause = bench.peers.state.withLock { $0.contexts.last?.cause ?? cause }
                .next("rule:desk.tell")
        } while last?["state"] == "done" && number < 20
        #expect(last?["state"] == "quarantined")
        let problem = last?["problem"]
        #expect(problem?["type"] == "/problems/loop")
        #expect(number == Int(MailOrigin.chainLimit) + 1)
        #expect(
            problem?["cycle"]?.array?.map { $0["mail"] }
                == (1..<number).map { .string("desk.support/\($0)") })
        #expect(bench.peers.records.count == number - 1)
        try await eventually("the incident") {
            bench.peers.state.withLock { $0.incidents.count } == 1
        }
        let told = bench.peers.state.withLock { $0.incidents.first }
        #expect(told?.kind == "loop")
        #expect(told?.link == "/api/mailboxes/desk.support/messages/\(number)/raw")
        #expect(told?.problem["cycle"] == problem?["cycle"])
        // What somebody else writes goes on.
        try put(bench, 99, "")
        #expect(try await read(bench)?["state"] == "done")
        try await bench.stop()
    }

    @Test func `the definition of an answer is checked`() async throws {
        func faults(_ more: String) async throws -> [String] {
            let document = JSONBytes(Array(model(more).utf8))
            let check = CheckModel(code: "desk", document: document)
            return try Definitions.check(check).problems.map { "\($0.pointer) \($0.code)" }
        }
        #expect(try await faults(ReplyTests.onReply).isEmpty)
        #expect(
            try await faults(#", "onReply": {}"#) == ["/mailboxes/0/onReply required"])
        #expect(
            try await faults(#", "onReply": {"set": {"nothing": 1}, "event": "none", "x": 1}"#) == [
                "/mailboxes/0/onReply/set/nothing not-found",
                "/mailboxes/0/onReply/event not-found", "/mailboxes/0/onReply/x unknown-member",
            ])
    }
}
