import Contracts
import Database
import JSON
import RPC
import ServiceRuntime

/// Makes of a `SendMail` the bytes and recipients that are queued.
struct Composer: Sendable {
    struct Limits: Sendable {
        var recipients = 1_000
        /// Of all texts and attachments together.
        var contentBytes = 64 << 20
        var attachments = 200
        var subjectBytes = 2_000
        init() {}
    }

    let definitions: Definitions
    let database: Database
    let peers: Peers
    let configuration: MailConfiguration
    let runtime: Runtime
    /// For the files of large mails.
    let files: ThreadExecutor
    var limits = Limits()

    /// Throws a problem with every fault; asks Workflow and Records where a notification needs
    /// them.
    func compose(_ call: SendMail, _ context: CallContext) async throws -> OutgoingMail {
        var faults: [FieldProblem] = []
        var recipients = Recipients(limit: limits.recipients)
        let names = RecipientNames(definitions: definitions, workflow: peers["workflow"])
        let lists = [call.to, call.cc ?? [], call.bcc ?? []]
        guard lists.reduce(0, { $0 + $1.count }) <= limits.recipients else {
            throw MailError.invalid([Recipients.tooMany(limits.recipients, at: "/to")])
        }
        let known = try await names.find(lists.flatMap(\.self), model: model(of: call), context)
        for (list, kind) in zip(lists, [RecipientKind.to, .cc, .bcc]) {
            recipients.add(list, kind, at: "/\(kind.rawValue)", known: known, faults: &faults)
        }
        if recipients.list.isEmpty, faults.isEmpty {
            faults.append(
                FieldProblem(pointer: "/to", code: "required", detail: "Name a recipient."))
        }
        let checks = MailChecks(limits: limits)
        let attachments = checks.attachments(call, faults: &faults)
        checks.content(call, faults: &faults)
        if call.confidential == true, !context.principal.isSystem {
            faults.append(
                FieldProblem(
                    pointer: "/confidential", code: "not-allowed",
                    detail: "Only the platform itself sends confidential mails."))
        }
        guard faults.isEmpty else { throw MailError.invalid(faults) }

        let content = try await content(call, context)
        let thread = try await thread(of: call.record)
        if context.principal.isSystem, let thread, thread.isAutomatic {
            // Nothing automatic answers what a machine wrote.
            recipients.suppress(thread.sender)
        }
        let account = try account(call.from ?? content.from, call.class ?? content.mailClass)
        let isConfidential = call.confidential == true && context.principal.isSystem
        let isMixed = recipients.isMixed
        if !isConfidential { recipients.addAudit(account.account.audit) }
        if !configuration.integrations { recipients.hold() }
        var draft = draft(call, context, content, recipients, thread, from: account.from)
        draft.attachments = try await attachmentFiles.fill(attachments, call, context)
        draft.hidesForeignAddresses = isMixed
        redirect(&draft)
        let written = try await write(draft)
        return mail(
            call, context, draft, written, recipients, notification: content.notification,
            account: account.account, mailClass: call.class ?? content.mailClass,
            isConfidential: isConfidential)
    }

    private var attachmentFiles: AttachmentFiles {
        AttachmentFiles(
            records: peers["records"], batch: peers["batch"], folder: workFolder, files: files,
            byteLimit: limits.contentBytes)
    }

    private var workFolder: String { configuration.data + "/mail/work" }

    /// The model that a mail belongs to, by its notification or its record.
    private func model(of call: SendMail) -> String? {
        if let code = call.notification.flatMap(FullCode.init) { return code.model }
        let type = call.record.flatMap { $0.split(separator: "/").first }
        return type.flatMap { FullCode(String($0))?.model }
    }

    private struct Content {
        var subject: String
        var text: String?
        var html: String?
        var notification: String?
        var from: String?
        var mailClass: String?
    }

    // MARK: - Content

