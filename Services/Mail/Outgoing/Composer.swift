import Contracts
import Crypto
import Database
import JSON
import RPC
import ServiceRuntime

/// Makes of a `SendMail` the bytes and recipients that are queued.
struct Composer: Sendable {
    struct Limits: Sendable {
        var recipients = 1_000
        /// Of all texts and attachments together.
        var contentBytes = 50 << 20
        var subjectBytes = 2_000
        init() {}
    }

    let definitions: Definitions
    let database: Database
    let peers: Peers
    let configuration: MailConfiguration
    let runtime: Runtime
    var limits = Limits()

    /// Throws a problem with every fault; asks Workflow and Records where a notification needs
    /// them.
    func compose(_ call: SendMail, _ context: CallContext) async throws -> OutgoingMail {
        var faults: [FieldProblem] = []
        var recipients = Recipients(limit: limits.recipients)
        recipients.add(call.to, .to, at: "/to", faults: &faults)
        recipients.add(call.cc ?? [], .cc, at: "/cc", faults: &faults)
        recipients.add(call.bcc ?? [], .bcc, at: "/bcc", faults: &faults)
        if recipients.list.isEmpty, faults.isEmpty {
            faults.append(
                FieldProblem(pointer: "/to", code: "required", detail: "Name a recipient."))
        }
        let attachments = attachments(call, faults: &faults)
        checkContent(call, faults: &faults)
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
        let isConfidential = call.confidential == true && context.principal.isSystem
        if !isConfidential { recipients.addAudit(configuration.outgoing.audit) }
        if !configuration.integrations { recipients.hold() }
        var mail = try mail(call, context, content, attachments, recipients, thread)
        mail.isConfidential = isConfidential
        return mail
    }

    private struct Content {
        var subject: String
        var text: String?
        var html: String?
        var notification: String?
    }

    // MARK: - Checks

    private func attachments(_ call: SendMail, faults: inout [FieldProblem])
        -> [MessageDraft.Attachment]
    {
        var result: [MessageDraft.Attachment] = []
        for (index, attachment) in (call.attachments ?? []).enumerated() {
            let pointer = "/attachments/\(index)"
            if !MessageDraft.isMediaType(attachment.type) {
                faults.append(
                    FieldProblem(
                        pointer: pointer + "/type", code: "invalid-type",
                        detail: "Write a media type such as application/pdf."))
            }
            if attachment.name.unicodeScalars.contains(where: AddressSyntax.isControl) {
                faults.append(
                    FieldProblem(
                        pointer: pointer + "/name", code: "control-character",
                        detail: "A file's name holds no control characters."))
            }
            guard let content = Base64.decode(attachment.content, lenient: true) else {
                faults.append(
                    FieldProblem(
                        pointer: pointer + "/content", code: "invalid-base64",
                        detail: "The content must be base64."))
                continue
            }
            result.append(
                MessageDraft.Attachment(
                    name: attachment.name, type: attachment.type, content: content))
        }
        return result
    }

    private func checkContent(_ call: SendMail, faults: inout [FieldProblem]) {
        let bytes =
            (call.text?.utf8.count ?? 0) + (call.html?.utf8.count ?? 0)
            + (call.attachments ?? []).reduce(0) { $0 + $1.content.utf8.count / 4 * 3 }
        if bytes > limits.contentBytes {
            faults.append(
                FieldProblem(
                    pointer: "", code: "too-long",
                    detail: "Texts and attachments have more than \(limits.contentBytes) bytes."))
        }
        if let subject = call.subject {
            if let fault = Composer.subjectFault(subject, limits.subjectBytes) {
                faults.append(fault)
            }
        } else if call.notification == nil {
            faults.append(
                FieldProblem(
                    pointer: "/subject", code: "required",
                    detail: "Write a subject, or name a notification."))
        }
    }

    private static func subjectFault(_ subject: String, _ limit: Int) -> FieldProblem? {
        if subject.unicodeScalars.contains(where: AddressSyntax.isControl) {
            return FieldProblem(
                pointer: "/subject", code: "control-character",
                detail: "A subject is one line without control characters.")
        }
        guard subject.utf8.count > limit else { return nil }
        return FieldProblem(
            pointer: "/subject", code: "too-long",
            detail: "A subject has at most \(limit) bytes.")
    }

    // MARK: - Content

