import ServiceRuntime

/// A mail to be written: the bytes are made once, at the time it is queued, and sent and audited as
/// they are.
struct MessageDraft: Sendable {
    struct Attachment: Sendable {
        enum Content: Sendable {
            case bytes([UInt8])
            /// So many bytes of a file that is read while the mail is written.
            case file(WorkFile, size: Int)

            var size: Int {
                switch self {
                case .bytes(let bytes): bytes.count
                case .file(_, let size): size
                }
            }
        }

        var name: String
        /// `application/pdf`.
        var type: String
        var content: Content
        /// Without angle brackets: the HTML text shows it as `cid:…`, and it is no attachment.
        var contentID: String?
    }

    /// With its angle brackets.
    var messageID: String
    var date: Timestamp
    var from: MailAddress
    var to: [MailAddress] = []
    var cc: [MailAddress] = []
    var subject = ""
    var text: String?
    var html: String?
    var attachments: [Attachment] = []
    var inReplyTo: String?
    var references: [String] = []
    /// Machines made it: nothing automatic answers it.
    var isAutomatic = false
    /// Fields of addresses that say whom a redirected mail was for.
    var originals: [(name: String, addresses: [MailAddress])] = []
    /// Addresses outside ASCII are shown, not written (RFC 6857 §3.1.8), so that a server that
    /// takes none of them can still take the mail for the others.
    var hidesForeignAddresses = false

    /// The sender or a header field is outside ASCII: only servers with SMTPUTF8 take it.
    var needsUTF8: Bool {
        let isForeign = { (address: MailAddress) in address.address.utf8.contains { $0 >= 128 } }
        return isForeign(from)
            || !hidesForeignAddresses
                && (to + cc + originals.flatMap(\.addresses)).contains(where: isForeign)
    }

    /// All of it.
    func bytes() throws -> [UInt8] {
        var bytes: [UInt8] = []
        try write { bytes += $0 }
        return bytes
    }

    /// RFC 5322 and MIME, CRLF, 7 bit but for addresses outside ASCII, in pieces. Blind recipients
    /// are not in it. Throws `MessageFault`, and what `put` throws.
    func write(to put: @escaping ([UInt8]) throws -> Void) throws {
        try put(header())
        try MIMEWriter(put: put).write(try root())
    }

    private func header() throws(MessageFault) -> [UInt8] {
        var header = HeaderWriter(hidesForeignAddresses: hidesForeignAddresses)
        try header.structured("Date", MIMEDate.format(date))
        try header.addresses("From", [from])
        try header.addresses("To", to)
        try header.addresses("Cc", cc)
        // RFC 5322 allows no recipient field at all; some receivers do not.
        if to.isEmpty, cc.isEmpty { try header.structured("To", "undisclosed-recipients:;") }
        for original in originals { try header.addresses(original.name, original.addresses) }
        try header.text("Subject", subject)
        try header.structured("Message-ID", messageID)
        if let inReplyTo { try header.structured("In-Reply-To", inReplyTo) }
        if !references.isEmpty {
            try header.structured("References", references.suffix(20).joined(separator: " "))
        }
        if isAutomatic {
            try header.structured("Auto-Submitted", "auto-generated")
            try header.structured("X-Auto-Response-Suppress", "All")
        }
        try header.structured("MIME-Version", "1.0")
        return header.bytes
    }

    /// `mixed` of the texts and the attachments; `alternative` of text and HTML; `related` of HTML
    /// and its images; each only where it has two.
    private func root() throws(MessageFault) -> MIMEWriter.Part {
        var bodies: [MIMEWriter.Part] = []
        if let text { bodies.append(.text(type: "text/plain", text)) }
        if let html {
            var related: [MIMEWriter.Part] = [.text(type: "text/html", html)]
            for image in attachments where image.contentID != nil {
                related.append(.file(try MessageDraft.checked(image)))
            }
            let type = "related; type=\"text/html\""
            bodies.append(
                related.count == 1 ? related[0] : .multipart(type: type, boundary(3), related))
        }
        let files = attachments.filter { html == nil || $0.contentID == nil }
        if bodies.isEmpty, files.isEmpty { bodies.append(.text(type: "text/plain", "")) }
        var parts =
            bodies.count == 2
            ? [MIMEWriter.Part.multipart(type: "alternative", boundary(2), bodies)] : bodies
        for file in files { parts.append(.file(try MessageDraft.checked(file))) }
        return files.isEmpty && parts.count == 1
            ? parts[0] : .multipart(type: "mixed", boundary(1), parts)
    }

    private static func checked(_ file: Attachment) throws(MessageFault) -> Attachment {
        guard isMediaType(file.type) else {
            throw MessageFault(field: "attachments", reason: "has a type that is none")
        }
        return file
    }

    /// From the Message-ID, which nobody knows before.
    private func boundary(_ number: Int) -> String {
        let id = messageID.utf8.filter { ASCII.isLetter($0) || ASCII.isDigit($0) }.prefix(40)
        return "=_\(String(decoding: id, as: UTF8.self))_\(number)"
    }

    /// `type/subtype` of RFC 2045's tokens.
    static func isMediaType(_ type: String) -> Bool {
        let halves = type.split(separator: "/", omittingEmptySubsequences: false)
        return halves.count == 2 && type.utf8.count <= 127
            && halves.allSatisfy { half in
                !half.isEmpty
                    && half.utf8.allSatisfy {
                        ASCII.isLetter($0) || ASCII.isDigit($0) || "!#$&-^_.+".utf8.contains($0)
                    }
            }
    }

    /// What an HTML text may name by `cid:`.
    static func isContentID(_ id: String) -> Bool {
        !id.isEmpty && id.utf8.count <= 200
            && id.utf8.allSatisfy {
                AddressSyntax.isAtomByte($0) || $0 == ASCII.dot || $0 == ASCII.at
            }
            && id.utf8.allSatisfy { $0 < 128 }
    }
}