    private func content(_ call: SendMail, _ context: CallContext) async throws -> Content {
        guard let name = call.notification else {
            return Content(subject: call.subject ?? "", text: call.text, html: call.html)
        }
        let (code, notification) = try find(name, for: context.principal)
        let language = context.principal.language
        let subject = call.subject ?? notification.subject.text(language)
        let text = call.text ?? notification.text?.text(language)
        let html = call.html ?? notification.html?.text(language)
        var rendered = Rendered(subject: subject, text: text, html: html)
        if [subject, text ?? "", html ?? ""].contains(where: { $0.contains("{{") }) {
            let bindings = try await bindings(call, context)
            rendered = try await peers["workflow"].call(
                Render(
                    model: code.model, subject: subject, text: text, html: html,
                    bindings: bindings, instance: call.instance), as: context.withoutKey)
        }
        return Content(
            subject: line(rendered.subject), text: rendered.text, html: rendered.html,
            notification: name, from: notification.from,
            mailClass: notification.mailClass)
    }

    private func find(
        _ name: String, for principal: Principal
    ) throws -> (FullCode, NotificationDefinition) {
        guard let code = FullCode(name), principal.narrowing?.contains(code.model) ?? true,
            let notification = definitions.notification(code)
        else {
            throw MailError.noSuchNotification(name)
        }
        return (code, notification)
    }

    /// The notification that stands, or the one that the call brings.
    private func previewed(
        _ call: PreviewNotification, for principal: Principal
    ) throws -> (FullCode, NotificationDefinition) {
        guard let definition = call.definition, !definition.isNull else {
            return try find(call.notification, for: principal)
        }
        guard let code = FullCode(call.notification),
            principal.narrowing?.contains(code.model) ?? true, definitions.knows(code.model)
        else { throw MailError.noSuchNotification(call.notification) }
        let problems = ObjectReader.Problems()
        let reader = ObjectReader(definition, at: "/definition", problems: problems)
        guard let notification = NotificationDefinition(reader), problems.items.isEmpty else {
            throw MailError.invalid(problems.items)
        }
        return (code, notification)
    }

    /// What an expression put there may hold line ends: a subject is one line.
    private func line(_ subject: String) -> String {
        let scalars = subject.unicodeScalars.map { AddressSyntax.isControl($0) ? " " : $0 }
        var result = String(String.UnicodeScalarView(scalars)).collapsingSpaces().trimmingSpaces()
        while result.utf8.count > limits.subjectBytes { result.removeLast() }
        return result
    }

    /// What a notification would be. Throws what a mail with it would throw.
    func preview(
        _ call: PreviewNotification, _ context: CallContext
    ) async throws -> NotificationPreview {
        let (code, notification) = try previewed(call, for: context.principal)
        let language = call.language ?? context.principal.language
        var record = JSONValue.null
        if let name = call.record { record = try await read(name, context) }
        let rendered = try await peers["workflow"].call(
            Render(
                model: code.model, subject: notification.subject.text(language),
                text: notification.text?.text(language), html: notification.html?.text(language),
                bindings: ["record": record, "values": call.values ?? [:]], instance: nil,
                preview: true), as: context.withoutKey)
        return NotificationPreview(
            subject: line(rendered.subject), text: rendered.text, html: rendered.html)
    }

    private func bindings(_ call: SendMail, _ context: CallContext) async throws -> JSONValue {
        var record = call.recordValues ?? .null
        if call.recordValues == nil, let name = call.record {
            record = try await read(name, context)
        }
        return ["record": record, "values": call.values ?? [:]]
    }

    /// The record with the caller's rights.
    private func read(_ name: String, _ context: CallContext) async throws -> JSONValue {
        let halves = name.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, let type = FullCode(String(halves[0])), let id = Int64(halves[1])
        else {
            throw MailError.invalid([
                FieldProblem(
                    pointer: "/record", code: "invalid-reference",
                    detail: "A record is named as model.class/id.")
            ])
        }
        let bytes = try await peers["records"].call(
            GetRecord(type, id: id), as: context.withoutKey)
        return try JSONValue(parsing: bytes.bytes)
    }

    // MARK: - The mail

    /// The received mail that a record came from: what is written about the record answers it.
    private struct Thread: Sendable {
        var messageID: String?
        var sender: String
        var isAutomatic: Bool
    }

    private func thread(of record: String?) async throws -> Thread? {
        guard let record else { return nil }
        return try await database.pointRead { connection in
            try connection.first(
                """
                select message_id, sender, automatic from intake
                where record = ? and state = 'done' order by id limit 1
                """, [.text(record)]
            ) {
                Thread(
                    messageID: $0.optionalText(0), sender: $0.optionalText(1) ?? "",
                    isAutomatic: !$0.isNull(2))
            }
        }
    }

