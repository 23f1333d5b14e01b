import ServiceRuntime
import Testing

@testable import Mail

@Suite struct MessageWriterTests {
    private func draft() -> MessageDraft {
        MessageDraft(
            messageID: "<01J0ABCDEF@example.org>",
            date: Timestamp(milliseconds: 1_795_338_930_000),
            from: MailAddress(name: "Help desk", address: "support@example.org"),
            to: [MailAddress(name: "", address: "anna@example.org")], subject: "Hello",
            text: "Hi.\n")
    }

    /// Headers of at most 78 bytes a line, 7 bits, CRLF everywhere.
    private func check(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        let lines = text.utf8.split(separator: 10, omittingEmptySubsequences: false)
        #expect(lines.dropLast().allSatisfy { $0.last == 13 })
        #expect(lines.allSatisfy { $0.count <= 79 })
        #expect(bytes.allSatisfy { $0 < 128 })
        #expect(bytes.last == 10)
    }

    @Test func `a short text is written as it is`() throws {
        let bytes = try draft().bytes()
        let expected = """
            Date: Sun, 22 Nov 2026 09:15:30 +0000
            From: Help desk <support@example.org>
            To: anna@example.org
            Subject: Hello
            Message-ID: <01J0ABCDEF@example.org>
            MIME-Version: 1.0
            Content-Type: text/plain; charset=us-ascii
            Content-Transfer-Encoding: 7bit

            Hi.

            """
        #expect(String(decoding: bytes, as: UTF8.self) == expected.replacingLineEnds)
    }

    @Test func `what is written is read back the same`() throws {
        var draft = draft()
        let longWord = String(repeating: "слово", count: 40)
        draft.subject = "Überraschung: \(longWord) 🎉 =?utf-8?q?x?="
        draft.to = (0..<30).map {
            MailAddress(name: "Žofie \"\($0)\" Nováková", address: "u\($0)@example.org")
        }
        draft.cc = [MailAddress(name: "Doe, John", address: "john@example.org")]
        draft.text =
            ".\n..dots\nFrom here\n\ttab and blank \nlong "
            + String(repeating: "x", count: 3_000) + "\nžluťoučký\n"
        draft.html = "<p>\(longWord)</p>"
        draft.attachments = [
            .init(
                name: "Účet č. 7 (final).pdf", type: "application/pdf", content: [0, 255, 13, 10]),
            .init(
                name: String(repeating: "a", count: 200) + ".txt", type: "text/plain",
                content: Array("abc".utf8)),
        ]
        draft.inReplyTo = "<q@example.org>"
        draft.references = ["<p@example.org>", "<q@example.org>"]
        draft.isAutomatic = true
        let bytes = try draft.bytes()
        check(bytes)
        let message = Message(parsing: bytes)
        #expect(message.subject == draft.subject)
        #expect(message.to == draft.to)
        #expect(message.cc == draft.cc)
        #expect(message.from == [draft.from])
        #expect(message.text == draft.text)
        // The line end before a delimiter is the delimiter's.
        #expect(message.html.map { $0.hasPrefix(draft.html ?? "?") } == true)
        #expect(message.attachments.map(\.name) == draft.attachments.map(\.name))
        #expect(message.attachments.map(\.content) == draft.attachments.map(\.content))
        #expect(message.inReplyTo == ["<q@example.org>"])
        #expect(message.references == draft.references)
        #expect(message.date == draft.date)
        #expect(message.automatic == "auto-submitted")
        #expect(!message.isDamaged)
    }

    @Test(arguments: ["\r\nBcc: x@y.z", "a\nb", "a\rb", "a\0b", "a\u{85}b", "a\u{2028}b"])
    func `controls in header values are refused`(value: String) {
        var draft = draft()
        draft.subject = value
        #expect(throws: MessageFault.self) { try draft.bytes() }
        draft = self.draft()
        draft.to = [MailAddress(name: value, address: "a@example.org")]
        #expect(throws: MessageFault.self) { try draft.bytes() }
        draft = self.draft()
        draft.cc = [MailAddress(name: "", address: "a@example.org" + value)]
        #expect(throws: MessageFault.self) { try draft.bytes() }
    }

    @Test func `a body of only other characters goes as base64`() throws {
        var draft = draft()
        draft.text = String(repeating: "日本語のメール。", count: 100)
        let bytes = try draft.bytes()
        check(bytes)
        #expect(String(decoding: bytes, as: UTF8.self).contains("Encoding: base64"))
        #expect(Message(parsing: bytes).text == draft.text)
    }

    @Test(arguments: [
        ("anna@example.org", "", "anna@example.org"),
        ("Anna Nowak <anna@example.org>", "Anna Nowak", "anna@example.org"),
        ("\"Doe, \\\"J\\\"\" <j@example.org>", "Doe, \"J\"", "j@example.org"),
        (" ä@exämple.org ", "", "ä@exämple.org"),
        ("\"a b\"@example.org", "", "\"a b\"@example.org"),
        ("a@[127.0.0.1]", "", "a@[127.0.0.1]"), ("root@localhost", "", "root@localhost"),
    ])
    func `addresses to send to`(input: String, name: String, address: String) throws {
        #expect(try AddressSyntax.read(input).get() == MailAddress(name: name, address: address))
    }

    @Test(arguments: [
        "", "a", "a@", "@b", "a b@c", "a@b>", "<a@b", "a@b>\r\nRSET", "a@b\r\nRCPT TO:<x@y>",
        "a\0@b", "a@b c", "a..b@c", ".a@b", "a.@b", "a@-b", "a@b..c", "<<a@b>>", "a@b, c@d",
        "a\u{7F}@b", "\"a@b", "\"a\"b\"@c", "a@b\n", "a<b>@c", "é\u{2028}@b",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b",
    ])
    func `addresses that are refused`(input: String) {
        #expect(throws: AddressFault.self) { try AddressSyntax.read(input).get() }
    }
}
