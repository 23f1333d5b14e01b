import Contracts
import Crypto
import JSON

/// What a mail that is asked for must keep to; every fault with its pointer.
struct MailChecks: Sendable {
    let limits: Composer.Limits

    /// Those that come with the call; `AttachmentFiles` brings the others, in their places.
    func attachments(
        _ call: SendMail, faults: inout [FieldProblem]
    ) -> [MessageDraft.Attachment] {
        guard (call.attachments ?? []).count <= limits.attachments else {
            faults.append(
                FieldProblem(
                    pointer: "/attachments", code: "too-many",
                    detail: "A mail has at most \(limits.attachments) attachments."))
            return []
        }
        var result: [MessageDraft.Attachment] = []
        var ids: Set<String> = []
        for (index, attachment) in (call.attachments ?? []).enumerated() {
            let pointer = "/attachments/\(index)"
            func fault(_ member: String, _ code: String, _ detail: String) {
                faults.append(
                    FieldProblem(pointer: "\(pointer)/\(member)", code: code, detail: detail))
            }
            // A file knows its name and type itself.
            let isFile = attachment.file != nil || attachment.run != nil
            if attachment.file != nil, attachment.run != nil {
                fault("run", "not-allowed", "Name a file, or a run; not both.")
            }
            if !MessageDraft.isMediaType(attachment.type), !isFile || !attachment.type.isEmpty {
                fault("type", "invalid-type", "Write a media type such as application/pdf.")
            }
            if attachment.name.unicodeScalars.contains(where: AddressSyntax.isControl) {
                fault("name", "control-character", "A file's name holds no control characters.")
            }
            if let id = attachment.contentId {
                if !MessageDraft.isContentID(id) {
                    fault("contentId", "invalid-code", "Write it of letters, digits, - . _ and @.")
                } else if !ids.insert(id).inserted {
                    fault("contentId", "duplicate", "Another attachment has this id.")
                }
            }
            if isFile, !attachment.content.isEmpty {
                fault("content", "not-allowed", "Name a file, or give its content; not both.")
            }
            guard let content = Base64.decode(attachment.content, lenient: true) else {
                fault("content", "invalid-base64", "The content must be base64.")
                continue
            }
            result.append(
                MessageDraft.Attachment(
                    name: attachment.name, type: attachment.type, content: .bytes(content),
                    contentID: attachment.contentId))
        }
        return result
    }

    func content(_ call: SendMail, faults: inout [FieldProblem]) {
        var bytes = (call.text?.utf8.count ?? 0) + (call.html?.utf8.count ?? 0)
        for attachment in call.attachments ?? [] {
            bytes += attachment.content.utf8.count / 4 * 3
        }
        if bytes > limits.contentBytes {
            faults.append(
                FieldProblem(
                    pointer: "", code: "too-long",
                    detail: "Texts and attachments have more than \(limits.contentBytes) bytes."))
        }
        if let subject = call.subject {
            if let fault = subjectFault(subject) { faults.append(fault) }
        } else if call.notification == nil {
            faults.append(
                FieldProblem(
                    pointer: "/subject", code: "required",
                    detail: "Write a subject, or name a notification."))
        }
        if let name = call.class, !FullCode.isCode(name) {
            faults.append(
                FieldProblem(
                    pointer: "/class", code: "invalid-code",
                    detail: "A class of mail is a code such as newsletter."))
        }
    }

    private func subjectFault(_ subject: String) -> FieldProblem? {
        if subject.unicodeScalars.contains(where: AddressSyntax.isControl) {
            return FieldProblem(
                pointer: "/subject", code: "control-character",
                detail: "A subject is one line without control characters.")
        }
        guard subject.utf8.count > limits.subjectBytes else { return nil }
        return FieldProblem(
            pointer: "/subject", code: "too-long",
            detail: "A subject has at most \(limits.subjectBytes) bytes.")
    }
}
