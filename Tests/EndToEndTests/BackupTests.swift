import Glibc
import HTTP
import JSON
import TestSupport
import Testing

/// The drill: a backup under load, restored elsewhere.
@Suite(.serialized) struct `Backup and restore` {
    private func geartrain(
        _ arguments: [String], data: String
    ) async throws -> (code: Int32, output: String) {
        try await ChildProcess.run(
            ChildProcess.product("geartrain"), arguments,
            environment: ["GEARTRAIN_DATA": data, "SWIFT_BACKTRACE": "enable=no"],
            within: .seconds(120))
    }

    private func deliver(_ number: Int, to train: Train) throws {
        try TestFile.write(
            """
            From: Jana <jana\(number)@example.com>\r
            To: support@example.com\r
            Subject: Mail \(number)\r
            Date: Sun, 22 Nov 2026 10:15:30 +0100\r
            Message-ID: <drill.\(number)@example.com>\r
            \r
            It burns.\r\n
            """, to: "\(train.data)/mail/in/drill-\(number).eml")
    }

    private func items(_ api: APIClient, _ path: String) async throws -> [JSONValue] {
        try await api.get(path)["items"]?.array ?? []
    }

    @Test func `a backup under load is whole, and what is restored stays by itself`() async throws {
        let sink = try await SMTPSink()
        // Nobody listens where the original sends to, so that its mail waits.
        let away = "smtp://127.0.0.1:\(FreePort.take())"
        let train = Train(.apart, settings: ["MAIL_SMTP_URL": away])
        try await train.start()
        let api = try await train.admin()
        let backup = train.folder.path + "/backup"
        for number in 1...5 { try deliver(number, to: train) }
        try await train.waitFor("tickets of mails") {
            try await items(api, "/api/records/helpdesk/ticket").count >= 5
        }
        try await train.waitFor("mail that waits") {
            try await items(api, "/api/mail/messages?state=deferred").count >= 5
        }
        let before = try await items(api, "/api/records/helpdesk/ticket?limit=200").count
        let load = Task {
            var number = 100
            while !Task.isCancelled {
                number += 1
                let ticket: JSONValue = ["subject": .string("load \(number)")]
                _ = try await api.send(
                    .post, "/api/records/helpdesk/ticket", body: ticket.bytes)
                if number % 20 == 0 { try deliver(number, to: train) }
            }
        }
        let taken = try await geartrain(["backup", backup], data: train.data)
        load.cancel()
        _ = await load.result
        #expect(taken.code == 0, "\(taken.output)")
        let codes = try await train.stop()
        #expect(codes.allSatisfy { $0 == 0 })
        #expect(TestFile.names(in: train.folder.path).contains("backup.partial") == false)

        let copy = Train(
            .together,
            settings: [
                "MAIL_SMTP_URL": "smtp://127.0.0.1:\(sink.port)", "MAIL_SMTP_TLS": "never",
            ])
        let restored = try await geartrain(["restore", backup], data: copy.data)
        #expect(restored.code == 0, "\(restored.output)")
        #expect(restored.output.contains("mails are held"))
        // What is there is not overwritten.
        let again = try await geartrain(["restore", backup], data: copy.data)
        #expect(again.code == 2 && again.output.contains("restore into an empty folder"))
        try await check(copy, before: before, sink)
        try await release(copy, sink)
    }

    private func check(_ copy: Train, before: Int, _ sink: SMTPSink) async throws {
        try deliver(9999, to: copy)
        try await copy.start(isCounted: false)
        let api = try await copy.admin()
        let tickets = try await items(api, "/api/records/helpdesk/ticket?limit=1000")
        #expect(tickets.count >= before)
        let chain = try await api.post("/api/history/verify", [:], status: 200)
        #expect(chain["fault"] == .null || chain["fault"] == nil)
        // What a service knows of another is there.
        for entry in try await items(api, "/api/mailboxes/support/messages?state=done&limit=1000") {
            let id = entry["record"]?.string?.split(separator: "/").last ?? ""
            try await api.expect(200, .get, "/api/records/helpdesk/ticket/\(id)")
        }
        let mails = try await items(api, "/api/mail/messages?limit=1000")
        #expect(mails.count >= 5)
        #expect(mails.allSatisfy { $0["state"] == "held" })
        let staged = try await items(api, "/api/mailboxes/support/messages?state=staged")
        #expect(staged.isEmpty)
        #expect(TestFile.names(in: copy.data + "/mail/in").contains("drill-9999.eml"))
        // A person's release waits, too.
        let id = mails.first?["id"]?.integer ?? 0
        try await api.expect(200, .post, "/api/mail/messages/\(id)/release")
        let codes = try await copy.stop()
        #expect(codes.allSatisfy { $0 == 0 })
        #expect(sink.mails.isEmpty)
    }

    private func release(_ copy: Train, _ sink: SMTPSink) async throws {
        let released = try await geartrain(["release"], data: copy.data)
        #expect(released.code == 0)
        try copy.start("geartrain")
        try await copy.ready("gateway")
        try await copy.waitFor("the mail that was released, and the answer to the one that came") {
            sink.mails.count >= 2
        }
        let codes = try await copy.stop()
        #expect(codes.allSatisfy { $0 == 0 })
    }

    @Test func `what is no backup, or not as it was written, is not restored`() async throws {
        let train = Train(.together)
        try await train.start()
        let backup = train.folder.path + "/backup"
        let taken = try await geartrain(["backup", backup], data: train.data)
        #expect(taken.code == 0, "\(taken.output)")
        let codes = try await train.stop()
        #expect(codes.allSatisfy { $0 == 0 })
        let folder = TemporaryFolder()
        func refused(_ arguments: [String], _ words: String) async throws {
            let answer = try await geartrain(arguments, data: folder.path + "/data")
            #expect(answer.code == 2 && answer.output.contains(words), "\(answer.output)")
            #expect(TestFile.names(in: folder.path + "/data").isEmpty)
        }
        try await refused(["backup", backup], "is there already")
        try await refused(["backup", folder.path + "/b"], "there is no")
        try await refused(["restore", folder.path], "holds no backup")
        try await refused(["restore"], "name the folder")
        try await refused(["restore", backup, "--data", "x=y"], "--data needs")
        let path = backup + "/gateway/gateway.db"
        var bytes = TestFile.bytes(path) ?? []
        bytes[bytes.count / 2] ^= 1
        try TestFile.write(bytes, to: path)
        try await refused(["restore", backup], "is not as it was written")
    }
}
