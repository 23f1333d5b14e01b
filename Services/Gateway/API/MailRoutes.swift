import Contracts
import HTTP
import JSON
import RPC

private typealias Answer = Operation.Answer

/// `/api/mail` and `/api/mailboxes`. `mail:read` looks, `mail:send` acts.
struct MailRoutes: Sendable {
    /// Attachments come as base64 in the body.
    static let bodyLimit = 48 << 20
    private static let message = "/api/mail/messages/{id:integer}"
    private static let mailbox = "/api/mailboxes/{code}"

    let mail: Peer
    private let reads: Permission = .holder(of: Permissions.mailRead)
    private let acts: Permission = .holder(of: Permissions.mailSend)

    init(mail: Peer) {
        self.mail = mail
    }

    func add(to table: RouteTable) {
        addMessages(to: table)
        addPreview(to: table)
        addActions(to: table)
        addMailboxes(to: table)
    }

    private func addMessages(to table: RouteTable) {
        table.on(
            .post, "/api/mail/messages", acts,
            Operation(
                "Queues a mail", body: .json("MailInput"),
                answers: [Answer(202, "It is queued", "MailQueued")], isKeptByOwner: true),
            body: RouteTable.json, bodyLimit: MailRoutes.bodyLimit
        ) { request, caller in
            let call = try MailInput.read(try await request.json(limit: MailRoutes.bodyLimit))
            return .passed(
                try await mail.forward(call, as: request.context(caller)), status: 202)
        }
        table.on(
            .get, "/api/mail/messages", reads,
            Operation(
                "The audit of outgoing mail, newest first",
                query: [
                    .init(name: "state", about: "queued sending sent deferred failed held …"),
                    .init(name: "address", about: "A recipient"),
                    .init(name: "record", about: "`model.class/id`"),
                    .init(name: "text", about: "Words of subject and text, each as a beginning"),
                    .init(name: "cause", about: "The root of its cause, or what it came by"),
                    .init(name: "account", about: "Who sent it"),
                    .init(name: "since", about: "From this day or time on"),
                    .init(name: "until", about: "Before this day or time"), .limit, .cursor,
                ], answers: [Answer(200, "A page of mails", "MailList")])
        ) { request, caller in
            let query = try QueryReader(
                request,
                [
                    "state", "address", "record", "text", "cause", "account", "since", "until",
                    "limit", "cursor",
                ])
            let call = ListMails(
                state: query.text("state"), address: query.text("address"),
                record: query.text("record"), text: query.text("text"),
                cause: query.text("cause"), account: query.text("account"),
                since: query.text("since"), until: query.text("until"),
                limit: try query.limit(), cursor: query.text("cursor"))
            return .passed(try await mail.forward(call, as: request.context(caller)))
        }
        table.on(
            .get, MailRoutes.message, reads,
            Operation(
                "One mail with every attempt and recipient", answers: [Answer(200, "It", "Mail")])
        ) { request, caller in
            let call = GetMail(id: try request.id())
            return .passed(try await mail.forward(call, as: request.context(caller)))
        }
        table.on(
            .get, MailRoutes.message + "/raw", reads,
            Operation(
                "The exact bytes",
                answers: [Answer(200, "The mail", Operation.Content.media("message/rfc822"))])
        ) { request, caller in
            let id = try request.id()
            let answer = try await mail.stream(
                GetMailRaw(id: id), body: .empty, as: request.context(caller))
            return .passed(answer, headers: MailRoutes.download("mail-\(id).eml"))
        }
    }

    private func addPreview(to table: RouteTable) {
        table.on(
            .post, "/api/notifications/{code}/preview", acts,
            Operation(
                "What a notification would be for a record; nothing is sent",
                body: .json("NotificationPreviewInput"),
                answers: [Answer(200, "Subject and texts", "NotificationPreview")]),
            body: RouteTable.json
        ) { request, caller in
            let code = request.parameters["code"] ?? ""
            guard FullCode(code) != nil else { throw Problem.notFound() }
            let problems = ObjectReader.Problems()
            let reader = ObjectReader(try await request.json(), at: "", problems: problems)
            let call = PreviewNotification(
                notification: code, record: reader.string("record"),
                values: reader.value("values"), language: reader.string("language"),
                definition: reader.value("definition"))
            reader.finish()
            if !problems.items.isEmpty { throw Problem.validation(problems.items) }
            return .passed(try await mail.forward(call, as: request.context(caller)))
        }
    }

    private func addActions(to table: RouteTable) {
        let actions: [(ActOnMail.Action, String)] = [
            (.resend, "Sends it again"), (.hold, "Keeps it from being sent"),
            (.release, "Lets a held mail go"),
        ]
        for (action, summary) in actions {
            table.on(
                .post, MailRoutes.message + "/\(action.rawValue)", acts,
                Operation(summary, answers: [Answer(200, "The mail", "Mail")])
            ) { request, caller in
                let call = ActOnMail(id: try request.id(), action: action)
                return .passed(try await mail.forward(call, as: request.context(caller)))
            }
        }
    }

