import Database
import ServiceRuntime

/// The words of mails, for the audit's search. They are taken from the kept bytes after the mail
/// was queued, so that nobody waits for them; whoever searches waits until they are complete.
actor MailTexts {
    /// Mails of one transaction.
    private static let batch = 200
    /// The most bytes of a mail's text that are searched.
    static let textBytes = 64 << 10

    private struct Words: Sendable {
        var mail: Int64
        var subject: String
        var body: String
    }

    private let database: Database
    /// Reads mails: that computes.
    private let parser: ThreadExecutor

    init(database: Database, parser: ThreadExecutor) {
        self.database = database
        self.parser = parser
    }

    /// Takes the words of every mail that was queued before this call.
    func catchUp() async throws {
        while true {
            let mails = try await database.read { connection in
                try connection.query(
                    """
                    select m.id, m.subject, case when m.confidential = 1 then null else p.bytes end
                    from mail m left join mail_piece p on p.mail = m.id and p.number = 0
                    where m.id > coalesce((\(MailWords(connection.dialect).last)), 0)
                    order by m.id limit ?
                    """, [.integer(Int64(MailTexts.batch))]
                ) { (id: $0.integer(0), subject: $0.text(1), bytes: $0.blob(2)) }
            }
            guard !mails.isEmpty else { return }
            let words = try await parser.run {
                mails.map { mail in
                    Words(
                        mail: mail.id, subject: mail.subject, body: MailTexts.body(of: mail.bytes))
                }
            }
            try await database.writeMany { connection in
                for mail in words {
                    try connection.run(
                        MailWords(connection.dialect).addition,
                        [.integer(mail.mail), .text(mail.subject), .text(mail.body)])
                }
            }
        }
    }

    /// The texts stand in front: the first piece has them.
    private static func body(of bytes: [UInt8]) -> String {
        guard !bytes.isEmpty else { return "" }
        let message = Message(parsing: bytes)
        let text = message.text ?? message.html.map(withoutTags) ?? ""
        guard text.utf8.count > textBytes else { return text }
        return String(decoding: Array(text.utf8.prefix(textBytes)), as: UTF8.self)
    }

    /// What stands between the tags; good enough to be searched.
    static func withoutTags(_ html: String) -> String {
        var result: [UInt8] = []
        var isTag = false
        for byte in html.utf8 {
            switch byte {
            case UInt8(ascii: "<"): isTag = true
            case UInt8(ascii: ">") where isTag:
                isTag = false
                result.append(ASCII.space)
            default: if !isTag { result.append(byte) }
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
