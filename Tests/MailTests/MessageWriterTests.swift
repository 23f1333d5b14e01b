import ServiceRuntime
import TestSupport
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
        let contents: [[UInt8]] = [[0, 255, 13, 10], Array("abc".utf8)]
        draft.attachments = [
            .init(
                name: "Účet č. 7 (final).pdf", type: "application/pdf",
                content: .bytes(contents[0])
            ),
            .init(
                name: String(repeating: "a", count: 200) + ".txt", type: "text/plain",
                content: .bytes(contents[1])),
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
        #expect(message.attachments.map(\.content) == contents)
        #expect(message.inReplyTo == ["<q@example.org>"])
        #expect(message.references == draft.references)
        #expect(message.date == draft.date)
        #expect(message.automatic == "auto-submitted")
        #expect(!message.isDamaged)
    }

    @Test func `an image that the HTML shows is related to it, and no attachment`() throws {
        var draft = draft()
        draft.html = "<img src=\"cid:logo@desk\">"
        draft.attachments = [
            .init(
                name: "logo.png", type: "image/png", content: .bytes([1, 2, 3]),
                contentID: "logo@desk"),
            .init(name: "a.txt", type: "text/plain", content: .bytes([65])),
        ]
        let bytes = try draft.bytes()
        check(bytes)
        let text = String(decoding: bytes, as: UTF8.self)
        let types = text.split(separator: "\r\n").filter { $0.hasPrefix("Content-Type: ") }
            .map { $0.dropFirst(14).prefix { $0 != ";" } }
        #expect(
            types == [
                "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related",
                "text/html", "image/png", "text/plain",
            ])
        #expect(text.contains("Content-ID: <logo@desk>\r\nContent-Disposition: inline; "))
        // Without HTML there is nothing that could show it.
        draft.html = nil
        let plain = String(decoding: try draft.bytes(), as: UTF8.self)
        #expect(!plain.contains("multipart/related") && plain.contains("image/png"))
    }

    @Test(arguments: [0, 1, 56, 57, 58, 57 * 1024 - 1, 57 * 1024, 57 * 1024 + 1, 200_000])
    func `a file is written in pieces as it would be whole`(size: Int) throws {
        let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var draft = draft()
        draft.attachments = [.init(name: "a", type: "a/b", content: .bytes(content))]
        let whole = try draft.bytes()
        check(whole)
        #expect(Message(parsing: whole).attachments.map(\.content) == [content])
        let sink = MailSink(folder: TemporaryFolder().path + "/work")
        try draft.write(to: sink.write)
        let written = try sink.finish()
        var pieces: [UInt8] = []
        try written.eachPiece { pieces += $1 }
        #expect(pieces == whole)
        #expect(written.size == whole.count && written.sha256 == WrittenMail(whole: whole).sha256)
    }

    @Test func `an address outside ASCII keeps the mail from nobody else`() throws {
        var draft = draft()
        draft.cc = [MailAddress(name: "Jürgen", address: "jürgen@exämple.org")]
        #expect(draft.needsUTF8)
        #expect(Message(parsing: try draft.bytes()).cc == draft.cc)
        draft.hidesForeignAddresses = true
        #expect(!draft.needsUTF8)
        let bytes = try draft.bytes()
        check(bytes)
        #expect(Message(parsing: bytes).cc.isEmpty)
        draft.from = MailAddress(name: "", address: "ž@example.org")
        #expect(draft.needsUTF8)
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