    /// The account that it leaves by, and its sender.
    private func account(_ sender: String?, _ mailClass: String?) throws -> (
        account: MailConfiguration.Account, from: MailAddress
    ) {
        var address: MailAddress?
        if let sender {
            switch AddressSyntax.read(sender) {
            case .success(let read): address = read
            case .failure(let fault):
                throw MailError.invalid([
                    FieldProblem(
                        pointer: "/from", code: "invalid-address",
                        detail: "The address \(fault.reason).")
                ])
            }
        }
        let accounts = OutgoingAccounts(configuration.outgoing)
        guard let account = accounts.choose(class: mailClass, sender: address?.address) else {
            throw MailError.invalid([
                FieldProblem(
                    pointer: "/from", code: "not-allowed",
                    detail: "No account of a mail server sends as \(address?.address ?? "").")
            ])
        }
        if let address { return (account, address) }
        switch AddressSyntax.read(account.from) {
        case .success(let own): return (account, own)
        case .failure(let fault): throw MailError.cannot("MAIL_FROM \(fault.reason)")
        }
    }

    private func draft(
        _ call: SendMail, _ context: CallContext, _ content: Content, _ recipients: Recipients,
        _ thread: Thread?, from: MailAddress
    ) -> MessageDraft {
        let now = runtime.clock.now()
        let domain = from.address.split(separator: "@").last ?? "localhost"
        var draft = MessageDraft(
            messageID: "<\(runtime.random.identifier(at: now))@\(domain)>", date: now, from: from)
        draft.to = recipients.named(.to)
        draft.cc = recipients.named(.cc)
        draft.subject = content.subject
        draft.text = content.text
        draft.html = content.html
        draft.isAutomatic = context.principal.isSystem
        if let answered = thread?.messageID, !answered.utf8.contains(where: { $0 >= 127 }) {
            draft.inReplyTo = answered
            draft.references = [answered]
        }
        return draft
    }

    /// Whom it was for stands in fields of its own, so that nobody answers to all of them.
    private func redirect(_ draft: inout MessageDraft) {
        guard let text = configuration.outgoing.redirect,
            case .success(let address) = AddressSyntax.read(text)
        else { return }
        draft.originals = [("X-Original-To", draft.to), ("X-Original-Cc", draft.cc)]
        (draft.to, draft.cc) = ([address], [])
    }

    /// Small mails are written where we are.
    private func write(_ draft: MessageDraft) async throws -> WrittenMail {
        let folder = workFolder
        let write: @Sendable () throws -> WrittenMail = {
            let sink = MailSink(folder: folder)
            try draft.write(to: sink.write)
            var written = try sink.finish()
            written.needsUTF8 = draft.needsUTF8
            return written
        }
        do {
            return draft.attachments.isEmpty ? try write() : try await files.run(write)
        } catch let fault as MessageFault {
            throw MailError.invalid([
                FieldProblem(
                    pointer: "/\(fault.field.lowercased())", code: "control-character",
                    detail: "\(fault.field) \(fault.reason).")
            ])
        }
    }

    private func mail(
        _ call: SendMail, _ context: CallContext, _ draft: MessageDraft, _ written: WrittenMail,
        _ recipients: Recipients, notification: String?, account: MailConfiguration.Account,
        mailClass: String?, isConfidential: Bool
    ) -> OutgoingMail {
        let name = draft.from.name
        let fromText =
            name.isEmpty ? draft.from.address : "\(name) <\(draft.from.address)>"
        let redirect = configuration.outgoing.redirect.flatMap {
            try? AddressSyntax.read($0).get().address
        }
        return OutgoingMail(
            messageID: draft.messageID, created: draft.date,
            expires: draft.date.advanced(by: configuration.outgoing.retryFor),
            sender: draft.from.address, fromText: fromText, subject: draft.subject,
            record: call.record, notification: notification, account: context.principal.account,
            causeRoot: context.cause.root, causeVia: context.cause.via,
            causeDepth: context.cause.depth,
            origin: context.isOfPlatform ? context.idempotencyKey : nil, content: written,
            recipients: recipients.list, isConfidential: isConfidential, mailClass: mailClass,
            mailAccount: account.code, redirect: redirect)
    }
}

extension CallContext {
    /// For reads that serve a call: they are no repetition of it.
    var withoutKey: CallContext {
        var context = self
        context.idempotencyKey = nil
        return context
    }
}