    private func content(_ call: SendMail, _ context: CallContext) async throws -> Content {
        guard let name = call.notification else {
            return Content(subject: call.subject ?? "", text: call.text, html: call.html)
        }
        guard let code = FullCode(name), let notification = definitions.notification(code) else {
            throw MailError.noSuchNotification(name)
        }
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
        // What an expression put there may hold line ends: a subject is one line.
        let line = rendered.subject.unicodeScalars.map {
            AddressSyntax.isControl($0) ? " " : $0
        }
        let clean = String(String.UnicodeScalarView(line)).collapsingSpaces().trimmingSpaces()
        return Content(
            subject: Composer.cut(clean, limits.subjectBytes), text: rendered.text,
            html: rendered.html, notification: name)
    }

    private static func cut(_ text: String, _ bytes: Int) -> String {
        var result = text
        while result.utf8.count > bytes { result.removeLast() }
        return result
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

    private func mail(
        _ call: SendMail, _ context: CallContext, _ content: Content,
        _ attachments: [MessageDraft.Attachment], _ recipients: Recipients, _ thread: Thread?
    ) throws -> OutgoingMail {
        let now = runtime.clock.now()
        let from: MailAddress
        switch AddressSyntax.read(configuration.outgoing.from) {
        case .success(let address): from = address
        case .failure(let fault): throw MailError.cannot("MAIL_FROM \(fault.reason)")
        }
        let domain = from.address.split(separator: "@").last ?? "localhost"
        var draft = MessageDraft(
            messageID: "<\(runtime.random.identifier(at: now))@\(domain)>", date: now, from: from)
        draft.to = recipients.named(.to)
        draft.cc = recipients.named(.cc)
        draft.subject = content.subject
        draft.text = content.text
        draft.html = content.html
        draft.attachments = attachments
        draft.isAutomatic = context.principal.isSystem
        if let answered = thread?.messageID, !answered.utf8.contains(where: { $0 >= 127 }) {
            draft.inReplyTo = answered
            draft.references = [answered]
        }
        let raw: [UInt8]
        do {
            raw = try draft.bytes()
        } catch {
            throw MailError.invalid([
                FieldProblem(
                    pointer: "/\(error.field.lowercased())", code: "control-character",
                    detail: "\(error.field) \(error.reason).")
            ])
        }
        return OutgoingMail(
            messageID: draft.messageID, created: now,
            expires: now.advanced(by: configuration.outgoing.retryFor), sender: from.address,
            fromText: configuration.outgoing.from, subject: content.subject, record: call.record,
            notification: content.notification, account: context.principal.account,
            causeRoot: context.cause.root, causeVia: context.cause.via,
            causeDepth: context.cause.depth,
            origin: context.principal.isSystem ? context.idempotencyKey : nil, raw: raw,
            sha256: SHA256.hex(raw), recipients: recipients.list)
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

/// The recipients of a mail: each address once, the first mention counts.
struct Recipients: Sendable {
    private(set) var list: [OutgoingMail.Recipient] = []
    private var addresses: [(address: MailAddress, kind: RecipientKind)] = []
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    mutating func add(
        _ texts: [String], _ kind: RecipientKind, at pointer: String, faults: inout [FieldProblem]
    ) {
        if list.count + texts.count > limit {
            faults.append(
                FieldProblem(
                    pointer: pointer, code: "too-many",
                    detail: "A mail has at most \(limit) recipients."))
            return
        }
        for (index, text) in texts.enumerated() {
            switch AddressSyntax.read(text) {
            case .failure(let fault):
                faults.append(
                    FieldProblem(
                        pointer: "\(pointer)/\(index)", code: "invalid-address",
                        detail: "The address \(fault.reason)."))
            case .success(let address):
                addresses.append((address, kind))
                append(address.address, kind)
            }
        }
    }

    private mutating func append(_ address: String, _ kind: RecipientKind) {
        guard !contains(address) else { return }
        list.append(OutgoingMail.Recipient(address: address, kind: kind))
    }

    private func contains(_ address: String) -> Bool {
        list.contains { $0.address.lowercased() == address.lowercased() }
    }

    /// For the header: every mention with its name.
    func named(_ kind: RecipientKind) -> [MailAddress] {
        addresses.filter { $0.kind == kind }.map(\.address)
    }

    /// The blind copy: a recipient of its own, even where somebody has the same address.
    mutating func addAudit(_ text: String?) {
        guard let text, case .success(let address) = AddressSyntax.read(text) else { return }
        guard list.contains(where: { $0.state == .queued }) else { return }
        append(address.address, .audit)
    }

    mutating func suppress(_ sender: String) {
        for index in list.indices where list[index].address.lowercased() == sender.lowercased() {
            list[index].state = .failed
            list[index].reply = "not sent: nothing automatic answers an automatic mail"
        }
    }

    mutating func hold() {
        for index in list.indices where list[index].state == .queued {
            list[index].state = .held
            list[index].reply = "held: integrations are switched off"
        }
    }
}
