import Contracts
import JSON

/// A notification of a model document, checked: texts by language, in the order of the document.
struct NotificationDefinition: Sendable, Hashable {
    /// Texts by language; a bare string is for all (`""`).
    struct Texts: Sendable, Hashable {
        var byLanguage: [(language: String, text: String)]

        /// The language asked for, then the text for all, then English, then the first.
        func text(_ language: String) -> String {
            let wanted = [language, "", "en"]
            for name in wanted {
                if let found = byLanguage.first(where: { $0.language == name }) {
                    return found.text
                }
            }
            return byLanguage.first?.text ?? ""
        }

        static func == (a: Texts, b: Texts) -> Bool {
            a.byLanguage.elementsEqual(b.byLanguage, by: ==)
        }

        func hash(into hasher: inout Hasher) {
            for item in byLanguage { hasher.combine(item.text) }
        }
    }

    var code: String
    var subject: Texts
    var text: Texts?
    var html: Texts?
    /// Its sender, where that is not the account's.
    var from: String?
    /// The class of the mails that it makes.
    var mailClass: String?

    /// Nil after a fault; the faults are among the reader's problems.
    init?(_ reader: ObjectReader) {
        let faultsBefore = reader.problems.items.count
        code = reader.code()
        let subject = NotificationDefinition.texts(reader, "subject", required: true)
        text = NotificationDefinition.texts(reader, "text", required: false)
        html = NotificationDefinition.texts(reader, "html", required: false)
        if text == nil, html == nil, reader.problems.items.count == faultsBefore {
            reader.fault("text", "required", "Write a text, an HTML text or both.")
        }
        from = reader.string("from")
        if let from, case .failure(let fault) = AddressSyntax.read(from) {
            reader.fault("from", "invalid-address", "The address \(fault.reason).")
        }
        mailClass = reader.string("class")
        if let mailClass, !FullCode.isCode(mailClass) {
            reader.fault("class", "invalid-code", "“\(mailClass)” is no code.")
        }
        reader.ignore("name")
        reader.finish()
        guard reader.problems.items.count == faultsBefore, let subject else { return nil }
        self.subject = subject
    }

    private static func texts(_ reader: ObjectReader, _ key: String, required: Bool) -> Texts? {
        // Checked by the reader; read again here in the document's order.
        guard reader.texts(key, required: required) != nil, let value = reader.value(key) else {
            return nil
        }
        if let text = value.string { return Texts(byLanguage: [("", text)]) }
        let members = value.object?.members ?? []
        return Texts(
            byLanguage: members.compactMap { key, value in
                value.string.map { (key, $0) }
            })
    }
}
