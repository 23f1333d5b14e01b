import Contracts
import Crypto
import Database
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Mail

/// Recipients that are no addresses, and attachments that are files of records.
@Suite struct RecipientNameTests {
    private static let model = """
        {"code": "desk", "notifications": [
           {"code": "hello", "subject": "Hi {{record.subject}}", "text": "x"}],
         "distributionGroups": [
           {"code": "all", "name": "All", "members": ["role:agent", "account:eve", "account:gone",
             "Boss <boss@example.org>", "ANNA@example.org"]},
           {"code": "nobody", "members": ["account:gone"]}]}
        """

    @Test func `a group is everybody in it, each once, with their names`() async throws {
        let bench = try await MailBench()
        try await bench.take(Self.model)
        let queued = try await bench.call(
            SendMail(
                to: ["group:desk.all"], cc: ["account:eve", "x@example.org"], subject: "s",
                text: "t"))
        let mail = try await bench.mail(queued.id, in: "sent")
        #expect(
            mail["recipients"]?.array?.map { $0["address"] } == [
                "anna@example.org", "ben@example.org", "eve@example.org", "boss@example.org",
                "x@example.org",
            ])
        let message = Message(parsing: try await bench.raw(GetMailRaw(id: queued.id)))
        #expect(message.to.map(\.name) == ["Anna", "Ben, the agent", "Eve", "Boss", ""])
        #expect(message.cc.map(\.address) == ["eve@example.org", "x@example.org"])
        // A bare code is one of the notification's model.
        _ = try await bench.call(
            SendMail(to: ["group:all"], record: "desk.ticket/1", notification: "desk.hello"))
        try await bench.stop()
    }

    @Test func `who is nobody is told, each in its place`() async throws {
        let bench = try await MailBench()
        try await bench.take(Self.model)
        let problem = await MailBench.problem {
            _ = try await bench.call(
                SendMail(
                    to: ["role:agent", "group:desk.none", "group:all"],
                    cc: ["role:none", "group:desk.nobody"], bcc: ["no address"], subject: "s"))
        }
        #expect(
            problem?.errors.map { "\($0.pointer) \($0.code)" } == [
                "/to/1 unknown", "/to/2 unknown", "/cc/0 nobody", "/cc/1 nobody",
                "/bcc/0 invalid-address",
            ])
        try await bench.stop()
    }

    @Test func `a group that cannot be meant is refused`() async throws {
        let check = try Definitions.check(
            CheckModel(
                code: "desk",
                document: JSONBytes(
                    Array(
                        """
                        {"code": "desk", "distributionGroups": [
                          {"code": "a", "members": []}, {"code": "b", "members": ["nobody"]},
                          {"code": "b", "members": ["a@example.org"]}, {"code": "c"}]}
                        """.utf8))))
        #expect(
            check.problems.map { "\($0.pointer) \($0.code)" } == [
                "/distributionGroups/0/members required",
                "/distributionGroups/1/members invalid-address",
                "/distributionGroups/2/code duplicate",
                "/distributionGroups/3/members required",
            ])
    }

    @Test func `a file of a record is an attachment, and no copy of it stays in memory`()
        async throws
    {
        let bench = try await MailBench()
        let size = 5_000_001
        let queued = try await bench.call(
            SendMail(
                to: ["x@example.org"], subject: "s", text: "t",
                attachments: [
                    .init(name: "first.txt", type: "text/plain", content: "Zmlyc3Q="),
                    .init(
                        name: "", type: "", content: "", file: "desk.ticket/\(size)/files/large.bin"
                    ),
                ]))
        let message = Message(parsing: try await bench.raw(GetMailRaw(id: queued.id)))
        #expect(message.attachments.map(\.name) == ["first.txt", "large.bin"])
        let file = message.attachments.last
        #expect(file?.type == "application/zip" && file?.content.count == size)
        #expect(file?.content.first == UInt8(size % 251))
        #expect(TestFile.names(in: bench.folder.path + "/mail/work").isEmpty)
        try await bench.stop()
    }

    @Test func `what an export made is an attachment, by its run`() async throws {
        let bench = try await MailBench()
        let queued = try await bench.call(
            SendMail(
                to: ["x@example.org"], subject: "s",
                attachments: [.init(name: "", type: "", content: "", run: 9)]))
        let message = Message(parsing: try await bench.raw(GetMailRaw(id: queued.id)))
        #expect(message.attachments.map(\.name) == ["open-9.csv"])
        #expect(message.attachments.first?.type == "text/csv")
        #expect(message.attachments.first?.content == Array("a;b\r\n".utf8))
        let problem = await MailBench.problem {
            _ = try await bench.call(
                SendMail(
                    to: ["x@example.org"], subject: "s",
                    attachments: [.init(name: "", type: "", content: "", run: 8)]))
        }
        #expect(
            problem?.errors.map { "\($0.pointer) \($0.code)" } == [
                "/attachments/0/run unknown-file"
            ])
        try await bench.stop()
    }

    @Test func `a file that is not there or too large is a fault in its place`() async throws {
        let bench = try await MailBench()
        let files = [
            "desk.ticket/1/files/none.bin", "desk.ticket/1", "desk.ticket/70000000/files/large.bin",
        ]
        let problem = await MailBench.problem {
            _ = try await bench.call(
                SendMail(
                    to: ["x@example.org"], subject: "s",
                    attachments: files.map { .init(name: "", type: "", content: "", file: $0) }))
        }
        #expect(
            problem?.errors.map { "\($0.pointer) \($0.code)" } == [
                "/attachments/0/file unknown-file", "/attachments/1/file invalid-reference",
                "/attachments/2/file too-long",
            ])
        try await bench.stop()
    }

    @Test func `a token that is narrowed to models sees their mails only`() async throws {
        let bench = try await MailBench()
        try await bench.take(Self.model)
        var ids: [Int64] = []
        for record in ["desk.ticket/1", "deskextra.ticket/1", nil] {
            ids.append(
                try await bench.call(
                    SendMail(to: ["x@example.org"], subject: "s", record: record)
                ).id)
        }
        ids.append(
            try await bench.call(
                SendMail(
                    to: ["x@example.org"], notification: "desk.hello",
                    recordValues: ["subject": "x"])
            ).id)
        let narrow = MailBench.context(
            Principal(
                account: "anna", permissions: ["mail:read", "mail:send"], models: ["desk"]))
        let list =
            try JSONValue(
                parsing: await bench.call(ListMails(), as: narrow).bytes)["items"]?.array ?? []
        #expect(list.map { $0["id"]?.integer } == [ids[3], ids[0]])
        for id in ids[1...2] {
            let seen = await MailBench.problem {
                _ = try await bench.call(GetMail(id: id), as: narrow)
            }
            #expect(seen?.status == 404)
            let done = await MailBench.problem {
                _ = try await bench.call(ActOnMail(id: id, action: .hold), as: narrow)
            }
            #expect(done?.status == 404)
        }
        _ = try await bench.call(GetMail(id: ids[0]), as: narrow)
        try await bench.stop()
    }
}