    private func addMailboxes(to table: RouteTable) {
        table.on(
            .get, MailRoutes.mailbox, reads,
            Operation(
                "State and gaps of a mailbox", answers: [Answer(200, "The mailbox", "Mailbox")])
        ) { request, caller in
            let call = GetMailbox(mailbox: try MailRoutes.code(request))
            return .passed(try await mail.forward(call, as: request.context(caller)))
        }
        table.on(
            .post, MailRoutes.mailbox + "/read", acts,
            Operation("Reads it now", answers: [Answer(200, "Its state after that", "Mailbox")])
        ) { request, caller in
            let call = ReadMailbox(mailbox: try MailRoutes.code(request))
            return .passed(try await mail.forward(call, as: request.context(caller)))
        }
        table.on(
            .get, MailRoutes.mailbox + "/messages", reads,
            Operation(
                "The intake ledger",
                query: [
                    .init(name: "state", about: "staged done skipped quarantined"), .limit, .cursor,
                ], answers: [Answer(200, "A page of entries", "IntakeList")])
        ) { request, caller in
            let query = try QueryReader(request, ["state", "limit", "cursor"])
            let call = ListIntake(
                mailbox: try MailRoutes.code(request), state: query.text("state"),
                limit: try query.limit(), cursor: query.text("cursor"))
            return .passed(try await mail.forward(call, as: request.context(caller)))
        }
        table.on(
            .get, MailRoutes.mailbox + "/messages/{number:integer}/raw", reads,
            Operation(
                "The exact bytes of a received mail",
                answers: [Answer(200, "The mail", Operation.Content.media("message/rfc822"))])
        ) { request, caller in
            let number = try request.id("number")
            let call = GetIntakeRaw(mailbox: try MailRoutes.code(request), number: number)
            let answer = try await mail.stream(call, body: .empty, as: request.context(caller))
            return .passed(answer, headers: MailRoutes.download("intake-\(number).eml"))
        }
        table.on(
            .post, MailRoutes.mailbox + "/messages/{number:integer}/replay", acts,
            Operation(
                "Runs a stored mail through the mapping again",
                answers: [Answer(200, "Its entry after that", "IntakeEntry")])
        ) { request, caller in
            let call = ReplayIntake(
                mailbox: try MailRoutes.code(request), number: try request.id("number"))
            return .passed(try await mail.forward(call, as: request.context(caller)))
        }
    }

    /// `model.mailbox`, or a bare code, which Mail resolves.
    private static func code(_ request: Request) throws -> String {
        let code = request.parameters["code"] ?? ""
        guard FullCode(code) != nil || FullCode.isCode(code) else { throw Problem.notFound() }
        return code
    }

    /// Somebody else's mail must never run as a page of ours.
    private static func download(_ name: String) -> Headers {
        [
            "Content-Type": "message/rfc822",
            "Content-Disposition": "attachment; filename=\"\(name)\"",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        ]
    }
}

/// The body of `POST /api/mail/messages`.
enum MailInput {
    static func read(_ value: JSONValue) throws -> SendMail {
        let problems = ObjectReader.Problems()
        let reader = ObjectReader(value, at: "", problems: problems)
        let call = SendMail(
            to: reader.strings("to"), cc: reader.object["cc"].map { _ in reader.strings("cc") },
            bcc: reader.object["bcc"].map { _ in reader.strings("bcc") },
            subject: reader.string("subject"), text: reader.string("text"),
            html: reader.string("html"), attachments: attachments(reader),
            record: reader.string("record"), notification: reader.string("notification"),
            values: reader.value("values"), class: reader.string("class"),
            from: reader.string("from"))
        if let record = call.record, !MailInput.isRecord(record) {
            reader.fault("record", "malformed", "A record as model.class/id.")
        }
        reader.finish()
        if !problems.items.isEmpty { throw Problem.validation(problems.items) }
        return call
    }

    private static func isRecord(_ text: String) -> Bool {
        let parts = text.split(
            separator: "/", maxSplits: 1, omittingEmptySubsequences: false
        ).map(String.init)
        return parts.count == 2 && FullCode(parts[0]) != nil && (Int64(parts[1]) ?? 0) > 0
    }

    private static func attachments(_ reader: ObjectReader) -> [SendMail.Attachment]? {
        guard reader.object["attachments"] != nil else { return nil }
        return reader.list("attachments").map { item in
            let file = item.string("file")
            let isOwn = file == nil
            let attachment = SendMail.Attachment(
                name: item.string("name", required: isOwn) ?? "",
                type: item.string("type", required: isOwn) ?? "",
                content: item.string("content", required: isOwn) ?? "",
                contentId: item.string("contentId"), file: file)
            item.finish()
            return attachment
        }
    }
}
