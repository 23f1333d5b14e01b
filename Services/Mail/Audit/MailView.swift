import Contracts
import JSON
import RPC
import ServiceRuntime

/// A mail as a person reads it: its texts, who it is from and to, and what is attached.
struct MailViews: Sendable {
    /// Bytes of a mail that are read for it; what lies beyond is not shown, and `cut` says so.
    static let limit = 4 << 20
    /// Characters of a text that are shown.
    static let textLimit = 500_000

    let outbox: Outbox
    let mailboxes: Mailboxes
    let parser: ThreadExecutor
    let limits: MIMELimits

    func show(_ call: ShowMail, _ context: CallContext) async throws -> JSONBytes {
        var bytes: [UInt8] = []
        var isCut = false
        if let mailbox = call.mailbox {
            let raw = try await mailboxes.raw(
                GetIntakeRaw(mailbox: mailbox, number: call.number), context)
            isCut = raw.count > MailViews.limit
            bytes = Array(raw.prefix(MailViews.limit))
        } else {
            let content = try await outbox.raw(GetMailRaw(id: call.number), context)
            for number in 0..<content.pieces where !isCut {
                bytes += try await content.piece(number)
                isCut = bytes.count > MailViews.limit
            }
        }
        let message = try await parser.run { [limits, bytes] in
            Message(parsing: bytes, limits: limits)
        }
        return JSONBytes(MailViews.write(message, isCut: isCut))
    }

    private static func write(_ message: Message, isCut: Bool) -> [UInt8] {
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        for (name, addresses) in [("from", message.from), ("to", message.to), ("cc", message.cc)] {
            writer.key(name)
            writer.beginArray()
            for address in addresses {
                writer.string(
                    address.name.isEmpty ? address.address : "\(address.name) <\(address.address)>")
            }
            writer.endArray()
        }
        for (name, text) in [
            ("subject", message.subject), ("date", message.date?.text), ("text", message.text),
            ("html", message.html),
        ] {
            writer.key(name)
            if let text { writer.string(String(text.prefix(textLimit))) } else { writer.null() }
        }
        writer.key("attachments")
        writer.beginArray()
        for attachment in message.attachments {
            writer.beginObject()
            writer.key("name")
            writer.string(attachment.name)
            writer.key("type")
            writer.string(attachment.type)
            writer.key("bytes")
            writer.integer(Int64(attachment.content.count))
            writer.endObject()
        }
        writer.endArray()
        writer.key("cut")
        writer.boolean(isCut || !message.overLimits.isEmpty)
        writer.endObject()
        return writer.bytes
    }
}
